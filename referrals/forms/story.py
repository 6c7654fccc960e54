"""Their story: what is going well, their own words, what is worrying, what has happened."""

from collections.abc import Mapping
from typing import Any

from wtforms import RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from core.codes.base import choices, grouped
from core.codes.concerns import Concern, ConcernStrength, ProtectiveFactor
from core.codes.events import PartInEvent, TriggerEventType
from core.forms import DateParts
from referrals.forms.base import LongText, Needed, SectionForm, short

CONCERN = "concern_"


class StrengthsForm(SectionForm):
    """What goes well and their own words come before worries; how they are kept: ``answers.TOGETHER``."""

    text = TextAreaField(
        "What is going well?", [Needed("Tell us what is going well"), LongText("Tell us what is going well")],
        description="What they enjoy, what they are good at, who is on their side.", render_kw={"rows": 6},
    )  # fmt: skip
    factors = SelectMultipleField(
        "Which of these do they have? (optional)", choices=choices(ProtectiveFactor), option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False), description="Select all that you know of.",
    )  # fmt: skip
    child = TextAreaField(
        "What do they say, in their own words? (optional)", [Optional(), LongText("Tell us what they say")],
        description="Write it as they said it. What do they want to be different?", render_kw={"rows": 6},
    )  # fmt: skip
    family = TextAreaField(
        "What does their family say? (optional)", [Optional(), LongText("Tell us what their family says")],
        description="What matters to them, and what they think would help.", render_kw={"rows": 4},
    )  # fmt: skip


class WorriesForm(SectionForm):
    """The story first, then as many concerns as the referrer knows about; one not answered stays "Not asked"."""

    text = TextAreaField(
        "What is worrying you?", [Needed("Tell us what is worrying you"), LongText("Tell us what is worrying you")],
        description="What has happened, when, who was involved, and what you saw yourself.", render_kw={"rows": 8},
    )  # fmt: skip
    hopes = TextAreaField(
        "What do you hope will change? (optional)", [Optional(), LongText("Tell us what you hope will change", 2000)],
        description="One or two things that would make life better for them.", render_kw={"rows": 3},
    )  # fmt: skip
    worker_safety = TextAreaField(
        "Is there anything a worker should know before visiting? (optional)",
        [Optional(), LongText("Tell us what a worker should know", 1000)], render_kw={"rows": 3},
        description="For example: who else may be there, or a dog.",
    )  # fmt: skip

    def kept(self) -> dict[str, Any]:
        values = super().kept()
        concerns = {code.value: values.pop(CONCERN + code.value) for code in Concern}
        return values | {"concerns": {code: strength for code, strength in concerns.items() if strength}}

    @classmethod
    def opened(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        concerns = {CONCERN + code: strength for code, strength in (values.get("concerns") or {}).items()}
        return dict(values) | concerns

    def groups(self) -> list[tuple[str, list[Any], int]]:
        """Heading, its questions, and how many are answered."""
        found = []
        for heading, codes in grouped(Concern).items():
            fields = [self[CONCERN + code.value] for code in codes]
            found.append((heading, fields, sum(bool(item.data) for item in fields)))
        return found


for concern in Concern:
    setattr(WorriesForm, CONCERN + concern.value, SelectField(
        concern.label, [Optional()], choices=choices(ConcernStrength, blank="Not answered"),
    ))  # fmt: skip


class EventForm(SectionForm):
    """One thing that happened. The young person's part is always asked, never guessed."""

    type = SelectField(
        "What happened?", [Needed("Select what happened")], choices=choices(TriggerEventType, blank="Choose")
    )
    on = DateParts(
        "When did it happen?", what="The date", required="Enter the date, or the first day of that month", past=True,
        description="If you only know the month, enter 1 as the day.",
    )  # fmt: skip
    part = RadioField(
        "What was their part in what happened?", [Needed("Select their part in what happened")],
        choices=choices(PartInEvent),
    )  # fmt: skip
    reference = StringField(
        "Is there a crime or incident number? (optional)", short("The number", 60),
        render_kw={"class": "govuk-input--width-20"},
    )  # fmt: skip
    text = TextAreaField(
        "What should we know about it? (optional)", [Optional(), LongText("Tell us what happened", 1000)],
        render_kw={"rows": 3},
    )  # fmt: skip

    @property
    def is_blank(self) -> bool:
        return not any((self.type.data, self.on.data, self.on.day, self.part.data, self.reference.data, self.text.data))
