"""Tries are counted before they are checked, in one statement each and in their own transaction (SECURITY-DESIGN 6)."""

import hashlib
import hmac
import ipaddress
from datetime import UTC, datetime, timedelta

from flask import current_app, request
from sqlalchemy import case, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from werkzeug.exceptions import TooManyRequests

from accounts.models import Throttle
from audit.models import Event
from audit.services import record
from core.clock import now
from core.db import begin_writing, db, set_writing

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
PER_ADDRESS = 50
NOTED_EVERY = timedelta(minutes=1)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def _key(kind: str, value: str) -> str:
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def account_key(email: str) -> str:
    return _key("account", email)


def address_key(kind: str = "address") -> str:
    """The caller's address; of IPv6 its network, since one household has a whole one."""
    try:
        found = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return _key(kind, "unknown")
    network = ipaddress.ip_network(f"{found}/{64 if found.version == 6 else 32}", strict=False)
    return _key(kind, str(network))


def _bump(key: str, window: timedelta) -> int:
    """Count one more try and return how many there are in this window, in one statement."""
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    started = dialect.insert(Throttle).values(key=key, window_started_at=now(), tries=1)
    over = Throttle.window_started_at <= now() - window
    counted = started.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "tries": case((over, 1), else_=Throttle.tries + 1),
            "window_started_at": case((over, started.excluded.window_started_at), else_=Throttle.window_started_at),
        },
    ).returning(Throttle.tries)
    return int(db.session.execute(counted).scalar_one())


def count_try(email: str, per_account: int = PER_ACCOUNT, purpose: str = "") -> None:
    """Count this try and commit; raise TooManyRequests where the account or the address has had its number."""
    begin_writing()
    mine = _bump(_key(f"account{purpose}", email), WINDOW)
    here = _bump(address_key(), WINDOW)
    refused = mine > per_account or here > PER_ADDRESS
    if refused:
        _note_refusal()
    db.session.commit()
    set_writing(False)
    if refused:
        raise TooManyRequests(retry_after=int(WINDOW.total_seconds()))


def _note_refusal() -> None:
    """One entry a minute for an address, with how many tries it stands for (SETTLED 19)."""
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    key = address_key("refused")
    first = dialect.insert(Throttle).values(key=key, window_started_at=LONG_AGO, tries=1)
    counted = first.on_conflict_do_update(index_elements=["key"], set_={"tries": Throttle.tries + 1})
    row = db.session.execute(counted.returning(Throttle.tries, Throttle.window_started_at)).one()
    if row.window_started_at <= now() - NOTED_EVERY:
        record(Event.SIGN_IN_THROTTLED, None, outcome="denied", detail={"tries": row.tries})
        db.session.execute(update(Throttle).where(Throttle.key == key).values(tries=0, window_started_at=now()))


def forgive(email: str) -> None:
    """After the right password: the account starts afresh, and the address gets its try back."""
    db.session.execute(delete(Throttle).where(Throttle.key == account_key(email)))
    db.session.execute(
        update(Throttle).where(Throttle.key == address_key(), Throttle.tries > 0).values(tries=Throttle.tries - 1)
    )
