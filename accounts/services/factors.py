"""Second factors: which somebody has, which their roles ask for, adding, naming and removing them."""

from collections.abc import Sequence

from sqlalchemy import func, select

from accounts.credentials import Factor, FactorKind, Identity
from accounts.models import Membership, User
from accounts.roles import ROLES
from accounts.services import letters
from accounts.services.memberships import as_actor, in_date
from accounts.services.sign_in import is_demonstration
from accounts.sessions import end_sessions
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.db import db
from core.ids import Id
from core.languages import gettext as _

MOST_PASSKEYS = 10
_asking = [role.value for role, rules in ROLES.items() if rules.needs_passkey]


class CannotRemove(ValueError):
    """It is the last one that lets its owner in; the message is for the page."""


def of(user_id: Id) -> Sequence[Factor]:
    return db.session.scalars(
        select(Factor).where(Factor.user_id == user_id).order_by(Factor.kind, Factor.created_at, Factor.id)
    ).all()


def passkeys_of(user_id: Id) -> list[Factor]:
    return [factor for factor in of(user_id) if factor.kind == FactorKind.PASSKEY]


def app_of(user_id: Id) -> Factor | None:
    return next((factor for factor in of(user_id) if factor.kind == FactorKind.APP), None)


def needs_passkey(user_id: Id) -> bool:
    """Whether one of the roles that somebody holds today asks for a passkey."""
    held = in_date().where(Membership.user_id == user_id, Membership.role.in_(_asking))
    return bool(db.session.scalar(select(func.count()).select_from(held.subquery())))


def add(user: User, factor: Factor) -> None:
    """Keep a factor that its owner has just shown to work, and tell them."""
    db.session.add(factor)
    record(Event.FACTOR_ADDED, as_actor(user), factor, reason=factor.kind)
    letters.sign_in_changed(user)


def find(actor: Actor, factor_id: Id) -> Factor:
    """One's own. Raise NoResultFound."""
    return db.session.scalars(select(Factor).where(Factor.id == factor_id, Factor.user_id == actor.user_id)).one()


def rename(actor: Actor, factor: Factor, name: str) -> None:
    factor.name = name
    record(Event.FACTOR_CHANGED, actor, factor)


def remove(actor: Actor, factor: Factor) -> None:
    """Take one's own factor away; other devices are signed out, for it may be in somebody's hands. Raise CannotRemove."""
    refusal = why_not_remove(actor.user_id, factor)
    if refusal:
        raise CannotRemove(refusal)
    db.session.delete(factor)
    record(Event.FACTOR_REMOVED, actor, factor, reason=factor.kind)
    end_sessions(actor.user_id, keep=actor.session_ref)
    letters.sign_in_changed(db.session.get_one(User, actor.user_id))


def why_not_remove(user_id: Id, factor: Factor) -> str | None:
    if is_demonstration():
        return None
    others = [other for other in of(user_id) if other.id != factor.id]
    if not others and not _has_identity(user_id):
        return _("This is the only second factor you have. Add another one first")
    is_last = factor.kind == FactorKind.PASSKEY and all(other.kind != FactorKind.PASSKEY for other in others)
    return _("Your role needs a passkey. Add another one first") if is_last and needs_passkey(user_id) else None


def _has_identity(user_id: Id) -> bool:
    return bool(db.session.scalar(select(func.count()).where(Identity.user_id == user_id)))
