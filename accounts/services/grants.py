"""Giving and taking roles. A grant that reads records counts only once a second person has approved it (SETTLED 7)."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from accounts.models import Agency, Area, District, Membership, User
from accounts.policies import memberships_managed_by
from accounts.roles import ROLES, Role, rules_of
from accounts.services import letters
from accounts.services.memberships import in_date
from audit.models import Event
from audit.services import record
from core.access import Actor, Permission
from core.clock import now, today
from core.db import db
from core.ids import Id
from core.languages import gettext as _


class NotAllowed(ValueError):
    """The rules of grants forbid this; the message is for the page."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in an agency, for an area (None: the whole force) and perhaps one of its districts."""

    role: str
    agency_id: Id
    area_id: Id | None = None
    district_id: Id | None = None


def propose(actor: Actor | None, user: User, grant: Grant) -> Membership:
    """Propose a role for someone, or give it at once where one person may. Raise NotAllowed.

    ``actor`` is None for the operator at the command line, who makes administrators and the first person who may approve;
    from then on nobody approves without a second person.
    """
    if actor is not None:
        _check_giver(actor, user, grant)
    _check_grant(grant)
    if _has_already(user, grant):
        raise NotAllowed("This person holds that role there already, or it waits to be approved")
    at_once = not rules_of(grant.role).needs_two or (
        actor is None and (grant.role == Role.ADMINISTRATOR or _is_first_approver(grant))
    )
    membership = Membership(
        user_id=user.id, role=grant.role, agency_id=grant.agency_id, area_id=grant.area_id,
        district_id=grant.district_id, valid_from=today(), is_active=at_once,
        proposed_by_id=actor.user_id if actor else None,
    )  # fmt: skip
    db.session.add(membership)
    record(Event.GRANT_PROPOSED, actor, membership, also=[user], reason=grant.role, detail={"active": int(at_once)})
    return membership


def _is_first_approver(grant: Grant) -> bool:
    """Somebody has to be the first who may approve roles; without one no grant could ever count."""
    approving = [role.value for role, rules in ROLES.items() if Permission.GRANT_APPROVE in rules.permissions]
    held = select(func.count()).where(Membership.is_active, Membership.role.in_(approving))
    return grant.role in approving and not db.session.scalar(held)


def _check_giver(actor: Actor, user: User, grant: Grant) -> None:
    if user.id == actor.user_id:
        raise NotAllowed("You cannot give yourself a role. Ask another administrator")
    if actor.area_id is not None and grant.area_id != actor.area_id:
        raise NotAllowed("You can give roles in your own area only")


def _check_grant(grant: Grant) -> None:
    rules = rules_of(grant.role)
    agency = db.session.get_one(Agency, grant.agency_id)
    if rules.needs_area and grant.area_id is None:
        raise NotAllowed(_("Choose an area. The role %(role)s is held in one", role=_(rules.name)))
    if agency.area_id is not None and agency.area_id != grant.area_id:
        raise NotAllowed("Choose an agency of that area, or one that works across the force")
    if grant.district_id and db.session.get_one(District, grant.district_id).area_id != grant.area_id:
        raise NotAllowed("Choose a district of that area")
    area = db.session.get(Area, grant.area_id) if grant.area_id else None
    if any(place is not None and place.valid_to and place.valid_to < today() for place in (agency, area)):
        raise NotAllowed("That area or agency has ended. Choose the one that follows it")


def _has_already(user: User, grant: Grant) -> bool:
    same = select(func.count()).where(
        Membership.user_id == user.id, Membership.role == grant.role, Membership.agency_id == grant.agency_id,
        Membership.area_id == grant.area_id, func.coalesce(Membership.valid_to, today()) >= today(),
        Membership.district_id == grant.district_id,
    )  # fmt: skip
    return bool(db.session.scalar(same))


def why_not(actor: Actor, membership: Membership) -> str | None:
    """Why this person may not decide about this grant; None when they may."""
    if membership.user_id == actor.user_id:
        return _("This role is for you. Someone else decides")
    if membership.proposed_by_id == actor.user_id:
        return _("You proposed this. Someone else decides")
    return None


def approve(actor: Actor, membership: Membership) -> None:
    """The second person's yes: the role counts from the next request of its holder."""
    _check_decider(actor, membership)
    user = db.session.get_one(User, membership.user_id)
    membership.is_active, membership.approved_by_id, membership.approved_at = True, actor.user_id, now()
    record(Event.GRANT_APPROVED, actor, membership, reason=membership.role)
    if user.active and user.password:
        letters.role_ready(user)


def decline(actor: Actor, membership: Membership) -> None:
    _check_decider(actor, membership)
    membership.valid_to = today() - timedelta(days=1)
    record(Event.GRANT_ENDED, actor, membership, reason="declined")


def _check_decider(actor: Actor, membership: Membership) -> None:
    refusal = why_not(actor, membership)
    if refusal:
        raise NotAllowed(refusal)
    if membership.is_active:
        raise NotAllowed("This role has been approved already")


def find_managed(actor: Actor, membership_id: Id) -> Membership:
    """Raise NoResultFound where it is not this administrator's to end."""
    return db.session.scalars(memberships_managed_by(actor).where(Membership.id == membership_id)).one()


def end(actor: Actor, membership_id: Id) -> Membership:
    """Take a role away; it is gone at its holder's next request. Raise NotAllowed, NoResultFound."""
    membership = find_managed(actor, membership_id)
    if membership.user_id == actor.user_id:
        raise NotAllowed("You cannot end your own role. Ask another administrator")
    keep_an_administrator(without_membership=membership.id)
    membership.is_active, membership.valid_to = False, today() - timedelta(days=1)
    record(Event.GRANT_ENDED, actor, membership, reason=membership.role)
    return membership


def keep_an_administrator(*, without_membership: Id | None = None, without_user: Id | None = None) -> None:
    """Raise NotAllowed where nobody would be left who can give roles for the whole force (or at all).

    The rows are locked: two administrators ending each other at once must not both succeed.
    """
    statement = (
        in_date()
        .join(User, User.id == Membership.user_id)
        .where(Membership.role == Role.ADMINISTRATOR.value, User.active)
        .with_for_update(of=Membership)
    )
    held = db.session.scalars(statement).all()
    going = [m for m in held if m.id == without_membership or m.user_id == without_user]
    if going and len(going) == len(held):
        raise NotAllowed("This is the last administrator. Make someone else an administrator first")
