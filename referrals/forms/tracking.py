"""After sending: answering a question, saying why something changes, taking it back."""

from wtforms import RadioField, TextAreaField
from wtforms.validators import Optional

from core.codes.base import choices
from core.codes.decisions import WithdrawalReason
from core.forms import Form
from referrals.forms.base import LongText, Needed


class ReplyForm(Form):
    text = TextAreaField(
        "What is your answer?", [Needed("Write your answer"), LongText("Write your answer")], render_kw={"rows": 8},
    )  # fmt: skip


class WithdrawForm(Form):
    reason = RadioField(
        "Why are you withdrawing it?", [Needed("Select why you are withdrawing this referral")],
        choices=choices(WithdrawalReason),
    )  # fmt: skip
    words = TextAreaField(
        "Is there anything the coordinator should know? (optional)", [Optional(), LongText("Tell us more", 1000)],
        render_kw={"rows": 3},
    )  # fmt: skip


class WhyForm(Form):
    """Stands under the section's own questions; only its field is used."""

    why = TextAreaField(
        "Why are you making this change?",
        [Needed("Tell us why you are making this change"), LongText("Tell us why you are making this change", 1000)],
        description="For example: I have new information, or I made a mistake.", render_kw={"rows": 3},
    )  # fmt: skip
