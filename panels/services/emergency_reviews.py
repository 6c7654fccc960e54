"""Looking back at emergency access: the list, the review, and who is told when nobody reviews in time."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from accounts.models import User
from audit.models import Event
from audit.services import record
from core.access import Actor, Permission
from core.clock import now, today
from core.codes.base import Tag
from core.codes.emergency import EmergencyOutcome
from core.context import acting_as, current
from core.db import db
from core.ids import Id
from core.paging import PER_PAGE, Paging
from core.working_days import Due, due
from messages.kinds import MessageKind
from messages.services.notices import Place, leads_to
from messages.services.recipients import holders
from messages.services.telling import tell
from panels.emergency_policies import may_review, shown_to
from panels.models import Case, EmergencyAccess


class NotYours(ValueError):
    """This person may not review it; the words are for the page."""


@dataclass(frozen=True, slots=True)
class Line:
    """One access with the names around it."""

    access: EmergencyAccess
    who: str
    reference: str
    reviewer: str | None
    may_review: bool

    @property
    def due(self) -> Due:
        return due(self.access.review_by, today())

    @property
    def outcome(self) -> Tag | None:
        return EmergencyOutcome(self.access.outcome).tag if self.access.outcome else None


def _lines(actor: Actor) -> Select[*tuple[Any, ...]]:
    reviewer = aliased(User)
    return (
        shown_to(actor)
        .join(User, User.id == EmergencyAccess.user_id)
        .join(Case, Case.id == EmergencyAccess.case_id)
        .outerjoin(reviewer, reviewer.id == EmergencyAccess.reviewed_by_id)
        .add_columns(User.name, Case.reference, reviewer.name, func.count().over())
    )


def listed(actor: Actor, page: int) -> tuple[list[Line], Paging]:
    """Those to review first, the most urgent on top; then what was reviewed, newest first."""
    rows = db.session.execute(
        _lines(actor)
        .order_by(
            EmergencyAccess.outcome.is_not(None), EmergencyAccess.reviewed_at.desc(), EmergencyAccess.review_by,
            EmergencyAccess.id,
        )
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()  # fmt: skip
    current().load_keys(row[0].data_key_id for row in rows)
    return [_line(actor, row) for row in rows], Paging(page, rows[0][4] if rows else 0)


def find(actor: Actor, access_id: Id) -> Line:
    """Raise NoResultFound where it is not this person's to see."""
    return _line(actor, db.session.execute(_lines(actor).where(EmergencyAccess.id == access_id)).one())


def _line(actor: Actor, row: Any) -> Line:
    access, who, reference, reviewer, _ = row
    return Line(access, who, reference, reviewer, may_review(actor, access))


def review(actor: Actor, access: EmergencyAccess, outcome: EmergencyOutcome, words: str) -> None:
    """Keep what the safeguarding lead found. An incident tells the data protection officers. Raise NotYours."""
    if not may_review(actor, access):
        raise NotYours("Someone else has reviewed this, or it is not yours to review")
    access.outcome, access.review_words = outcome.value, words
    access.reviewed_by_id, access.reviewed_at = actor.user_id, now()
    record(Event.EMERGENCY_REVIEWED, actor, access, reason=outcome.value)
    if outcome is EmergencyOutcome.INCIDENT:
        officers = holders(Permission.GRANT_APPROVE, access.area_id, but=actor.user_id)
        tell(officers, MessageKind.URGENT, area_id=access.area_id, about=("emergency_access", access.id))


def to_review(actor: Actor) -> tuple[int, int]:
    """How many wait for a review, and how many of them too long."""
    waiting = shown_to(actor).where(EmergencyAccess.outcome.is_(None))
    late = func.count().filter(EmergencyAccess.review_by < today())
    all_, overdue = db.session.execute(waiting.with_only_columns(func.count(), late)).one()
    return all_, overdue


def escalate() -> int:
    """Tell everyone responsible, once, of each access that nobody reviewed in time; returns how many. Commits.

    Safeguarding leads, data protection officers and the partnership's leads: somebody besides who forgot.
    """
    with acting_as(job="emergency-reviews"):
        missed = db.session.scalars(
            select(EmergencyAccess).where(
                EmergencyAccess.outcome.is_(None), EmergencyAccess.escalated_at.is_(None),
                EmergencyAccess.review_by < today(),
            )
        ).all()  # fmt: skip
        for access in missed:
            access.escalated_at = now()
            told = {
                *holders(Permission.EMERGENCY_READ, access.area_id),
                *holders(Permission.GRANT_APPROVE, access.area_id),
            }
            about = ("emergency_access", access.id)
            tell(sorted(told), MessageKind.EMERGENCY_ACCESS, area_id=access.area_id, about=about, by=access.review_by)
            record(Event.EMERGENCY_ESCALATED, None, access, detail={"told": len(told)})
        db.session.commit()
    return len(missed)


def _find_accesses(actor: Actor, ids: list[Id]) -> dict[Id, Place]:
    rows = db.session.execute(
        shown_to(actor)
        .join(Case, Case.id == EmergencyAccess.case_id)
        .where(EmergencyAccess.id.in_(ids))
        .with_only_columns(EmergencyAccess.id, Case.reference)
    )
    return {row.id: Place(row.reference, f"/audit/emergency/{row.id}") for row in rows}


leads_to("emergency_access", _find_accesses)
