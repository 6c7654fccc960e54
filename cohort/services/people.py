"""Young people: making a record, keeping its blind indexes, finding who may be the same, and searching by name."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import and_, delete, insert, or_, select

from audit.models import Event
from audit.services import record
from cohort import matching
from cohort.models import BlindIndex, YoungPerson
from core import context
from core.access import Actor
from core.db import db
from core.ids import Id
from core.keyring import keyring

INDEXED = ("forename", "surname", "preferred_name", "date_of_birth", "upn", "nhs_number")
MOST_MATCHES = 20


def create_person(
    actor: Actor | None,
    *,
    area_id: Id,
    data: Mapping[str, Any],
    created_from: str,
    data_key_id: Id | None = None,
) -> YoungPerson:
    """Make a young person's record with its indexes. ``data``: sealed fields by name; others are not kept.

    ``data_key_id`` is the key of the referral that it is made from, so that both are erased together.
    """
    known = {name: value for name, value in data.items() if name in YoungPerson.__sealed_fields__}
    person = YoungPerson(area_id=area_id, created_from=created_from, data_key_id=data_key_id, **known)
    db.session.add(person)
    db.session.flush()
    update_indexes(person, known)
    record(Event.PERSON_CREATED, actor, person, fields=sorted(known))
    return person


def index_rows(area_id: Id, person_id: Id, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The blind indexes of one person as rows, under the area's newest key; bulk loaders insert them with the person."""
    version = keyring().index_versions(area_id)[-1]
    return [
        {"young_person_id": person_id, "kind": kind, "token": token, "area_id": area_id, "key_version": version}
        for kind, token in matching.tokens(area_id, matching.compounds(values), version)
    ]


def update_indexes(person: YoungPerson, values: Mapping[str, Any]) -> None:
    """Replace the person's blind indexes. What ``values`` does not name is taken from the record."""
    with context.current().examining("index"):
        complete = {name: values[name] if name in values else getattr(person, name) for name in INDEXED}
    db.session.execute(delete(BlindIndex).where(BlindIndex.young_person_id == person.id))
    rows = index_rows(person.area_id, person.id, complete)
    if rows:
        db.session.execute(insert(BlindIndex), rows)


def find_matches(
    area_id: Id,
    *,
    forename: str | None,
    surname: str | None,
    date_of_birth: date | None,
    upn: str | None = None,
    nhs_number: str | None = None,
) -> list[tuple[Id, list[str]]]:
    """Known young people of this area who may be the same, with reason codes; most reasons first."""
    values = {
        "forename": forename, "surname": surname, "date_of_birth": date_of_birth, "upn": upn, "nhs_number": nhs_number,
    }  # fmt: skip
    wanted: dict[str, list[bytes]] = {}
    for version in keyring().index_versions(area_id):
        for kind, token in matching.tokens(area_id, matching.look_ups(values), version):
            wanted.setdefault(kind, []).append(token)
    if not wanted:
        return []
    agrees = or_(*(and_(BlindIndex.kind == kind, BlindIndex.token.in_(tokens)) for kind, tokens in wanted.items()))
    rows = db.session.execute(
        select(BlindIndex.young_person_id, BlindIndex.kind)
        .join(YoungPerson, YoungPerson.id == BlindIndex.young_person_id)
        .where(BlindIndex.area_id == area_id, agrees, YoungPerson.merged_into_id.is_(None))
        .distinct()
    )
    return _by_person(rows)


def _by_person(rows: Iterable[Any]) -> list[tuple[Id, list[str]]]:
    kinds: dict[Id, set[str]] = {}
    for person_id, kind in rows:
        kinds.setdefault(person_id, set()).add(kind)
    order = [reason.value for reason in matching.MatchReason]
    found = [(person_id, sorted(_telling(agreed), key=order.index)) for person_id, agreed in kinds.items()]
    return sorted(found, key=lambda pair: (-len(pair[1]), pair[0]))[:MOST_MATCHES]


def _telling(agreed: set[str]) -> set[str]:
    """The same surname sounds alike by nature: say so only where the spelling differs."""
    same = matching.MatchReason.SURNAME.value
    return agreed - {matching.MatchReason.SOUND.value} if same in agreed else agreed
