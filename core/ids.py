"""Opaque public ids: 130 random bits, written as 26 characters of lower-case base32 (SETTLED: ids are not sequences)."""

import secrets

from werkzeug.routing import BaseConverter, IntegerConverter

type_length = 26
Id = str
# Which of the 32 letters stands for a random byte: each for eight of the 256.
_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567" * 8


def new_id() -> Id:
    """Return 26 characters from ``a-z2-7`` holding 130 bits from the operating system's random source."""
    return secrets.token_bytes(type_length).translate(_LETTERS).decode("ascii")


class IdConverter(BaseConverter):
    """``<id:referral_id>`` in a route; anything else in that place is a page that does not exist."""

    regex = "[a-z2-7]{26}"


class NumberConverter(IntegerConverter):
    """``<int:seq>`` in a route: no number that a database could not hold."""

    regex = r"\d{1,12}"
