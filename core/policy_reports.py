"""Browsers tell here what the content security policy stopped. Kept of it: which rule, and the pattern of our own address."""

import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, abort, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from core.access import Door, requires
from core.clock import now

log = structlog.get_logger()
bp = Blueprint("policy_reports", __name__)
KINDS = ("application/csp-report", "application/reports+json")
MOST_BYTES = 16 * 1024
# A broken page would send thousands: so many a minute are noted by each process, the others are counted with the next.
A_MINUTE = 60
DIRECTIVES = frozenset({
    "default-src", "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem", "style-src-attr",
    "img-src", "font-src", "connect-src", "form-action", "base-uri", "frame-ancestors", "frame-src", "manifest-src",
    "media-src", "object-src", "worker-src", "child-src",
})  # fmt: skip
BLOCKED = frozenset({"inline", "eval", "data", "blob", "self"})


class Meter:
    """Counts notes in this process, a minute at a time."""

    def __init__(self) -> None:
        self._guard, self._minute, self._noted, self._left_out = threading.Lock(), 0, 0, 0

    def lets(self) -> int | None:
        """None where this minute has had its number; else how many were left out since the last note."""
        minute = int(now().timestamp() // 60)
        with self._guard:
            if minute != self._minute:
                self._minute, self._noted = minute, 0
            if self._noted >= A_MINUTE:
                self._left_out += 1
                return None
            self._noted += 1
            left_out, self._left_out = self._left_out, 0
            return left_out


meter = Meter()


@bp.post("/policy-reports")
@requires(Door.PUBLIC)
def take() -> ResponseReturnValue:
    """Whatever was sent, nothing of it is stored; what is no report is refused."""
    if request.mimetype not in KINDS or not 0 < (request.content_length or 0) <= MOST_BYTES:
        abort(400)
    for directive, page, blocked in _breaches(request.get_data(cache=False)):
        left_out = meter.lets()
        if left_out is not None:
            log.warning("policy_breach", directive=directive, page=page, blocked=blocked, left_out=left_out)
    return "", 204


def _breaches(sent: bytes) -> Iterator[tuple[str, str, str]]:
    """Directive, pattern of the page's address and kind of what was stopped; words of ours alone."""
    try:
        told = json.loads(sent)
    except (ValueError, RecursionError):
        return
    for one in told[:10] if isinstance(told, list) else [told]:
        body = one.get("csp-report", one.get("body")) if isinstance(one, dict) else None
        if isinstance(body, dict):
            yield (
                _one_of(DIRECTIVES, _first(body, "effective-directive", "effectiveDirective", "violated-directive")),
                _pattern(_first(body, "document-uri", "documentURL")),
                _one_of(BLOCKED, _first(body, "blocked-uri", "blockedURL")),
            )


def _first(body: dict[str, Any], *names: str) -> str:
    return next((value for name in names if isinstance(value := body.get(name), str)), "")


def _one_of(known: frozenset[str], said: str) -> str:
    word = said.partition(" ")[0].partition(":")[0]
    return word if word in known else "other"


def _pattern(address: str) -> str:
    """``/cases/<id:case_id>`` for an address of ours, never the address."""
    try:
        found, _ = current_app.url_map.bind("localhost").match(urlsplit(address).path, return_rule=True)
    except (HTTPException, RequestRedirect, ValueError):
        return "other"
    return str(found.rule)
