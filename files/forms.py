"""Adding one file."""

from flask_wtf.file import FileField, FileRequired

from core.forms import Form

CHOOSE = "Choose a file in PDF, DOCX, JPG or PNG"


class FileForm(Form):
    file = FileField(
        "Choose a file", description="PDF, DOCX, JPG or PNG, smaller than 10MB, one at a time.",
        validators=[FileRequired(CHOOSE)],
        render_kw={"accept": ".pdf,.docx,.jpg,.jpeg,.png,application/pdf,image/jpeg,image/png"},
    )  # fmt: skip
