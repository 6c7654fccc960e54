"""Forms of the catalogue: changing what an area offers, and adding an intervention of its own."""

from typing import Any

from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from core.codes.base import choices
from core.codes.offers import CostBand
from core.forms import Form, WholeNumber

PLACES = "Enter how many places there are, from 0 to 500, or leave it empty if nobody counts them"
TOO_LONG = "Say what it is, in 2,000 characters or fewer"
AGE = "Enter an age from 10 to 18"


class ChangeForm(Form):
    places = WholeNumber(
        "How many places are there? (optional)", [Optional(), NumberRange(min=0, max=500, message=PLACES)],
        words=PLACES, description="All places, also those taken. Leave it empty if nobody counts them.",
    )  # fmt: skip
    is_active = BooleanField("It is offered now")
    description = TextAreaField(
        "What is it?", [InputRequired("Say what it is"), Length(max=2000, message=TOO_LONG)],
        description="What happens, where, how often. Young people and families may read it.",
    )  # fmt: skip


class AddForm(Form):
    name = StringField("What is it called?", [
        InputRequired("Enter what it is called"), Length(max=120, message="Enter a name of 120 characters or fewer"),
    ])  # fmt: skip
    category = SelectField(
        "What kind of support is it?", validators=[InputRequired("Select what kind of support it is")]
    )
    provider_id = SelectField("Who provides it?", validators=[InputRequired("Select who provides it")])
    description = TextAreaField(
        "What is it?", [InputRequired("Say what it is"), Length(max=2000, message=TOO_LONG)],
        description="What happens, where, how often. Young people and families may read it.",
    )  # fmt: skip
    places = WholeNumber(
        "How many places are there? (optional)", [Optional(), NumberRange(min=0, max=500, message=PLACES)],
        words=PLACES, description="Leave it empty if nobody counts them.",
    )  # fmt: skip
    min_age = WholeNumber("Youngest age", [NumberRange(min=10, max=18, message=AGE)], words=AGE, default=10)
    max_age = WholeNumber("Oldest age", [NumberRange(min=10, max=18, message=AGE)], words=AGE, default=17)
    cost = RadioField(
        "What does it cost?", choices=choices(CostBand), default=CostBand.NOT_KNOWN.value,
        validators=[InputRequired("Select what it costs")],
    )  # fmt: skip
    is_harmful = BooleanField("There is evidence that it can cause harm")
    warning = TextAreaField(
        "What is the harm?", [Length(max=1000, message="Say what the harm is, in 1,000 characters or fewer")],
        description="This warning is shown wherever it is offered.",
    )  # fmt: skip

    def validate_warning(self, field: Any) -> None:
        if self.is_harmful.data and not (field.data or "").strip():
            raise ValidationError("Say what the harm is")

    def validate_max_age(self, field: Any) -> None:
        if self.min_age.data and field.data and field.data < self.min_age.data:
            raise ValidationError("The oldest age must be the same as the youngest, or more")
