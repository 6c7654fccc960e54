"""Forms of panel meetings: planning, attendance, conflicts, one item's decision, actions."""

import re
from collections.abc import Sequence
from datetime import date, time
from typing import Any

from wtforms import (
    BooleanField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from core.codes import choices, label_of
from core.codes.decisions import ConflictKind, MeetingAttendance, PanelDecision
from core.formats import weekday
from core.forms import DateParts, Form
from core.languages import gettext as _
from core.languages import ngettext
from core.working_days import short_date
from panels.services.meetings import days_that_are_off

LONG = "Use {0} characters or fewer. You have used too many"
_TIME = re.compile(r"^(\d{1,2})(?:[:.](\d{2}))?\s*([ap])?\.?m?\.?$")


def parse_time(text: str) -> time | None:
    """``10am``, ``2:30pm``, ``14:00``, ``9.30``; None for anything else."""
    found = _TIME.match(text.strip().lower())
    if not found:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def length(count: int) -> Length:
    return Length(max=count, message=LONG.format(f"{count:,}"))


class MeetingForm(Form):
    day = DateParts("What day is the meeting?", what="The day", required="Enter the day of the meeting")
    at = StringField(
        "What time does it start?", [InputRequired("Enter the time it starts"), length(12)],
        description="For example, 10am or 2:30pm",
    )  # fmt: skip
    place = StringField(
        "Where is it?", [InputRequired("Enter the place or the call link"), length(200)],
        description="A room, or the link of the call",
    )  # fmt: skip
    chair = SelectField("Who chairs it?", [InputRequired("Choose who chairs the meeting")])
    asked = SelectMultipleField("Who is asked to come?", [InputRequired("Choose at least one person")])
    anyway = BooleanField("Plan it on these days anyway")

    off: list[date] = []

    def offer_people(self, people: Sequence[Any], chairs: Sequence[Any]) -> None:
        named = [(m.id, f"{name}, {agency}" if agency else name) for m, name, agency in people]
        may_chair = {m.id for m, _, _ in chairs}
        self.asked.choices = named
        self.chair.choices = [("", "Choose"), *[pair for pair in named if pair[0] in may_chair]]

    def validate_at(self, field: StringField) -> None:
        if parse_time(field.data or "") is None:
            raise ValidationError("Enter the time like 10am or 2:30pm")

    @property
    def start(self) -> time:
        return parse_time(self.at.data or "") or time(10)

    def validate_day(self, field: DateParts) -> None:
        """A weekend or bank holiday is named once; ticking the box plans it anyway."""
        if field.data is None:
            return
        self.off = days_that_are_off(field.data, self.weeks_wanted)
        if self.off and not self.anyway.data:
            days = ", ".join(f"{weekday(day)} {short_date(day, year=True)}" for day in self.off)
            raise ValidationError(ngettext(
                "%(days)s is a weekend or bank holiday. Choose another day, or tick the box to plan it anyway",
                "%(days)s are weekends or bank holidays. Choose another day, or tick the box to plan it anyway",
                len(self.off), days=days,
            ))  # fmt: skip

    @property
    def weeks_wanted(self) -> int:
        return 1


class NewMeetingForm(MeetingForm):
    weeks = IntegerField(
        "How many weeks in a row?", [InputRequired("Enter 1 for a single meeting"),
                                     NumberRange(1, 26, "Enter a number from 1 to 26")],
        default=1, description="1 plans this meeting only. 4 plans one a week for 4 weeks",
    )  # fmt: skip

    @property
    def weeks_wanted(self) -> int:
        return min(max(self.weeks.data or 1, 1), 26)


class CancelForm(Form):
    pass


class AttendanceForm(Form):
    """One choice for each member; the fields are made from the meeting's list."""

    @classmethod
    def of(cls, members: Sequence[Any]) -> "AttendanceForm":
        options = choices(MeetingAttendance)
        fields = {
            f"m_{i.member.id}": RadioField(f"{i.name}, {i.agency}" if i.agency else i.name, [Optional()],
                                           choices=options, default=i.member.attendance)
            for i in members
        }  # fmt: skip
        made: AttendanceForm = type("AttendanceOfMeeting", (cls,), fields)()
        return made

    def by_member(self) -> dict[str, str | None]:
        return {name[2:]: data or None for name, data in self.answers().items() if name.startswith("m_")}


class ConflictForm(Form):
    item = SelectField("Which item?", [InputRequired("Choose the item")])
    who = SelectField("Who has the conflict?", [InputRequired("Choose the person")])
    kind = RadioField("What kind of conflict?", [InputRequired("Choose the kind of conflict")],
                      choices=choices(ConflictKind))  # fmt: skip
    note = TextAreaField("What should the chair know? (optional)", [length(1000)])


def numbered() -> list[tuple[str, str]]:
    return [(d.value, f"{d.number} {d.label}") for d in PanelDecision]


class DecisionForm(Form):
    number = StringField("Decision number", [length(2)], description="Type 1 to 13, or choose below")
    decision = RadioField("Decision", choices=numbered())
    rationale = TextAreaField("Why?", [InputRequired("Write why the panel decided this"), length(4000)])
    disagreed = RadioField("Does anyone disagree?", choices=[("no", "No"), ("yes", "Yes")], default="no")
    dissent = TextAreaField("Who disagrees, and why?", [length(4000)])
    lead = SelectField("Who leads?", [Optional()])
    support = SelectMultipleField("What support?")
    provider = SelectField("Who provides what has no provider of its own?")
    harm_understood = BooleanField("We know that this can do harm, and choose it all the same")
    harm_reason = TextAreaField("Why is it right for this young person?", [length(1000)])
    text_for_referrer = TextAreaField("What do we tell the referrer?", [length(4000)])
    what_1 = StringField("What", [length(1000)])
    who_1 = SelectField("Who", [Optional()])
    by_1 = DateParts("By", what="The day", future=True)
    what_2 = StringField("What", [length(1000)])
    who_2 = SelectField("Who", [Optional()])
    by_2 = DateParts("By", what="The day", future=True)
    what_3 = StringField("What", [length(1000)])
    who_3 = SelectField("Who", [Optional()])
    by_3 = DateParts("By", what="The day", future=True)

    # The groups of support, as the page says them.
    OWN, WITHOUT_PROVIDER, HARMFUL = "Provided here", "Needs a provider", "May do harm"

    stored: str | None = None
    harmful: frozenset[str] = frozenset()
    without_provider: frozenset[str] = frozenset()

    @property
    def chosen(self) -> PanelDecision | None:
        """The typed number, unless another choice was made below."""
        typed = (self.number.data or "").strip()
        if typed:
            return next((d for d in PanelDecision if str(d.number) == typed), None)
        return next((d for d in PanelDecision if d.value == self.decision.data), None)

    def validate_number(self, field: StringField) -> None:
        typed = (field.data or "").strip()
        if not typed:
            return
        if self.chosen is None:
            raise ValidationError("Enter a number from 1 to 13")
        if self.decision.data and self.decision.data not in {self.chosen.value, self.stored}:
            label = label_of(PanelDecision, self.decision.data)
            raise ValidationError(
                _("You typed %(typed)s and chose “%(label)s”. Keep one of them", typed=typed, label=label)
            )

    def validate_decision(self, field: RadioField) -> None:
        """Not choosing is fine where a number is typed; the field's own complaint about it is taken back."""
        if not field.data:
            field.errors = []
            if not (self.number.data or "").strip():
                raise ValidationError("Choose a decision")

    def validate_dissent(self, field: TextAreaField) -> None:
        if self.disagreed.data == "yes" and not (field.data or "").strip():
            raise ValidationError("Write who disagrees and why")

    def validate_support(self, field: SelectMultipleField) -> None:
        if self.chosen is PanelDecision.ACCEPT_SUPPORT and not field.data:
            raise ValidationError("Choose at least one kind of support, or choose “Accept, assess first”")

    def validate_provider(self, field: SelectField) -> None:
        if self._accepts and self.without_provider & set(self.support.data or []) and not field.data:
            raise ValidationError("Choose who provides the support")

    def validate_harm_understood(self, field: BooleanField) -> None:
        if self.chooses_harm and not field.data:
            raise ValidationError("Tick to say that you know this support can do harm, or choose other support")

    def validate_harm_reason(self, field: TextAreaField) -> None:
        if self.chooses_harm and len((field.data or "").strip()) < 20:
            raise ValidationError("Write why it is right for this young person, in at least 20 characters")

    @property
    def _accepts(self) -> bool:
        return self.chosen is not None and self.chosen.opens_case

    @property
    def chooses_harm(self) -> bool:
        return self._accepts and bool(self.harmful & set(self.support.data or []))

    def validate(self, extra_validators: Any = None) -> bool:
        return all([super().validate(extra_validators), self._check_actions()])

    def _check_actions(self) -> bool:
        """A row counts when something is typed in it; then it needs all three."""
        good = True
        for what, who, by in self.action_rows():
            if not _is_in_use(what, who, by):
                continue
            for part, words in ((what, "Write what they do"), (who, "Choose who does it"), (by, "Enter the day")):
                if not part.data and not part.errors:
                    part.errors = [words]
                good = good and not part.errors
        return good

    @property
    def has_more_actions(self) -> bool:
        """Whether more than the first row of actions is in use."""
        return any(_is_in_use(*row) for row in self.action_rows()[1:])

    def action_rows(self) -> list[tuple[StringField, SelectField, DateParts]]:
        return [(self[f"what_{n}"], self[f"who_{n}"], self[f"by_{n}"]) for n in (1, 2, 3)]


def _is_in_use(what: StringField, who: SelectField, by: DateParts) -> bool:
    return bool(what.data or who.data or by.day or by.month or by.year)


class DoneForm(Form):
    note = TextAreaField("What was done?", [InputRequired("Write what was done"), length(1000)])
