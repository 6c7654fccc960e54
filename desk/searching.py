"""Finding young people among what an actor may see: by reference, or by opening and comparing names and dates."""

from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, select

from audit.models import Event
from audit.services import record
from cohort.models import YoungPerson
from cohort.policies import people_visible_to, sees_area
from cohort.services import people
from cohort.services.searching import MOST_SCANNED, Asked, Opened, best_first, understand
from core import context
from core.access import Actor
from core.clock import now
from core.codes.base import Status
from core.codes.cases import CaseStage
from core.codes.referrals import ReferralStatus
from core.crypto import sealed_column
from core.db import db
from core.formats import list_name
from core.ids import Id
from core.statements import Rows
from desk.models import StoredSearch
from panels.models import Case
from panels.policies import visible as case_visible
from referrals.models import Referral
from referrals.services.references import is_reference, tidy_reference
from referrals.triage_policies import in_area

SHOWN = 50
PERSON, REFERRAL = "person", "referral"
Found = tuple[str, Id]


class NotUnderstood(Exception):
    """What was typed cannot be searched for; the message is for the field."""


def visible_people(actor: Actor) -> ColumnElement[bool]:
    """The area's for who reads the area; for others, those whose cases they may open."""
    if sees_area(actor):
        return people_visible_to(actor)
    mine = select(Case.young_person_id).where(case_visible(actor))
    return YoungPerson.id.in_(mine) & YoungPerson.merged_into_id.is_(None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found, best first, and how many records were opened to compare."""

    found: list[Found]
    examined: int


def keep(actor: Actor, typed: str, outcome: Outcome) -> StoredSearch:
    """Keep the result under an opaque id, and write the one entry."""
    shown = outcome.found[:SHOWN]
    # Only what has run out: another tab may be reading its own result.
    db.session.execute(
        delete(StoredSearch).where(StoredSearch.owner_id == actor.user_id, StoredSearch.kept_until <= now())
    )
    kept = StoredSearch(
        owner_id=actor.user_id, membership_id=actor.membership_id, typed=typed, found=[list(one) for one in shown],
        examined=outcome.examined,
    )  # fmt: skip
    db.session.add(kept)
    detail = {"examined": outcome.examined, "found": len(outcome.found)}
    record(Event.PERSON_SEARCHED, actor, subjects=[one[1] for one in shown], detail=detail)
    return kept


def look(actor: Actor, typed: str) -> Outcome:
    """Search among what the actor may see; nothing is written. Raise NotUnderstood."""
    reference = tidy_reference(typed)
    if reference:
        if not is_reference(reference):
            raise NotUnderstood("That reference is not valid. Check the last letter")
        return Outcome(_by_reference(actor, reference), 0)
    asked = understand(typed)
    if not asked.is_enough:
        raise NotUnderstood("Enter at least 2 letters or a reference")
    return Outcome(*_by_name(actor, asked))


def _by_reference(actor: Actor, reference: str) -> list[Found]:
    """References are clear: one statement, no record is opened."""
    case = select(Case.young_person_id).where(Case.reference == reference, case_visible(actor))
    row = db.session.execute(
        select(Referral.id, Referral.young_person_id).where(Referral.reference == reference, in_area(actor))
    ).first()
    person_id = (row.young_person_id if row else None) or db.session.scalar(case)
    if person_id:
        return [(PERSON, person_id)]
    return [(REFERRAL, row.id)] if row else []


# Opening an area's names keeps one processor busy: in turn none is later, and a worker holds one list and not four.
_in_turn = Lock()


def _by_name(actor: Actor, asked: Asked) -> tuple[list[Found], int]:
    with _in_turn:
        return _by_opening(actor, asked)


def _by_opening(actor: Actor, asked: Asked) -> tuple[list[Found], int]:
    names = ("forename", "surname", "preferred_name", "aliases")
    everyone = select(YoungPerson).where(visible_people(actor)).limit(MOST_SCANNED + 1)
    rows = _sealed(YoungPerson, names, asked, everyone)
    if len(rows) > MOST_SCANNED:
        return _by_index(actor, asked)
    waiting = select(Referral).where(in_area(actor), Referral.young_person_id.is_(None))
    unlinked = _sealed(Referral, names[:2], asked, waiting)
    found = [(PERSON, one) for one in _scan(YoungPerson, names, asked, rows)]
    found += [(REFERRAL, one) for one in _scan(Referral, names[:2], asked, unlinked)]
    return found, len(rows) + len(unlinked)


def _compared(names: tuple[str, ...], asked: Asked) -> tuple[str, ...]:
    """Only what is compared is opened: names where names were typed, dates where a date was."""
    return (names if asked.words else ()) + (("date_of_birth",) if asked.born else ())


def _sealed(model: Any, names: tuple[str, ...], asked: Asked, which: Select[Any]) -> Rows:
    columns = [sealed_column(model, name) for name in _compared(names, asked)]
    return Rows(which.with_only_columns(model.id, model.data_key_id, *columns))


def _scan(model: Any, names: tuple[str, ...], asked: Asked, rows: Rows) -> list[Id]:
    with context.current().examining("search"):
        opened = context.current().open_many(model, _compared(names, asked), rows)
        return best_first(
            asked,
            (
                Opened(row_id, tuple(values[:-1]) if asked.born else tuple(values), values[-1] if asked.born else None)
                for row_id, values in opened
            ),
        )


def _by_index(actor: Actor, asked: Asked) -> tuple[list[Found], int]:
    """Too many to open: a name with a date of birth is found by the blind indexes."""
    if not (asked.born and asked.words and actor.area_id):
        raise NotUnderstood("There are too many records to search by this alone. Enter a name and a date of birth")
    found: dict[Id, None] = {}
    for word in asked.words:
        name = word[0][0]
        for person_id, _ in people.find_matches(actor.area_id, forename=name, surname=name, date_of_birth=asked.born):
            found[person_id] = None
    visible = set(db.session.scalars(select(YoungPerson.id).where(YoungPerson.id.in_(found), visible_people(actor))))
    return [(PERSON, person_id) for person_id in found if person_id in visible], len(found)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the results."""

    name: str
    also: str
    born: Any
    references: list[str]
    status: Any
    href: str


@dataclass(slots=True)
class Shown:
    """What the page of results shows."""

    typed: str
    rows: list[Row] = field(default_factory=list)


def find_kept(actor: Actor, search_id: Id) -> StoredSearch:
    """The search, if it is this actor's in this role and not too old. Raise NoResultFound."""
    return db.session.scalars(
        select(StoredSearch).where(
            StoredSearch.id == search_id, StoredSearch.owner_id == actor.user_id,
            StoredSearch.membership_id == actor.membership_id,
        )
    ).one()  # fmt: skip


def is_over(kept: StoredSearch) -> bool:
    return kept.kept_until <= now()


def read(actor: Actor, kept: StoredSearch) -> Shown:
    """The rows of a kept search, as they are and as far as they may be seen now."""
    with context.current().examining("own search"):
        shown, found = Shown(kept.typed or ""), [tuple(one) for one in kept.found or []]
    person_ids = [one for kind, one in found if kind == PERSON]
    referral_ids = [one for kind, one in found if kind == REFERRAL]
    rows = _person_rows(actor, person_ids) | _referral_rows(actor, referral_ids)
    shown.rows = [rows[one] for _, one in found if one in rows]
    return shown


@dataclass(frozen=True, slots=True)
class _Latest:
    reference: str
    status: Any
    href: str
    at: datetime


def _person_rows(actor: Actor, ids: list[Id]) -> dict[Id, Row]:
    if not ids:
        return {}
    names = ("forename", "surname", "preferred_name", "aliases", "date_of_birth")
    found = db.session.execute(
        select(YoungPerson.id, YoungPerson.data_key_id, *(sealed_column(YoungPerson, name) for name in names))
        .where(YoungPerson.id.in_(ids), visible_people(actor))
    ).all()  # fmt: skip
    context.current().load_keys(row.data_key_id for row in found)
    latest = _latest_referrals(actor, ids) | _latest_cases(actor, ids)
    return {row.id: _person_row(row, names, latest.get(row.id)) for row in found}


def _person_row(row: Any, names: tuple[str, ...], latest: list[_Latest] | None) -> Row:
    values = {
        name: context.current().open_value(YoungPerson, name, row.id, row.data_key_id, row.id, sealed)
        for name, sealed in zip(names, row[2:], strict=True)
    }
    newest = latest[0] if latest else None
    also = ", ".join([values["preferred_name"], *(values["aliases"] or [])] if values["preferred_name"]
                     else values["aliases"] or [])  # fmt: skip
    return Row(
        list_name(values["forename"], values["surname"]), also, values["date_of_birth"],
        [item.reference for item in latest or []][:3], newest.status if newest else None, newest.href if newest else "",
    )  # fmt: skip


def _latest_cases(actor: Actor, ids: list[Id]) -> dict[Id, list[_Latest]]:
    """The cases of each, newest first."""
    found = _newest_first(Case, Case.stage, Case.opened_at, case_visible(actor), ids)
    return _by_person(found, CaseStage, "/cases/")


def _latest_referrals(actor: Actor, ids: list[Id]) -> dict[Id, list[_Latest]]:
    """The referrals of each, newest first."""
    return _by_person(
        _newest_first(Referral, Referral.status, Referral.sent_at, in_area(actor), ids), ReferralStatus, "/triage/"
    )


def _newest_first(model: Any, state: Any, at: Any, where: ColumnElement[bool], ids: list[Id]) -> list[Any]:
    columns = (model.id, model.young_person_id, model.reference, state.label("state"), at.label("at"))
    return list(db.session.execute(select(*columns).where(model.young_person_id.in_(ids), where).order_by(at.desc())))


def _by_person(rows: list[Any], states: type[Status], address: str) -> dict[Id, list[_Latest]]:
    found: dict[Id, list[_Latest]] = {}
    for row in rows:
        latest = _Latest(row.reference, states(row.state).tag, f"{address}{row.id}", row.at)
        found.setdefault(row.young_person_id, []).append(latest)
    return found


def _referral_rows(actor: Actor, ids: list[Id]) -> dict[Id, Row]:
    """Referrals that triage has not tied to a young person yet."""
    if not ids:
        return {}
    found = db.session.execute(
        select(
            Referral.id, Referral.data_key_id, Referral.reference, Referral.status,
            *(sealed_column(Referral, name) for name in ("forename", "surname", "date_of_birth")),
        ).where(Referral.id.in_(ids), in_area(actor))
    ).all()  # fmt: skip
    seen = context.current()
    seen.load_keys(row.data_key_id for row in found)
    rows = {}
    for row in found:
        forename, surname, born = (
            seen.open_value(Referral, name, row.id, row.data_key_id, row.id, sealed)
            for name, sealed in zip(("forename", "surname", "date_of_birth"), row[4:], strict=True)
        )
        tag = ReferralStatus(row.status).tag
        rows[row.id] = Row(list_name(forename, surname), "", born, [row.reference], tag, f"/triage/{row.id}")
    return rows
