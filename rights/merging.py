"""Two records of one young person in an area become one, value by value, and can be parted again (PAGES: Merge two records)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Table, delete, or_, select, update
from sqlalchemy.exc import NoResultFound

from audit.models import Event
from audit.services import record
from cohort.models import BlindIndex, YoungPerson
from cohort.policies import find_person
from cohort.services import elsewhere
from cohort.services.people import update_indexes
from core.access import Actor
from core.clock import now
from core.codes.cases import CaseStage, ClosureReason
from core.codes.sensitivity import Sensitivity
from core.db import db
from core.ids import Id
from core.sensitivity import must_open
from messages.kinds import MessageKind as K
from messages.services.telling import tell
from panels.models import Case
from panels.services import next_step, timeline
from panels.services.timeline import Happened
from rights import holds
from rights.models import Merge, Transfer
from rights.person_records import find_by_reference

# What may be chosen value by value; names that people also go by are kept from both.
FIELDS = {
    "forename": "Forename", "surname": "Surname", "preferred_name": "Known as", "date_of_birth": "Date of birth",
    "sex": "Sex", "ethnicity": "Ethnicity", "postcode": "Home postcode", "school": "School",
    "safe_contact": "Safe ways to reach them", "upn": "UPN", "nhs_number": "NHS number",
}  # fmt: skip
# Rows that are about one record as such, and stay with it.
STAYS = frozenset({"blind_index", "young_person", "named_person", "possible_match", "legal_hold", "retention_review",
                   "transfer", "approval", "person_merge", "other_panel_contact"})  # fmt: skip
KEPT, GONE = "kept", "gone"


class NotPossible(ValueError):
    """Why these two do not become one now; the words are for the page and hold nothing personal."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The record that stays, the one that goes into it, their open cases, and what differs (kept's value, gone's)."""

    kept: YoungPerson
    gone: YoungPerson
    kept_case: Case | None
    gone_case: Case | None
    differs: dict[str, tuple[Any, Any]]

    @property
    def chooses_case(self) -> bool:
        return self.kept_case is not None and self.gone_case is not None


def other_of(actor: Actor, person_id: Id, reference: str) -> Id:
    """The other record, by the reference of a case or referral of this area. Raise NoResultFound, NotPossible."""
    other = find_person(actor, find_by_reference(reference.strip().upper()))
    if other.id == person_id:
        raise NotPossible("This is the same record. Enter the reference of the other one")
    return other.id


def pair(actor: Actor, kept_id: Id, gone_id: Id) -> Pair:
    """Both, opened to be compared. Raise NoResultFound, RestrictedRecord, NotPossible."""
    kept, gone = find_person(actor, kept_id), find_person(actor, gone_id)
    if kept.id == gone.id:
        raise NoResultFound
    for one in (kept, gone):
        must_open(one.id)
        if one.sensitivity != Sensitivity.NORMAL.value:
            raise NotPossible("Only named people may open one of these records. Speak with the safeguarding lead")
        if holds.is_held(one.id):
            raise NotPossible("A legal hold stands on one of these records. Ask the data protection officer")
    moving = select(Transfer.id).where(Transfer.young_person_id.in_([kept.id, gone.id]), Transfer.state == "asked")
    if db.session.scalars(moving.limit(1)).first():
        raise NotPossible("One of these records may move to another area. Wait for the answer")
    values = {name: (getattr(kept, name), getattr(gone, name)) for name in FIELDS}
    differs = {name: both for name, both in values.items() if both[1] and both[0] != both[1]}
    return Pair(kept, gone, _open_case(kept), _open_case(gone), differs)


def _open_case(person: YoungPerson) -> Case | None:
    wanted = select(Case).where(Case.young_person_id == person.id, Case.is_open).order_by(Case.opened_at.desc())
    return db.session.scalars(wanted.limit(1)).first()


def merge(actor: Actor, both: Pair, choices: dict[str, str], case_stays: str = KEPT) -> Merge:
    """Make one of the two. ``choices``: for each field that differs ``kept`` or ``gone``; ``case_stays`` the same."""
    kept, gone = both.kept, both.gone
    taken = {name: theirs for name, (_, theirs) in both.differs.items() if choices.get(name) == GONE}
    taken["aliases"] = sorted({*(kept.aliases or []), *(gone.aliases or [])}) or None
    if not kept.details and gone.details:
        taken["details"] = gone.details
    taken = {name: value for name, value in taken.items() if value != getattr(kept, name)}
    before = {name: getattr(kept, name) for name in taken}
    one = Merge(
        area_id=kept.area_id, kept_id=kept.id, gone_id=gone.id, data_key_id=kept.data_key_id,
        merged_by_id=actor.user_id, merged_at=now(), before=_plain(before), after=_plain(taken),
    )  # fmt: skip
    for name, value in taken.items():
        setattr(kept, name, value)
    leads = _leads(both)
    one.closed_id = _one_case(actor, both, case_stays)
    one.moved = _move(gone.id, kept.id)
    gone.merged_into_id = kept.id
    db.session.add(one)
    record(Event.PEOPLE_MERGED, actor, one, also=[kept, gone], subjects=[kept.id, gone.id], fields=sorted(taken),
           detail={"rows": sum(len(ids) for ids in one.moved.values())})  # fmt: skip
    db.session.flush()
    _indexes(actor, kept, gone)
    _tell(actor, leads, kept)
    return one


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _leads(both: Pair) -> list[Id]:
    return [case.lead_id for case in (both.kept_case, both.gone_case) if case and case.lead_id]


def _tell(actor: Actor, leads: list[Id], kept: YoungPerson) -> None:
    case = _open_case(kept)
    about = ("case", case.id) if case else None
    tell([lead for lead in leads if lead != actor.user_id], K.MERGED, area_id=kept.area_id, about=about)


def _one_case(actor: Actor, both: Pair, case_stays: str) -> Id | None:
    """Of two open cases one goes on; the other closes as made by mistake, and opens again if this is undone."""
    if both.kept_case is None or both.gone_case is None:
        return None
    closes = both.gone_case if case_stays == KEPT else both.kept_case
    closes.is_open, closes.stage = False, CaseStage.CLOSED.value
    closes.closed_at, closes.closed_by_id = now(), actor.user_id
    closes.closure_reason = ClosureReason.MISTAKEN.value
    record(Event.CASE_CLOSED, actor, closes, reason=ClosureReason.MISTAKEN.value)
    timeline.add(closes, Happened.CLOSED, actor)
    next_step.refresh(closes)
    return closes.id


def _tables() -> list[Table]:
    """Every table whose rows hang on a young person."""
    return [
        table for table in db.metadata.sorted_tables
        if "young_person_id" in table.c and "id" in table.c and table.name not in STAYS
    ]  # fmt: skip


def _write(statement: Any) -> None:
    db.session.execute(statement, execution_options={"loader": True, "synchronize_session": False})


def _move(from_id: Id, to_id: Id) -> dict[str, list[Id]]:
    """Rows stay under the key that they are sealed with, which stays the property of the record they came from."""
    db.session.flush()
    moved: dict[str, list[Id]] = {}
    for table in _tables():
        ids = list(
            db.session.scalars(select(table.c.id).where(table.c.young_person_id == from_id).order_by(table.c.id))
        )
        if ids:
            _write(update(table).where(table.c.id.in_(ids)).values(young_person_id=to_id))
            moved[table.name] = ids
    return moved


def _indexes(actor: Actor, kept: YoungPerson, gone: YoungPerson) -> None:
    _write(delete(BlindIndex).where(BlindIndex.young_person_id == gone.id))
    update_indexes(kept, {})
    if gone.merged_into_id is None:
        update_indexes(gone, {})
    for one in (kept, gone):
        if one.merged_into_id is not None:
            elsewhere.forget(actor, one.area_id, [one.id])
        elif db.session.scalars(select(Case.id).where(Case.young_person_id == one.id).limit(1)).first():
            elsewhere.publish(actor, one)


def standing(actor: Actor, person_id: Id) -> Merge | None:
    """The newest merge of this record that was not undone; only the newest can be."""
    find_person(actor, person_id)
    wanted = select(Merge).where(Merge.kept_id == person_id, Merge.undone_at.is_(None)).order_by(Merge.merged_at.desc())
    return db.session.scalars(wanted.limit(1)).first()


def split(actor: Actor, one: Merge) -> None:
    """Part the two again. What was written since stays with the record that was kept. Raise NotPossible."""
    db.session.refresh(one, with_for_update=True)
    kept, gone = db.session.get_one(YoungPerson, one.kept_id), db.session.get_one(YoungPerson, one.gone_id)
    if one.undone_at is not None or gone.merged_into_id != kept.id or kept.merged_into_id is not None:
        raise NotPossible("This was undone already")
    after = one.after or {}
    for name, value in (one.before or {}).items():
        # What somebody corrected since is not taken back.
        if _plain({name: getattr(kept, name)})[name] == after.get(name):
            setattr(kept, name, date.fromisoformat(value) if name == "date_of_birth" and value else value)
    gone.merged_into_id, one.undone_at, one.undone_by_id = None, now(), actor.user_id
    record(Event.PEOPLE_SPLIT, actor, one, also=[kept, gone], subjects=[kept.id, gone.id])
    db.session.flush()
    for name, ids in one.moved.items():
        table = db.metadata.tables[name]
        _write(
            update(table).where(table.c.id.in_(ids), table.c.young_person_id == kept.id).values(young_person_id=gone.id)
        )
    db.session.expire_all()
    _reopen(actor, one)
    _indexes(actor, kept, gone)
    leads = db.session.scalars(
        select(Case.lead_id).where(or_(Case.young_person_id == kept.id, Case.young_person_id == gone.id), Case.is_open)
    )
    _tell(actor, [lead for lead in leads if lead], kept)


def _reopen(actor: Actor, one: Merge) -> None:
    case = db.session.get(Case, one.closed_id) if one.closed_id else None
    if case is None or case.is_open:
        return
    case.is_open, case.stage, case.closed_at, case.closed_by_id = True, CaseStage.REOPENED.value, None, None
    case.closure_reason = None
    record(Event.CASE_REOPENED, actor, case, reason="merge_undone")
    timeline.add(case, Happened.REOPENED, actor)
    next_step.refresh(case)
