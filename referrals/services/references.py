"""Reference numbers: drawn at random from the year's unused ones, so that a gap tells nothing, with a check letter."""

import re
import secrets

from sqlalchemy import ARRAY, Text, cast, func, select

from accounts.models import Area
from core.clock import today
from core.db import db
from referrals.models import Referral

# 23 letters (a prime), without I and O, which are read as digits.
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXY"
DRAWN = 12
_FORM = re.compile(r"([A-Z]{3})-?([0-9]{2})-?([0-9]{4,5})([A-Z])")


def new_reference(area: Area) -> str:
    """``RDG-26-0417K``: area, year, number, check letter. A fifth digit once half of a sample is used (SETTLED 26)."""
    return new_references(area, 1)[0]


def new_references(area: Area, count: int) -> list[str]:
    """So many references at once, none like another: for a list of referrals."""
    stem = f"{area.prefix}-{today():%y}"
    return _draw(stem, 4, count) or _draw(stem, 5, count) or _draw(stem, 6, count) or _fail()


def _draw(stem: str, digits: int, count: int) -> list[str]:
    """Unused numbers of this many digits; none when at least half of those drawn are used. One statement.

    Nobody else can be given them before this transaction ends: SQLite knows one writer at a time, and PostgreSQL is asked.
    """
    first = 1 if digits == 4 else 10 ** (digits - 1)
    numbers = secrets.SystemRandom().sample(range(first, 10**digits), max(DRAWN, 2 * count + 1))
    drawn = [f"{stem}-{number:0{digits}d}{check_letter(f'{stem}-{number:0{digits}d}')}" for number in numbers]
    if db.engine.dialect.name == "postgresql":
        return db.session.scalar(select(func.unused_references(cast(drawn, ARRAY(Text)), count))) or []
    used = set(db.session.scalars(select(Referral.reference).where(Referral.reference.in_(drawn))))
    if len(used) * 2 >= len(drawn):
        return []
    return [reference for reference in drawn if reference not in used][:count]


def _fail() -> list[str]:
    raise RuntimeError("No reference number is left for this area and year")


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
