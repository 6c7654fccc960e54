"""Who is trained and which agencies have agreed: the dates that the guard asks for, recorded by administrators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from accounts.acting import SHARING_AGREEMENTS
from accounts.models import PARTNERSHIP, Agency, Agreement, Area, User
from accounts.policies import users_visible_to
from accounts.services.grants import NotAllowed
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import today
from core.db import db
from core.ids import Id

SOON = timedelta(days=30)
SHOWN = 50


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """An agency in an area, and until when its newest agreement holds (None: it never had one)."""

    agency: str
    area: str
    valid_to: date | None

    @property
    def state(self) -> str:
        if self.valid_to is None:
            return "None recorded"
        if self.valid_to < today():
            return "Run out"
        return "Runs out soon" if self.valid_to < today() + SOON else "In date"


def agreements(actor: Actor) -> list[AgreementLine]:
    """Every agency of the actor's areas that is in date, those that need something first."""
    newest = (
        select(Agreement.agency_id, Agreement.area_id, func.max(Agreement.valid_to).label("valid_to"))
        .where(Agreement.kind == PARTNERSHIP)
        .group_by(Agreement.agency_id, Agreement.area_id)
        .subquery()
    )
    statement = (
        select(Agency.name, Area.name.label("area"), newest.c.valid_to)
        .join(Area, or_(Agency.area_id == Area.id, Agency.area_id.is_(None)))
        .outerjoin(newest, (newest.c.agency_id == Agency.id) & (newest.c.area_id == Area.id))
        .where(func.coalesce(Agency.valid_to, today()) >= today(), func.coalesce(Area.valid_to, today()) >= today())
        .order_by(newest.c.valid_to.is_not(None), newest.c.valid_to, Area.name, Agency.name)
    )
    if actor.area_id:
        statement = statement.where(Area.id == actor.area_id)
    return [AgreementLine(row.name, row.area, row.valid_to) for row in db.session.execute(statement)]


def agreed() -> set[tuple[Id, Id]]:
    """Agency and area of each agreement in date that lets the agency's people see what is shared."""
    found = select(Agreement.agency_id, Agreement.area_id).where(
        Agreement.kind.in_(SHARING_AGREEMENTS), Agreement.valid_from <= today(), Agreement.valid_to >= today()
    )
    return {(agency, area) for agency, area in db.session.execute(found)}


def untrained(actor: Actor) -> Sequence[Any]:
    """People in use whose training is not recorded, has run out or soon will; the longest ago first."""
    statement = users_visible_to(actor).where(
        User.active, or_(User.training_until.is_(None), User.training_until < today() + SOON)
    )
    columns = statement.with_only_columns(User.id, User.name, User.training_until)
    ordered = columns.order_by(User.training_until.is_not(None), User.training_until, User.name)
    return db.session.execute(ordered.limit(SHOWN)).all()


def record_training(actor: Actor, user: User, until: date) -> None:
    """Raise NotAllowed for one's own."""
    if user.id == actor.user_id:
        raise NotAllowed("You cannot record your own training. Ask another administrator")
    user.training_until = until
    record(Event.TRAINING_RECORDED, actor, user)


def places(actor: Actor) -> list[tuple[str, str]]:
    """Agency and area, as "id:id" and in words, for the form."""
    statement = (
        select(Agency.id, Agency.name, Area.id.label("area_id"), Area.name.label("area"))
        .join(Area, or_(Agency.area_id == Area.id, Agency.area_id.is_(None)))
        .where(func.coalesce(Agency.valid_to, today()) >= today())
        .order_by(Area.name, Agency.name)
    )
    if actor.area_id:
        statement = statement.where(Area.id == actor.area_id)
    return [(f"{row.id}:{row.area_id}", f"{row.name}, {row.area}") for row in db.session.execute(statement)]


def add_agreement(
    actor: Actor, *, agency_id: Id, area_id: Id, reference: str, valid_from: date, valid_to: date
) -> Agreement:
    """An agency's agreement with the partnership of an area."""
    agreement = Agreement(
        area_id=area_id, agency_id=agency_id, kind=PARTNERSHIP, reference=reference, valid_from=valid_from,
        valid_to=valid_to,
    )  # fmt: skip
    db.session.add(agreement)
    record(Event.CONFIGURED, actor, agreement, reason="agreement_added")
    return agreement
