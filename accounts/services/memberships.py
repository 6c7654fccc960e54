"""Which memberships a person may act under today, and the actor that one gives."""

from dataclasses import dataclass

from sqlalchemy import Select, func, select

from accounts.models import Agency, Area, Membership, User
from accounts.roles import rules_of
from core.access import Actor
from core.clock import today
from core.db import db
from core.ids import Id
from core.languages import gettext as _


@dataclass(frozen=True, slots=True)
class Way:
    """One way of working: a membership in words."""

    id: Id
    role: str
    role_name: str
    agency_name: str
    area_name: str

    @property
    def words(self) -> str:
        return ", ".join(part for part in (_(self.role_name), self.agency_name, self.area_name) if part)


def in_date() -> Select[Membership]:
    """Active memberships that hold today."""
    day = today()
    return select(Membership).where(
        Membership.is_active,
        Membership.valid_from <= day,
        func.coalesce(Membership.valid_to, day) >= day,
    )


def ways_of(user_id: Id) -> list[Way]:
    """What a person may act as today, oldest first."""
    statement = (
        in_date()
        .where(Membership.user_id == user_id)
        .outerjoin(Agency, Agency.id == Membership.agency_id)
        .outerjoin(Area, Area.id == Membership.area_id)
        .with_only_columns(Membership.id, Membership.role, Agency.name.label("agency"), Area.name.label("area"))
        .order_by(Membership.created_at, Membership.id)
    )
    return [
        Way(row.id, row.role, rules_of(row.role).name, row.agency or "", row.area or "")
        for row in db.session.execute(statement)
    ]


def as_actor(user: User, membership: Membership | None = None) -> Actor:
    """Who acts, for entries written before (or without) a chosen membership: no permissions at all."""
    return Actor(
        user_id=user.id, name=user.name, membership_id=membership.id if membership else "",
        role=membership.role if membership else "", role_name="",
        agency_id=membership.agency_id if membership else None, agency_name="", agency_kind="",
        area_id=membership.area_id if membership else None, area_name="", area_slug="", district_id=None,
        permissions=frozenset(),
    )  # fmt: skip
