"""Why a list of cases leaves the service, and with what."""

from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import InputRequired, StopValidation

from core.codes import choices
from core.forms import Form
from panels.forms.fields import Within, tidy
from panels.services.caseload_export import PURPOSES

SHORTEST_REASON = 20


class ExportForm(Form):
    """``needs_reason`` is set where a second person will read why."""

    needs_reason = False
    purpose = SelectField(
        "Why do you need this file?", [InputRequired("Select why you need this file")],
        choices=lambda: choices(PURPOSES, blank="Choose"),
    )  # fmt: skip
    names = RadioField(
        "What should it say of each young person?",
        [InputRequired("Choose what the file says of each young person")],
        choices=[("no", "Their reference only"), ("yes", "Their reference, name and age")],
        default="no",
    )
    reason = TextAreaField(
        "What will you do with it, and when will you delete it?",
        [Within(2000, "Say what you will do with it")],
        description="At least 20 characters. The second person reads this.",
        render_kw={"rows": 4},
    )

    def validate_reason(self, field: TextAreaField) -> None:
        if self.needs_reason and len(tidy(field.data)) < SHORTEST_REASON:
            raise StopValidation(
                "Say what you will do with the file, and when you will delete it: at least 20 characters"
            )
