"""Reference numbers: drawn at random from the year's unused ones, so that a gap tells nothing, with a check letter."""

import re
import secrets
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ARRAY, Integer, Text, bindparam, func, select

from accounts.models import Area
from core.clock import now, today
from core.db import db
from core.statements import fetch_one
from referrals.models import Referral

# 23 letters (a prime), without I and O, which are read as digits.
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXY"
DRAWN = 12
# A longer number comes once half of a sample of the shorter ones is used.
DIGITS = (4, 5, 6)
ASK_AGAIN = timedelta(minutes=1)
_RANDOM = secrets.SystemRandom()
_UNUSED = select(func.unused_references(bindparam("drawn", type_=ARRAY(Text)), bindparam("count", type_=Integer)))
_FORM = re.compile(r"([A-Z]{3})-?([0-9]{2})-?([0-9]{4,6})([A-Z])")


def new_reference(area: Area) -> str:
    """``RDG-26-0417K``: area, year, number, check letter. A fifth digit once half of a sample is used (SETTLED 26)."""
    return new_references(area, 1)[0]


def new_references(area: Area, count: int) -> list[str]:
    """So many references at once, none like another: for a list of referrals. One statement, as a rule.

    Nobody else can be given them before this transaction ends: SQLite knows one writer at a time, and PostgreSQL is asked.
    """
    stem = f"{area.prefix}-{today():%y}"
    # A sample may have been unlucky, so a length that seems half used is asked for again after a minute.
    outgrown: dict[str, tuple[int, datetime]] = current_app.extensions.setdefault("references_outgrown", {})
    first, until = outgrown.get(stem, (DIGITS[0], now()))
    for digits in DIGITS:
        if digits < first and now() < until:
            continue
        found = _unused(_drawn(stem, digits, count), count)
        if found:
            return found
        outgrown[stem] = (digits + 1, now() + ASK_AGAIN)
    raise RuntimeError("No reference number is left for this area and year")


def _drawn(stem: str, digits: int, count: int) -> list[str]:
    first = 1 if digits == 4 else 10 ** (digits - 1)
    numbers = _RANDOM.sample(range(first, 10**digits), max(DRAWN, 2 * count + 1))
    texts = [f"{stem}-{number:0{digits}d}" for number in numbers]
    return [text + check_letter(text) for text in texts]


def _unused(drawn: list[str], count: int) -> list[str]:
    """None of them when at least half are used: then a longer number comes."""
    if db.engine.dialect.name == "postgresql":
        return fetch_one(_UNUSED, {"drawn": drawn, "count": count})[0] or []
    used = set(db.session.scalars(select(Referral.reference).where(Referral.reference.in_(drawn))))
    free = [reference for reference in drawn if reference not in used]
    return free[:count] if len(free) * 2 > len(drawn) else []


def check_letter(text: str) -> str:
    """The letter for ``RDG-26-0417``. One changed digit, or two neighbours swapped, gives another letter."""
    signs = [sign for sign in text.upper() if sign.isalnum()]
    return LETTERS[sum(place * int(sign, 36) for place, sign in enumerate(signs, 2)) % len(LETTERS)]


def tidy_reference(typed: str) -> str | None:
    """A reference as people say or type it ("rdg 26 0417k") in its own form; None when it is not one."""
    found = _FORM.fullmatch(re.sub(r"[\s-]+", "", typed.upper()))
    return "-".join(found.groups()[:2]) + f"-{found[3]}{found[4]}" if found else None


def is_reference(typed: str) -> bool:
    """Whether it is a reference with the right check letter."""
    tidy = tidy_reference(typed)
    return tidy is not None and check_letter(tidy[:-1]) == tidy[-1]
