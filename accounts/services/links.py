"""One-time links by e-mail: invitation (72 hours) and password reset (1 hour); only the hash of a token is kept.

The token is worked out from the link's id with a key of the keys' database, so that a letter that waits in the outbox, or
is tried again, needs no link in it: whoever reads the data database alone finds neither token nor key.
"""

import base64
import hashlib
import hmac
from datetime import timedelta

from flask import current_app
from sqlalchemy import select, update

from accounts.models import AccountLink, User
from core.clock import now
from core.db import db
from core.ids import Id, new_id
from core.keyring import SYSTEM, keyring

INVITATION, RESET = "invitation", "reset"
WORKS_FOR = {INVITATION: timedelta(hours=72), RESET: timedelta(hours=1)}
PATHS = {INVITATION: "/invitation", RESET: "/reset-password"}


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def make(user: User, kind: str) -> str:
    """A new link for this person; older ones of its kind stop working. Returns its address."""
    spend_all(user.id, kind)
    link_id = new_id()
    link = AccountLink(
        id=link_id, user_id=user.id, kind=kind, token_hash=_hash(_token(link_id)), expires_at=now() + WORKS_FOR[kind]
    )
    db.session.add(link)
    return _address(kind, _token(link_id))


def _token(link_id: Id) -> str:
    """256 bits that nobody without the system's key can work out."""
    made = hmac.digest(keyring().derived(SYSTEM, "account-links"), link_id.encode(), "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _address(kind: str, token: str) -> str:
    return f"{current_app.extensions['settings'].public_url}{PATHS[kind]}/{token}"


def open_address(user_id: Id, kind: str) -> str | None:
    """The address of this person's newest link of a kind, for the letter that carries it; None where none works."""
    found = db.session.scalar(
        select(AccountLink.id)
        .join(User, User.id == AccountLink.user_id)
        .where(
            AccountLink.user_id == user_id, AccountLink.kind == kind, AccountLink.used_at.is_(None),
            AccountLink.expires_at > now(), User.active,
        )
        .order_by(AccountLink.created_at.desc())
        .limit(1)
    )  # fmt: skip
    return _address(kind, _token(found)) if found else None


def find(token: str, kind: str) -> AccountLink | None:
    """The link, if it still works. Looking spends nothing: mail scanners open links."""
    statement = (
        select(AccountLink)
        .join(User, User.id == AccountLink.user_id)
        .where(
            AccountLink.token_hash == _hash(token),
            AccountLink.kind == kind,
            AccountLink.used_at.is_(None),
            AccountLink.expires_at > now(),
            User.active,
        )
    )
    return db.session.scalars(statement).first()


def spend(token: str, kind: str) -> Id | None:
    """Use the link up and say whose it was; of two at once only one gets an answer."""
    statement = (
        update(AccountLink)
        .where(
            AccountLink.token_hash == _hash(token),
            AccountLink.kind == kind,
            AccountLink.used_at.is_(None),
            AccountLink.expires_at > now(),
        )
        .values(used_at=now())
        .returning(AccountLink.user_id)
    )
    found: Id | None = db.session.execute(statement).scalar()
    return found


def spend_all(user_id: Id, kind: str | None = None) -> None:
    """No open link of this person works any more (a new one was made, or they were suspended)."""
    statement = update(AccountLink).where(AccountLink.user_id == user_id, AccountLink.used_at.is_(None))
    if kind:
        statement = statement.where(AccountLink.kind == kind)
    db.session.execute(statement.values(used_at=now()))
