"""What a data protection officer decides about records: kept longer, held, disposed of, erased."""

from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, StopValidation

from core.codes import choices
from core.codes.retention import ErasureReason, HoldReason, KeepReason
from core.forms import Form

SHORTEST_REASON = 20


class DecideForm(Form):
    """One decision, with what that one needs."""

    decision = RadioField("What happens to this record?", [InputRequired("Choose what happens to this record")])
    keep_reason = SelectField("Why is it kept?", choices=lambda: choices(KeepReason, blank="Choose"), default="")
    years = SelectField(
        "For how long?", choices=[("1", "1 year"), ("2", "2 years"), ("5", "5 years")], default="1",
    )  # fmt: skip
    hold_reason = SelectField("Why is it held?", choices=lambda: choices(HoldReason, blank="Choose"), default="")
    reason = TextAreaField(
        "Why may it go?",
        [Length(max=2000, message="Why it may go must have 2,000 characters or fewer")],
        description="At least 20 characters, and no name. The second person reads this.",
        render_kw={"rows": 3},
    )

    def offer(self, is_held: bool) -> None:
        free = [
            ("keep", "Keep it longer"),
            ("hold", "Place a legal hold on it"),
            ("dispose", "Propose to dispose of it"),
        ]
        held = [("keep", "Keep it longer"), ("release", "End the legal hold")]
        self.decision.choices = held if is_held else free

    def validate_keep_reason(self, field: SelectField) -> None:
        if self.decision.data == "keep" and not field.data:
            raise StopValidation("Choose why it is kept")

    def validate_hold_reason(self, field: SelectField) -> None:
        if self.decision.data == "hold" and not field.data:
            raise StopValidation("Choose why it is held")

    def validate_reason(self, field: TextAreaField) -> None:
        if self.decision.data == "dispose" and len((field.data or "").strip()) < SHORTEST_REASON:
            raise StopValidation("Say why it may go: at least 20 characters")


class FindForm(Form):
    reference = StringField(
        "What is the reference of their case or referral?", [InputRequired("Enter a reference"), Length(max=16)],
        description="For example, RDG-26-0417K.", render_kw={"class": "govuk-input--width-10", "autocomplete": "off"},
    )  # fmt: skip


class EraseForm(Form):
    """Erase, or the opposite: see to it that nobody does."""

    decision = RadioField("What do you want to do?", [InputRequired("Choose what you want to do")])
    why = SelectField("On which ground?", choices=lambda: choices(ErasureReason, blank="Choose"), default="")
    reason = TextAreaField(
        "Why must it be erased?",
        [Length(max=2000, message="Why it must be erased must have 2,000 characters or fewer")],
        description="At least 20 characters, and no name. The second person reads this.",
        render_kw={"rows": 3},
    )
    hold_reason = SelectField("Why is it held?", choices=lambda: choices(HoldReason, blank="Choose"), default="")

    def offer(self, is_held: bool, is_asked: bool) -> None:
        free = [] if is_asked else [("erase", "Ask a second person to agree to erase it")]
        self.decision.choices = (
            [("release", "End the legal hold")] if is_held else [*free, ("hold", "Place a legal hold on it")]
        )

    def validate_why(self, field: SelectField) -> None:
        if self.decision.data == "erase" and not field.data:
            raise StopValidation("Choose on which ground")

    def validate_reason(self, field: TextAreaField) -> None:
        if self.decision.data == "erase" and len((field.data or "").strip()) < SHORTEST_REASON:
            raise StopValidation("Say why it must be erased: at least 20 characters")

    def validate_hold_reason(self, field: SelectField) -> None:
        if self.decision.data == "hold" and not field.data:
            raise StopValidation("Choose why it is held")
