"""What a review of unusual access and a trip wire ask."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from audit.forms import day_of, real_day
from core.clock import today
from core.codes import choices
from core.codes.alerts import AlertOutcome
from core.forms import DateParts, Form


class ReviewForm(Form):
    outcome = RadioField(
        "What did you find?", validators=[InputRequired("Select what you found")],
        choices=lambda: choices(AlertOutcome),
    )  # fmt: skip
    words = TextAreaField(
        "How do you know?", description="Say whom you asked and what they said. Do not name the young person.",
        validators=[
            InputRequired("Say how you know"), Length(max=4000, message="Enter 4,000 characters or fewer"),
        ],
    )  # fmt: skip


class DecoyForm(Form):
    """Nobody may have this name here: the second person checks it."""

    forename = StringField(
        "What invented first name should it have?",
        validators=[InputRequired("Enter an invented first name"), Length(max=100)],
    )
    surname = StringField(
        "What invented last name?", validators=[InputRequired("Enter an invented last name"), Length(max=100)]
    )
    born = DateParts(
        "What invented date of birth?", what="Date of birth", required="Enter an invented date of birth", past=True
    )
    reason = TextAreaField(
        "Why is it needed?", description="The second person reads this. They check that nobody here has this name.",
        validators=[InputRequired("Say why it is needed"), Length(max=2000)],
    )  # fmt: skip

    def validate_born(self, field: Any) -> None:
        """A young person's, so that it does not stand out."""
        if field.data and not today().year - 18 <= field.data.year <= today().year - 8:
            raise ValidationError("The date of birth must be that of a young person of 8 to 18")


class SeenForm(FlaskForm):
    """Between which days. Sent by GET: it names nobody."""

    class Meta:
        csrf = False

    since = StringField("From", [real_day], id="filter-since")
    until = StringField("To", [real_day], id="filter-until")

    def validate_until(self, field: Any) -> None:
        try:
            first, last = day_of(self.since.data), day_of(field.data)
        except ValueError:
            return
        if first and last and last < first:
            raise ValidationError("To must be the same day as From, or after it")
