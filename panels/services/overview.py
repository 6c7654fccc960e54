"""What the case page shows, in one statement for each part, whatever the number of rows."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, func, or_, select

from accounts.models import Agency, User
from core.access import Actor
from core.codes.cases import PlanStatus, SessionStatus
from core.codes.offers import OfferStatus
from core.context import current
from core.db import db
from core.ids import Id
from core.paging import PER_PAGE
from interventions.models import Intervention
from panels import policies
from panels.models import Case, EngagementAttempt, Goal, Offer, Plan, SupportSession, TimelineEntry
from panels.services import notes, timeline
from panels.services.cases import CaseFile
from panels.services.timeline import Happened
from referrals.models import StepUp
from referrals.services.step_ups import WAITING

LAST_EVENTS = 5
SHOWN_TO_PROVIDERS = (Happened.PLAN_AGREED.value,)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline, opened."""

    at: Any
    kind: str
    title: str
    by: str
    text: str | None
    object_id: Id | None


@dataclass(slots=True)
class Overview:
    plan: Plan | None = None
    goals: list[Goal] = field(default_factory=list)
    offers: list[Any] = field(default_factory=list)
    attempt: EngagementAttempt | None = None
    came: int = 0
    did_not_happen: int = 0
    to_come: int = 0
    step_up: Any = None
    lines: list[Line] = field(default_factory=list)


def of(actor: Actor, file: CaseFile) -> Overview:
    """The whole page for who sees the whole case; for a provider the plan and their own support."""
    case, whole = file.case, policies.sees_whole(actor, file.case)
    page = Overview()
    page.plan, page.goals = _plan(case)
    page.offers = _offers(actor, case, whole)
    page.came, page.did_not_happen, page.to_come = _sessions(actor, case, whole)
    page.lines = lines(actor, case, limit=LAST_EVENTS)
    if whole:
        page.attempt = _last_attempt(case)
        page.step_up = _step_up(case)
    return page


def _plan(case: Case) -> tuple[Plan | None, list[Goal]]:
    rows = db.session.execute(
        select(Plan, Goal)
        .outerjoin(Goal, Goal.plan_id == Plan.id)
        .where(Plan.case_id == case.id, Plan.status != PlanStatus.REPLACED.value)
        .order_by(Plan.number.desc(), Goal.position)
    ).all()
    if not rows:
        return None, []
    newest = rows[0][0]
    return newest, [goal for plan, goal in rows if plan is newest and goal is not None]


def _offers(actor: Actor, case: Case, whole: bool) -> list[Any]:
    """Support with its provider and how many sessions happened; a provider sees their own."""
    happened = (
        select(func.count())
        .where(SupportSession.offer_id == Offer.id, SupportSession.status == SessionStatus.HAPPENED.value)
        .correlate(Offer)
        .scalar_subquery()
    )
    query = (
        select(
            Offer.id, Offer.status, Offer.planned_sessions, Offer.answer_by, Offer.start_on,
            Intervention.name.label("what"), Agency.name.label("provider"), User.name.label("worker"),
            happened.label("happened"),
        )
        .join(Intervention, Intervention.id == Offer.intervention_id)
        .join(Agency, Agency.id == Offer.provider_id)
        .outerjoin(User, User.id == Offer.practitioner_id)
        .where(Offer.case_id == case.id, Offer.status != OfferStatus.CANNOT_TAKE.value)
        .order_by(Offer.created_at)
    )  # fmt: skip
    if not whole:
        query = query.where(or_(Offer.practitioner_id == actor.user_id, Offer.provider_id == actor.agency_id))
    return list(db.session.execute(query))


def _sessions(actor: Actor, case: Case, whole: bool) -> tuple[int, int, int]:
    def number(status: SessionStatus) -> Any:
        return func.count().filter(SupportSession.status == status.value)

    query = select(
        number(SessionStatus.HAPPENED), number(SessionStatus.DID_NOT_HAPPEN), number(SessionStatus.PLANNED)
    ).where(SupportSession.case_id == case.id)
    if not whole:
        query = query.where(SupportSession.worker_id == actor.user_id)
    row = db.session.execute(query).one()
    return int(row[0]), int(row[1]), int(row[2])


def _last_attempt(case: Case) -> EngagementAttempt | None:
    return db.session.scalars(
        select(EngagementAttempt)
        .where(EngagementAttempt.case_id == case.id)
        .order_by(EngagementAttempt.made_on.desc(), EngagementAttempt.created_at.desc())
        .limit(1)
    ).first()


def _step_up(case: Case) -> Any:
    """The oldest step-up of the case that the front door has not answered."""
    return db.session.execute(
        select(StepUp.id, StepUp.status, StepUp.chase_on, StepUp.called_at)
        .where(StepUp.case_id == case.id, StepUp.status.in_(WAITING))
        .order_by(StepUp.called_at)
        .limit(1)
    ).first()


def _lines_query(actor: Actor, case: Case) -> Any:
    query = timeline.newest(case.id)
    if policies.sees_whole(actor, case):
        return query
    own = and_(TimelineEntry.agency_id == actor.agency_id, TimelineEntry.agency_id.is_not(None))
    return query.where(or_(own, TimelineEntry.kind.in_(SHOWN_TO_PROVIDERS)))


def lines(actor: Actor, case: Case, *, limit: int = PER_PAGE, page: int = 1) -> list[Line]:
    """Lines of the timeline, newest first: all for who sees the whole case, their agency's own for a provider."""
    query = _lines_query(actor, case).limit(limit).offset((page - 1) * PER_PAGE)
    return [_line(row) for row in db.session.execute(query)]


def _line(row: Any) -> Line:
    text = current().open_value(
        TimelineEntry, "summary", row.id, row.data_key_id, row.young_person_id, row.summary_sealed
    )
    title = next((kind.label for kind in Happened if kind.value == row.kind), "Something was recorded")
    return Line(row.at, row.kind, title, ", ".join(filter(None, (row.by, row.agency))), text, row.object_id)


def count_lines(actor: Actor, case: Case) -> int:
    counted = _lines_query(actor, case).order_by(None).subquery()
    return int(db.session.scalar(select(func.count()).select_from(counted)) or 0)


def note_texts(found: list[Line]) -> dict[Id, Any]:
    """The notes that these lines tell of, by id."""
    return notes.texts([line.object_id for line in found if line.kind == Happened.NOTE and line.object_id])
