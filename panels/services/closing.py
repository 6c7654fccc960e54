"""Closing a case: what must be settled, asking, agreeing by a second person, and reopening as a new episode."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from accounts.models import User
from audit.models import Event
from audit.services import change_of, record
from core.access import Actor, Permission
from core.clock import now, today
from core.codes.cases import Attendance, CaseStage, ClosureReason, EngagementStatus, RescheduledBy, SessionStatus
from core.codes.offers import OPEN_OFFERS, OfferStatus
from core.db import db
from core.ids import Id
from panels import policies
from panels.models import Case, Goal, Offer, SupportSession
from panels.services import next_step, timeline
from panels.services.cases import NotPossible
from panels.services.timeline import Happened
from referrals.services import outcomes, step_ups

P = Permission
FINISHED = (ClosureReason.GOALS_MET.value, ClosureReason.PARTLY_MET.value)
_PLANNED = (SessionStatus.PLANNED.value, SessionStatus.NOT_RECORDED.value)


@dataclass(frozen=True, slots=True)
class Checklist:
    """What should be settled first. Only an open step-up stops the closing."""

    unrecorded_sessions: int
    unanswered_offers: int
    open_step_up: bool
    goals: list[Goal]


@dataclass(frozen=True, slots=True)
class Closure:
    """What is written when a case closes. ``outcomes``: a goal's id to its outcome."""

    reason: str
    exit_plan: str
    feedback: str
    note: str
    outcomes: dict[Id, str]


def checklist(case: Case) -> Checklist:
    sessions = select(func.count()).where(
        SupportSession.case_id == case.id, SupportSession.status.in_(_PLANNED), SupportSession.starts_at < now()
    )
    offers = select(func.count()).where(Offer.case_id == case.id, Offer.status == OfferStatus.OFFERED.value)
    row = db.session.execute(select(sessions.scalar_subquery(), offers.scalar_subquery())).one()
    return Checklist(int(row[0]), int(row[1]), step_ups.has_open(case_id=case.id), goals_of(case))


def goals_of(case: Case) -> list[Goal]:
    """The goals of the newest plan of this episode."""
    plan = next_step.newest_plan(case)
    if plan is None:
        return []
    return list(db.session.scalars(select(Goal).where(Goal.plan_id == plan.id).order_by(Goal.position)))


def must_ask(actor: Actor, case: Case) -> bool:
    """Who leads the case, or may not close cases, asks; a coordinator closes others' cases without asking."""
    return not actor.can(P.CASE_CLOSE) or case.lead_id == actor.user_id


def ask(actor: Actor, case: Case, closure: Closure) -> None:
    """Ask for the case to be closed; a coordinator other than the asker agrees."""
    _check(case)
    changes = change_of(case, _written(closure) | {"closure_asked_by_id": actor.user_id, "closure_asked_on": today()})
    goals = _settle_goals(actor, case, closure.outcomes)
    next_step.refresh(case)
    record(Event.CLOSURE_ASKED, actor, case, also=goals, changes=changes, reason=closure.reason)
    timeline.add(case, Happened.CLOSURE_ASKED, actor, summary=ClosureReason(closure.reason).label)


def close(actor: Actor, case: Case, closure: Closure) -> None:
    """Close at once a case that someone else leads."""
    _check(case)
    if must_ask(actor, case):
        raise NotPossible("Ask another coordinator to close a case that you lead")
    goals = _settle_goals(actor, case, closure.outcomes)
    _finish(actor, case, change_of(case, _written(closure)), goals)


def approve(actor: Actor, case: Case) -> None:
    """Agree to a request to close. Nobody approves their own."""
    _check(case)
    if case.closure_asked_by_id is None:
        raise NotPossible("Nobody has asked to close this case")
    if not actor.can(P.CASE_CLOSE) or case.closure_asked_by_id == actor.user_id:
        raise NotPossible("Nobody approves their own request. Another coordinator can")
    _finish(actor, case, {}, [])


def send_back(actor: Actor, case: Case) -> None:
    """Not yet: the case goes on, and what was written stays for the next time."""
    if case.closure_asked_by_id is None or not actor.can(P.CASE_CLOSE):
        raise NotPossible("Nobody has asked to close this case")
    changes = change_of(case, {"closure_asked_by_id": None, "closure_asked_on": None})
    next_step.refresh(case)
    record(Event.CLOSURE_ASKED, actor, case, changes=changes, outcome="sent_back")
    timeline.add(case, Happened.CLOSURE_SENT_BACK, actor)


def reopen(actor: Actor, case: Case, *, reason: str, words: str) -> None:
    """Begin a new episode of the same case; what was written when it closed stays in its history."""
    if case.is_open:
        raise NotPossible("The case is open")
    values = {
        "is_open": True, "episode": case.episode + 1, "opened_at": now(), "closed_at": None, "closed_by_id": None,
        "closure_reason": None, "closure_asked_by_id": None, "closure_asked_on": None, "reopen_reason": words,
        "closure_note": None, "exit_plan": None, "closure_feedback": None, "review_due_on": None,
        "stage": CaseStage.REOPENED.value, "engagement": EngagementStatus.ASKING.value,
    }  # fmt: skip
    changes = change_of(case, values)
    next_step.refresh(case)
    outcomes.case_reopened(actor, case.referral_id)
    record(Event.CASE_REOPENED, actor, case, changes=changes, reason=reason)
    timeline.add(case, Happened.REOPENED, actor, summary=words)


def asked_by(case: Case) -> str | None:
    return db.session.scalar(select(User.name).where(User.id == case.closure_asked_by_id))


def _check(case: Case) -> None:
    if not case.is_open:
        raise NotPossible("The case is closed already")
    if step_ups.has_open(case_id=case.id):
        raise NotPossible("A step-up has no answer. You cannot close yet")


def _written(closure: Closure) -> dict[str, Any]:
    return {
        "closure_reason": closure.reason, "closure_note": closure.note, "exit_plan": closure.exit_plan,
        "closure_feedback": closure.feedback,
    }  # fmt: skip


def _settle_goals(actor: Actor, case: Case, outcomes_by_id: dict[Id, str]) -> list[Goal]:
    """Raise NotPossible unless every goal has an outcome."""
    goals = goals_of(case)
    if any(not outcomes_by_id.get(goal.id) for goal in goals):
        raise NotPossible("Choose what happened with every goal")
    for goal in goals:
        changes = change_of(goal, {"outcome": outcomes_by_id[goal.id]})
        if changes:
            record(Event.PLAN_CHANGED, actor, goal, changes=changes)
    return goals


def _finish(actor: Actor, case: Case, changes: dict[str, tuple[Any, Any]], goals: list[Goal]) -> None:
    case.is_open, case.closed_at, case.closed_by_id = False, now(), actor.user_id
    case.closure_asked_by_id = case.closure_asked_on = None
    ended = [*_end_offers(case), *_end_sessions(case)]
    next_step.refresh(case)
    outcomes.case_closed(actor, case.referral_id, case.closure_feedback or "")
    record(Event.CASE_CLOSED, actor, case, also=[*goals, *ended], changes=changes, reason=case.closure_reason)
    summary = ClosureReason(case.closure_reason or ClosureReason.OTHER).label
    timeline.add(case, Happened.CLOSED, actor, summary=summary)


def _end_offers(case: Case) -> list[Any]:
    """Support ends with the case, and with it what its provider may open."""
    states = [status.value for status in OPEN_OFFERS]
    offers = db.session.scalars(select(Offer).where(Offer.case_id == case.id, Offer.status.in_(states))).all()
    for offer in offers:
        begun = offer.status in {OfferStatus.ACTIVE, OfferStatus.ACCEPTED}
        done = begun and case.closure_reason in FINISHED
        offer.status = (OfferStatus.COMPLETED if done else OfferStatus.ENDED_EARLY).value
    return list(offers)


def _end_sessions(case: Case) -> list[Any]:
    """What was still planned is taken off, as cancelled by us."""
    sessions = db.session.scalars(
        select(SupportSession).where(
            SupportSession.case_id == case.id, SupportSession.status.in_(_PLANNED), SupportSession.starts_at >= now()
        )
    ).all()
    for session in sessions:
        session.status, session.attendance = SessionStatus.DID_NOT_HAPPEN.value, Attendance.MOVED.value
        session.rescheduled_by = RescheduledBy.WORKER.value
    return list(sessions)


def may_open_page(actor: Actor, case: Case) -> bool:
    return policies.may_work(actor, case) or actor.can(P.CASE_CLOSE)
