"""What works once: a challenge travels with its form, signed for one purpose and one person, and is spent when it comes back."""

import hashlib
import secrets
from datetime import timedelta

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from accounts.credentials import Spent
from core.clock import now
from core.db import begin_writing, db, set_writing

LASTS_SECONDS = 600
KEPT = timedelta(days=1)


class Stale(ValueError):
    """The challenge is not one of ours, is for something else, has run out, or was used before."""


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="challenge")


def make(purpose: str, who: str = "", value: str = "") -> str:
    """A signed challenge for the form. ``value`` is what it carries; by default 256 random bits."""
    return str(_signer().dumps([purpose, who, value or secrets.token_urlsafe(32)]))


def read(token: str, purpose: str, who: str = "", lasts: int = LASTS_SECONDS) -> str:
    """What the challenge carries. Raise Stale."""
    try:
        found = _signer().loads(token, max_age=lasts)
    except BadData:
        raise Stale(purpose) from None
    if not isinstance(found, list) or found[:2] != [purpose, who]:
        raise Stale(purpose)
    return str(found[2])


def spend(value: str) -> None:
    """Use it up and commit, so that a second try with it finds it used whatever became of the first. Raise Stale."""
    begin_writing()
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    key = hashlib.sha256(value.encode()).hexdigest()
    first = dialect.insert(Spent).values(key=key, at=now()).on_conflict_do_nothing().returning(Spent.key)
    is_first = db.session.execute(first).first() is not None
    db.session.execute(delete(Spent).where(Spent.at < now() - KEPT))
    db.session.commit()
    set_writing(False)
    if not is_first:
        raise Stale("used before")
