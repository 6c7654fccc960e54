"""Erasing a young person: agreed by two people, a tombstone first, then their rows and every free copy, then the keys."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, delete, or_, select, update
from sqlalchemy.exc import NoResultFound

from accounts.models import Approval, Area
from accounts.services import approvals
from accounts.services.approvals import Kind, NotAllowed
from audit.models import Event
from audit.services import record
from cohort.linking import Identity, reason_same
from cohort.models import SourceRecord, YoungPerson
from cohort.services import elsewhere
from core import context, rekeying
from core.access import Actor, Permission
from core.clock import now
from core.codes import label_of
from core.codes.retention import ErasureReason
from core.crypto import sealed_column
from core.db import db
from core.drafts import FormDraft
from core.ids import Id
from core.key_checks import sealed_models
from core.keyring import keyring
from core.row_security import everything
from core.spent_keys import bury_after_commit
from imports.models import ImportRow
from panels.models import Case
from referrals.models import Referral, ReferralDraft
from rights.models import LegalHold, Tombstone
from rights.person_records import area_of, owners_of, people_of

KIND = "erasure"
NAMES = ("forename", "surname", "date_of_birth", "upn")
# Who asked, who agreed and when must stay; the words of it go, because they are about the young person.
_KEPT = {"approval"}
Rows = dict[Table, set[Id]]
# What the page counts before an erasure, in its words.
COUNTED = {
    "case_record": "Cases", "referral": "Referrals", "support_session": "Sessions", "note": "Notes", "plan": "Plans",
    "stored_file": "Files", "disclosure": "Disclosures", "step_up": "Step-ups",
}  # fmt: skip


def find_by_reference(reference: str) -> Id:
    """The young person of a case or referral. Raise NoResultFound."""
    cases = select(Case.young_person_id.label("person")).where(Case.reference == reference)
    referrals = select(Referral.young_person_id).where(
        Referral.reference == reference, Referral.young_person_id.is_not(None)
    )
    return db.session.scalars(cases.union(referrals)).one()


def is_held(person_id: Id) -> bool:
    wanted = select(LegalHold.id).where(
        LegalHold.young_person_id.in_(people_of(person_id)), LegalHold.ended_at.is_(None)
    )
    return db.session.scalars(wanted.limit(1)).first() is not None


def hold(person_id: Id, reason: str, actor: Actor | None = None) -> None:
    placed = LegalHold(young_person_id=person_id, area_id=area_of(person_id), reason=reason)
    db.session.add(placed)
    record(Event.HOLD_CHANGED, actor, placed, subjects=[person_id], reason=reason, detail={"stands": 1})


def release(person_id: Id, actor: Actor | None = None) -> int:
    """End every hold on this young person; how many there were."""
    standing = db.session.scalars(
        select(LegalHold).where(LegalHold.young_person_id == person_id, LegalHold.ended_at.is_(None))
    ).all()
    for one in standing:
        one.ended_at = now()
        record(Event.HOLD_CHANGED, actor, one, subjects=[person_id], detail={"stands": 0})
    return len(standing)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an erasure is about: nothing of it is opened."""

    person: YoungPerson
    reference: str
    area: str
    is_held: bool
    is_asked: bool
    # What goes, by table: how many rows. Copies in lists and in unsent forms are found when it runs.
    counts: dict[str, int]


def look_up(actor: Actor, reference: str) -> Id:
    """The young person of a case or referral that is this person's to decide about. Raise NoResultFound."""
    with everything():
        return find(actor, find_by_reference(reference)).person.id


def find(actor: Actor, person_id: Id) -> Subject:
    """A young person of the areas that this person looks after. Raise NoResultFound."""
    if not actor.can(Permission.RETENTION_DECIDE):
        raise NoResultFound
    with everything():
        person = db.session.scalars(select(YoungPerson).where(YoungPerson.id == person_id)).one()
        if actor.area_id not in {None, person.area_id}:
            raise NoResultFound
        reference = _reference_of(person_id)
        area = db.session.scalars(select(Area.name).where(Area.id == person.area_id)).one()
        asked = approvals.waiting_for(KIND, person.id) is not None
        return Subject(person, reference, area, is_held(person.id), asked, counts(person.id))


def _reference_of(person_id: Id) -> str:
    """Of their newest case, else of their newest referral. Raise NoResultFound."""
    case = select(Case.reference).where(Case.young_person_id == person_id).order_by(Case.opened_at.desc()).limit(1)
    referral = (
        select(Referral.reference)
        .where(Referral.young_person_id == person_id)
        .order_by(Referral.sent_at.desc())
        .limit(1)
    )
    return db.session.scalars(case).first() or db.session.scalars(referral).one()


def counts(person_id: Id) -> dict[str, int]:
    _, rows = theirs(person_id)
    return {table.name: len(ids) for table, ids in rows.items() if ids and table.name in COUNTED}


def ask(actor: Actor, reference: str, reason: str, why: ErasureReason = ErasureReason.OBJECTED) -> Approval:
    """Ask that the young person of this reference be erased. Raise NoResultFound, NotAllowed."""
    person = find(actor, find_by_reference(reference)).person
    if is_held(person.id):
        raise NotAllowed("A legal hold stands on this record: it must not be erased")
    return approvals.ask(
        actor, KIND, area_id=person.area_id, object_id=person.id, reason=reason, young_person_id=person.id,
        data_key_id=person.data_key_id, terms={"reference": reference, "why": why.value},
    )  # fmt: skip


def _terms(approval: Approval) -> list[tuple[str, str]]:
    return [
        ("Reference", approval.terms.get("reference", "")),
        ("Ground", label_of(ErasureReason, approval.terms.get("why", ""))),
        ("What it does", "Everything about them goes, for good"),
    ]


def _run(actor: Actor, approval: Approval) -> None:
    with everything():
        if is_held(str(approval.object_id)):
            raise NotAllowed("A legal hold stands on this record: it must not be erased")
        erase(str(approval.object_id), actor, approval.id)


approvals.register(
    Kind(KIND, "Erase a young person's record", asks=(Permission.RETENTION_DECIDE,),
         agrees=(Permission.APPROVAL_DECIDE,), run=_run, terms=_terms)
)  # fmt: skip


def erase(person_id: Id, actor: Actor | None = None, approval_id: Id | None = None) -> None:
    """In this transaction: tombstone, trail, rows and copies; the keys are destroyed once it is kept.

    A young person whose key is gone already (an old copy of the data was put back) is erased in the same way.
    """
    area_id, people = area_of(person_id), people_of(person_id)
    keys, rows = theirs(person_id)
    with context.acting_as(job="erasure", actor=actor) as job:
        _copies(job, area_id, people, rows)
    _follow(rows)
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


def theirs(person_id: Id) -> tuple[set[Id], Rows]:
    """Their keys, and the rows that stand under these or hang on them."""
    owners, rows = owners_of(person_id), Rows()
    keys = {key.id for key in rekeying.keys_owned_by(keyring(), owners)} | _keys_of_rows(owners)
    _sealed_under(keys, rows)
    _about(people_of(person_id), rows)
    _follow(rows)
    return keys, rows


def _keys_of_rows(owners: set[Id]) -> set[Id]:
    """The keys of their own records, also of a copy whose keys are gone already."""
    own: set[Id] = set()
    for model in (YoungPerson, Referral):
        own |= set(db.session.scalars(select(model.data_key_id).where(model.id.in_(owners))))
    return own


def _sealed_under(keys: set[Id], rows: Rows) -> None:
    for model in sealed_models():
        if model.__tablename__ not in _KEPT:
            found = db.session.scalars(select(model.id).where(model.data_key_id.in_(keys)))
            rows.setdefault(model.__table__, set()).update(found)


def _about(people: set[Id], rows: Rows) -> None:
    rows.setdefault(_table("young_person"), set()).update(people)


def _table(name: str) -> Table:
    return db.metadata.tables[name]


def _links(table: Table) -> list[tuple[Any, Table]]:
    """The columns of a table that point at rows of another by id."""
    return [
        (key.parent, key.column.table) for key in table.foreign_keys if key.column.name == "id" and "id" in table.c
    ]  # fmt: skip


def _follow(rows: Rows) -> None:
    """Whatever cannot stand without what goes, goes too, however far down; a mere mention is emptied when it is deleted."""
    grew = True
    while grew:
        grew = False
        for table in db.metadata.sorted_tables:
            for column, target in _links(table):
                if column.nullable or not rows.get(target) or table.name in _KEPT:
                    continue
                found = set(db.session.scalars(select(table.c.id).where(column.in_(rows[target]))))
                held = rows.setdefault(table, set())
                grew = grew or bool(found - held)
                held |= found


def _copies(job: context.AccessContext, area_id: Id, people: set[Id], rows: Rows) -> None:
    """Uploaded lines, and referrals that were begun and not sent, that are about them by name and date of birth."""
    wanted = select(YoungPerson.id, YoungPerson.data_key_id, *(sealed_column(YoungPerson, name) for name in NAMES))
    with job.examining("erasure"):
        told = [
            Identity.of(dict(zip(NAMES, values, strict=True)))
            for _, values in job.open_many(
                YoungPerson, NAMES, db.session.execute(wanted.where(YoungPerson.id.in_(people)))
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
            )
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
        for column, target in _links(table):
            if column.nullable and rows.get(target):
                _write(update(table).where(column.in_(rows[target])).values({column.name: None}))
    _write(
        delete(_table("blind_index")).where(_table("blind_index").c.young_person_id.in_(rows[_table("young_person")]))
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
    searches = _table("stored_search")
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


def erasures(actor: Actor, most: int = 50) -> list[tuple[Tombstone, str]]:
    """What was erased, the newest first, with its area's name: the certificates, which name nobody."""
    rows = select(Tombstone, Area.name).join(Area, Area.id == Tombstone.area_id)
    if actor.area_id is not None:
        rows = rows.where(Tombstone.area_id == actor.area_id)
    with everything():
        return [(row[0], row[1]) for row in db.session.execute(rows.order_by(Tombstone.erased_at.desc()).limit(most))]
