"""The timeline of a case: one line for each thing that happened, written in the transaction of the thing itself."""

from typing import Any

from sqlalchemy import Select, bindparam, select

from accounts.models import Agency, User
from core.access import Actor
from core.clock import now
from core.codes.base import Code
from core.context import current
from core.crypto import seal_value, sealed_column
from core.ending import insert_at_commit
from core.ids import Id, new_id
from panels.models import TimelineEntry


class Happened(Code):
    """What a line of the timeline tells; its label is the line's title."""

    CASE_OPENED = "case_opened", "Case opened"
    LEAD_CHANGED = "lead_changed", "Lead practitioner changed"
    ASKED = "asked", "Asked to take part"
    NOTE = "note", "Note"
    NOTE_CHANGED = "note_changed", "Note changed"
    PLAN_STARTED = "plan_started", "Plan started"
    PLAN_CHANGED = "plan_changed", "Plan changed"
    PLAN_AGREED = "plan_agreed", "Plan agreed"
    OFFER_MADE = "offer_made", "Support offered"
    OFFER_ANSWERED = "offer_answered", "Offer answered"
    OFFER_ENDED = "offer_ended", "Support ended"
    SESSION_PLANNED = "session_planned", "Session planned"
    SESSION_HAPPENED = "session_happened", "Session happened"
    SESSION_MISSED = "session_missed", "Session did not happen"
    CONCERN = "concern", "Worry raised in a session"
    REVIEW = "review", "Review"
    STEP_UP = "step_up", "Sent to the front door"
    STEP_UP_ANSWERED = "step_up_answered", "Front door answered"
    ACTION = "action", "Action"
    SHARED = "shared", "Information shared"
    FILE_ADDED = "file_added", "File added"
    CLOSURE_ASKED = "closure_asked", "Asked to close"
    CLOSURE_SENT_BACK = "closure_sent_back", "Not closed yet"
    CLOSED = "closed", "Case closed"
    REOPENED = "reopened", "Case reopened"
    MOVED = "moved", "Moved here from another area"


def add(case: Any, kind: str, actor: Actor | None, *, object_id: Id | None = None, summary: str | None = None) -> None:
    """Add a line at the end of this transaction. ``kind`` is one of ``Happened``; ``summary``: at most 500 characters,
    sealed."""
    line_id, at = new_id(), now()
    sealed = None
    if summary:
        cipher = current().cipher(case.data_key_id)
        sealed = seal_value(TimelineEntry, "summary", line_id, case.data_key_id, cipher, summary[:500])
    insert_at_commit(
        TimelineEntry.__tablename__,
        {
            "id": line_id, "at": at, "created_at": at, "row_version": 1, "kind": str(kind), "object_id": object_id,
            "case_id": case.id, "area_id": case.area_id, "young_person_id": case.young_person_id,
            "data_key_id": case.data_key_id, "actor_id": actor.user_id if actor else None,
            "agency_id": actor.agency_id if actor else None, "summary_sealed": sealed,
        },
    )  # fmt: skip


def newest() -> Select[*tuple[Any, ...]]:
    """The lines of ``:case`` with who and which agency, newest first; the caller opens ``summary_sealed``."""
    return (
        select(
            TimelineEntry.id, TimelineEntry.at, TimelineEntry.kind, TimelineEntry.object_id, TimelineEntry.agency_id,
            TimelineEntry.data_key_id, TimelineEntry.young_person_id, sealed_column(TimelineEntry, "summary"),
            User.name.label("by"), Agency.name.label("agency"),
        )
        .outerjoin(User, User.id == TimelineEntry.actor_id)
        .outerjoin(Agency, Agency.id == TimelineEntry.agency_id)
        .where(TimelineEntry.case_id == bindparam("case"))
        .order_by(TimelineEntry.at.desc(), TimelineEntry.id)
    )  # fmt: skip
