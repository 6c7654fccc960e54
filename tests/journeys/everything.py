"""A record of every kind and state in Reading, for looking at every page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from cohort.models import Candidate, CohortRun, SourceExtract
from core import context
from core.db import db
from panels.models import Case, Goal, Offer, Plan, SupportSession
from referrals.models import Referral, StepUp
from tests.conftest import actor_for
from tests.factories import cohort, meetings, world


def make(known: Any) -> tuple[dict[str, str], list[str]]:
    """One id of each kind by the names of routes, and the addresses of the other states."""
    ids = world.make(known)
    acting = acting_for(known)
    under_way = meetings.meeting(
        acting, known, referrals=(meetings.ready_referral(acting, known, surname="Bell"),), started=True
    )
    cohort.make_released(acting, known, [cohort.event(), cohort.event(ago=9)], pupils=[cohort.pupil()])
    with context.acting_as(job="test"):
        for name, model in (("candidate_id", Candidate), ("run_id", CohortRun), ("extract_id", SourceExtract)):
            ids[name] = db.session.scalars(select(model.id)).first() or ""
        more = [*_each(Case, Case.stage, CASES), *_each(Referral, Referral.status, ("/triage/{}", "/referrals/{}")),
                *_each(StepUp, StepUp.outcome, ("/step-ups/{}",)), *_each(Offer, Offer.status, ("/offers/{}",)),
                *_each(SupportSession, SupportSession.status, ("/sessions/{}",))]  # fmt: skip
        draft = db.session.scalars(select(Plan).where(Plan.status == "draft")).first()
        ids["draft_case_id"] = draft.case_id if draft else ""
        more += [f"/cases/{goal.case_id}/plan/goals/{goal.id}" for goal in db.session.scalars(
            select(Goal).where(Goal.case_id == ids["draft_case_id"]).limit(1))]  # fmt: skip
        db.session.remove()
    more += ["/oversight/csp/reading-district"]
    pages = ("", "/agenda", "/attendance", "/live/1", "/live/1?screen=share", "/items/1", "/minutes", "/confirm",
             "/conflicts/new", "/items/1/sharing/new")  # fmt: skip
    return ids, more + [f"/meetings/{under_way}{page}" for page in pages]


CASES = ("/cases/{}", "/cases/{}/close", "/cases/{}/plan", "/cases/{}/timeline", "/cases/{}/engagement",
         "/cases/{}/plan/agree", "/cases/{}/plan/wants", "/cases/{}/plan/goals/new", "/cases/{}/reopen",
         "/cases/{}/interventions/choose")  # fmt: skip


def _each(model: Any, state: Any, patterns: tuple[str, ...]) -> list[str]:
    """One record in each state."""
    of_state = {found: key for key, found in db.session.execute(select(model.id, state))}
    return [pattern.format(key) for key in of_state.values() for pattern in patterns]


def acting_for(known: Any) -> Callable[[str], Any]:
    @contextmanager
    def go(key: str) -> Iterator[Any]:
        actor = actor_for(key, known)
        with context.acting_as(job="test", actor=actor):
            yield actor

    return go
