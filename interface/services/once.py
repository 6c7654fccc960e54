"""What is sent twice under one idempotency key is done once; both sendings get the same answer."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.access import Actor
from core.clock import now
from core.db import db
from interface.models import SystemRequest

KEPT = timedelta(days=7)
LONGEST_KEY = 100


class OtherBody(ValueError):
    """The key was used before, for something else."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that is ours in this transaction; ``earlier`` is what its first sending was answered, if this is not it."""

    key_hash: str
    earlier: dict[str, Any] | None


def _keyed(*parts: bytes) -> str:
    """A hash that nobody without our key can try guesses on."""
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, b"system-request\0" + b"\0".join(parts), hashlib.sha256).hexdigest()


def claim(actor: Actor, key: str, *body: bytes) -> Claim:
    """Claim the key for this body. A rival with the same key waits here until this transaction has ended.

    Raise OtherBody.
    """
    key_hash, body_hash = _keyed(b"key", key.encode()), _keyed(b"body", *body)
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    mine = dialect.insert(SystemRequest).values(
        user_id=actor.user_id, key_hash=key_hash, body_hash=body_hash, answer={}, at=now()
    )
    if db.session.execute(mine.on_conflict_do_nothing().returning(SystemRequest.key_hash)).first():
        return Claim(key_hash, None)
    first = db.session.execute(
        select(SystemRequest.body_hash, SystemRequest.answer).where(
            SystemRequest.user_id == actor.user_id, SystemRequest.key_hash == key_hash
        )
    ).one()
    if not hmac.compare_digest(first.body_hash, body_hash):
        raise OtherBody
    return Claim(key_hash, dict(first.answer))


def settle(actor: Actor, claimed: Claim, answer: dict[str, Any]) -> None:
    """Remember, in the same transaction, what this sending is answered."""
    mine = SystemRequest.user_id == actor.user_id, SystemRequest.key_hash == claimed.key_hash
    db.session.execute(update(SystemRequest).where(*mine).values(answer=answer))


def give_up(actor: Actor, claimed: Claim) -> None:
    """Nothing was sent under this key: it may be used again. Commits, so that what was counted meanwhile stays counted
    although the answer is a refusal."""
    mine = SystemRequest.user_id == actor.user_id, SystemRequest.key_hash == claimed.key_hash
    db.session.execute(delete(SystemRequest).where(*mine))
    db.session.commit()


def forget_old() -> int:
    """Forget keys after a week; how many. Commits."""
    gone = db.session.execute(
        delete(SystemRequest).where(SystemRequest.at < now() - KEPT).returning(SystemRequest.key_hash)
    ).all()
    db.session.commit()
    return len(gone)
