"""Forms of people about the interface: giving a system access, ending it, taking a referral out."""

from typing import Any

from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from core.codes import choices
from core.codes.purposes import Purpose
from core.forms import Form

PURPOSES = (Purpose.TRIAGE, Purpose.SAFEGUARDING, Purpose.PANEL, Purpose.RIGHTS)


class CredentialForm(Form):
    place = SelectField(
        "Which agency, in which area?", [InputRequired("Choose the agency")],
        description="It sends and sees what this agency sends, and nothing else.",
    )  # fmt: skip
    name = StringField(
        "What is the system called?",
        [InputRequired("Enter what the agency calls its system"), Length(max=80, message="Use 80 characters or fewer")],
        description="As the agency calls it. Not the name of a person.",
    )
    days = SelectField(
        "How long may it work?", [InputRequired("Choose how long it may work")],
        choices=[("90", "3 months"), ("180", "6 months"), ("365", "A year")], default="180",
        description="Before it runs out, give the agency a new one.",
    )  # fmt: skip

    def offer(self, places: list[tuple[str, str]]) -> None:
        self.place.choices = [("", "Choose"), *places]


class EndForm(Form):
    sure = BooleanField(
        "The system may send nothing more with it", [InputRequired("Confirm that the system may send nothing more")]
    )


class ReferralExportForm(Form):
    purpose: Any = SelectField(
        "Why do you need this file?", [InputRequired("Select why you need this file")],
        choices=lambda: choices(PURPOSES, blank="Choose"),
    )  # fmt: skip
