"""The plan in versions: goals in the child's words, agreed with them, and where they say they are now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from audit.models import Event
from audit.services import change_of, record
from core.access import Actor
from core.codes.cases import EngagementStatus, PlanStatus
from core.db import db
from core.ids import Id
from panels.models import Case, Goal, Plan
from panels.services import next_step, timeline
from panels.services.timeline import Happened

COPIED = ("position", "score_at_start", "score_now", "due_on", "their_words", "our_words", "why", "steps", "who")


class NotADraft(Exception):
    """An agreed plan is not edited: a new version is."""


class NoGoals(Exception):
    """A plan without a goal cannot be agreed."""


class NotTakingPart(Exception):
    """A plan may be written while they are asked; to agree it they must have said that they take part."""


@dataclass(frozen=True)
class PlanPage:
    """One version with its goals, and the numbers of all versions, newest first."""

    plan: Plan
    goals: list[Goal]
    versions: list[Any]

    @property
    def is_draft(self) -> bool:
        return self.plan.status == PlanStatus.DRAFT

    @property
    def is_newest(self) -> bool:
        return bool(self.plan.number == self.versions[0].number)


def newest(case: Case) -> Plan | None:
    return db.session.scalars(select(Plan).where(Plan.case_id == case.id).order_by(Plan.number.desc()).limit(1)).first()


def goals_of(plan: Plan) -> list[Goal]:
    return list(db.session.scalars(select(Goal).where(Goal.plan_id == plan.id).order_by(Goal.position)))


def current_goals(case: Case) -> list[Goal]:
    """The goals that a session or a review is about: those of the version that holds now."""
    plan = newest(case)
    return goals_of(plan) if plan else []


def goals_by_id(case: Case, ids: list[Any]) -> list[Goal]:
    """Goals that a session named, whichever version they belong to."""
    if not ids:
        return []
    named = (Goal.case_id == case.id, Goal.id.in_(ids))
    return list(db.session.scalars(select(Goal).where(*named).order_by(Goal.position)))


def page(case: Case, number: int | None = None) -> PlanPage | None:
    """The version asked for, else the newest; None before the first."""
    versions = db.session.execute(
        select(Plan.id, Plan.number, Plan.status, Plan.agreed_on)
        .where(Plan.case_id == case.id)
        .order_by(Plan.number.desc())
    ).all()
    if not versions:
        return None
    wanted = next((row.id for row in versions if row.number == number), versions[0].id)
    plan = db.session.get_one(Plan, wanted)
    return PlanPage(plan, goals_of(plan), list(versions))


def find_goal(case: Case, goal_id: Id) -> Goal:
    """Raise NoResultFound for a goal of another case."""
    return db.session.scalars(select(Goal).where(Goal.id == goal_id, Goal.case_id == case.id)).one()


def is_draft(goal: Goal) -> bool:
    return db.session.get_one(Plan, goal.plan_id).status == PlanStatus.DRAFT


def draft_of(actor: Actor, case: Case) -> Plan:
    """The draft being written; the first plan of a case begins here. Raise NotADraft where an agreed one holds."""
    plan = newest(case)
    if plan is None:
        plan = _new_plan(actor, case, 1)
        timeline.add(case, Happened.PLAN_STARTED, actor, object_id=plan.id)
        record(Event.PLAN_CHANGED, actor, plan, also=[case], detail={"version": 1})
    if plan.status != PlanStatus.DRAFT:
        raise NotADraft
    return plan


def say_what_they_want(actor: Actor, case: Case, words: str) -> Plan:
    plan = draft_of(actor, case)
    changes = change_of(plan, {"what_they_want": words})
    _changed(actor, case, plan, changes)
    return plan


def add_goal(actor: Actor, case: Case, values: Mapping[str, Any]) -> Goal:
    plan = draft_of(actor, case)
    goal = Goal(
        case_id=case.id, area_id=case.area_id, young_person_id=case.young_person_id, data_key_id=case.data_key_id,
        plan_id=plan.id, position=len(goals_of(plan)) + 1, **values,
    )  # fmt: skip
    goal.score_now = goal.score_at_start if goal.score_now is None else goal.score_now
    db.session.add(goal)
    db.session.flush()
    _changed(actor, case, goal, {})
    return goal


def change_goal(actor: Actor, case: Case, goal: Goal, values: Mapping[str, Any]) -> None:
    if not is_draft(goal):
        raise NotADraft
    changes = change_of(goal, values)
    _changed(actor, case, goal, changes)


def move_on(actor: Actor, case: Case, scores: Mapping[Id, int | None]) -> int:
    """Where they say they are now, goal by goal; returns how many moved."""
    moved = 0
    for goal in current_goals(case):
        changes = change_of(goal, {"score_now": scores.get(goal.id, goal.score_now)})
        if changes:
            moved += 1
            record(Event.PLAN_CHANGED, actor, goal, also=[case], changes=changes)
    if moved:
        timeline.add(case, Happened.PLAN_CHANGED, actor, summary="Where they are now, goal by goal")
        next_step.refresh(case)
    return moved


def agree(actor: Actor, case: Case, plan: Plan, *, agreed_on: date, agreed_with: str) -> None:
    """The young person, their family or both agreed; the version before is kept as replaced."""
    if plan.status != PlanStatus.DRAFT:
        raise NotADraft
    if case.engagement != EngagementStatus.TAKING_PART:
        raise NotTakingPart
    if not goals_of(plan):
        raise NoGoals
    agreed = (Plan.case_id == case.id, Plan.status == PlanStatus.AGREED.value)
    before = list(db.session.scalars(select(Plan).where(*agreed)))
    for old in before:
        old.status = PlanStatus.REPLACED.value
    changes = change_of(
        plan, {"status": PlanStatus.AGREED.value, "agreed_on": agreed_on, "agreed_with": agreed_with}
    )  # fmt: skip
    timeline.add(case, Happened.PLAN_AGREED, actor, object_id=plan.id, summary=f"Version {plan.number}")
    next_step.refresh(case)
    record(Event.PLAN_CHANGED, actor, plan, also=[case, *before], changes=changes)


def new_version(actor: Actor, case: Case) -> Plan:
    """A draft that begins as a copy of the agreed version; while it is written the agreed one stays as it was."""
    agreed = newest(case)
    if agreed is None or agreed.status == PlanStatus.DRAFT:
        return draft_of(actor, case)
    plan = _new_plan(actor, case, agreed.number + 1)
    plan.what_they_want = agreed.what_they_want
    copies = [_copy(goal, plan) for goal in goals_of(agreed)]
    db.session.add_all(copies)
    timeline.add(case, Happened.PLAN_CHANGED, actor, object_id=plan.id, summary=f"Version {plan.number} started")
    next_step.refresh(case)
    record(Event.PLAN_CHANGED, actor, plan, also=[case, *copies], detail={"version": plan.number})
    return plan


def _new_plan(actor: Actor, case: Case, number: int) -> Plan:
    plan = Plan(
        case_id=case.id, area_id=case.area_id, young_person_id=case.young_person_id, data_key_id=case.data_key_id,
        number=number, status=PlanStatus.DRAFT.value, author_id=actor.user_id,
    )  # fmt: skip
    db.session.add(plan)
    db.session.flush()
    return plan


def _copy(goal: Goal, plan: Plan) -> Goal:
    return Goal(
        case_id=goal.case_id, area_id=goal.area_id, young_person_id=goal.young_person_id, data_key_id=goal.data_key_id,
        plan_id=plan.id, **{name: getattr(goal, name) for name in COPIED},
    )  # fmt: skip


def _changed(actor: Actor, case: Case, thing: Plan | Goal, changes: Mapping[str, tuple[Any, Any]]) -> None:
    timeline.add(case, Happened.PLAN_CHANGED, actor, object_id=thing.id)
    next_step.refresh(case)
    record(Event.PLAN_CHANGED, actor, thing, also=[case], changes=changes or None)
