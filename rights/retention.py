"""Records whose time is over: found each night, decided by the data protection officer, disposed of by two people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, case, exists, false, func, select, true

from accounts.models import Approval, Area
from accounts.services import approvals
from accounts.services.approvals import Kind, NotAllowed
from audit.models import Event
from audit.services import record
from cohort.models import YoungPerson
from core import context
from core.access import Actor, Permission
from core.clock import in_london, now, today
from core.codes.referrals import OPEN_REFERRALS
from core.codes.retention import HoldReason, KeepReason, RetentionRule
from core.codes.retention import RetentionState as State
from core.crypto import sealed_column
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from core.paging import PER_PAGE, Paging
from core.row_security import everything
from panels.models import Case
from referrals.models import Referral
from rights import erasing, holds
from rights.models import LegalHold, RetentionReview

P = Permission
KIND = "disposal"
OF_AGE = 18
YEARS = {RetentionRule.CASE: ("case_years", 6), RetentionRule.REFERRAL: ("referral_years", 2)}
OPEN_STATES = (State.DUE.value, State.ASKED.value)


def years_after(day: date, years: int) -> date:
    """The same day so many years later; of 29 February the 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


# --- finding whose time is over ------------------------------------------------------------


def find_due() -> int:
    """Put every young person whose time is over on the list, and take those off who came back. Commits; how many new.

    Only what may be over by its dates is opened, to read the date of birth; the entry says how many.
    """
    with context.acting_as(job="retention") as job:
        areas = {area.id: area.targets or {} for area in db.session.scalars(select(Area))}
        listed = {one.young_person_id: one for one in db.session.scalars(select(RetentionReview))}
        found = {row.id: row for row in db.session.execute(_quiet())}
        births = _births(job, [row for row in found.values() if row.closed_at is not None])
        new = [made for row in found.values() if (made := _put(listed.get(row.id), row, births, areas[row.area_id]))]
        for one in listed.values():
            if one.state == State.DUE.value and one.young_person_id not in found:
                db.session.delete(one)
                record(Event.RETENTION_DECIDED, None, one, subjects=[one.young_person_id], reason="came_back")
        db.session.commit()
    return len(new)


def _quiet() -> Select[Any]:
    """Young people with nothing open, when their last case closed and their last referral was decided."""
    of_cases = (
        select(
            Case.young_person_id.label("person"), func.max(Case.closed_at).label("closed_at"),
            func.max(Case.reference).label("reference"), func.sum(case((Case.is_open, 1), else_=0)).label("open"),
        )
        .group_by(Case.young_person_id)
        .subquery()
    )  # fmt: skip
    is_open = case((Referral.status.in_([status.value for status in OPEN_REFERRALS]), 1), else_=0)
    of_referrals = (
        select(
            Referral.young_person_id.label("person"),
            func.max(func.coalesce(Referral.decided_at, Referral.sent_at)).label("decided_at"),
            func.max(Referral.reference).label("reference"), func.sum(is_open).label("open"),
        )
        .where(Referral.young_person_id.is_not(None))
        .group_by(Referral.young_person_id)
        .subquery()
    )  # fmt: skip
    nothing_open = func.coalesce(of_cases.c.open, 0) + func.coalesce(of_referrals.c.open, 0) == 0
    return (
        select(
            YoungPerson.id, YoungPerson.area_id, YoungPerson.data_key_id, sealed_column(YoungPerson, "date_of_birth"),
            of_cases.c.closed_at, of_referrals.c.decided_at,
            func.coalesce(of_cases.c.reference, of_referrals.c.reference).label("reference"),
        )
        .outerjoin(of_cases, of_cases.c.person == YoungPerson.id)
        .outerjoin(of_referrals, of_referrals.c.person == YoungPerson.id)
        .where(nothing_open, YoungPerson.merged_into_id.is_(None))
        .where(func.coalesce(of_cases.c.closed_at, of_referrals.c.decided_at).is_not(None))
    )  # fmt: skip


def _births(job: context.AccessContext, rows: list[Any]) -> dict[Id, date | None]:
    """Dates of birth of those with a closed case: the later of the two periods counts."""
    with job.examining("retention"):
        job.examined += len(rows)
        sealed = [(row.id, row.data_key_id, row.date_of_birth_sealed) for row in rows]
        return {person: values[0] for person, values in job.open_many(YoungPerson, ["date_of_birth"], sealed)}


def due_on(row: Any, born: date | None, targets: dict[str, Any]) -> tuple[RetentionRule, date]:
    """When the time of this record is over, and by which rule."""
    rule = RetentionRule.REFERRAL if row.closed_at is None else RetentionRule.CASE
    name, usual = YEARS[rule]
    years, last = int(targets.get(name, usual)), in_london(row.closed_at or row.decided_at).date()
    over = years_after(last, years)
    if rule is RetentionRule.CASE and born:
        over = max(over, years_after(born, OF_AGE + years))
    return rule, over


def _put(one: RetentionReview | None, row: Any, births: dict[Id, date | None], targets: dict[str, Any]) -> bool:
    """A line of the list for who has none; a line kept until today is to decide again."""
    rule, over = due_on(row, births.get(row.id), targets)
    if one is not None:
        if one.state == State.KEPT.value and one.due_on <= today():
            one.state = State.DUE.value
            record(Event.RETENTION_DECIDED, None, one, subjects=[row.id], reason="due_again")
        return False
    if over > today():
        return False
    made = RetentionReview(
        young_person_id=row.id, area_id=row.area_id, reference=row.reference, rule=rule.value, due_on=over,
        state=State.DUE.value,
    )  # fmt: skip
    db.session.add(made)
    record(Event.RETENTION_DUE, None, made, subjects=[row.id], reason=rule.value)
    return True


# --- what the pages show ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One record of the list. Nothing of it is opened: a reference, a rule and dates."""

    review: RetentionReview
    area: str
    is_held: bool

    @property
    def state(self) -> State:
        return State(self.review.state)


def visible(actor: Actor) -> Select[RetentionReview]:
    if not actor.can(P.RETENTION_DECIDE):
        return select(RetentionReview).where(false())
    here = true() if actor.area_id is None else RetentionReview.area_id == actor.area_id
    return select(RetentionReview).where(here)


def _held() -> Any:
    return exists().where(LegalHold.young_person_id == RetentionReview.young_person_id, LegalHold.ended_at.is_(None))


def listed(actor: Actor, states: Iterable[str], page: int) -> tuple[list[Line], Paging]:
    """Lines in these states, the longest over first."""
    rows = db.session.execute(
        visible(actor)
        .join(Area, Area.id == RetentionReview.area_id)
        .add_columns(Area.name, _held(), func.count().over())
        .where(RetentionReview.state.in_(list(states)))
        .order_by(RetentionReview.due_on, RetentionReview.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()
    return [Line(row[0], row[1], bool(row[2])) for row in rows], Paging(page, rows[0][3] if rows else 0)


def find(actor: Actor, review_id: Id) -> Line:
    """Raise NoResultFound where it is not this person's to see."""
    row = db.session.execute(
        visible(actor)
        .join(Area, Area.id == RetentionReview.area_id)
        .add_columns(Area.name, _held())
        .where(RetentionReview.id == review_id)
    ).one()
    return Line(row[0], row[1], bool(row[2]))


def waiting(actor: Actor) -> Select[RetentionReview]:
    """What this person has to decide."""
    return visible(actor).where(RetentionReview.state == State.DUE.value)


# --- deciding ------------------------------------------------------------


def keep(actor: Actor, review: RetentionReview, reason: KeepReason, years: int) -> None:
    """Keep it so many years more, from today. Raise NotAllowed."""
    _must_be_due(review)
    review.state, review.due_on, review.keep_reason = State.KEPT.value, years_after(today(), years), reason.value
    review.decided_by_id, review.decided_at = actor.user_id, now()
    record(Event.RETENTION_DECIDED, actor, review, subjects=[review.young_person_id], reason=reason.value)


def hold(actor: Actor, review: RetentionReview, reason: HoldReason) -> None:
    """Nobody may erase or dispose of it until the hold is ended. Raise NotAllowed."""
    if review.state == State.DISPOSED.value:
        raise NotAllowed("This record has been disposed of")
    if holds.is_held(review.young_person_id):
        raise NotAllowed("A legal hold stands on this record already")
    holds.hold(review.young_person_id, reason.value, actor)


def release(actor: Actor, review: RetentionReview) -> None:
    """End the legal hold. Raise NotAllowed where none stands."""
    if not holds.release(review.young_person_id, actor):
        raise NotAllowed("No legal hold stands on this record")


def propose(actor: Actor, review: RetentionReview, reason: str) -> Approval:
    """Ask a second person to agree to dispose of it. Raise NotAllowed."""
    _must_be_due(review)
    if holds.is_held(review.young_person_id):
        raise NotAllowed("A legal hold stands on this record: it must not be disposed of")
    person = db.session.get_one(YoungPerson, review.young_person_id)
    approval = approvals.ask(
        actor, KIND, area_id=review.area_id, object_id=review.id, reason=reason, young_person_id=person.id,
        data_key_id=person.data_key_id,
        terms={"reference": review.reference, "rule": review.rule, "due_on": review.due_on.isoformat()},
    )  # fmt: skip
    review.state, review.decided_by_id, review.decided_at = State.ASKED.value, actor.user_id, now()
    record(Event.RETENTION_DECIDED, actor, review, subjects=[review.young_person_id], reason="disposal_asked")
    return approval


def _must_be_due(review: RetentionReview) -> None:
    """A request that was declined, withdrawn or forgotten leaves the record to decide again."""
    asked_in_vain = review.state == State.ASKED.value and approvals.waiting_for(KIND, review.id) is None
    if review.state != State.DUE.value and not asked_in_vain:
        raise NotAllowed("Someone has decided this already")


def _run(actor: Actor, approval: Approval) -> None:
    """The second person agreed: once more it is looked whether anything stands against it, and then it goes."""
    with everything():
        review = db.session.get_one(RetentionReview, approval.object_id)
        person_id = review.young_person_id
        if holds.is_held(person_id):
            raise NotAllowed("A legal hold stands on this record: it must not be disposed of")
        if not _is_quiet(person_id):
            raise NotAllowed("A case or referral of this young person is open again")
        review.state, review.disposed_at, review.approval_id = State.DISPOSED.value, now(), approval.id
        review.agreed_by_id = actor.user_id
        record(Event.RETENTION_DECIDED, actor, review, subjects=[person_id], reason="disposed")
        erasing.erase(person_id, actor, approval.id)


def _is_quiet(person_id: Id) -> bool:
    return db.session.execute(_quiet().where(YoungPerson.id == person_id)).first() is not None


def _terms(approval: Approval) -> list[tuple[str, str]]:
    terms = approval.terms
    return [
        (_("Reference"), str(terms.get("reference", ""))),
        (_("Its time was over"), str(terms.get("due_on", ""))),
        (_("What it does"), _("Everything about them goes, for good. A certificate stays")),
    ]


approvals.register(Kind(KIND, "Dispose of a record", asks=(P.RETENTION_DECIDE,), run=_run, terms=_terms))
