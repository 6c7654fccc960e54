"""Ten codes for the day the telephone is lost: shown once, kept as hashes, each works once."""

import base64
import hashlib
import secrets

from sqlalchemy import delete, func, select, update

from accounts.credentials import RecoveryCode
from accounts.models import User
from accounts.services import letters, sign_in, throttle
from accounts.services.totp import PURPOSE
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import now
from core.db import begin_writing, db
from core.ids import Id

HOW_MANY = 10


def _hash(code: str) -> str:
    typed = "".join(letter for letter in code.casefold() if letter.isalnum())
    return hashlib.sha256(typed.encode()).hexdigest()


def _new() -> str:
    """120 random bits in groups of four, so that nobody has to count letters.

    ASVS 5.0 6.5.2: from 112 bits on a plain hash is enough. Codes made before had 80, and work until they are made anew.
    """
    text = base64.b32encode(secrets.token_bytes(15)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def make(actor: Actor) -> list[str]:
    """Ten new codes, to be shown now and never again; the old ones stop working."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == actor.user_id))
    codes = [_new() for _ in range(HOW_MANY)]
    db.session.add_all(RecoveryCode(user_id=actor.user_id, code_hash=_hash(code)) for code in codes)
    record(Event.RECOVERY_CODES_MADE, actor, detail={"codes": HOW_MANY})
    letters.sign_in_changed(db.session.get_one(User, actor.user_id))
    return codes


def left(user_id: Id) -> int:
    unused = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(unused) or 0


def enter(user: User, code: str) -> bool:
    """The second step of signing in. The account's owner and their other contact are told."""
    user_id, email = user.id, user.email
    throttle.count_try(email, purpose=PURPOSE)
    begin_writing()
    found = db.session.get_one(User, user_id)
    if _spend(user_id, code):
        throttle.forgive(email, PURPOSE)
        record(Event.RECOVERY_CODE_USED, None, found, detail={"left": left(user_id)})
        letters.sign_in_changed(found, other_too=True)
        return True
    sign_in.note_failure(found, "recovery")
    return False


def _spend(user_id: Id, code: str) -> bool:
    unused = update(RecoveryCode).where(
        RecoveryCode.user_id == user_id, RecoveryCode.code_hash == _hash(code), RecoveryCode.used_at.is_(None)
    )
    return db.session.execute(unused.values(used_at=now()).returning(RecoveryCode.id)).first() is not None
