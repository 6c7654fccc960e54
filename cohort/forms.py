"""Forms of cohort: an agreement, an upload, a run, and a decision not to nominate."""

from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from cohort.sources import COLUMNS, SourceKind
from core.codes.base import Code, choices
from core.codes.decisions import NotNominatedReason
from core.forms import DateParts, Form


class AgreementKind(Code):
    SHARING = "sharing", "Information-sharing agreement"
    PROCESSING = "processing", "Data processing agreement"


WHY = "Why did you decide this?"
WHY_HINT = "Write why, in words you could say to the family."


def _every_column() -> list[tuple[str, str]]:
    found = {column.name: column.label for columns in COLUMNS.values() for column in columns if column.name != "area"}
    return list(found.items())


class AgreementForm(Form):
    agency = SelectField("Who is the agreement with?", validators=[DataRequired("Select who the agreement is with")])
    kind = RadioField(
        "What kind of agreement is it?", choices=choices(AgreementKind),
        validators=[DataRequired("Select what kind of agreement it is")],
    )  # fmt: skip
    reference = StringField(
        "What is its reference?", description="The number on the signed agreement.",
        validators=[DataRequired("Enter the reference of the agreement"),
                    Length(max=60, message="The reference must be 60 characters or fewer")],
    )  # fmt: skip
    valid_from = DateParts("When does it start?", what="The start date", required="Enter when the agreement starts")
    valid_to = DateParts("When does it end?", what="The end date", required="Enter when the agreement ends")
    fields = SelectMultipleField(
        "Which columns does it allow?", choices=_every_column(),
        description="Any other column is dropped when a list is uploaded.",
        validators=[DataRequired("Select at least one column")],
    )  # fmt: skip

    def validate_valid_to(self, item: Any) -> None:
        if item.data and self.valid_from.data and item.data < self.valid_from.data:
            raise ValidationError("The end date must be after the start date")


class UploadForm(Form):
    kind = RadioField(
        "What kind of list is it?", choices=choices(SourceKind), validators=[DataRequired("Select the kind of list")]
    )
    agency = SelectField("Who sent it?", validators=[DataRequired("Select who sent the list")])
    file = FileField(
        "Choose a file", description="CSV, up to 10 MB. The first row names the columns.",
        validators=[FileRequired("Choose a CSV file")], render_kw={"accept": ".csv,text/csv"},
    )  # fmt: skip


class RunForm(Form):
    extracts = SelectMultipleField(
        "Which lists should it read?", validators=[DataRequired("Select at least one list")]
    )  # fmt: skip


class NotNominatedForm(Form):
    code = RadioField(
        "What is the main reason?", choices=choices(NotNominatedReason),
        validators=[DataRequired("Select the main reason")],
    )  # fmt: skip
    words = TextAreaField(
        WHY, description=WHY_HINT,
        validators=[DataRequired("Write why, in words you could say to the family"),
                    Length(max=2000, message="Tell us why in 2,000 characters or fewer")],
    )  # fmt: skip
