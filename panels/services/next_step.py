"""What is due next on a case and by when: worked out from the record and kept on the case for lists."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from accounts.models import Area
from core.clock import in_london, now, today
from core.codes.base import Code
from core.codes.cases import CaseStage, EngagementStatus, PlanStatus, SessionStatus
from core.codes.offers import OPEN_OFFERS, OfferStatus
from core.db import db
from core.working_days import add_working_days
from panels.models import Case, EngagementAttempt, Offer, Plan, SupportSession

DEFAULTS = {"allocate": 2, "engagement": 20, "engagement_attempts": 3, "baseline": 20, "approve": 2, "settle": 5}
REVIEW_WEEKS = 6


class NextStep(Code):
    """The label finishes "Next:"; it is also the words of the one green button."""

    ALLOCATE = "allocate", "Choose a lead practitioner"
    ASK = "ask", "Ask them to take part"
    DECIDE = "decide", "Decide what to do next"
    WRITE_PLAN = "write_plan", "Write the plan"
    AGREE_PLAN = "agree_plan", "Agree the plan"
    CHOOSE_SUPPORT = "choose_support", "Choose support"
    ANSWER_OFFER = "answer_offer", "Provider to answer the offer"
    PLAN_SESSION = "plan_session", "Plan a session"
    RECORD_SESSION = "record_session", "Record a session"
    REVIEW = "review", "Review"
    CLOSE = "close", "Prepare to close"
    APPROVE_CLOSURE = "approve_closure", "Approve closure"
    NONE = "none", "Nothing: the case is closed"


@dataclass(frozen=True, slots=True)
class Step:
    what: NextStep
    on: date


def targets_of(area_id: str) -> dict[str, Any]:
    return DEFAULTS | {"review_weeks": REVIEW_WEEKS} | (db.session.get_one(Area, area_id).targets or {})


def refresh(case: Case) -> None:
    """Set ``next_step``, ``next_due_on`` and the stage. The caller's ``record`` names the case (``also=[case]``)."""
    db.session.flush()
    plan = newest_plan(case)
    if plan is not None and plan.status == PlanStatus.AGREED and case.review_due_on is None:
        weeks = targets_of(case.area_id)["review_weeks"]
        case.review_due_on = add_working_days((plan.agreed_on or today()) + timedelta(weeks=weeks), 0)
    step = _step(case, plan)
    for name, value in {"next_step": step.what.value, "next_due_on": step.on, "stage": _stage(case, plan)}.items():
        if getattr(case, name) != value:
            setattr(case, name, value)


def _step(case: Case, plan: Any) -> Step:
    targets = targets_of(case.area_id)
    opened = _day(case.opened_at)
    if not case.is_open:
        return Step(NextStep.NONE, _day(case.closed_at or now()))
    if case.closure_asked_by_id:
        return Step(NextStep.APPROVE_CLOSURE, add_working_days(case.closure_asked_on or today(), targets["approve"]))
    if case.lead_id is None:
        return Step(NextStep.ALLOCATE, add_working_days(opened, targets["allocate"]))
    if case.engagement != EngagementStatus.TAKING_PART:
        return _asking(case, targets, opened)
    holds = _holding(case, plan)
    if holds is None:
        what = NextStep.WRITE_PLAN if plan is None else NextStep.AGREE_PLAN
        return Step(what, add_working_days(opened, targets["baseline"]))
    steps = _support(case, holds)
    if plan is not holds:
        steps.append(Step(NextStep.AGREE_PLAN, add_working_days(_day(plan.created_at), targets["settle"])))
    return min(steps, key=lambda step: step.on)


def _holding(case: Case, plan: Any) -> Any:
    """The agreed version; it goes on holding while the next one is in draft."""
    if plan is None or plan.status == PlanStatus.AGREED:
        return plan
    agreed = (Plan.case_id == case.id, Plan.status == PlanStatus.AGREED.value, Plan.created_at >= case.opened_at)
    return db.session.scalars(select(Plan).where(*agreed)).first()


def _asking(case: Case, targets: dict[str, Any], opened: date) -> Step:
    """Attempts are spread over the time the area gives them; a "no" leads to a kind close, not to another attempt."""
    made, last = attempts_made(case)
    if case.engagement in {EngagementStatus.CHOSE_NOT_TO, EngagementStatus.STOPPED}:
        return Step(NextStep.CLOSE, add_working_days(last or today(), targets["settle"]))
    wanted = int(targets["engagement_attempts"])
    if made >= wanted:
        return Step(NextStep.DECIDE, add_working_days(opened, targets["engagement"]))
    return Step(NextStep.ASK, add_working_days(opened, max(1, int(targets["engagement"]) * (made + 1) // wanted)))


def attempts_made(case: Case) -> tuple[int, date | None]:
    """How often they were asked in this episode, and when last."""
    since = _day(case.opened_at)
    row = db.session.execute(
        select(func.count(), func.max(EngagementAttempt.made_on)).where(
            EngagementAttempt.case_id == case.id, EngagementAttempt.made_on >= since
        )
    ).one()
    return int(row[0]), row[1]


def _support(case: Case, plan: Plan) -> list[Step]:
    """What may be due once a plan is agreed; the earliest is the next step."""
    settle = targets_of(case.area_id)["settle"]
    steps = [Step(NextStep.REVIEW, case.review_due_on or today())]
    offers = _offers(case)
    if not offers:
        since = max(plan.agreed_on or today(), _last_answer(case) or date.min)
        steps.append(Step(NextStep.CHOOSE_SUPPORT, add_working_days(since, settle)))
    steps += [Step(NextStep.ANSWER_OFFER, offer.answer_by) for offer in offers if offer.status == OfferStatus.OFFERED]
    waiting, ahead = _sessions(case)
    if waiting is not None:
        steps.append(Step(NextStep.RECORD_SESSION, _day(waiting)))
    given = [offer for offer in offers if offer.status in {OfferStatus.ACCEPTED, OfferStatus.ACTIVE}]
    if given and waiting is None and not ahead:
        start = max(filter(None, (offer.start_on for offer in given)), default=None)
        steps.append(Step(NextStep.PLAN_SESSION, max(start or today(), add_working_days(today(), settle))))
    return steps


def newest_plan(case: Case) -> Any:
    """The newest version of the plan in this episode."""
    return db.session.scalars(
        select(Plan)
        .where(Plan.case_id == case.id, Plan.status != PlanStatus.REPLACED.value, Plan.created_at >= case.opened_at)
        .order_by(Plan.number.desc())
    ).first()


def _offers(case: Case) -> list[Any]:
    states = [status.value for status in OPEN_OFFERS]
    return list(
        db.session.execute(
            select(Offer.status, Offer.answer_by, Offer.start_on).where(
                Offer.case_id == case.id, Offer.status.in_(states)
            )
        )
    )


def _last_answer(case: Case) -> date | None:
    """When a provider last answered: whoever said no today leaves the usual days to find somebody else."""
    moment = db.session.scalar(select(func.max(Offer.answered_at)).where(Offer.case_id == case.id))
    return _day(moment) if moment else None


def _sessions(case: Case) -> tuple[datetime | None, bool]:
    """The oldest session that is over and not recorded, and whether one lies ahead."""
    moments = list(
        db.session.scalars(
            select(SupportSession.starts_at)
            .where(
                SupportSession.case_id == case.id,
                SupportSession.status.in_([SessionStatus.PLANNED.value, SessionStatus.NOT_RECORDED.value]),
            )
            .order_by(SupportSession.starts_at)
        )
    )
    over = [moment for moment in moments if moment < now()]
    return (over[0] if over else None), len(over) < len(moments)


def _stage(case: Case, plan: Any) -> str:
    if not case.is_open:
        return CaseStage.CLOSED.value
    if case.closure_asked_by_id:
        return CaseStage.CLOSING.value
    if plan is None:
        return CaseStage.REOPENED.value if case.episode > 1 else CaseStage.ASSESSING.value
    if _holding(case, plan) is None:
        return CaseStage.PLAN_DRAFT.value
    given = any(offer.status not in {OfferStatus.OFFERED, OfferStatus.WAITING} for offer in _offers(case))
    return CaseStage.SUPPORT.value if given else CaseStage.PLAN_AGREED.value


def _day(moment: datetime) -> date:
    return in_london(moment).date()
