"""The token endpoint: a credential's id and secret for a token of half an hour."""

from datetime import timedelta
from urllib.parse import unquote_plus

from flask import Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from accounts.services import throttle
from core.access import Door, requires
from core.db import db
from core.systems import problem
from interface.services import tokens
from interface.views import api

SCOPE = "referrals"
LARGEST = 8_000
# Of one address: a system needs one token in half an hour.
MOST, WINDOW = 60, timedelta(minutes=15)


@api.post("/token")
@requires(Door.PUBLIC)
def give_token() -> ResponseReturnValue:
    """RFC 6749, section 4.4. Answers 200, as it must, so the entry and the token are committed here."""
    if (request.content_length or 0) > LARGEST:
        abort(413)
    asked = request.form
    wait = throttle.one_more("system-token", MOST, WINDOW)
    if wait:
        return too_many(wait)
    if any(len(asked.getlist(name)) > 1 for name in asked) or not asked.get("grant_type"):
        return _wrong("invalid_request", "Send grant_type=client_credentials, as a form")
    if asked["grant_type"] != "client_credentials":
        return _wrong("unsupported_grant_type", "Only client_credentials is known here")
    if asked.get("scope", SCOPE) != SCOPE:
        return _wrong("invalid_scope", f"The only scope is {SCOPE}")
    given = tokens.give(*_credential())
    if given is None:
        tokens.refused("client")
    db.session.commit()
    return _given(given) if given else _unknown()


def _credential() -> tuple[str, str]:
    """From HTTP Basic authentication, whose parts are form-encoded (section 2.3.1), or from the form."""
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        return unquote_plus(basic.username or "")[:200], unquote_plus(basic.password or "")[:200]
    return request.form.get("client_id", "")[:200], request.form.get("client_secret", "")[:200]


def _given(token: str) -> ResponseReturnValue:
    seconds = int(tokens.LASTS.total_seconds())
    answer = jsonify({"access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": SCOPE})
    answer.headers["Pragma"] = "no-cache"
    return answer


def _wrong(error: str, words: str) -> ResponseReturnValue:
    return jsonify(error=error, error_description=words), 400


def _unknown() -> ResponseReturnValue:
    answer = jsonify(error="invalid_client", error_description="This is not a credential that works")
    answer.headers["WWW-Authenticate"] = 'Basic realm="referrals"'
    return answer, 401


def too_many(wait: int) -> Response:
    answer = problem(429)
    answer.headers["Retry-After"] = str(wait)
    return answer
