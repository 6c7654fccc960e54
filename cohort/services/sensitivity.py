"""Closing a young person's record and opening it again: the level, why, who is named, and matches nobody may hear of."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from accounts.models import Agency, Membership, User
from accounts.roles import ROLES
from audit.models import Event
from audit.services import change_of, record
from cohort.models import NamedPerson, YoungPerson
from core.access import Actor, Permission
from core.clock import now, today
from core.codes.sensitivity import Sensitivity
from core.db import db
from core.ids import Id

P = Permission
# Whoever holds one of these may need to read a record; nobody else is offered to be named.
READS_RECORDS = frozenset({P.CASE_READ_AREA, P.CASE_READ_ALLOCATED, P.REFERRAL_READ_AREA, P.MEETING_READ})
ORDER = [Sensitivity.NORMAL, Sensitivity.RESTRICTED, Sensitivity.HIDDEN]


@dataclass(frozen=True, slots=True)
class Colleague:
    """Someone of the area who may be named."""

    id: Id
    name: str
    role: str
    agency: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a record should be from now on. ``code`` is a reason to close it or to open it, ``words`` say more."""

    level: Sensitivity
    code: str
    words: str
    named: frozenset[Id]
    ask_id: Id | None


def colleagues(area_id: Id) -> list[Colleague]:
    """Who works with records in this area today, by name; one line each, whatever roles they hold."""
    roles = [role.value for role, rules in ROLES.items() if rules.permissions & READS_RECORDS]
    rows = db.session.execute(
        select(User.id, User.name, func.min(Membership.role).label("role"), func.min(Agency.name).label("agency"))
        .join(Membership, Membership.user_id == User.id)
        .outerjoin(Agency, Agency.id == Membership.agency_id)
        .where(
            Membership.area_id == area_id, Membership.role.in_(roles), Membership.is_active, User.active,
            Membership.valid_from <= today(), func.coalesce(Membership.valid_to, today()) >= today(),
        )
        .group_by(User.id, User.name)
        .order_by(User.name, User.id)
    )  # fmt: skip
    return [Colleague(row.id, row.name, ROLES[row.role].name, row.agency or "") for row in rows]


def named_for(person_id: Id) -> list[tuple[Id, str]]:
    """Ids and names of those who are named for this record, by name."""
    rows = db.session.execute(
        select(NamedPerson.user_id, User.name)
        .join(User, User.id == NamedPerson.user_id)
        .where(NamedPerson.young_person_id == person_id)
        .order_by(User.name)
    )
    return [(row.user_id, row.name) for row in rows]


def is_less_closed(person: YoungPerson, level: Sensitivity) -> bool:
    return ORDER.index(level) < ORDER.index(Sensitivity(person.sensitivity))


def change(actor: Actor, person: YoungPerson, wanted: Wanted) -> None:
    """Set the level and who is named. Takes effect with the next request of everyone; the caller commits."""
    is_normal = wanted.level is Sensitivity.NORMAL
    keep = frozenset() if is_normal else wanted.named
    changes = change_of(person, {
        "sensitivity": wanted.level.value, "sensitivity_code": None if is_normal else wanted.code,
        "sensitivity_words": wanted.words, "ask_id": None if is_normal else wanted.ask_id,
    })  # fmt: skip
    person.sensitivity_at, person.sensitivity_by_id = now(), actor.user_id
    also = [*_unname(person, keep), *_name(actor, person, keep)]
    detail = {"level": wanted.level.value, "named": len(keep)}
    record(Event.SENSITIVITY_SET, actor, person, also=also, changes=changes, reason=wanted.code, detail=detail)


def _unname(person: YoungPerson, keep: Collection[Id]) -> Iterable[NamedPerson]:
    gone = db.session.scalars(
        select(NamedPerson).where(NamedPerson.young_person_id == person.id, NamedPerson.user_id.not_in(keep))
    ).all()
    for named in gone:
        db.session.delete(named)
    return gone


def _name(actor: Actor, person: YoungPerson, wanted: Collection[Id]) -> Iterable[NamedPerson]:
    before = {user_id for user_id, _ in named_for(person.id)}
    made = [
        NamedPerson(young_person_id=person.id, area_id=person.area_id, user_id=user_id, named_by_id=actor.user_id)
        for user_id in sorted(set(wanted) - before)
    ]
    db.session.add_all(made)
    return made


@dataclass(frozen=True, slots=True)
class ClosedRecord:
    """One line of the safeguarding lead's list."""

    person_id: Id
    person_key: Id
    level: Sensitivity
    code: str
    since: datetime | None
    ask: str
    named: int
    row: Any


def closed_records(actor: Actor, name_columns: list[Any]) -> list[ClosedRecord]:
    """Every closed record of the actor's area, newest first. ``name_columns``: what the page opens of each."""
    named = (
        select(func.count())
        .where(NamedPerson.young_person_id == YoungPerson.id)
        .correlate(YoungPerson)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            YoungPerson.sensitivity, YoungPerson.sensitivity_code, YoungPerson.sensitivity_at,
            User.name.label("ask"), named.label("named"), *name_columns,
        )
        .outerjoin(User, User.id == YoungPerson.ask_id)
        .where(YoungPerson.area_id == actor.area_id, YoungPerson.sensitivity != Sensitivity.NORMAL.value)
        .order_by(YoungPerson.sensitivity_at.desc(), YoungPerson.id)
    ).all()  # fmt: skip
    return [
        ClosedRecord(row.person_id, row.person_key, Sensitivity(row.sensitivity), row.sensitivity_code or "",
                     row.sensitivity_at, row.ask or "", row.named, row)
        for row in rows
    ]  # fmt: skip


def may_set(actor: Actor, person: YoungPerson) -> bool:
    """Whoever may set it at all and sees the record: for a closed one that is only who is named, or oversees them."""
    return actor.can(P.SENSITIVITY_SET) and person.area_id == actor.area_id


def oversees(area_id: Id) -> list[Id]:
    """The safeguarding leads of an area, who are told of what nobody else may know."""
    roles = [role.value for role, rules in ROLES.items() if P.SENSITIVITY_OVERSEE in rules.permissions]
    return list(
        db.session.scalars(
            select(Membership.user_id).where(
                Membership.area_id == area_id, Membership.role.in_(roles), Membership.is_active,
                or_(Membership.valid_to.is_(None), Membership.valid_to >= today()),
            )
        )
    )  # fmt: skip
