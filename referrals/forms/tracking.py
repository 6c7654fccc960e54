"""After sending: answering a question, saying why something changes, taking it back."""

from flask_wtf.file import FileField
from wtforms import RadioField, TextAreaField
from wtforms.validators import Optional

from core.codes.base import choices
from core.codes.decisions import WithdrawalReason
from core.codes.referrals import UsefulAnswer
from core.forms import Form
from files.forms import ACCEPT, LIMITS
from referrals.forms.base import LongText, Needed


class ReplyForm(Form):
    text = TextAreaField(
        "What is your answer?", [Needed("Write your answer"), LongText("Write your answer")], render_kw={"rows": 8},
    )  # fmt: skip
    file = FileField("Do you want to add a file? (optional)", description=LIMITS, render_kw=ACCEPT)


class WithdrawForm(Form):
    reason = RadioField(
        "Why are you withdrawing it?", [Needed("Select why you are withdrawing this referral")],
        choices=choices(WithdrawalReason),
    )  # fmt: skip
    words = TextAreaField(
        "Is there anything the coordinator should know? (optional)", [Optional(), LongText("Tell us more", 1000)],
        render_kw={"rows": 3},
    )  # fmt: skip


class FeedbackForm(Form):
    """Two questions back (PAGES 3.3), and room for words."""

    useful = RadioField(
        "Was this outcome useful?", [Needed("Select whether this outcome was useful")], choices=choices(UsefulAnswer),
        description="Useful to you in your work with the young person.",
    )  # fmt: skip
    clear = RadioField(
        "Did we tell you clearly why, and what happens next?", [Needed("Select whether we told you clearly")],
        choices=choices(UsefulAnswer),
    )  # fmt: skip
    words = TextAreaField(
        "What could we do better? (optional)", [Optional(), LongText("Tell us what we could do better", 1000)],
        description="The coordinator reads this. Do not add news about the young person here.", render_kw={"rows": 3},
    )  # fmt: skip


class WhyForm(Form):
    """Stands under the section's own questions; only its field is used."""

    why = TextAreaField(
        "Why are you making this change?",
        [Needed("Tell us why you are making this change"), LongText("Tell us why you are making this change", 1000)],
        description="For example: I have new information, or I made a mistake.", render_kw={"rows": 3},
    )  # fmt: skip
