"""A device that somebody has signed in from before: a cookie that opens nothing, but has tries of its own.

After OWASP's device cookies: a random number and its seal over the account's address. Without it a stranger who guesses
at an account would lock its owner out.
"""

import hashlib
import hmac
import secrets

from flask import after_this_request, current_app, request
from flask.wrappers import Response

LASTS_SECONDS = 90 * 24 * 3600
SHARED_BY = 5


def cookie_name() -> str:
    return "__Host-device" if current_app.config["SESSION_COOKIE_SECURE"] else "device"


def _seal(number: str, email: str) -> str:
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, f"known-device:{number}:{email}".encode(), hashlib.sha256).hexdigest()


def _kept() -> list[str]:
    """A number and its seal for each account that was used here: colleagues share a computer."""
    return request.cookies.get(cookie_name(), "").split("~")[:SHARED_BY]


def known(email: str) -> str | None:
    """This device's number, where its cookie was given to this account."""
    for pair in _kept():
        number, _, seal = pair.partition(".")
        if 0 < len(number) <= 40 and hmac.compare_digest(seal.encode(), _seal(number, email).encode()):
            return number
    return None


def remember(email: str) -> None:
    """After every factor was given: this device is known from now on."""
    number = known(email) or secrets.token_urlsafe(16)
    mine = f"{number}.{_seal(number, email)}"
    others = [pair for pair in _kept() if pair != mine and 0 < len(pair) < 120]
    value, name = "~".join([mine, *others][:SHARED_BY]), cookie_name()
    secure = current_app.config["SESSION_COOKIE_SECURE"]

    @after_this_request
    def leave(response: Response) -> Response:
        response.set_cookie(name, value, max_age=LASTS_SECONDS, httponly=True, secure=secure, samesite="Lax", path="/")
        return response
