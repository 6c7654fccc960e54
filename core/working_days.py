"""Working days of England and Wales, and the words for when something is due."""

import datetime
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from core.formats import day_and_month
from core.languages import gettext as _
from core.languages import ngettext

Date = datetime.date
Tone = Literal["overdue", "today", "plain"]
BANK_HOLIDAYS = Path(__file__).with_name("bank_holidays.txt")
_ONE_DAY = datetime.timedelta(days=1)


@cache
def _bank_holidays() -> frozenset[Date]:
    """As the file lists them; beyond its last year there are none."""
    lines = BANK_HOLIDAYS.read_text(encoding="utf-8").splitlines()
    return frozenset(Date.fromisoformat(line) for line in lines if not line.startswith("#"))


def is_working_day(day: Date) -> bool:
    return day.weekday() < 5 and day not in _bank_holidays()


def add_working_days(day: Date, count: int) -> Date:
    """The working day that lies count working days after (or, for a negative count, before) the day.

    Sent on a Saturday with one working day to answer is due on Monday; nought days from a Saturday is the Monday too.
    """
    step = _ONE_DAY if count >= 0 else -_ONE_DAY
    while count:
        day += step
        if is_working_day(day):
            count -= 1 if step > datetime.timedelta(0) else -1
    while not is_working_day(day):
        day += step
    return day


def working_days_between(start: Date, end: Date) -> int:
    """Working days after start, up to and including end; negative if end comes first. The inverse of adding."""
    if end < start:
        return -working_days_between(end, start)
    days = (start + _ONE_DAY * n for n in range(1, (end - start).days + 1))
    return sum(map(is_working_day, days))


@dataclass(frozen=True)
class Due:
    """When something is due, in words, and whether it is late, now, or neither."""

    text: str
    tone: Tone
    date: Date


def short_date(day: Date, *, year: bool = False) -> str:
    return day_and_month(day, year=year)


def due(day: Date, today: Date) -> Due:
    """Overdue counts calendar days: that is how long a child has waited."""
    late = (today - day).days
    if late > 0:
        return Due(ngettext("Overdue by %(count)s day", "Overdue by %(count)s days", late), "overdue", day)
    if late == 0:
        return Due(_("Due today"), "today", day)
    if late == -1:
        return Due(_("Due tomorrow"), "today", day)
    return Due(_("by %(day)s", day=short_date(day, year=day.year != today.year)), "plain", day)
