"""Names of young people on lists: selected as columns and opened with one look-up of keys for the whole page."""

from collections.abc import Iterable
from typing import Any

from cohort.models import YoungPerson
from core.context import current
from core.crypto import sealed_column
from core.formats import age, initials, list_name

_FIELDS = ("forename", "preferred_name", "surname")


def person_columns() -> list[Any]:
    """Add these to a ``select`` that joins ``YoungPerson``."""
    return [
        YoungPerson.id.label("person_id"),
        YoungPerson.data_key_id.label("person_key"),
        *(sealed_column(YoungPerson, name) for name in _FIELDS),
    ]


def load(rows: Iterable[Any]) -> None:
    current().load_keys({row.person_key for row in rows})


def in_list(row: Any) -> str:
    """``Surname, Preferred``."""
    forename, preferred, surname = _opened(row)
    return list_name(preferred or forename, surname)


def short(row: Any) -> str:
    """``K. S.``, for what others may look at over a shoulder."""
    forename, preferred, surname = _opened(row)
    return initials(preferred or forename, surname)


def _opened(row: Any) -> list[str | None]:
    return [
        current().open_value(
            YoungPerson, name, row.person_id, row.person_key, row.person_id, getattr(row, f"{name}_sealed")
        )
        for name in _FIELDS
    ]


def called(person: YoungPerson) -> str:
    """The name they like, with their surname: ``Kay Sefton``."""
    return " ".join(name for name in (person.preferred_name or person.forename, person.surname) if name) or "Not known"


def first_name(person: YoungPerson) -> str:
    return person.preferred_name or person.forename or "them"


def age_now(person: YoungPerson) -> str:
    return age(person.date_of_birth)
