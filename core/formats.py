"""How dates, times, ages, names and postcodes are written on pages (PAGES 5.2); also template filters of the same names."""

import re
from datetime import date, datetime

from flask import Flask

from core.clock import in_london, today
from core.languages import gettext as _
from core.languages import language

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
# Each language's months, and the same for tables. Welsh months are not all told apart by three letters.
_LONG = {
    "en": MONTHS,
    "cy": ("Ionawr", "Chwefror", "Mawrth", "Ebrill", "Mai", "Mehefin", "Gorffennaf", "Awst", "Medi", "Hydref",
           "Tachwedd", "Rhagfyr"),
}  # fmt: skip
_SHORT = {
    "en": tuple(name[:3] for name in MONTHS),
    "cy": ("Ion", "Chwef", "Maw", "Ebr", "Mai", "Meh", "Gorff", "Awst", "Medi", "Hyd", "Tach", "Rhag"),
}

_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "cy": ("dydd Llun", "dydd Mawrth", "dydd Mercher", "dydd Iau", "dydd Gwener", "dydd Sadwrn", "dydd Sul"),
}

_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})")


def weekday(value: date) -> str:
    """``Sunday``."""
    return _DAYS[language()][value.weekday()]


def day(value: date | datetime | None) -> str:
    """``22 November 2026``."""
    if value is None:
        return _("Not known")
    value = in_london(value).date() if isinstance(value, datetime) else value
    return f"{value.day} {_LONG[language()][value.month - 1]} {value.year}"


def short_day(value: date | datetime | None) -> str:
    """``22 Nov 2026``, for tables."""
    if value is None:
        return "–"
    value = in_london(value).date() if isinstance(value, datetime) else value
    return f"{value.day} {_SHORT[language()][value.month - 1]} {value.year}"


def clock_time(value: datetime) -> str:
    """``4:10pm``, ``10am``, in London."""
    value = in_london(value)
    hour, half = value.hour % 12 or 12, _("am") if value.hour < 12 else _("pm")
    return f"{hour}:{value.minute:02d}{half}" if value.minute else f"{hour}{half}"


def moment(value: datetime | None) -> str:
    """``22 Nov 2026, 4:10pm``."""
    return "–" if value is None else f"{short_day(value)}, {clock_time(value)}"


def day_of_month(value: date) -> str:
    """``22 November``."""
    return f"{value.day} {_LONG[language()][value.month - 1]}"


def day_and_month(value: date, *, year: bool = False) -> str:
    """``22 Nov``, or with its year as in tables."""
    return short_day(value) if year else f"{value.day} {_SHORT[language()][value.month - 1]}"


def age_on(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def age(born: date | None, at_referral: date | None = None) -> str:
    """``15``, or ``15 (14 at referral)`` when they differ."""
    if born is None:
        return _("Not known")
    current = age_on(born, today())
    then = age_on(born, at_referral) if at_referral else current
    return f"{current}" if then == current else _("%(current)s (%(then)s at referral)", current=current, then=then)


class Closed(str):
    """Stands where the name of someone whose record is restricted would; it is never shortened."""


def initials(forename: str | None, surname: str | None) -> str:
    if isinstance(surname, Closed):
        return surname
    return "".join(f"{name[0]}." for name in (forename, surname) if name)


def list_name(forename: str | None, surname: str | None) -> str:
    """``Surname, Forename`` for lists."""
    return ", ".join(name for name in (surname, forename) if name) or _("Not known")


def tidy_postcode(typed: str | None) -> str | None:
    """``rg12ab`` as ``RG1 2AB``; None when it is not like a postcode."""
    found = _POSTCODE.fullmatch(re.sub(r"\s+", "", (typed or "").upper()))
    return f"{found[1]} {found[2]}" if found else None


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        day=day,
        weekday=weekday,
        short_day=short_day,
        clock_time=clock_time,
        moment=moment,
        age=age,
        list_name=list_name,
    )
