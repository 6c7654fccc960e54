"""The list of cases: filters, sort, fifty rows in few statements, and the counts for the first page."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import ColumnElement, func, literal, or_, select, union_all

from accounts.models import Agency, Membership, User
from cohort.models import YoungPerson
from core.access import Actor
from core.clock import today
from core.codes.cases import CaseStage
from core.context import current
from core.crypto import sealed_column
from core.db import db
from core.ids import Id
from core.paging import PER_PAGE, Paging
from core.sensitivity import fetch_known
from panels import policies
from panels.models import Case
from panels.services.caseload_query import (
    COUNT_UP_TO,
    NOBODY,
    REVIEWED,
    Asked,
    count_statement,
    list_statement,
    parameters,
    shape_of,
)  # fmt: skip
from panels.services.cases import LEADING_ROLES
from panels.services.next_step import NextStep

VIEWS = ("open", "mine", NOBODY, "review", "closed")
SORTS = ("due", "reference", "stage", "lead", "seen", "name")
NAME_SORT_UP_TO = 2_000
KEPT_SECONDS = 60


class Row(NamedTuple):
    """One line of the list, opened."""

    id: Id
    name: str
    born: date | None
    reference: str
    stage: CaseStage
    lead: str | None
    next_step: str
    due_on: date
    last_seen: date | None
    closed_on: Any


@dataclass(frozen=True, slots=True)
class Listing:
    rows: list[Row]
    paging: Paging
    may_sort_by_name: bool


_STAGES = {stage.value: stage for stage in CaseStage}
_STEPS = {step.value: step for step in NextStep}


def shown_stage(stage: str, review_due_on: date | None, on: date) -> CaseStage:
    """A review that is due shows as such without a nightly job having to say so."""
    due = stage in REVIEWED and review_due_on is not None and review_due_on <= on
    return CaseStage.REVIEW_DUE if due else _STAGES[stage]


def find(actor: Actor, asked: Asked) -> Listing:
    """The rows of one page. Every opened name is noted for the trail."""
    if asked.sort == "name":
        named = _by_name(actor, asked)
        if named is not None:
            return named
        asked = asked._replace(sort="due", down=False)
    shape, values = shape_of(actor, asked), parameters(actor, asked)
    # Beyond five hundred nobody pages through all: the number may be a minute old, and is not counted meanwhile.
    counting = shape._replace(sort="due", down=False)
    key = (counting, *values.values())
    total = _still(key)
    statement = list_statement(shape, PER_PAGE, (asked.page - 1) * PER_PAGE, counted=total is None)
    found = fetch_known(statement, values)
    if total is None:
        total = found[0].total if found else 0
    if total > COUNT_UP_TO:
        total = _kept(key, lambda: int(db.session.scalar(count_statement(counting), values) or 0))
    return Listing(opened(found), Paging(asked.page, total), total <= NAME_SORT_UP_TO)


def _by_name(actor: Actor, asked: Asked) -> Listing | None:
    """All rows under the filters, opened to compare, sorted, and only this page's opened to show; None if too many."""
    shape = shape_of(actor, asked)._replace(sort="due", down=False)
    found = fetch_known(list_statement(shape, NAME_SORT_UP_TO + 1), parameters(actor, asked))
    if len(found) > NAME_SORT_UP_TO:
        return None
    seen = current()
    seen.load_keys(row.data_key_id for row in found)
    with seen.examining("name sort"):
        seen.examined += len(found)
        ordered = sorted(found, key=lambda row: (_name(row).casefold(), row.reference), reverse=asked.down)
    start = (asked.page - 1) * PER_PAGE
    return Listing(opened(ordered[start : start + PER_PAGE]), Paging(asked.page, len(found)), True)


def _open(row: Any, name: str) -> Any:
    sealed = getattr(row, f"{name}_sealed")
    return current().open_value(YoungPerson, name, row.person_id, row.data_key_id, row.person_id, sealed)


def _name(row: Any) -> str:
    return _as_listed(_open(row, "surname"), _open(row, "preferred_name") or _open(row, "forename"))


def _as_listed(surname: str | None, first: str | None) -> str:
    """``Surname, Preferred``."""
    return f"{surname}, {first}" if surname and first else surname or first or "Not known"


_SHOWN = ("surname", "preferred_name", "forename", "date_of_birth")


def opened(found: Sequence[Any]) -> list[Row]:
    """Rows of the statement with name and date of birth open, noted for the trail."""
    day, whole = today(), 2 + len(_SHOWN)
    # Only those that occur, for each label is looked up in the language of the page.
    steps = {code: _STEPS[code].label for code in {row.next_step for row in found}}
    people = current().open_list(YoungPerson, _SHOWN, (row[:whole] for row in found))
    return [
        Row(
            case_id, _as_listed(surname, preferred or forename), born, reference, shown_stage(stage, review_due_on, day),
            lead, steps[step], due_on, seen_on, closed_at,
        )
        for (surname, preferred, forename, born),
            (case_id, reference, stage, review_due_on, step, due_on, seen_on, closed_at, lead, _total)
        in zip(people, (row[whole:] for row in found), strict=True)
    ]  # fmt: skip


def _store() -> dict[Any, tuple[float, Any]]:
    store: dict[Any, tuple[float, Any]] = current_app.extensions.setdefault("caseload_kept", {})
    return store


def _still(key: Any) -> Any:
    """A value kept within the last minute in this process, or None."""
    found = _store().get(key)
    return found[1] if found and time.monotonic() - found[0] <= KEPT_SECONDS else None


def _kept(key: Any, make: Any) -> Any:
    """A value kept for a minute in this process."""
    found = _still(key)
    if found is None:
        store = _store()
        if len(store) > 1_000:
            store.clear()
        found = make()
        store[key] = (time.monotonic(), found)
    return found


# --- what the filter offers ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Options:
    leads: list[tuple[str, str]]
    providers: list[tuple[str, str]]


def options(area_id: Id) -> Options:
    """Leads and providers of an area for the filter, kept for a minute."""
    kept: Options = _kept(("options", area_id), lambda: _options(area_id))
    return kept


def _options(area_id: Id) -> Options:
    roles = [role.value for role in LEADING_ROLES]
    leads = (
        select(literal("lead").label("what"), User.id, User.name)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.area_id == area_id, Membership.role.in_(roles), Membership.is_active)
    )
    providers = select(literal("provider"), Agency.id, Agency.name).where(
        Agency.is_provider, or_(Agency.area_id == area_id, Agency.area_id.is_(None))
    )
    rows = sorted({tuple(row) for row in db.session.execute(union_all(leads, providers))}, key=lambda row: row[2])
    named = {what: [(row[1], row[2]) for row in rows if row[0] == what] for what in ("lead", "provider")}
    return Options(named["lead"], named["provider"])


# --- the first page's counts ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Summary:
    overdue: int
    due_today: int
    nobodys: int
    reviews_due: int
    closures_to_approve: int


def summary(actor: Actor) -> Summary:
    """What waits on the open cases this person may see, in one statement."""
    day = today()

    def number(*conditions: ColumnElement[bool]) -> Any:
        return func.count().filter(*conditions)

    row = db.session.execute(
        select(
            number(Case.next_due_on < day),
            number(Case.next_due_on == day),
            number(Case.lead_id.is_(None)),
            number(Case.review_due_on <= day, Case.stage.in_(REVIEWED)),
            number(Case.closure_asked_by_id.is_not(None)),
        ).where(policies.visible(actor), Case.is_open)
    ).one()
    return Summary(*row)


class Chosen(NamedTuple):
    """A case that was ticked, with who leads it now."""

    id: Id
    name: str
    reference: str
    lead_id: Id | None
    lead: str | None


def chosen(actor: Actor, case_ids: list[Id]) -> list[Chosen]:
    """The cases ticked, of those this person may see."""
    if actor.area_id is None:
        return []
    found = db.session.execute(
        select(
            Case.id, Case.reference, Case.lead_id, User.name.label("lead_name"), YoungPerson.id.label("person_id"),
            YoungPerson.data_key_id, sealed_column(YoungPerson, "surname"), sealed_column(YoungPerson, "forename"),
            sealed_column(YoungPerson, "preferred_name"),
        )
        .join(YoungPerson, YoungPerson.id == Case.young_person_id)
        .outerjoin(User, User.id == Case.lead_id)
        .where(policies.visible(actor), Case.id.in_(case_ids))
        .order_by(Case.next_due_on, Case.id)
    ).all()  # fmt: skip
    current().load_keys(row.data_key_id for row in found)
    return [Chosen(row.id, _name(row), row.reference, row.lead_id, row.lead_name) for row in found]
