"""Forms of emergency access: asking, and looking back."""

from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, StopValidation

from core.codes import choices
from core.codes.emergency import EmergencyOutcome
from core.codes.purposes import EmergencyReason
from core.forms import Form
from panels.forms.fields import Needed, Within, tidy

SHORTEST_REASON = 20


class OpenForm(Form):
    """One case, why, and words that somebody else will read."""

    reference = StringField(
        "What is the reference of the case?",
        [Needed("Enter the reference of the case"), Length(max=20, message="A reference has 12 characters")],
        description="For example RDG-26-0417K",
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    reason_code = RadioField(
        "What is the emergency?", [InputRequired("Choose what the emergency is")], choices=choices(EmergencyReason)
    )
    reason = TextAreaField(
        "What has happened, and what do you need to find out?",
        [Needed("Say what has happened and what you need to find out"), Within(2000, "Say what has happened")],
        description="At least 20 characters. The safeguarding lead reads this.",
        render_kw={"rows": 5},
    )

    def validate_reason(self, field: TextAreaField) -> None:
        if len(tidy(field.data)) < SHORTEST_REASON:
            raise StopValidation("Say a little more about what has happened: at least 20 characters")


class ReviewForm(Form):
    outcome = RadioField(
        "Was it right to open this case?", [InputRequired("Choose what you found")], choices=choices(EmergencyOutcome)
    )
    words = TextAreaField(
        "What did you find out, and what happens now?",
        [Needed("Say what you found out"), Within(4000, "Say what you found out")],
        render_kw={"rows": 5},
    )
