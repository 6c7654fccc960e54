"""How dates, times, ages and names are written on pages (PAGES 5.2); also template filters of the same names."""

from datetime import date, datetime

from flask import Flask

from core.clock import in_london, today

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip


def day(value: date | datetime | None) -> str:
    """``22 November 2026``."""
    if value is None:
        return "Not known"
    value = in_london(value).date() if isinstance(value, datetime) else value
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def short_day(value: date | datetime | None) -> str:
    """``22 Nov 2026``, for tables."""
    if value is None:
        return "–"
    value = in_london(value).date() if isinstance(value, datetime) else value
    return f"{value.day} {MONTHS[value.month - 1][:3]} {value.year}"


def clock_time(value: datetime) -> str:
    """``4:10pm``, ``10am``, in London."""
    value = in_london(value)
    hour, half = value.hour % 12 or 12, "am" if value.hour < 12 else "pm"
    return f"{hour}:{value.minute:02d}{half}" if value.minute else f"{hour}{half}"


def moment(value: datetime | None) -> str:
    """``22 Nov 2026, 4:10pm``."""
    return "–" if value is None else f"{short_day(value)}, {clock_time(value)}"


def age_on(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def age(born: date | None, at_referral: date | None = None) -> str:
    """``15``, or ``15 (14 at referral)`` when they differ."""
    if born is None:
        return "Not known"
    current = age_on(born, today())
    then = age_on(born, at_referral) if at_referral else current
    return f"{current}" if then == current else f"{current} ({then} at referral)"


class Closed(str):
    """Stands where the name of someone whose record is restricted would; it is never shortened."""


def initials(forename: str | None, surname: str | None) -> str:
    if isinstance(surname, Closed):
        return surname
    return "".join(f"{name[0]}." for name in (forename, surname) if name)


def list_name(forename: str | None, surname: str | None) -> str:
    """``Surname, Forename`` for lists."""
    return ", ".join(name for name in (surname, forename) if name) or "Not known"


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        day=day, short_day=short_day, clock_time=clock_time, moment=moment, age=age, list_name=list_name
    )
