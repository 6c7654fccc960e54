"""A word of its own in every sealed field of every row, so that a page tells which fields of whom it shows."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select

from audit.models import Event
from audit.services import record
from core import context
from core.clock import today
from core.db import Audited, SealedRecord, db
from core.formats import day, short_day
from tests.support.leaks import MARK


class Held(NamedTuple):
    """What a word stands for: the field as the trail names it, and the young person (or referral) it is about."""

    field: str
    subject: str


# What people write freely inside an object that is sealed whole; its codes, ids and dates stay what they are.
FREE = {
    "what",
    "forename", "surname", "preferred_name", "other_names", "phone", "safe_when", "must_not_know", "address", "postcode",
    "first_language", "communication", "accessibility", "school", "text", "child", "family", "hopes", "worker_safety",
    "name", "names", "contact", "safe_to_contact", "note", "why_not_text", "spoke_to",
}  # fmt: skip
NAMES = {"forename", "surname", "preferred_name", "aliases"}
# The words of a list of codes, and of a list of names.
CODES = {"sex", "ethnicity"}


def sealed_models() -> list[Any]:
    waiting, found = [SealedRecord], set()
    while waiting:
        for below in waiting.pop().__subclasses__():
            waiting.append(below)
            if "__table__" in vars(below):
                found.add(below)
    return sorted(found, key=lambda model: model.__tablename__)


def sealed_fields() -> set[str]:
    return {f"{model.__tablename__}.{name}" for model in sealed_models() for name in model.__sealed_fields__}


class Words:
    """Words that nothing else contains, and birthdays that no two share; ``held`` says what each stands for."""

    def __init__(self) -> None:
        self.held: dict[str, Held] = {}
        self._given = self._born = 0

    def word(self, held: Held) -> str:
        """Of a name each figure stands three times: a search for one takes no other for a slip or for the same sound."""
        times = 3 if held.field.rpartition(".")[2] in NAMES else 1
        word = MARK + "".join(figure * times for figure in f"{self._given:04}")
        self._given += 1
        self.held[word] = held
        return word

    def birthday(self, held: Held) -> date:
        self._born += 1
        assert self._born < 4 * 365, "they would not be of an age to be referred"
        born = date(today().year - 16, 1, 2) + timedelta(days=self._born)
        self.held |= {day(born): held, short_day(born): held}
        return born

    def shown_in(self, text: str) -> set[Held]:
        """What this page shows, however it writes it."""
        found = {f"{MARK}{rest}" for rest in re.findall(rf"{MARK}(\d+)", text, re.IGNORECASE)}
        found |= set(re.findall(r"\b\d{1,2} [A-Z][a-z]+ \d{4}\b", text))
        return {self.held[word] for word in found if word in self.held}


def plant(words: Words) -> None:
    """A word in every sealed field that free words may stand in, of every row of the installation."""
    with context.acting_as(job="test"):
        for model in sealed_models():
            for row in db.session.scalars(select(model)):
                for name in model.__sealed_fields__:
                    _plant(words, row, name)
                if isinstance(row, Audited):
                    record(Event.PERSON_CHANGED, None, row)
        db.session.commit()
    db.session.remove()


def _plant(words: Words, row: Any, name: str) -> None:
    field, held = row.__sealed_fields__[name], Held(f"{row.__tablename__}.{name}", row.subject_id)
    if field.kind == "text":
        if name not in CODES:
            setattr(row, name, words.word(held))
    elif field.kind == "date":
        setattr(row, name, words.birthday(held))
    elif name == "aliases":
        row.aliases = [words.word(held)]
    elif value := getattr(row, name):
        setattr(row, name, _inside(words, held, value))


def _inside(words: Words, held: Held, value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _inside(words, held, item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_inside(words, held, item, key) for item in value]
    return words.word(held) if isinstance(value, str) and key in FREE else value


def fields_of(shown: Iterable[Held]) -> set[str]:
    return {held.field for held in shown}


def subjects_of(shown: Iterable[Held]) -> set[str]:
    return {held.subject for held in shown}
