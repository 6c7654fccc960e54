"""Who works in one area of the demonstration, and acting as one of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select

from accounts.models import Agency, Area, Membership, User
from accounts.roles import Role, rules_of
from core import context
from core.access import Actor
from core.db import db


@dataclass(frozen=True, slots=True)
class Cast:
    """Who works in the area, by role; the first of each."""

    area: Area
    actors: dict[str, Actor]

    def __getitem__(self, role: Role) -> Actor:
        return self.actors[role.value]

    def has(self, *roles: Role) -> bool:
        return all(role.value in self.actors for role in roles)


def cast_of(area_slug: str) -> Cast:
    area = db.session.scalars(select(Area).where(Area.slug == area_slug)).one()
    rows = db.session.execute(
        select(Membership, User, Agency)
        .join(User, Membership.user_id == User.id)
        .outerjoin(Agency, Membership.agency_id == Agency.id)
        .where(Membership.area_id == area.id, Membership.is_active)
        .order_by(User.email, Membership.role)
    )
    actors: dict[str, Actor] = {}
    for membership, user, agency in rows:
        actors.setdefault(membership.role, _actor(membership, user, agency, area))
    return Cast(area, actors)


def _actor(membership: Membership, user: User, agency: Agency | None, area: Area) -> Actor:
    rules = rules_of(membership.role)
    return Actor(
        user_id=user.id, name=user.name, membership_id=membership.id, role=membership.role, role_name=rules.name,
        agency_id=membership.agency_id, agency_name=agency.name if agency else "",
        agency_kind=agency.kind if agency else "", area_id=area.id, area_name=area.name, area_slug=area.slug,
        district_id=None, permissions=rules.permissions, session_ref="demonstration",
    )  # fmt: skip


@contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """One person's act, saved at its end."""
    with context.acting_as(job="demonstration", actor=actor):
        yield actor
        db.session.commit()
