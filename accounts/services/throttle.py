"""Tries are counted before they are checked, in one statement each and in their own transaction (SECURITY-DESIGN 6).

An account has ten tries in fifteen minutes; after them each further try is looked at only after a wait that doubles. A
device from which the account's owner has signed in before has tries of its own, and so has someone already signed in: a
stranger who spends the account's tries locks out neither. A passkey is no guess, so no count of an account stops it.
"""

import hashlib
import hmac
import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app, g, request
from sqlalchemy import and_, case, delete, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from werkzeug.exceptions import TooManyRequests

from accounts.models import Throttle
from accounts.services import devices
from audit.models import Event
from audit.services import record
from core.clock import now
from core.db import begin_writing, db, is_writing, set_writing
from core.ids import Id

WINDOW = timedelta(minutes=15)
HOUR = timedelta(hours=1)
PER_ACCOUNT = 10
PER_ADDRESS = 50
# The wait doubles with each try after the tenth, at most six times (16 hours); a day without tries forgets them.
DOUBLINGS = 6
FORGET = timedelta(days=1)
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


def _insert(key: str, **values: Any) -> Any:
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    return dialect.insert(Throttle).values(key=key, **values)


def _seconds() -> int:
    return int(now().timestamp())


def _take(key: str, most: int) -> bool:
    """Count one more try and say whether it may be looked at, in one statement."""
    fresh = or_(
        and_(Throttle.tries < most, Throttle.window_started_at <= now() - WINDOW),
        Throttle.free_at.between(1, _seconds() - int(FORGET.total_seconds())),
    )
    tries = case((fresh, 1), else_=Throttle.tries + 1)
    over = case((tries - most > DOUBLINGS, DOUBLINGS), else_=tries - most)
    wait = literal(int(WINDOW.total_seconds())).bitwise_lshift(over)
    counted = _insert(key, window_started_at=now(), tries=1, free_at=0).on_conflict_do_update(
        index_elements=["key"],
        set_={
            "tries": tries,
            "window_started_at": case((fresh, now()), else_=Throttle.window_started_at),
            "free_at": case((tries >= most, _seconds() + wait), else_=0),
        },
        where=Throttle.free_at <= _seconds(),
    )
    return db.session.execute(counted.returning(Throttle.tries)).first() is not None


def _bump(key: str, window: timedelta) -> int:
    """Count one more try and return how many there are in this window, in one statement."""
    started = _insert(key, window_started_at=now(), tries=1)
    over = Throttle.window_started_at <= now() - window
    counted = started.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "tries": case((over, 1), else_=Throttle.tries + 1),
            "window_started_at": case((over, started.excluded.window_started_at), else_=Throttle.window_started_at),
        },
    ).returning(Throttle.tries)
    return int(db.session.execute(counted).scalar_one())


def bump(kind: str, value: str) -> int:
    """Count one more in this hour, in the transaction at hand; how many there are. A rival waits until it is over."""
    return _bump(_key(kind, value), HOUR)


def give_back(kind: str, value: str) -> None:
    """What ``bump`` counted led to what was asked for: it was no guess."""
    counted = update(Throttle).where(Throttle.key == _key(kind, value), Throttle.tries > 0)
    db.session.execute(counted.values(tries=Throttle.tries - 1))


def bump_address(kind: str) -> int:
    """As ``bump``, for the caller's address."""
    return _bump(address_key(kind), HOUR)


def _own_key(email: str, purpose: str) -> str | None:
    """The count of this device, where the owner of the account has signed in from it before."""
    known = devices.known(email)
    return _key(f"device{purpose}", f"{known}:{email}") if known else None


def count_try(email: str, per_account: int = PER_ACCOUNT, purpose: str = "") -> None:
    """Count this try and commit; raise TooManyRequests where the account or the address has had its number."""
    begin_writing()
    own = _own_key(email, purpose)
    mine = own or _key(f"account{purpose}", email)
    _settle(mine, _take(mine, per_account) & (own is not None or _bump(address_key(), WINDOW) <= PER_ADDRESS))


def count_again(user_id: Id) -> None:
    """A try of somebody signed in (step-up, a change of password): theirs alone, since no stranger gets here."""
    begin_writing()
    mine = _key("again", user_id)
    _settle(mine, _take(mine, PER_ACCOUNT))


def _settle(key: str, may: bool) -> None:
    wait = 0 if may else _wait(key)
    if not may:
        _note_refusal()
    db.session.commit()
    set_writing(False)
    if not may:
        g.wait_minutes = -(-wait // 60)
        raise TooManyRequests(retry_after=wait)


def _wait(key: str) -> int:
    """Seconds until the next try is looked at; the whole window where it is the address that has had its number."""
    free = db.session.scalar(select(Throttle.free_at).where(Throttle.key == key)) or 0
    return free - _seconds() if free > _seconds() else int(WINDOW.total_seconds())


def _note_refusal() -> None:
    """One entry a minute for an address, with how many tries it stands for (SETTLED 19)."""
    key = address_key("refused")
    counted = _insert(key, window_started_at=LONG_AGO, tries=1).on_conflict_do_update(
        index_elements=["key"], set_={"tries": Throttle.tries + 1}
    )
    row = db.session.execute(counted.returning(Throttle.tries, Throttle.window_started_at)).one()
    if row.window_started_at <= now() - NOTED_EVERY:
        record(Event.SIGN_IN_THROTTLED, None, outcome="denied", detail={"tries": row.tries})
        db.session.execute(update(Throttle).where(Throttle.key == key).values(tries=0, window_started_at=now()))


def forgive(email: str, purpose: str = "") -> None:
    """After the right answer: these tries start afresh, and the address gets its one back."""
    own = _own_key(email, purpose)
    db.session.execute(delete(Throttle).where(Throttle.key == (own or _key(f"account{purpose}", email))))
    if own is None:
        here = update(Throttle).where(Throttle.key == address_key(), Throttle.tries > 0)
        db.session.execute(here.values(tries=Throttle.tries - 1))


def forgive_again(user_id: Id) -> None:
    db.session.execute(delete(Throttle).where(Throttle.key == _key("again", user_id)))


def one_more(kind: str, most: int, window: timedelta, value: str | None = None) -> int:
    """Count one more act of this kind, of the caller's address where there is no ``value``; the seconds to wait where
    that is one too many, else 0. Commits: what is then asked may come to nothing and counts all the same."""
    before = is_writing()
    begin_writing()
    key = address_key(kind) if value is None else _key(kind, value)
    wait = 0
    if _bump(key, window) > most:
        began = db.session.scalar(select(Throttle.window_started_at).where(Throttle.key == key)) or now()
        wait = max(1, int((began + window - now()).total_seconds()))
    db.session.commit()
    set_writing(before)
    return wait


def tried_all(kind: str, values: tuple[str, ...]) -> list[int]:
    """How many of each kind were counted in the last hour, in one statement."""
    keys = [_key(kind, value) for value in values]
    here = select(Throttle.key, Throttle.tries).where(Throttle.key.in_(keys), Throttle.window_started_at > now() - HOUR)
    found = {row.key: row.tries for row in db.session.execute(here)}
    return [found.get(key, 0) for key in keys]
