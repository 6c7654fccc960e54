"""Forms of support: choosing and answering offers, the plan and its goals, sessions, reviews."""

from datetime import date, timedelta
from typing import Any

from wtforms import RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional, ValidationError

from core.clock import today
from core.codes.base import choices, grouped
from core.codes.cases import (
    ATTENDED,
    Attendance,
    EngagementGivenBy,
    NoSessionReason,
    RescheduledBy,
    ReviewDecision,
    SessionConcern,
    SessionMode,
)
from core.codes.offers import DeclineReason, EndedEarlyReason
from core.formats import day as day_words
from core.forms import DateParts, Form, WholeNumber
from core.languages import gettext as _
from panels.forms.fields import Needed, TimeText, Within, tidy

HOW_MANY = "Enter how many sessions are planned, from 1 to 100"
HOW_LONG = "Enter how long it was, from 1 to 600 minutes"
SHORT = {"class": "govuk-input--width-5"}
TEN = [("", "Not asked yet"), *((str(n), str(n)) for n in range(11))]


def _text(label: str, limit: int, act: str, *, needed: str = "", hint: str = "", rows: int = 4) -> TextAreaField:
    # Not Optional: it would stop before the rules that look at other answers.
    rules: list[Any] = [Needed(needed)] if needed else []
    return TextAreaField(
        label, [*rules, Within(limit, act)], description=hint, filters=[tidy], render_kw={"rows": rows}
    )  # fmt: skip


class HarmForm(Form):
    harm_reason = _text(
        "Why is this right for this young person?", 2000, "Say why this is right for them",
        needed="Say why this is right for this young person",
        hint="Say what else you thought of first. A second person reads this before anything is offered.",
    )  # fmt: skip


class OfferForm(Form):
    """Who is asked to help, towards what."""

    provider_id = RadioField("Who do you want to ask?", validators=[Needed("Select who you want to ask")])
    practitioner_id = SelectField("Is there a person you want to ask for? (optional)", validate_choice=True)
    goal = _text(
        "What should this help with?", 1000, "Say what this should help with",
        needed="Say what this should help with",
        hint="Start with what they want. The provider reads this before they answer.",
    )  # fmt: skip
    safety = _text(
        "What must the provider know to keep everyone safe? (optional)", 2000,
        "Say what the provider must know",
        hint="Who must not be in the same group, where not to meet. Only what they need for this.",
    )  # fmt: skip
    planned_sessions = WholeNumber(
        "How many sessions are planned?", [NumberRange(min=1, max=100, message=HOW_MANY)], words=HOW_MANY, default=12
    )


ANSWERS = [
    ("accept", "Yes, we can take them"),
    ("wait", "Yes, but they have to wait"),
    ("decline", "No, we cannot take them"),
]


class AnswerForm(Form):
    answer = RadioField("What is your answer?", choices=ANSWERS, validators=[Needed("Select your answer")])
    start_on = DateParts("When can you start?", what="The start date")
    practitioner_id = SelectField("Who will work with them?", validate_choice=True)
    decline_code = SelectField("Why not?", choices=choices(DeclineReason, blank="Choose a reason"))
    note = _text("Is there anything they should know? (optional)", 2000, "Say what they should know")

    def validate_start_on(self, field: Any) -> None:
        if self.answer.data != "accept":
            return
        if field.data is None:
            raise ValidationError("Tell us when you can start")
        if field.data > today() + timedelta(days=366):
            raise ValidationError("The start date must be in the next 12 months")

    def validate_decline_code(self, field: Any) -> None:
        if self.answer.data == "decline" and not field.data:
            raise ValidationError("Select a reason why you cannot take them")


class EndForm(Form):
    how = RadioField(
        "How did it end?", choices=[("completed", "It finished as planned"), ("early", "It ended early")],
        validators=[Needed("Select how it ended")],
    )  # fmt: skip
    early_code = SelectField("Why did it end early?", choices=choices(EndedEarlyReason, blank="Choose a reason"))

    def validate_early_code(self, field: Any) -> None:
        if self.how.data == "early" and not field.data:
            raise ValidationError("Select why it ended early")


class WantsForm(Form):
    what_they_want = _text(
        "What do they want?", 2000, "Write what they want",
        needed="Write what they want, in their words", hint="Their own words, as they said them.",
    )  # fmt: skip


class GoalForm(Form):
    their_words = _text(
        "The goal in their words", 1000, "Write the goal", needed="Write the goal in their words",
        hint="What they said, not what we would say. “Get back to art.”", rows=2,
    )  # fmt: skip
    our_words = _text("The goal in our words (optional)", 1000, "Write the goal", rows=2)
    why = _text("Why does it matter? (optional)", 2000, "Say why it matters", rows=2)
    steps = _text(
        "What are the steps?", 4000, "Write the steps", needed="Write at least one step",
        hint="Small things that somebody does. One on a line.",
    )  # fmt: skip
    who = StringField(
        "Who does them?", [Needed("Write who does the steps"), Within(300, "Write who does the steps")], filters=[tidy],
        description="Names or roles: “Kay, nan, mentor”.",
    )  # fmt: skip
    due_on = DateParts("By when?", what="The date", required="Enter by when")
    score_at_start = SelectField(
        "Where were they at the start, from 0 to 10?", choices=TEN,
        description="Ask them. 0 is nowhere near, 10 is there.",
    )  # fmt: skip
    score_now = SelectField("Where are they now, from 0 to 10?", choices=TEN)

    def values(self) -> dict[str, Any]:
        found = self.answers()
        for name in ("score_at_start", "score_now"):
            found[name] = int(found[name]) if found[name] not in (None, "", "None") else None
        return found


def now_form(goals: list[Any]) -> type[Form]:
    """One question for each goal: where they are now."""
    fields = {
        f"now_{goal.id}": SelectField(_("Goal %(number)s", number=n), choices=TEN) for n, goal in enumerate(goals, 1)
    }
    return type("NowForm", (Form,), fields)


class AgreeForm(Form):
    agreed_with = RadioField(
        "Who agreed the plan?", choices=choices(EngagementGivenBy), validators=[Needed("Select who agreed the plan")]
    )
    agreed_on = DateParts(
        "When did they agree it?", what="The date they agreed", required="Enter when they agreed the plan", past=True
    )


class PlanSessionForm(Form):
    on = DateParts("Which day?", what="The day", required="Enter the day")
    at = TimeText(
        "What time?", [Needed("Enter a time, like 4pm or 16:30")], render_kw={"class": "govuk-input--width-5"}
    )
    place = StringField(
        "Where?", [Needed("Enter where you will meet"), Within(200, "Enter where you will meet")], filters=[tidy],
        description="Somewhere they feel safe, and can get to.",
    )  # fmt: skip
    mode = RadioField(
        "Who is it with?", choices=choices(SessionMode), default=SessionMode.ONE_TO_ONE.value,
        validators=[Needed("Select who it is with")],
    )  # fmt: skip
    offer_id = SelectField("What is it part of?", validate_choice=True)

    def validate_on(self, field: Any) -> None:
        if field.data and abs((field.data - today()).days) > 366:
            raise ValidationError("The day must be within 12 months of today")


class RecordForm(Form):
    """What happened in a session (PAGES 4.7)."""

    attendance = RadioField(
        "Did it happen?", choices=choices(Attendance), validators=[Needed("Select whether it happened")]
    )  # fmt: skip
    minutes = WholeNumber(
        "How long was it, in minutes?", [Optional(), NumberRange(min=1, max=600, message=HOW_LONG)], words=HOW_LONG,
        default=45,
    )  # fmt: skip
    place = StringField(
        "Where was it?", [Optional(), Within(200, "Enter where it was")], filters=[tidy],
        description="Change this if it was somewhere else.",
    )  # fmt: skip
    no_session_code = SelectField("Why did it not happen?", choices=choices(NoSessionReason, blank="Choose a reason"))
    rescheduled_by = RadioField(
        "Who asked to change it? (optional)", choices=choices(RescheduledBy), validators=[Optional()]
    )  # fmt: skip
    what_happened = _text(
        "What did you do, and what went well?", 4000, "Say what you did and what went well",
        hint="Write it as if they will read it.", rows=6,
    )  # fmt: skip
    goal_ids = SelectMultipleField("Which goals was this for? (optional)", validate_choice=True)
    their_words = _text("In their words (optional)", 2000, "Write what they said", rows=2)
    concern = RadioField(
        "Are you worried about anything?", choices=choices(SessionConcern),
        validators=[Needed("Select yes if you are worried about anything")],
    )  # fmt: skip
    concern_words = _text("What is worrying you?", 4000, "Tell us what is worrying you")
    next_on = DateParts("Which day is the next session?", what="The day of the next session", future=True)
    next_at = TimeText("What time?", render_kw=SHORT)
    next_place = StringField("Where?", [Within(200, "Enter where you will meet")], filters=[tidy])

    def __init__(self, *args: Any, planned_on: date, **values: Any) -> None:
        super().__init__(*args, **values)
        self.planned_on = planned_on

    @property
    def came(self) -> bool:
        return self.attendance.data in ATTENDED

    def validate_attendance(self, field: Any) -> None:
        if self.came and self.planned_on > today():
            raise ValidationError("Select that it happened on the day of the session or later")

    def validate_no_session_code(self, field: Any) -> None:
        if self.attendance.data and not self.came and not field.data:
            raise ValidationError("Select why it did not happen")

    def validate_what_happened(self, field: Any) -> None:
        if self.came and not field.data:
            raise ValidationError("Say what you did and what went well")

    def validate_concern_words(self, field: Any) -> None:
        if self.concern.data == SessionConcern.TELL_LEAD and not field.data:
            raise ValidationError("Tell us what is worrying you")

    def validate_next_at(self, field: Any) -> None:
        if self.next_on.data and not field.data:
            raise ValidationError("Enter a time for the next session, like 4pm or 16:30")

    def validate_next_place(self, field: Any) -> None:
        if self.next_on.data and not field.data:
            raise ValidationError("Enter where the next session is")

    def values(self) -> dict[str, Any]:
        """Only the answers that fit whether it happened; the others are not kept."""
        given = {name: value or None for name, value in self.answers().items() if not name.startswith("next_")}
        for name in ("no_session_code", "rescheduled_by") if self.came else ("minutes", "what_happened"):
            given[name] = None
        if given["concern"] == SessionConcern.NO:
            given["concern_words"] = None
        given["goal_ids"] = (given["goal_ids"] or []) if self.came else []
        return given


REASON_GROUPS = {group: [code.value for code in codes] for group, codes in grouped(NoSessionReason).items()}


class ReviewForm(Form):
    what_changed = _text(
        "What has changed since last time?", 4000, "Say what has changed",
        needed="Say what has changed since last time",
        hint="What is better, what is harder, what you saw.",
    )  # fmt: skip
    their_view = _text(
        "What do they say?", 4000, "Write what they say", needed="Write what they say, or that you could not ask them",
        hint="Their own words. If you could not ask them, say why.",
    )  # fmt: skip
    decision = RadioField(
        "What happens next?", choices=choices(ReviewDecision), validators=[Needed("Select what happens next")]
    )  # fmt: skip
    next_on = DateParts("When is the next review?", what="The review date", future=True)

    def check_next(self, *, latest: Any, agreed_on: Any) -> None:
        """Rules that need the case: within the area's longest wait, and after the plan was agreed."""
        given = self.next_on.data
        if self.decision.data == ReviewDecision.CLOSE and not given:
            return
        if given is None:
            self._refuse("Enter when the next review is")
        elif agreed_on and given <= agreed_on:
            self._refuse(_("The review date must be after the plan was agreed on %(day)s", day=day_words(agreed_on)))
        elif given > latest:
            self._refuse(_("The review date must be on or before %(day)s", day=day_words(latest)))

    def _refuse(self, words: str) -> None:
        if not self.next_on.errors:
            self.next_on.errors = [words]
            self.next_on.bad_parts = {"day", "month", "year"}
