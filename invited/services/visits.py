"""Who looks and who is named in the trail while a visitor writes: one row, and "visitor by link" with its id."""

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from flask import current_app, g
from werkzeug.exceptions import TooManyRequests

from accounts.services import throttle
from core.context import current
from core.ids import Id
from core.row_security import Viewer, seeing

LINK, PUBLIC = "link", "public"
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
# Without letters and figures that are read as one another.
_SIGNS = "2346789BCDFGHJKMPQRTVWXY"


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def code_hash(link_id: Id, code: str) -> str:
    """Keyed: from a stolen database alone six figures cannot be tried out."""
    key = str(current_app.secret_key).encode()
    return hmac.new(key, f"refer-by-link|{link_id}|{code}".encode(), hashlib.sha256).hexdigest()


@contextmanager
def visiting(row: str, kind: str = LINK, visitor: Id = "") -> Iterator[None]:
    """Look as somebody who sees the row with this id (or hash) and no other; entries name them by ``kind`` and id."""
    if visitor:
        current().visitor = f"{kind}:{visitor}"
    with seeing(Viewer(user_id=row)):
        yield


def slow_down(kind: str, most: int, window: timedelta, value: str | None = None) -> None:
    """Count one more of this kind, by the caller's address or by ``value``. Commits. Raise TooManyRequests."""
    wait = throttle.one_more(kind, most, window, value)
    if wait:
        g.wait_minutes = -(-wait // 60)
        raise TooManyRequests(retry_after=wait)


def new_receipt() -> str:
    """``K4M7-2QPX``: for the sender to quote by telephone. It opens nothing."""
    signs = [secrets.choice(_SIGNS) for _ in range(8)]
    return "".join(signs[:4]) + "-" + "".join(signs[4:])
