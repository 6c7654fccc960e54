"""Search by name over sealed fields: what is asked, and how a record's names answer it. Nothing here is ever stored."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from cohort.matching import nearly, parts, swapped
from core.forms import MONTHS
from core.ids import Id

MOST_SCANNED = 20_000
_NUMBERS = re.compile(r"\b(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})\b|\b(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})\b")
_WORDED = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)?[ -]([a-z]{3,9})[ -,]+(\d{4}|\d{2})\b", re.IGNORECASE)
_SPACES = re.compile(r"[\s,;]+")
EXACT, BEGINS, ALIKE, NO = 0, 1, 2, 9


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it was understood. Each word is a tuple of alternatives, each of parts that must all be found."""

    words: tuple[tuple[tuple[str, ...], ...], ...]
    born: date | None

    @property
    def is_enough(self) -> bool:
        letters = sum(len(alternatives[0][0]) for alternatives in self.words)
        return self.born is not None or letters >= 2


@dataclass(frozen=True, slots=True)
class Opened:
    """One record's values, opened to be compared."""

    id: Id
    names: tuple[Any, ...]
    born: date | None


def understand(text: str) -> Asked:
    """Names in any order, with a date of birth in any usual form among them."""
    born, rest = _take_date(text)
    words = []
    for typed in _SPACES.split(rest):
        whole, *pieces = parts(typed) or [""]
        if whole:
            words.append(((whole,), tuple(pieces)) if len(pieces) > 1 else ((whole,),))
    return Asked(tuple(words), born)


def _take_date(text: str) -> tuple[date | None, str]:
    for pattern in (_NUMBERS, _WORDED):
        if found := pattern.search(text):
            groups = [group for group in found.groups() if group]
            if born := _date_of(groups):
                return born, f"{text[: found.start()]} {text[found.end() :]}"
    return None, text


def _date_of(groups: list[str]) -> date | None:
    year, month, day = groups if len(groups[0]) == 4 else reversed(groups)
    try:
        return date(_year(year), MONTHS.get(month.lower()) or int(month), int(day))
    except ValueError:
        return None


def _year(typed: str) -> int:
    """Two figures are of this century: the young people are."""
    return int(typed) + (2000 if len(typed) == 2 else 0)


class Scan:
    """Grades records against one search. Names repeat from record to record, so each is worked out once a search."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._grades: dict[str, tuple[tuple[int, ...], ...]] = {}

    def grade(self, record: Opened) -> int | None:
        """How well the record answers (0 is exactly); None where it does not."""
        if self.asked.born and record.born not in (self.asked.born, swapped(self.asked.born)):
            return None
        late = 1 if self.asked.born and record.born != self.asked.born else 0
        if not self.asked.words:
            return late
        names = [grades for name in _each(record.names) if (grades := self._of(name))]
        total = late
        for number in range(len(self.asked.words) if names else 0):
            best = self._best(number, names)
            if best == NO:
                return None
            total += best
        return total if names else None

    def _best(self, word: int, names: list[tuple[tuple[int, ...], ...]]) -> int:
        """The best alternative of one word; all parts of an alternative have to be found somewhere in the names."""
        found, position = NO, 0
        for alternative in self.asked.words[word]:
            each = range(position, position + len(alternative))
            worst = max(min((grades[word][at] for grades in names), default=NO) for at in each)
            found, position = min(found, worst), position + len(alternative)
        return found

    def _of(self, name: str) -> tuple[tuple[int, ...], ...]:
        """The grade of one stored name for every part of every word asked; empty where it answers none of them."""
        known = self._grades.get(name)
        if known is None:
            forms = parts(name)
            known = tuple(
                tuple(_grade(part, forms) for alternative in word for part in alternative) for word in self.asked.words
            )
            answers = any(grade != NO for word in known for grade in word)
            known = self._grades[name] = known if answers else ()
        return known


def _each(names: Iterable[Any]) -> Iterable[str]:
    for name in names:
        if isinstance(name, list):
            yield from name
        elif name:
            yield name


def _grade(part: str, forms: list[str]) -> int:
    if part in forms:
        return EXACT
    if len(part) > 1 and any(form.startswith(part) for form in forms):
        return BEGINS
    return ALIKE if any(nearly(part, form) for form in forms) else NO


def best_first(asked: Asked, records: Iterable[Opened]) -> list[Id]:
    """The records that answer, the closest first; which of equals comes first says nothing."""
    scan = Scan(asked)
    graded = [(grade, record.id) for record in records if (grade := scan.grade(record)) is not None]
    return [record_id for _, record_id in sorted(graded)]
