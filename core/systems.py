"""Requests of other organisations' systems: a bearer token instead of a cookie, and every trouble as a problem document.

A package above registers the finder (``app.extensions["find_system"]``) that knows whose a token is; core only asks it.
"""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response, g, has_request_context, request

from core.db import db
from core.row_security import Viewer, see_as

if TYPE_CHECKING:
    from core.access import Actor

PREFIX = "/api/"
PROBLEM = "application/problem+json"
REALM = 'Bearer realm="referrals"'
LONGEST_TOKEN = 200
# What each kind of trouble is called: the last part of its ``type``, and its title (RFC 9457).
TITLES = {
    400: ("bad-request", "We could not read the request"),
    401: ("no-token", "Send an access token that is in date"),
    403: ("not-allowed", "This is not allowed"),
    404: ("not-found", "There is nothing here for you"),
    405: ("method", "This address does not take this method"),
    409: ("conflict", "Something else is there already"),
    413: ("too-large", "What was sent is too large"),
    415: ("media-type", "Send the media type that the documentation names"),
    422: ("invalid", "Some answers need to be put right"),
    429: ("too-many", "Too many requests. Wait, then try again"),
    500: ("fault", "Something went wrong here. Nothing was kept"),
    503: ("unavailable", "The service cannot answer now. Try again with the same idempotency key"),
}


def is_asking(asked: Request | None = None) -> bool:
    """Whether this request comes from a system: its address says so, before anything else is known of it."""
    if asked is None and not has_request_context():
        return False
    return (asked or request).path.startswith(PREFIX)


def find(app: Flask, asked: Request) -> "Actor | None":
    """Who holds the token of this request; from here on the database is asked for them alone."""
    given = asked.authorization
    token = given.token if given is not None and given.type == "bearer" else None
    if not token or len(token) > LONGEST_TOKEN:
        return None
    found: tuple[Actor, Viewer] | None = app.extensions["find_system"](token)
    # The transaction began as nobody's.
    db.session.rollback()
    if found is None:
        return None
    see_as(found[1])
    return found[0]


def problem(
    status: int, *, kind: str = "", title: str = "", detail: str = "", errors: Iterable[Mapping[str, str]] = (),
    **more: Any,
) -> Response:  # fmt: skip
    """A problem document (RFC 9457). ``errors`` are pairs of a JSON pointer and what to do; neither repeats a value."""
    slug, usual = TITLES.get(status, ("trouble", HTTPStatus(status).phrase))
    body: dict[str, Any] = {"type": f"/api#{kind or slug}", "title": title or usual, "status": status}
    body |= {"detail": detail} if detail else {}
    body |= {"errors": [dict(error) for error in errors]} if errors else {}
    body |= more | {"request_id": g.get("request_id")}
    answer = Response(json.dumps(body, ensure_ascii=False), status, mimetype=PROBLEM)
    if status == 503:
        answer.headers["Retry-After"] = "30"
    return answer


def unknown() -> Response:
    """No token, or one that is not (or no longer) good: which of these is not said."""
    answer = problem(401)
    answer.headers["WWW-Authenticate"] = f'{REALM}, error="invalid_token"' if request.authorization else REALM
    return answer
