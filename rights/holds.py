"""Legal holds: while one stands, nobody erases, disposes of, merges or moves a young person's record."""

from sqlalchemy import select

from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import now
from core.db import db
from core.ids import Id
from rights.models import LegalHold
from rights.person_records import area_of, people_of


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
