"""The starting criterion: a plain rule in words, never a score. It is frozen on each run."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from core.codes.events import PartInEvent
from core.formats import age_on

_TIMES = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}


@dataclass(frozen=True, slots=True)
class Criterion:
    """ "Second time a suspect of any crime within 12 months, aged 10 to 17" (DOMAIN 2.1), as an area may set it.

    The part is not a setting: victims and witnesses are never counted.
    """

    times: int = 2
    within_months: int = 12
    age_min: int = 10
    age_max: int = 17

    @classmethod
    def of_area(cls, targets: Mapping[str, Any]) -> "Criterion":
        """The area's own numbers under ``criterion`` in its targets; the usual ones where it has none."""
        own = targets.get("criterion")
        own = own if isinstance(own, Mapping) else {}
        usual = cls()
        return cls(**{name: int(own.get(name, value)) for name, value in asdict(usual).items()})

    @property
    def words(self) -> str:
        times = _TIMES.get(self.times, f"{self.times}th")
        return (
            f"Suspected of any crime for the {times} time within {self.within_months} months, "
            f"aged {self.age_min} to {self.age_max}"
        )

    def frozen(self, on: date) -> dict[str, Any]:
        """What a run keeps of the rule it ran."""
        return asdict(self) | {"part": PartInEvent.SUSPECTED.value, "on": on.isoformat(), "words": self.words}

    def since(self, on: date) -> date:
        return months_before(on, self.within_months)

    def is_of_age(self, born: date, on: date) -> bool:
        return self.age_min <= age_on(born, on) <= self.age_max

    def met_on(self, days: Iterable[date], on: date) -> date | None:
        """The day on which the rule was met, given the days someone was suspected; several on one day are one time."""
        within = sorted({day for day in days if self.since(on) < day <= on})
        return within[self.times - 1] if len(within) >= self.times else None


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier; the last of the month where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for number in range(day.day, 27, -1):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    return date(year, month + 1, min(day.day, 28))
