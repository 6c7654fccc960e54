"""Reviews: looking back with the young person, and when to look again."""

from datetime import date, timedelta

from accounts.models import Area
from audit.models import Event
from audit.services import change_of, record
from core.access import Actor
from core.clock import today
from core.codes.cases import ReviewDecision
from core.db import db
from panels.models import Case, Review
from panels.services import next_step, plans, timeline
from panels.services.timeline import Happened

USUAL_WEEKS, MOST_WEEKS = 6, 12


def next_usual(case: Case) -> date:
    return today() + timedelta(weeks=_weeks(case, "review_weeks", USUAL_WEEKS))


def latest(case: Case) -> date:
    """No child waits longer than this for the next look."""
    return today() + timedelta(weeks=_weeks(case, "review_weeks_max", MOST_WEEKS))


def _weeks(case: Case, name: str, usual: int) -> int:
    area = db.session.get_one(Area, case.area_id)
    return int(area.targets.get(name, area.targets.get("review_weeks_min", usual) if name == "review_weeks" else usual))


def finish(
    actor: Actor, case: Case, *, what_changed: str, their_view: str, decision: str, next_on: date | None,
) -> Review:  # fmt: skip
    """Keep the review, set the next one, and begin a new version of the plan where it is to change."""
    review = Review(
        case_id=case.id, area_id=case.area_id, young_person_id=case.young_person_id, data_key_id=case.data_key_id,
        held_on=today(), author_id=actor.user_id, decision=decision, next_on=next_on, what_changed=what_changed,
        their_view=their_view,
    )  # fmt: skip
    db.session.add(review)
    changes = change_of(case, {"review_due_on": next_on or next_usual(case)})
    timeline.add(case, Happened.REVIEW, actor, object_id=review.id, summary=ReviewDecision(decision).label)
    if decision == ReviewDecision.CHANGE:
        plans.new_version(actor, case)
    next_step.refresh(case)
    record(Event.REVIEW_FINISHED, actor, review, also=[case], reason=decision, detail={"changed": len(changes)})
    return review
