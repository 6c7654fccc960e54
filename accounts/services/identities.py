"""Accounts at organisations' sign-in services: linked by issuer and subject, never by an e-mail address."""

from collections.abc import Sequence

from sqlalchemy import func, select, update

from accounts.credentials import Identity
from accounts.models import User
from accounts.services import factors, letters
from accounts.services.memberships import as_actor
from accounts.services.sign_in import is_demonstration
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import now
from core.db import db
from core.ids import Id


class AlreadyLinked(ValueError):
    """This account signs somebody in already."""


def of(user_id: Id) -> Sequence[Identity]:
    return db.session.scalars(select(Identity).where(Identity.user_id == user_id).order_by(Identity.created_at)).all()


def find(issuer: str, subject: str) -> Identity | None:
    known = select(Identity).join(User, User.id == Identity.user_id)
    return db.session.scalars(known.where(Identity.issuer == issuer, Identity.subject == subject, User.active)).first()


def note_use(identity: Identity) -> None:
    table = Identity.__table__
    used = update(table).where(table.c.id == identity.id).values(last_used_at=now())
    db.session.execute(used.execution_options(loader=True))


def link(user: User, *, provider: str, issuer: str, subject: str) -> Identity:
    """Let this account sign ``user`` in. Raise AlreadyLinked."""
    taken = select(func.count()).where(Identity.issuer == issuer, Identity.subject == subject)
    if db.session.scalar(taken):
        raise AlreadyLinked(provider)
    identity = Identity(user_id=user.id, provider=provider, issuer=issuer, subject=subject, last_used_at=now())
    db.session.add(identity)
    record(Event.IDENTITY_LINKED, as_actor(user), identity, reason=provider)
    letters.sign_in_changed(user)
    return identity


def remove(actor: Actor, identity_id: Id) -> None:
    """Raise NoResultFound, CannotRemove."""
    mine = select(Identity).where(Identity.user_id == actor.user_id)
    identity = db.session.scalars(mine.where(Identity.id == identity_id)).one()
    user = db.session.get_one(User, actor.user_id)
    if not is_demonstration() and user.password is None and len(of(user.id)) == 1:
        raise factors.CannotRemove("This account is the only way you sign in. Reset your password first")
    db.session.delete(identity)
    record(Event.IDENTITY_UNLINKED, actor, identity, reason=identity.provider)
    letters.sign_in_changed(user)
