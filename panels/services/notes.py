"""Notes on a case: written, changed by their author for a day, afterwards only corrected by another note."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from accounts.models import User
from audit.models import Event
from audit.services import change_of, record
from core.access import Actor
from core.clock import now
from core.codes.cases import NoteKind
from core.db import db
from core.ids import Id
from core.last_records import add_at_commit
from panels import policies
from panels.models import Case, CaseNote
from panels.services import timeline
from panels.services.timeline import Happened

CHANGEABLE_FOR = timedelta(hours=24)
MET = (NoteKind.CONTACT.value, NoteKind.FAMILY.value)


def add(actor: Actor, case: Any, *, kind: str, happened_on: date, text: str, corrects_id: Id | None = None) -> CaseNote:
    """Write a note. One about meeting or speaking with them moves "last seen".

    ``case``: the record, or what ``cases.find_to_write`` found of it. The note is written with the last statements.
    """
    note = CaseNote(
        case_id=case.id, area_id=case.area_id, young_person_id=case.young_person_id, data_key_id=case.data_key_id,
        kind=kind, happened_on=happened_on, author_id=actor.user_id, corrects_id=corrects_id,
    )  # fmt: skip
    note.text = text
    add_at_commit(note)
    changed = []
    if kind in MET:
        changed = [db.session.get_one(Case, case.id)]
        seen_on(changed[0], happened_on)
    record(Event.NOTE_ADDED, actor, note, also=changed, reason=kind)
    timeline.add(case, Happened.NOTE, actor, object_id=note.id)
    return note


def seen_on(case: Case, day: date) -> None:
    """Keep the last day any worker met or spoke with them."""
    if case.last_contact_on is None or day > case.last_contact_on:
        case.last_contact_on = day


def find(actor: Actor, case: Any, note_id: Id) -> tuple[CaseNote, str]:
    """A note of this case with its author's name; a provider finds only their agency's own (NoResultFound)."""
    from panels.models import TimelineEntry

    query = select(CaseNote, User.name).join(User, User.id == CaseNote.author_id)
    query = query.where(CaseNote.id == note_id, CaseNote.case_id == case.id)
    if not policies.sees_whole(actor, case):
        own = select(TimelineEntry.object_id).where(
            TimelineEntry.case_id == case.id, TimelineEntry.agency_id == actor.agency_id
        )
        query = query.where(CaseNote.id.in_(own))
    note, author = db.session.execute(query).one()
    return note, author


def may_change(actor: Actor, note: CaseNote) -> bool:
    return note.author_id == actor.user_id and now() - note.created_at < CHANGEABLE_FOR


def change(actor: Actor, note: CaseNote, case: Case, values: dict[str, Any]) -> bool:
    """Change a note within its day; what it said before is kept in the sealed history. False when nothing differs."""
    changes = change_of(note, values)
    if not changes:
        return False
    if note.kind in MET:
        seen_on(case, note.happened_on)
    record(Event.NOTE_CHANGED, actor, note, also=[case], changes=changes)
    timeline.add(case, Happened.NOTE_CHANGED, actor, object_id=note.id)
    return True


def texts(note_ids: list[Id]) -> dict[Id, Any]:
    """Notes by id, for the timeline; their texts are opened where they are shown."""
    if not note_ids:
        return {}
    return {note.id: note for note in db.session.scalars(select(CaseNote).where(CaseNote.id.in_(note_ids)))}
