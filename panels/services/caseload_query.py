"""The statements of the list of cases: one for each shape of question, built once, values bound when it runs."""

from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, case, func, literal, null, or_, select

from accounts.models import User
from cohort.models import YoungPerson
from core.access import Actor
from core.clock import today
from core.codes.cases import CaseStage
from core.codes.offers import OPEN_OFFERS
from core.crypto import sealed_column
from core.paging import PER_PAGE
from panels import policies
from panels.models import Case, Offer

NOBODY = "nobody"
COUNT_UP_TO = 500
# Stages in which a review can be due.
REVIEWED = (CaseStage.PLAN_AGREED.value, CaseStage.SUPPORT.value, CaseStage.PAUSED.value)


class Asked(NamedTuple):
    """What the address asks for: codes and ids only. ``stage``, ``lead`` and ``provider`` are empty for all."""

    view: str = "open"
    stage: str = ""
    lead: str = ""
    provider: str = ""
    overdue: bool = False
    review: bool = False
    sort: str = "due"
    down: bool = False
    page: int = 1

    @property
    def is_narrow(self) -> bool:
        return bool(self.stage or self.lead or self.provider or self.overdue or self.review)


class Shape(NamedTuple):
    """Everything that changes the statement itself; values are bound when it runs."""

    role: str
    has_agency: bool
    permissions: frozenset[Any]
    view: str
    stage: str
    lead: str
    provider: bool
    overdue: bool
    review: bool
    sort: str
    down: bool


def shape_of(actor: Actor, asked: Asked) -> Shape:
    stage = asked.stage if asked.stage == CaseStage.REVIEW_DUE else "one" if asked.stage else ""
    lead = asked.lead if asked.lead in ("", NOBODY) else "one"
    return Shape(
        actor.role, actor.agency_id is not None, actor.permissions, asked.view, stage, lead, bool(asked.provider),
        asked.overdue, asked.review, asked.sort, asked.down,
    )  # fmt: skip


def parameters(actor: Actor, asked: Asked) -> dict[str, Any]:
    return {
        **policies.bound(actor), "stage": asked.stage, "lead": asked.lead, "provider": asked.provider,
        "today": today(),
    }  # fmt: skip


def _conditions(shape: Shape) -> ColumnElement[bool]:
    who = policies.stand_in(shape.permissions, shape.has_agency)
    parts = [policies.visible(who), ~Case.is_open if shape.view == "closed" else Case.is_open]
    parts += [Case.lead_id == bindparam("me")] if shape.view == "mine" else []
    parts += [Case.lead_id.is_(None)] if NOBODY in (shape.view, shape.lead) else []
    parts += [Case.lead_id == bindparam("lead")] if shape.lead == "one" else []
    parts += [_given_by_provider()] if shape.provider else []
    parts += [Case.next_due_on < bindparam("today")] if shape.overdue else []
    parts += [_review_due()] if shape.review or shape.view == "review" or shape.stage == CaseStage.REVIEW_DUE else []
    if shape.stage == "one":
        not_due = or_(Case.review_due_on.is_(None), Case.review_due_on > bindparam("today"))
        parts.append(and_(Case.stage == bindparam("stage"), or_(Case.stage.not_in(REVIEWED), not_due)))
    return and_(*parts)


def _review_due() -> ColumnElement[bool]:
    return and_(Case.review_due_on <= bindparam("today"), Case.stage.in_(REVIEWED))


def _given_by_provider() -> ColumnElement[bool]:
    states = [status.value for status in sorted(OPEN_OFFERS)]
    return Case.id.in_(
        select(Offer.case_id).where(Offer.provider_id == bindparam("provider"), Offer.status.in_(states))
    )


def _order(shape: Shape) -> list[Any]:
    first: Any = {
        "due": Case.closed_at if shape.view == "closed" else Case.next_due_on, "reference": Case.reference,
        "stage": Case.stage, "lead": User.name, "seen": Case.last_contact_on,
    }[shape.sort]  # fmt: skip
    down = shape.down != (shape.view == "closed" and shape.sort == "due")
    return [first.desc() if down else first, Case.id.desc() if down else Case.id]


def _known(number: int) -> Any:
    """A number that stands in the statement itself: a plan made for any number reads and sorts the whole area."""
    return bindparam(None, number, type_=Integer, literal_execute=True)


@lru_cache(maxsize=512)
def list_statement(
    shape: Shape, limit: int = PER_PAGE, offset: int = 0, counted: bool = True
) -> Select[*tuple[Any, ...]]:
    """Cases in their order, from ``offset`` on, each with how many there are, up to a bound, if ``counted``.

    First the young person (id, key, and sealed what a line shows of them: a forename only where no other is preferred),
    then the case.
    """
    some = select(literal(1)).select_from(Case).where(_conditions(shape)).limit(COUNT_UP_TO + 1).subquery()
    total: Any = select(func.count()).select_from(some).scalar_subquery() if counted else null()
    preferred, forename = sealed_column(YoungPerson, "preferred_name"), sealed_column(YoungPerson, "forename")
    return (
        select(
            YoungPerson.id.label("person_id"), YoungPerson.data_key_id, sealed_column(YoungPerson, "surname"), preferred,
            case((preferred.is_(None), forename)).label(forename.key), sealed_column(YoungPerson, "date_of_birth"),
            Case.id, Case.reference, Case.stage, Case.review_due_on, Case.next_step, Case.next_due_on,
            Case.last_contact_on, Case.closed_at, User.name.label("lead_name"), total.label("total"),
        )
        .join(YoungPerson, YoungPerson.id == Case.young_person_id)
        .outerjoin(User, User.id == Case.lead_id)
        .where(_conditions(shape))
        .order_by(*_order(shape))
        .limit(_known(limit))
        .offset(_known(offset))
    )  # fmt: skip


@lru_cache(maxsize=512)
def count_statement(shape: Shape) -> Select[*tuple[Any, ...]]:
    return select(func.count()).select_from(Case).where(_conditions(shape))
