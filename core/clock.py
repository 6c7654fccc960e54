"""The one clock: UTC inside, Europe/London on pages; tests set it with time-machine."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def now() -> datetime:
    """The moment in UTC, with its time zone."""
    return datetime.now(UTC)


def today() -> date:
    """The calendar day in London, which decides ages, clocks and working days."""
    return now().astimezone(LONDON).date()


def in_utc(moment: datetime) -> datetime:
    """SQLite gives moments back without a zone; everything stored is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def in_london(moment: datetime) -> datetime:
    return in_utc(moment).astimezone(LONDON)
