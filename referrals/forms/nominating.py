"""The form on which a coordinator nominates a young person who came up."""

from typing import Any

from wtforms import RadioField, TextAreaField
from wtforms.validators import ValidationError

from core.codes.base import choices
from core.codes.referrals import LawfulBasisChoice, NotInformedReason
from core.forms import Form
from referrals.forms.base import LongText, Needed

# An emergency is a call to the front door, and the coordinator is who others would ask.
GROUNDS = [LawfulBasisChoice.PREVENT_OFFENDING, LawfulBasisChoice.SAFEGUARD, LawfulBasisChoice.PREVENT_VIOLENCE]
WORDS = "Write why, in words you could say to the family"


class NominateForm(Form):
    going_well = TextAreaField(
        "What is going well? (optional)", description="What you know of their strengths, and who is on their side.",
        validators=[LongText("Tell us what is going well", 2000)],
    )  # fmt: skip
    words = TextAreaField(
        "Why are you nominating them?", description=f"{WORDS}.",
        validators=[Needed(WORDS), LongText("Tell us why", 2000)],
    )  # fmt: skip
    informed = RadioField(
        "Does the family know?", choices=[("yes", "Yes"), ("no", "No, not yet")],
        validators=[Needed("Select yes if the family knows about this referral")],
    )  # fmt: skip
    why_not = RadioField(
        "Why do they not know?", choices=choices(NotInformedReason), validate_choice=False, default=""
    )  # fmt: skip
    basis = RadioField(
        "Why may this be shared with the panel?", choices=choices(GROUNDS),
        validators=[Needed("Select why this may be shared")],
    )  # fmt: skip

    def validate_why_not(self, item: Any) -> None:
        if self.informed.data == "no" and item.data not in {reason.value for reason in NotInformedReason}:
            raise ValidationError("Select why the family does not know")
