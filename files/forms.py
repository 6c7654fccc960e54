"""Adding one file, and taking one away."""

from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField
from wtforms.validators import InputRequired

from core.codes.base import choices
from core.codes.files import FileRemoval
from core.forms import Form

CHOOSE = "Choose a file in PDF, DOCX, JPG or PNG"


LIMITS = "PDF, DOCX, JPG or PNG, smaller than 10MB, one at a time."
ACCEPT = {"accept": ".pdf,.docx,.jpg,.jpeg,.png,application/pdf,image/jpeg,image/png"}


class FileForm(Form):
    file = FileField("Choose a file", description=LIMITS, validators=[FileRequired(CHOOSE)], render_kw=ACCEPT)


class RemoveForm(Form):
    reason = RadioField(
        "Why are you removing this file?", [InputRequired("Select why you are removing this file")],
        choices=choices(FileRemoval), description="Whoever added it can read this.",
    )  # fmt: skip
