"""What the case page shows, in one statement for each part, whatever the number of rows."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, or_, select

from accounts.models import Agency, User
from core.access import Actor
from core.codes.cases import PlanStatus, SessionStatus
from core.codes.offers import OfferStatus
from core.context import current
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from core.paging import PER_PAGE
from core.statements import fetch, fetch_one
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
    step_ups: list[Any] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


def of(actor: Actor, file: CaseFile) -> Overview:
    """The whole page for who sees the whole case; for a provider the plan and their own support."""
    case, whole = file.case, policies.sees_whole(actor, file.case)
    values = policies.bound(actor) | {"case": case.id}
    page = Overview()
    page.plan, page.goals = _plan(values)
    page.offers = list(fetch(_OFFERS if whole else _OWN_OFFERS, values))
    counted = fetch_one(_SESSIONS if whole else _OWN_SESSIONS, values)
    page.came, page.did_not_happen, page.to_come = (int(number) for number in counted)
    page.lines = lines(actor, case, limit=LAST_EVENTS)
    if whole:
        page.attempt = db.session.scalars(_LAST_ATTEMPT, values).first()
        page.step_ups = open_step_ups(case)
    return page


def open_step_ups(case: Case) -> list[Any]:
    """What the front door has not answered about this case, the oldest call first."""
    return list(fetch(_STEP_UPS, {"case": case.id}))


def _plan(values: dict[str, Any]) -> tuple[Plan | None, list[Goal]]:
    """The newest version with its goals."""
    rows = db.session.execute(_PLAN, values).all()
    if not rows:
        return None, []
    newest = rows[0][0]
    return newest, [goal for plan, goal in rows if plan is newest and goal is not None]


def lines(actor: Actor, case: Case, *, limit: int = PER_PAGE, page: int = 1) -> list[Line]:
    """Lines of the timeline, newest first: all for who sees the whole case, their agency's own for a provider."""
    statement = _LINES if policies.sees_whole(actor, case) else _OWN_LINES
    values = policies.bound(actor) | {"case": case.id, "limit": limit, "offset": (page - 1) * PER_PAGE}
    return [_line(row) for row in fetch(statement, values)]


def count_lines(actor: Actor, case: Case) -> int:
    statement = _COUNT if policies.sees_whole(actor, case) else _OWN_COUNT
    return int(db.session.scalar(statement, policies.bound(actor) | {"case": case.id}) or 0)


def _line(row: Any) -> Line:
    text = current().open_value(
        TimelineEntry, "summary", row.id, row.data_key_id, row.young_person_id, row.summary_sealed
    )
    title = next((kind.label for kind in Happened if kind.value == row.kind), _("Something was recorded"))
    return Line(row.at, row.kind, title, ", ".join(filter(None, (row.by, row.agency))), text, row.object_id)


def note_texts(found: list[Line]) -> dict[Id, Any]:
    """The notes that these lines tell of, by id."""
    return notes.texts([line.object_id for line in found if line.kind == Happened.NOTE and line.object_id])


# --- statements, built once; ``:case`` is the case, ``:me`` and ``:agency`` are who looks ---

_CASE: BindParameter[str] = bindparam("case")

_PLAN = (
    select(Plan, Goal)
    .outerjoin(Goal, Goal.plan_id == Plan.id)
    .where(Plan.case_id == _CASE, Plan.status != PlanStatus.REPLACED.value)
    .order_by(Plan.number.desc(), Goal.position)
)

_happened = (
    select(func.count())
    .where(SupportSession.offer_id == Offer.id, SupportSession.status == SessionStatus.HAPPENED.value)
    .correlate(Offer)
    .scalar_subquery()
)
_OFFERS = (
    select(
        Offer.id, Offer.status, Offer.provider_id, Offer.planned_sessions, Offer.answer_by, Offer.start_on,
        Intervention.name.label("what"), Agency.name.label("provider"), User.name.label("worker"),
        _happened.label("happened"),
    )
    .join(Intervention, Intervention.id == Offer.intervention_id)
    .join(Agency, Agency.id == Offer.provider_id)
    .outerjoin(User, User.id == Offer.practitioner_id)
    .where(Offer.case_id == _CASE, Offer.status != OfferStatus.CANNOT_TAKE.value)
    .order_by(Offer.created_at)
)  # fmt: skip
_OWN_OFFERS = _OFFERS.where(or_(Offer.practitioner_id == bindparam("me"), Offer.provider_id == bindparam("agency")))

_SESSIONS = select(
    *(
        func.count().filter(SupportSession.status == status.value)
        for status in (SessionStatus.HAPPENED, SessionStatus.DID_NOT_HAPPEN, SessionStatus.PLANNED)
    )
).where(SupportSession.case_id == _CASE)
_OWN_SESSIONS = _SESSIONS.where(SupportSession.worker_id == bindparam("me"))

_LAST_ATTEMPT = (
    select(EngagementAttempt)
    .where(EngagementAttempt.case_id == _CASE)
    .order_by(EngagementAttempt.made_on.desc(), EngagementAttempt.created_at.desc())
    .limit(1)
)

_STEP_UPS = (
    select(StepUp.id, StepUp.status, StepUp.chase_on, StepUp.called_at)
    .where(StepUp.case_id == _CASE, StepUp.status.in_(WAITING))
    .order_by(StepUp.called_at, StepUp.id)
    .limit(5)
)

_own_line = or_(TimelineEntry.agency_id == bindparam("agency"), TimelineEntry.kind.in_(SHOWN_TO_PROVIDERS))
_LINES = timeline.newest().limit(bindparam("limit")).offset(bindparam("offset"))
_OWN_LINES = timeline.newest().where(_own_line).limit(bindparam("limit")).offset(bindparam("offset"))
_COUNT = select(func.count()).select_from(TimelineEntry).where(TimelineEntry.case_id == _CASE)
_OWN_COUNT = _COUNT.where(_own_line)
