"""The quarterly review: every role that somebody holds is confirmed or ended, by somebody else, once in three months."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, false, func, select, true
from sqlalchemy.orm import aliased

from accounts.credentials import Factor
from accounts.models import Agency, Area, Membership, User
from accounts.roles import rules_of
from accounts.services import grants
from accounts.services.grants import NotAllowed
from accounts.services.memberships import in_date
from audit.models import Event
from audit.services import record
from core.access import Actor, Permission
from core.clock import now, today
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from core.paging import PER_PAGE, Paging

EVERY = timedelta(days=91)


@dataclass(frozen=True, slots=True)
class Line:
    """A role held, with what helps to decide whether it should be."""

    id: Id
    name: str
    role: str
    place: str
    sponsor: str
    last_sign_in_at: datetime | None
    training_until: date | None
    has_factor: bool
    looked_at: datetime
    is_own: bool

    @property
    def is_due(self) -> bool:
        return self.looked_at <= now() - EVERY

    @property
    def is_trained(self) -> bool:
        return self.training_until is not None and self.training_until >= today()


_looked_at = func.coalesce(Membership.reviewed_at, Membership.approved_at, Membership.created_at)


def reviewed_by(actor: Actor) -> Select[Membership]:
    """Roles held today that this person reviews: of their area, or all of them without one."""
    if not (actor.can(Permission.GRANT_APPROVE) or actor.can(Permission.ACCOUNT_MANAGE)):
        return in_date().where(false())
    return in_date().where(true() if actor.area_id is None else Membership.area_id == actor.area_id)


def listed(actor: Actor, *, page: int = 1, only_due: bool = True) -> tuple[list[Line], Paging]:
    """Those looked at longest ago first."""
    sponsor = aliased(User)
    found = reviewed_by(actor).join(User, User.id == Membership.user_id).where(User.active)
    if only_due:
        found = found.where(_looked_at <= now() - EVERY)
    total = db.session.scalar(select(func.count()).select_from(found.subquery())) or 0
    rows = (
        found.outerjoin(sponsor, sponsor.id == User.sponsor_id)
        .outerjoin(Agency, Agency.id == Membership.agency_id)
        .outerjoin(Area, Area.id == Membership.area_id)
        .with_only_columns(
            Membership.id, Membership.user_id, Membership.role, User.name, User.last_sign_in_at, User.training_until,
            sponsor.name.label("sponsor"), Agency.name.label("agency"), Area.name.label("area"),
            _looked_at.label("looked_at"), select(Factor.id).where(Factor.user_id == User.id).exists().label("factor"),
        )
        .order_by(_looked_at, func.lower(User.name), Membership.id)
        .limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    )  # fmt: skip
    return [_line(row, actor) for row in db.session.execute(rows)], Paging(page, total)


def _line(row: Any, actor: Actor) -> Line:
    place = ", ".join(part for part in (row.agency, row.area or _("whole force")) if part)
    return Line(
        row.id, row.name, _(rules_of(row.role).name), place, row.sponsor or _("The operator"), row.last_sign_in_at,
        row.training_until, bool(row.factor), row.looked_at, row.user_id == actor.user_id,
    )  # fmt: skip


def _find(actor: Actor, membership_id: Id) -> Membership:
    """Raise NoResultFound, NotAllowed."""
    membership = db.session.scalars(reviewed_by(actor).where(Membership.id == membership_id)).one()
    if membership.user_id == actor.user_id:
        raise NotAllowed("This is your own role. Somebody else reviews it")
    return membership


def confirm(actor: Actor, membership_id: Id) -> None:
    """They still need it."""
    membership = _find(actor, membership_id)
    membership.reviewed_at, membership.reviewed_by_id = now(), actor.user_id
    record(Event.MEMBERSHIP_REVIEWED, actor, membership, reason="kept")


def end(actor: Actor, membership_id: Id) -> None:
    """They no longer need it: it is gone at their next request."""
    membership = _find(actor, membership_id)
    grants.keep_an_administrator(without_membership=membership.id)
    membership.reviewed_at, membership.reviewed_by_id = now(), actor.user_id
    membership.is_active, membership.valid_to = False, today() - timedelta(days=1)
    record(Event.GRANT_ENDED, actor, membership, reason="review")
