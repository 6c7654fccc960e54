"""Codes of an authenticator app (RFC 6238): six digits, steps of 30 seconds, one step of skew, each code once."""

import base64
import hmac
import secrets
from urllib.parse import quote

import segno
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from sqlalchemy import update

from accounts.credentials import Factor, FactorKind
from accounts.models import User
from accounts.services import factors, sign_in, throttle
from core.clock import now
from core.crypto import seal, unseal
from core.db import begin_writing, db
from core.ids import Id, new_id
from core.keyring import SYSTEM, keyring

STEP_SECONDS = 30
SKEW = 1
PURPOSE = "-code"


def new_seed() -> str:
    """160 random bits, as apps type them: base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def address(seed: str, email: str, service: str) -> str:
    """What the QR code says: the address that apps know."""
    issuer = quote(service)
    return f"otpauth://totp/{issuer}:{quote(email)}?secret={seed}&issuer={issuer}&digits=6&period={STEP_SECONDS}"


def picture(words: str) -> str:
    """The QR code as an SVG in a data address: no request, and nothing that the policy forbids."""
    return segno.make(words, error="m").svg_data_uri(scale=5, border=4, dark="#0b0c0c", light="#ffffff")


def step_now() -> int:
    return int(now().timestamp()) // STEP_SECONDS


def step_of(code: str, seed: str) -> int | None:
    """The step, at most one away from now, whose code this is; every candidate is compared."""
    typed = "".join(code.split())
    # SHA-1 is what RFC 6238 and every app use; as an HMAC it is not weakened by collisions.
    maker = HOTP(base64.b32decode(seed), 6, SHA1(), enforce_key_length=False)  # noqa: S303
    here = step_now()
    steps = [here + skew for skew in range(-SKEW, SKEW + 1)]
    right = [step for step in steps if hmac.compare_digest(maker.generate(step), typed.encode())]
    return right[-1] if right else None


def _cipher() -> AESGCM:
    return AESGCM(keyring().derived(SYSTEM, "authenticator-seeds"))


def _bound(factor_id: Id, user_id: Id) -> bytes:
    return f"factor|seed_sealed|{factor_id}|{user_id}".encode()


def add(user: User, *, seed: str, code: str, name: str) -> Factor | None:
    """Keep the app's seed, sealed, once it has shown a right code; an app that was there gives way. None for a wrong code."""
    step = step_of(code, seed)
    if step is None:
        return None
    factor = Factor(
        id=new_id(), user_id=user.id, kind=FactorKind.APP.value, name=name, last_step=step, last_used_at=now()
    )
    factor.seed_sealed = seal(_cipher(), seed.encode(), _bound(factor.id, user.id))
    factors.add(user, factor)
    return factor


def check(user_id: Id, code: str) -> bool:
    """Whether it is a code of this person's app that has not been used. Only one of two at once is taken."""
    factor = factors.app_of(user_id)
    if factor is None or factor.seed_sealed is None:
        return False
    seed = unseal(_cipher(), factor.seed_sealed, _bound(factor.id, user_id)).decode()
    step = step_of(code, seed)
    return step is not None and _take(factor.id, step)


def _take(factor_id: Id, step: int) -> bool:
    """Compare and set: a code counts only if it is newer than the last one taken, whichever process asks."""
    table = Factor.__table__
    newer = update(table).where(table.c.id == factor_id, table.c.last_step < step)
    taken = db.session.execute(newer.values(last_step=step, last_used_at=now()).execution_options(loader=True))
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def enter(user: User, code: str) -> bool:
    """The second step of signing in; a wrong code is counted and in the trail."""
    user_id, email = user.id, user.email
    throttle.count_try(email, purpose=PURPOSE)
    begin_writing()
    if check(user_id, code):
        throttle.forgive(email, PURPOSE)
        return True
    sign_in.note_failure(db.session.get(User, user_id), "code")
    return False


def enter_again(user_id: Id, code: str) -> bool:
    """The code of someone signed in (step-up)."""
    throttle.count_again(user_id)
    begin_writing()
    if check(user_id, code):
        throttle.forgive_again(user_id)
        return True
    sign_in.note_failure(db.session.get(User, user_id), "code")
    return False
