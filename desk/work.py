"""What waits, counted: a statement for each kind of work, over what the person may see. Nothing sealed is opened."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, select

from audit.decoys import not_a_decoy
from cohort.models import CohortRun, SourceExtract
from core.access import Actor
from core.clock import LONDON, in_london, now, today
from core.codes.cases import CaseStage
from core.codes.decisions import MeetingStatus, RunStatus
from core.codes.offers import OfferStatus
from core.codes.referrals import ReferralStatus as S
from core.db import db
from core.ids import Id
from core.working_days import add_working_days
from invited.policies import waiting_for
from panels import policies as case_policies
from panels.meeting_policies import actions_visible_to
from panels.models import Case, Offer, PanelAction, SupportSession
from panels.services import emergency_reviews, meetings
from panels.services.caseload_query import REVIEWED
from panels.services.sessions import TO_RECORD
from panels.support_policies import offers_visible_to
from referrals.models import Referral, StepUp
from referrals.services import queue
from referrals.services.step_ups import WAITING
from referrals.triage_policies import in_area, step_ups_visible


@dataclass(frozen=True, slots=True)
class Pair:
    """How many wait, and how many of them too long."""

    all: int = 0
    late: int = 0


NOTHING = Pair()


def _late(condition: ColumnElement[bool]) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _pair(statement: Any, columns: tuple[Any, ...]) -> Pair:
    return Pair(*db.session.execute(statement.with_only_columns(*columns)).one())


def referral_numbers(actor: Actor) -> dict[S, Pair]:
    """Open referrals of the area by status, as the queue would list them."""
    rows = db.session.execute(
        select(Referral.status, func.count(), _late(queue.late(actor)))
        .where(in_area(actor), not_a_decoy(Referral.id))
        .group_by(Referral.status)
    )
    return {S(status): Pair(number, overdue) for status, number, overdue in rows}


@dataclass(frozen=True, slots=True)
class CaseNumbers:
    """Open cases that the person may see, as the caseload's filters would list them."""

    open: Pair
    assessing: Pair
    plan_draft: Pair
    reviews: Pair
    closing: Pair
    nobodys: Pair


def case_numbers(actor: Actor) -> CaseNumbers:
    day = today()
    review = and_(Case.review_due_on <= day, Case.stage.in_(REVIEWED))
    kinds: tuple[Any, ...] = (
        literal(1) == 1, Case.stage == CaseStage.ASSESSING.value, Case.stage == CaseStage.PLAN_DRAFT.value, review,
        Case.stage == CaseStage.CLOSING.value, Case.lead_id.is_(None),
    )  # fmt: skip
    columns = [_late(part) for kind in kinds for part in (kind, and_(kind, Case.next_due_on < day))]
    row = db.session.execute(select(*columns).where(case_policies.visible(actor), Case.is_open)).one()
    return CaseNumbers(*(Pair(int(row[i]), int(row[i + 1])) for i in range(0, len(row), 2)))


def offer_numbers(actor: Actor) -> Pair:
    unanswered = offers_visible_to(actor).where(Offer.status == OfferStatus.OFFERED.value)
    return _pair(unanswered, (func.count(), _late(Offer.answer_by < today())))


def step_up_numbers(actor: Actor) -> Pair:
    waiting = select(StepUp).where(step_ups_visible(actor), StepUp.status.in_(WAITING))
    return _pair(waiting, (func.count(), _late(StepUp.chase_on < today())))


def emergency_numbers(actor: Actor) -> Pair:
    """Cases opened in an emergency that nobody has reviewed."""
    return Pair(*emergency_reviews.to_review(actor))


def step_ups_and_arrivals(actor: Actor) -> tuple[Pair, int]:
    """Step-ups without an answer, and how much came without an account and waits to be accepted; one statement."""
    waiting = select(StepUp).where(step_ups_visible(actor), StepUp.status.in_(WAITING))
    arrived = waiting_for(actor).with_only_columns(func.count()).scalar_subquery()
    row = db.session.execute(
        waiting.with_only_columns(func.count(), _late(StepUp.chase_on < today()), arrived)
    ).one()  # fmt: skip
    return Pair(row[0], row[1]), row[2]


def action_numbers(actor: Actor) -> Pair:
    mine = actions_visible_to(actor).where(PanelAction.done_at.is_(None))
    return _pair(mine, (func.count(), _late(PanelAction.due_on < today())))


@dataclass(frozen=True, slots=True)
class NextMeeting:
    id: Id
    starts_at: datetime
    items: int
    quorum: int
    chair: str | None


@dataclass(frozen=True, slots=True)
class Meetings:
    """The next meeting, and how many ended without their decisions being confirmed."""

    next: NextMeeting | None
    unconfirmed: int


def panel_meetings(actor: Actor) -> Meetings:
    midnight = datetime.combine(today(), time(), LONDON)
    coming, unconfirmed = None, 0
    for meeting, items, chair in meetings.upcoming(actor):
        if meeting.starts_at < midnight:
            unconfirmed += meeting.status == MeetingStatus.UNDER_WAY.value
        elif coming is None:
            coming = NextMeeting(meeting.id, meeting.starts_at, items, meeting.quorum, chair)
    return Meetings(coming, unconfirmed)


@dataclass(frozen=True, slots=True)
class Sessions:
    """One's own sessions: today's, and how many are over and not recorded."""

    today: list[Any]
    unrecorded: Pair


def own_sessions(actor: Actor) -> Sessions:
    """Times and references; names are on the sessions page."""
    tomorrow = datetime.combine(today() + timedelta(days=1), time(), LONDON)
    old = add_back(today(), 2)
    rows = db.session.execute(
        select(SupportSession.id, SupportSession.starts_at, Case.reference)
        .join(Case, Case.id == SupportSession.case_id)
        .where(
            SupportSession.worker_id == actor.user_id, SupportSession.area_id == actor.area_id,
            SupportSession.status.in_(TO_RECORD), SupportSession.starts_at < tomorrow,
        )
        .order_by(SupportSession.starts_at)
        .limit(200)
    ).all()  # fmt: skip
    of_today = [row for row in rows if in_london(row.starts_at).date() == today()]
    past = [row for row in rows if row.starts_at < now() and row not in of_today]
    return Sessions(of_today, Pair(len(past), sum(1 for row in past if in_london(row.starts_at).date() < old)))


def add_back(day: date, working: int) -> date:
    """That many working days before."""
    start = day
    while add_working_days(start, working) > day:
        start -= timedelta(days=1)
    return start


def upload_numbers(actor: Actor) -> int:
    """Uploads that were checked and neither accepted nor discarded."""
    waiting = select(func.count()).where(SourceExtract.area_id == actor.area_id, SourceExtract.status == "checked")
    return db.session.scalar(waiting) or 0


def run_numbers(actor: Actor) -> int:
    """Runs that wait for release."""
    return (
        db.session.scalar(
            select(func.count()).where(CohortRun.area_id == actor.area_id, CohortRun.status == RunStatus.READY.value)
        )
        or 0
    )
