"""Whose accounts and grants a person may see: their own area's, or every one's without an area."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import aliased

from accounts.models import Approval, Membership, User
from core.access import Actor, Permission
from core.clock import today


def users_visible_to(actor: Actor) -> Select[User]:
    """An administrator of one area sees who works there and whom they invited themselves."""
    if not actor.can(Permission.ACCOUNT_MANAGE):
        return select(User).where(false())
    people = select(User).where(User.is_system.is_(False))
    if actor.area_id is None:
        return people
    here = exists().where(Membership.user_id == User.id, Membership.area_id == actor.area_id)
    return people.where(or_(here, User.sponsor_id == actor.user_id))


def waiting() -> ColumnElement[bool]:
    """A grant proposed and neither approved nor declined."""
    open_ended = func.coalesce(Membership.valid_to, today()) >= today()
    return and_(Membership.is_active.is_(False), Membership.approved_by_id.is_(None), open_ended)


def grants_visible_to(actor: Actor) -> Select[Membership]:
    """Proposed grants of the approver's area; their own proposals and roles are shown, but not theirs to approve."""
    if not actor.can(Permission.GRANT_APPROVE):
        return select(Membership).where(false())
    here = true() if actor.area_id is None else Membership.area_id == actor.area_id
    return select(Membership).where(waiting(), here)


def memberships_managed_by(actor: Actor) -> Select[Membership]:
    """Memberships an administrator may end."""
    if not actor.can(Permission.ACCOUNT_MANAGE):
        return select(Membership).where(false())
    return (
        select(Membership) if actor.area_id is None else select(Membership).where(Membership.area_id == actor.area_id)
    )


def manages_whole(actor: Actor) -> ColumnElement[bool]:
    """Of a user: every membership they hold is the actor's to manage, so the account itself is too."""
    if actor.area_id is None:
        return true()
    other = aliased(Membership)
    elsewhere = exists().where(
        other.user_id == User.id,
        func.coalesce(other.valid_to, today()) >= today(),
        or_(other.area_id.is_(None), other.area_id != actor.area_id),
    )
    return ~elsewhere


def approvals_visible_to(actor: Actor, kinds: Iterable[str]) -> Select[Approval]:
    """One's own requests, and those of the kinds that one may decide, in one's area."""
    here = true() if actor.area_id is None else Approval.area_id == actor.area_id
    theirs = and_(Approval.kind.in_(list(kinds)), here) if actor.can(Permission.APPROVAL_DECIDE) else false()
    mine = and_(Approval.asked_by_id == actor.user_id, here)
    return select(Approval).where(or_(mine, theirs))
