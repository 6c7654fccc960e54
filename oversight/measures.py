"""The counts behind reports: a few grouped statements over clear columns; no sealed field is ever selected."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, literal, select, union_all
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Date

from accounts.models import Agency, User
from audit.decoys import not_a_decoy
from core.clock import LONDON, today
from core.codes.cases import EngagementStatus, PlanStatus
from core.codes.referrals import OPEN_REFERRALS, ReferralStatus
from core.db import db
from core.ids import Id
from core.working_days import working_days_between
from oversight.periods import Period
from panels.models import Case, Plan
from referrals.models import Referral, StepUp
from referrals.services.step_ups import WAITING

STEPS = ("referred", "decided", "taking_part", "plan", "finished")
WAITS = ("acknowledge", "decide", "panel")
_TOOK_PART = (EngagementStatus.TAKING_PART.value, EngagementStatus.STOPPED.value)
_AGREED = (PlanStatus.AGREED.value, PlanStatus.REPLACED.value)
_UNDECIDED = tuple(sorted(status.value for status in OPEN_REFERRALS))


class day_of(FunctionElement[Any]):
    """The day of a moment, in London where the database knows of it."""

    type = Date()
    inherit_cache = True


@compiles(day_of, "postgresql")
def _on_postgres(element: Any, compiler: Any, **options: Any) -> str:
    return f"cast({compiler.process(element.clauses, **options)} at time zone 'Europe/London' as date)"


@compiles(day_of)
def _elsewhere(element: Any, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)})"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which areas, or which district, and when. Without areas: the whole force."""

    period: Period
    area_id: Id | None = None
    district_id: Id | None = None

    def of(self, model: Any) -> list[ColumnElement[bool]]:
        parts = [model.area_id == self.area_id] if self.area_id else []
        return parts + ([model.district_id == self.district_id] if self.district_id else [])

    def sent(self) -> list[ColumnElement[bool]]:
        start = datetime.combine(self.period.start, time(), LONDON)
        end = datetime.combine(self.period.end + timedelta(days=1), time(), LONDON)
        return [*self.of(Referral), Referral.sent_at >= start, Referral.sent_at < end, not_a_decoy(Referral.id)]


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far referrals of the period came, by area, and who sent them."""

    by_area: dict[Id, tuple[int, ...]]
    by_kind: dict[str, int]


def funnel(scope: Scope) -> Funnel:
    took_part = Case.engagement.in_(_TOOK_PART)
    # A first plan that is agreed, or was until a newer one took its place; one row at most, so nothing counts twice.
    first_plan = and_(Plan.case_id == Case.id, Plan.number == 1, Plan.status.in_(_AGREED))
    has_plan = and_(took_part, Plan.id.is_not(None))
    finished = and_(has_plan, ~Case.is_open, Case.engagement == EngagementStatus.TAKING_PART.value)
    decided = Referral.status.not_in(_UNDECIDED) | Referral.ready_at.is_not(None)
    steps = [_number(condition) for condition in (decided | took_part, took_part, has_plan, finished)]
    rows = db.session.execute(
        select(Referral.area_id, Agency.kind, func.count(), *steps)
        .outerjoin(Case, Case.referral_id == Referral.id)
        .outerjoin(Plan, first_plan)
        .outerjoin(Agency, Agency.id == Referral.agency_id)
        .where(*scope.sent())
        .group_by(Referral.area_id, Agency.kind)
    )
    by_area: dict[Id, list[int]] = defaultdict(lambda: [0] * len(STEPS))
    by_kind: dict[str, int] = defaultdict(int)
    for area_id, kind, *counts in rows:
        by_kind[kind or ""] += counts[0]
        by_area[area_id] = [a + int(b or 0) for a, b in zip(by_area[area_id], counts, strict=True)]
    return Funnel({area: tuple(counts) for area, counts in by_area.items()}, dict(by_kind))


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


@dataclass(frozen=True, slots=True)
class Wait:
    """Working days that referrals of the period waited: how many, the median, how many within the target."""

    count: int
    median: int
    within: int

    @property
    def share(self) -> int:
        return round(100 * self.within / self.count)


def waits(scope: Scope, targets: dict[str, int]) -> dict[tuple[Id, str], Wait]:
    """By area and kind of wait. Three grouped selects in one statement; the working days are counted here."""
    to_panel = and_(Referral.status.not_in(_UNDECIDED), Referral.decided_at > Referral.ready_at)
    spans = (
        ("acknowledge", Referral.sent_at, Referral.acknowledged_at, Referral.acknowledged_at.is_not(None)),
        ("decide", Referral.sent_at, func.coalesce(Referral.ready_at, Referral.decided_at),
         func.coalesce(Referral.ready_at, Referral.decided_at).is_not(None)),
        ("panel", Referral.ready_at, Referral.decided_at, to_panel),
    )  # fmt: skip
    selects = [
        select(Referral.area_id, literal(name).label("name"), day_of(start).label("start"), day_of(end).label("end"),
               func.count().label("many"))
        .where(*scope.sent(), known).group_by(Referral.area_id, day_of(start), day_of(end))
        for name, start, end, known in spans
    ]  # fmt: skip
    found: dict[tuple[Id, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for area_id, name, start, end, many in db.session.execute(union_all(*selects)):
        found[area_id, name][_days(start, end)] += many
    return {key: _wait(days, targets[key[1]]) for key, days in found.items()}


@lru_cache(maxsize=20_000)
def _days(start: date, end: date) -> int:
    return max(0, working_days_between(start, end))


def _wait(days: dict[int, int], target: int) -> Wait:
    count, seen, median = sum(days.values()), 0, 0
    for length in sorted(days):
        seen += days[length]
        if seen * 2 >= count:
            median = length
            break
    return Wait(count, median, sum(many for length, many in days.items() if length <= target))


@dataclass(frozen=True, slots=True)
class Load:
    """Open cases of one stage that one person leads (nobody: an empty name)."""

    stage: str
    lead: str
    cases: int
    overdue: int
    reviews: int


def open_cases(scope: Scope) -> list[Load]:
    day = today()
    overdue, reviews = _number(Case.next_due_on < day), _number(Case.review_due_on <= day)
    counted = (
        select(Case.stage, Case.lead_id, func.count().label("cases"), overdue.label("overdue"), reviews.label("due"))
        .where(*scope.of(Case), Case.is_open)
        .group_by(Case.stage, Case.lead_id)
        .subquery()
    )
    rows = db.session.execute(select(counted, User.name).outerjoin(User, User.id == counted.c.lead_id))
    return [Load(r.stage, r.name or "", r.cases, int(r.overdue), int(r.due)) for r in rows]


def open_referrals(scope: Scope) -> dict[str, tuple[int, int]]:
    """By status: how many, and how many past their day."""
    day = today()
    late = case(
        (Referral.status == ReferralStatus.NEW.value, Referral.acknowledge_by < day),
        (Referral.status == ReferralStatus.IN_TRIAGE.value, Referral.decide_by < day), else_=false(),
    )  # fmt: skip
    rows = db.session.execute(
        select(Referral.status, func.count(), _number(late))
        .where(*scope.of(Referral), Referral.status.in_(_UNDECIDED))
        .group_by(Referral.status)
    )
    return {status: (count, int(overdue)) for status, count, overdue in rows}


def late_step_ups(area_id: Id) -> int:
    """Step-ups that the front door should have answered by now."""
    late = StepUp.area_id == area_id, StepUp.status.in_(WAITING), StepUp.chase_on < today()
    return db.session.scalar(select(func.count()).select_from(StepUp).where(*late)) or 0
