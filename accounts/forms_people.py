"""Forms of administrators about people who are there: training, agreements, moving, leaving, a lost device."""

from typing import Any

from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from accounts.forms_admin import RoleForm
from accounts.services.leaving import PROOFS
from accounts.services.users import Held
from core.forms import DateParts, Form


class TrainingForm(Form):
    until = DateParts(
        "When does their training run out?", what="The date their training runs out",
        required="Enter the date their training runs out", description="The date on their certificate",
    )  # fmt: skip


class AgreementForm(Form):
    place = SelectField("Which agency, in which area?", [InputRequired("Choose the agency")])
    reference = StringField(
        "What is its reference?",
        [InputRequired("Enter the reference of the agreement"), Length(max=60, message="Use 60 characters or fewer")],
    )
    valid_from = DateParts("When does it begin?", what="The date it begins", required="Enter the date it begins")
    valid_to = DateParts("When does it run out?", what="The date it runs out", required="Enter the date it runs out")

    def offer(self, places: list[tuple[str, str]]) -> None:
        self.place.choices = [("", "Choose"), *places]

    def validate_valid_to(self, field: Any) -> None:
        if field.data and self.valid_from.data and field.data < self.valid_from.data:
            raise ValidationError("The date it runs out must be after the date it begins")


class MoveForm(RoleForm):
    leaves = RadioField("Which role do they leave?", [InputRequired("Choose the role they leave")])

    def offer_old(self, held: list[Held]) -> None:
        self.leaves.choices = [(one.id, f"{one.role}, {one.place}") for one in held]


class GiveBackForm(Form):
    proof = RadioField(
        "How did you make sure that it is them?", [InputRequired("Choose how you made sure that it is them")],
        choices=list(PROOFS.items()),
    )  # fmt: skip


class LeaveForm(Form):
    sure = BooleanField(
        "They have left, and nobody works under this account", [InputRequired("Confirm that they have left")]
    )
