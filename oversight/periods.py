"""The periods of reports. Whoever sees hidden figures gets finished periods only: a moving one gives cells away."""

from dataclasses import dataclass
from datetime import date, timedelta

from core.formats import day
from core.languages import gettext as _


@dataclass(frozen=True, slots=True)
class Period:
    """From and to, both included."""

    code: str
    name: str
    start: date
    end: date

    @property
    def words(self) -> str:
        return _("%(start)s to %(end)s", start=day(self.start), end=day(self.end))


def _quarter_start(on: date) -> date:
    return date(on.year, 3 * ((on.month - 1) // 3) + 1, 1)


def running(on: date) -> tuple[Period, ...]:
    """For an area's own people."""
    return (
        Period("90-days", _("Last 90 days"), on - timedelta(days=89), on),
        Period("quarter", _("This quarter"), _quarter_start(on), on),
        Period("year", _("Last 12 months"), on - timedelta(days=364), on),
    )


def finished(on: date) -> tuple[Period, ...]:
    """For the board and districts: the last whole quarter, and its year as far as its quarters are whole."""
    last = _quarter_start(on) - timedelta(days=1)
    return (
        Period("quarter", _("Last whole quarter"), _quarter_start(last), last),
        Period("year", _("Year, whole quarters"), date(last.year, 1, 1), last),
    )


def chosen(periods: tuple[Period, ...], code: str | None) -> Period:
    return next((period for period in periods if period.code == code), periods[0])
