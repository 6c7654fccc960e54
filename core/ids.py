"""Opaque public ids: 128 random bits, written as 26 characters of lower-case base32 (SETTLED: ids are not sequences)."""

import base64
import secrets

from werkzeug.routing import BaseConverter, IntegerConverter

type_length = 26
Id = str


def new_id() -> Id:
    """Return 26 characters from ``a-z2-7`` holding 128 bits from the operating system's random source."""
    return base64.b32encode(secrets.token_bytes(16)).decode("ascii").rstrip("=").lower()


class IdConverter(BaseConverter):
    """``<id:referral_id>`` in a route; anything else in that place is a page that does not exist."""

    regex = "[a-z2-7]{26}"


class NumberConverter(IntegerConverter):
    """``<int:seq>`` in a route: no number that a database could not hold."""

    regex = r"\d{1,12}"
