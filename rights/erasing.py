"""Erasing a young person: agreed by two people, a tombstone first, then their rows and every free copy, then the keys."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, or_, select, update

from accounts.models import Approval
from audit.models import Event
from audit.services import record
from cohort.linking import Identity, reason_same
from cohort.models import SourceRecord, YoungPerson
from cohort.services import elsewhere
from core import context
from core.access import Actor
from core.crypto import sealed_column
from core.db import db
from core.drafts import FormDraft
from core.ids import Id
from core.keyring import keyring
from core.spent_keys import bury_after_commit
from imports.models import ImportRow
from referrals.models import ReferralDraft
from rights.models import Tombstone
from rights.person_records import area_of, people_of
from rights.theirs import Rows, follow, links, table_of, theirs

NAMES = ("forename", "surname", "date_of_birth", "upn")


def erase(person_id: Id, actor: Actor | None = None, approval_id: Id | None = None) -> None:
    """In this transaction: tombstone, trail, rows and copies; the keys are destroyed once it is kept.

    A young person whose key is gone already (an old copy of the data was put back) is erased in the same way.
    """
    area_id, people = area_of(person_id), people_of(person_id)
    keys, rows = theirs(person_id)
    with context.acting_as(job="erasure", actor=actor) as job:
        _copies(job, area_id, people, rows)
    follow(rows)
    count = _delete(rows, keys)
    stone = db.session.scalars(select(Tombstone).where(Tombstone.young_person_id == person_id)).first()
    if stone is None:
        stone = Tombstone(young_person_id=person_id, area_id=area_id, key_ids=sorted(keys), rows=count,
                          approval_id=approval_id)  # fmt: skip
        db.session.add(stone)
    record(Event.PERSON_ERASED, actor, stone, subjects=sorted(people), detail={"rows": count, "keys": len(keys)})
    # The index of all areas may be out of this process's reach: the worker, which alone reads it, takes them out.
    elsewhere.forget(actor, area_id, sorted(people))
    db.session.flush()
    bury_after_commit(person_id, area_id, keys)


def _copies(job: context.AccessContext, area_id: Id, people: set[Id], rows: Rows) -> None:
    """Uploaded lines, and referrals that were begun and not sent, that are about them by name and date of birth."""
    wanted = select(YoungPerson.id, YoungPerson.data_key_id, *(sealed_column(YoungPerson, name) for name in NAMES))
    with job.examining("erasure"):
        told = [
            Identity.of(dict(zip(NAMES, values, strict=True)))
            for _, values in job.open_many(
                YoungPerson, NAMES, db.session.execute(wanted.where(YoungPerson.id.in_(people))).all()
            )
            if values[2]
        ]
        for model, name, read in (
            (SourceRecord, "row", _of_row), (ReferralDraft, "answers", _of_draft), (ImportRow, "answers", _of_draft),
        ):  # fmt: skip
            lines = db.session.execute(
                select(model.id, model.data_key_id, sealed_column(model, name)).where(
                    or_(model.area_id == area_id, model.area_id.is_(None))
                )
            ).all()
            for row_id, (value,) in job.open_many(model, [name], lines):
                job.examined += 1
                said = read(value or {})
                if said and any(reason_same(said, one) for one in told):
                    rows.setdefault(model.__table__, set()).add(row_id)


def _of_row(row: dict[str, Any]) -> Identity | None:
    return _identity(row, row.get("date_of_birth"))


def _of_draft(answers: dict[str, Any]) -> Identity | None:
    person = answers.get("person") or {}
    return _identity(person, person.get("date_of_birth") or (answers.get("start") or {}).get("date_of_birth"))


def _identity(names: dict[str, Any], born: Any) -> Identity | None:
    """None where too little is said to be about anybody."""
    if not (born and names.get("forename") and names.get("surname")):
        return None
    try:
        return Identity.of({"forename": names["forename"], "surname": names["surname"], "date_of_birth": born,
                            "upn": names.get("upn")})  # fmt: skip
    except ValueError:
        return None


def _delete(rows: Rows, keys: set[Id]) -> int:
    """Delete what was found, with drafts of its forms and all stored searches; how many rows."""
    everything_found = {row_id for ids in rows.values() for row_id in ids}
    _forms_and_searches(everything_found, rows)
    for table in db.metadata.sorted_tables:
        for column, target in links(table):
            if column.nullable and rows.get(target):
                _write(update(table).where(column.in_(rows[target])).values({column.name: None}))
    _write(
        delete(table_of("blind_index")).where(
            table_of("blind_index").c.young_person_id.in_(rows[table_of("young_person")])
        )
    )
    _write(
        update(Approval.__table__)
        .where(Approval.data_key_id.in_(keys))
        .values(reason_sealed=None, answer_sealed=None, details_sealed=None)
    )  # fmt: skip
    for table in reversed(db.metadata.sorted_tables):
        if rows.get(table):
            _write(delete(table).where(table.c.id.in_(rows[table])))
    return sum(len(ids) for ids in rows.values())


def _forms_and_searches(ids: set[Id], rows: Rows) -> None:
    """What was typed and not sent about any of these records; searches are kept half an hour, and all of them go."""
    typed = db.session.execute(select(FormDraft.id, FormDraft.form_key))
    rows.setdefault(FormDraft.__table__, set()).update(
        row.id for row in typed if any(part in ids for part in row.form_key.split("-"))
    )
    searches = table_of("stored_search")
    rows.setdefault(searches, set()).update(db.session.scalars(select(searches.c.id)))


def _write(statement: Any) -> None:
    db.session.execute(statement, execution_options={"loader": True, "synchronize_session": False})


def unfinished() -> list[tuple[Id, Id, list[Id]]]:
    """Whom a copy that was put back still holds, in the data or among the keys: id, area and keys."""
    buried = keyring().store.tombstones()
    stones = {
        row.young_person_id: (row.area_id, row.key_ids)
        for row in db.session.execute(select(Tombstone.young_person_id, Tombstone.area_id, Tombstone.key_ids))
    }
    both = stones | buried
    back = set(db.session.scalars(select(YoungPerson.id).where(YoungPerson.id.in_(both))))
    keys = {key_id for _, ids in both.values() for key_id in ids}
    alive = {row.id for row in keyring().store.fetch(keys) if row.wrapped is not None}
    return [
        (person, area, sorted({*ids, *stones.get(person, ("", []))[1]}))
        for person, (area, ids) in sorted(both.items())
        if person in back or person not in stones or person not in buried or alive & set(ids)
    ]


def replay() -> int:
    """Erase again whom an old copy brought back; how many. Commits. Run before such a copy serves anybody."""
    with context.acting_as(job="erasure"):
        waiting = unfinished()
        for person, area, keys in waiting:
            if db.session.get(YoungPerson, person) is not None:
                erase(person)
            elif not db.session.scalars(select(Tombstone.id).where(Tombstone.young_person_id == person)).first():
                stone = Tombstone(young_person_id=person, area_id=area, key_ids=keys)
                db.session.add(stone)
                record(Event.PERSON_ERASED, None, stone, subjects=[person], detail={"rows": 0, "keys": len(keys)})
            bury_after_commit(person, area, keys)
            db.session.commit()
            db.session.remove()
    return len(waiting)


def erased(ids: Iterable[Id]) -> set[Id]:
    """Which of these young people were erased."""
    return set(db.session.scalars(select(Tombstone.young_person_id).where(Tombstone.young_person_id.in_(list(ids)))))
