"""Forms of administrators: inviting someone and giving a role."""

from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import or_, select
from wtforms import (  # type: ignore[attr-defined]  # SelectChoice is newer than the stubs
    EmailField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
)
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from accounts.models import Agency, Area, District
from accounts.roles import ROLES, Role
from accounts.services.grants import Grant
from core.access import Actor
from core.clock import today
from core.db import db
from core.forms import Form


class RoleForm(Form):
    """Role, where, and in which agency. What may go together is the service's to say."""

    role = RadioField("What is their role?", [InputRequired("Choose their role")])
    area_id = SelectField("Which area do they work in?", [Optional()])
    agency_id = SelectField("Which agency do they work for?", [InputRequired("Choose their agency")])
    district_id = SelectField("Do they look at one district only?", [Optional()])

    def offer(self, actor: Actor) -> None:
        """The choices of this administrator: their own area, or all of them and the whole force."""
        self.role.choices = [SelectChoice(role.value, rules.name) for role, rules in ROLES.items()]
        setattr(self.role, "choice_hints", _hints())  # noqa: B010 (a name of our macros)
        self.area_id.choices = _areas(actor)
        self.agency_id.choices = [SelectChoice("", "Choose"), *_agencies(actor)]
        self.district_id.choices = [SelectChoice("", "No, the whole area"), *_districts(actor)]

    def grant(self) -> Grant:
        return Grant(
            self.role.data or "", self.agency_id.data or "", self.area_id.data or None, self.district_id.data or None
        )

    def refuse(self, why: str) -> None:
        """Put the rule's words beside the field that they are about."""
        about = {"area": self.area_id, "agency": self.agency_id, "district": self.district_id, "email": self._email()}
        found = next((item for word, item in about.items() if word in why and item is not None), self.role)
        found.errors = [why]

    def _email(self) -> Any:
        return None


class InviteForm(RoleForm):
    name = StringField(
        "What is their name?",
        [InputRequired("Enter their name"), Length(max=120, message="Their name must have 120 characters or fewer")],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    email = EmailField(
        "What is their work email address?",
        [InputRequired("Enter their work email address"), Length(max=254, message="Enter a shorter email address")],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )

    def validate_email(self, field: EmailField) -> None:
        try:
            validate_email(field.data or "", check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            raise ValidationError("Enter an email address like name@agency.org.uk") from None

    def _email(self) -> Any:
        return self.email


def _hints() -> dict[str, str]:
    return {
        role.value: "Reads records: a second person approves it" for role, rules in ROLES.items() if rules.needs_two
    } | {Role.ADMINISTRATOR.value: "Gives roles to others, reads no records: a second person approves it"}


def _areas(actor: Actor) -> list[SelectChoice]:
    statement = select(Area.id, Area.name).where(or_(Area.valid_to.is_(None), Area.valid_to >= today()))
    if actor.area_id:
        return [SelectChoice(row.id, row.name) for row in db.session.execute(statement.where(Area.id == actor.area_id))]
    rows = db.session.execute(statement.order_by(Area.name)).all()
    return [SelectChoice("", "No area: the whole force"), *(SelectChoice(row.id, row.name) for row in rows)]


def _agencies(actor: Actor) -> list[SelectChoice]:
    statement = (
        select(Agency.id, Agency.name, Area.name.label("area"))
        .outerjoin(Area, Area.id == Agency.area_id)
        .where(or_(Agency.valid_to.is_(None), Agency.valid_to >= today()))
        .order_by(Area.name.is_not(None), Area.name, Agency.name)
    )
    if actor.area_id:
        statement = statement.where(or_(Agency.area_id == actor.area_id, Agency.area_id.is_(None)))
    return [SelectChoice(r.id, r.name, optgroup=r.area or "Whole force") for r in db.session.execute(statement)]


def _districts(actor: Actor) -> list[SelectChoice]:
    statement = (
        select(District.id, District.name, Area.name.label("area"))
        .join(Area, Area.id == District.area_id)
        .where(or_(District.valid_to.is_(None), District.valid_to >= today()))
        .order_by(Area.name, District.name)
    )
    if actor.area_id:
        statement = statement.where(District.area_id == actor.area_id)
    return [SelectChoice(row.id, row.name, optgroup=row.area) for row in db.session.execute(statement)]
