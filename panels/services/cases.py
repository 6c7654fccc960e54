"""Opening a case, finding one, and changing who leads it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, func, select
from sqlalchemy.exc import NoResultFound

from accounts.models import Agency, Membership, User
from accounts.roles import Role
from audit.models import Event
from audit.services import change_of, record
from cohort.models import YoungPerson
from cohort.services import elsewhere
from core.access import Actor
from core.clock import today
from core.codes.cases import CaseStage, EngagementStatus
from core.context import current
from core.db import db
from core.ids import Id
from core.sensitivity import is_restricted, must_open
from core.statements import fetch_one
from panels import policies
from panels.models import Case
from panels.services import next_step, telling, timeline
from panels.services.next_step import NextStep
from panels.services.timeline import Happened
from referrals.models import Referral

LEADING_ROLES = (Role.LEAD, Role.COORDINATOR)


class NotPossible(Exception):
    """A rule of the case says no; the words are for the page and hold nothing personal."""


def open_case(actor: Actor, *, referral: Referral, lead_id: Id | None, assess_first: bool) -> Case:
    """Open a case for an accepted referral, sealed under the young person's key. The caller commits."""
    if referral.young_person_id is None:
        raise NotPossible("The referral must be linked to a young person first")
    person = db.session.get_one(YoungPerson, referral.young_person_id)
    case = Case(
        reference=referral.reference, area_id=referral.area_id, district_id=referral.district_id,
        young_person_id=person.id, referral_id=referral.id, data_key_id=person.data_key_id, lead_id=lead_id,
        stage=CaseStage.ASSESSING.value, engagement=EngagementStatus.ASKING.value,
        next_step=NextStep.ASK.value, next_due_on=today(), is_open=True, episode=1,
    )  # fmt: skip
    case.going_well, case.worries = _from_referral(referral)
    db.session.add(case)
    db.session.flush()
    next_step.refresh(case)
    record(Event.CASE_OPENED, actor, case, detail={"assess_first": int(assess_first)})
    timeline.add(case, Happened.CASE_OPENED, actor, object_id=referral.id)
    telling.allocated(actor, case)
    elsewhere.publish(actor, person)
    return case


def _from_referral(referral: Referral) -> tuple[str | None, str | None]:
    """What was going well and what was worrying when the referral was made, in the referrer's words."""
    answers: dict[str, Any] = referral.answers or {}
    strengths, worries = ((answers.get(section) or {}).get("text") for section in ("strengths", "worries"))
    return strengths, worries


def find_case(actor: Actor, case_id: Id) -> Case:
    """The case, if this person may open it; NoResultFound otherwise, which is "page not found"."""
    found: Case = db.session.scalars(policies.cases_visible_to(actor).where(Case.id == case_id)).one()
    must_open(found.young_person_id)
    return found


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case with what the head of every page of it shows."""

    case: Case
    person: YoungPerson
    lead_name: str | None
    referred_at: datetime


def find_file(actor: Actor, case_id: Id) -> CaseFile:
    """The case with its person, lead and referral in one statement, and their key in one more."""
    if actor.area_id is None:
        raise NoResultFound
    statement = _file_statement(actor.permissions, actor.agency_id is not None)
    row = db.session.execute(statement, policies.bound(actor) | {"case": case_id}).one()
    case, person, lead_name, referred_at = row
    must_open(person.id)
    current().looked_at("case_record", case.id)
    current().load_keys([case.data_key_id, person.data_key_id])
    return CaseFile(case, person, lead_name, referred_at)


@lru_cache(maxsize=64)
def _file_statement(permissions: frozenset[Any], has_agency: bool) -> Select[*tuple[Any, ...]]:
    return (
        select(Case, YoungPerson, User.name, Referral.sent_at)
        .join(YoungPerson, YoungPerson.id == Case.young_person_id)
        .join(Referral, Referral.id == Case.referral_id)
        .outerjoin(User, User.id == Case.lead_id)
        .where(policies.visible(policies.stand_in(permissions, has_agency)), Case.id == bindparam("case"))
    )


def find_to_write(actor: Actor, case_id: Id) -> Any:
    """What writing on a case needs of it (see ``_ON_WRITING``), without the head of its pages: no field is opened.

    Raise NoResultFound, or RestrictedRecord.
    """
    if actor.area_id is None:
        raise NoResultFound
    statement = _writing_statement(actor.permissions, actor.agency_id is not None)
    row = fetch_one(statement, policies.bound(actor) | {"case": case_id})
    must_open(row.young_person_id)
    return row


_ON_WRITING = Case.id, Case.area_id, Case.young_person_id, Case.data_key_id, Case.lead_id, Case.is_open


@lru_cache(maxsize=64)
def _writing_statement(permissions: frozenset[Any], has_agency: bool) -> Select[*tuple[Any, ...]]:
    whose = policies.visible(policies.stand_in(permissions, has_agency))
    return select(*_ON_WRITING).where(whose, Case.id == bindparam("case"))


@dataclass(frozen=True, slots=True)
class Lead:
    id: Id
    name: str
    agency: str
    open_cases: int


def open_cases() -> ScalarSelect[int]:
    """How many open cases the ``User`` of the statement around it leads."""
    return select(func.count()).where(Case.lead_id == User.id, Case.is_open).correlate(User).scalar_subquery()


def may_lead_in(area_id: Id) -> tuple[ColumnElement[bool], ...]:
    """What makes a ``Membership`` of a ``User`` one that may lead a case of the area today."""
    return (
        Membership.area_id == area_id, Membership.role.in_([role.value for role in LEADING_ROLES]),
        Membership.is_active.is_(True), Membership.valid_from <= today(), User.active.is_(True),
        func.coalesce(Membership.valid_to, today()) >= today(),
    )  # fmt: skip


def possible_leads(area_id: Id) -> list[Lead]:
    """Lead practitioners and coordinators of the area, with how many open cases each leads, fewest first."""
    rows = db.session.execute(
        select(User.id, User.name, func.min(Agency.name).label("agency"), open_cases().label("open_cases"))
        .join(Membership, Membership.user_id == User.id)
        .outerjoin(Agency, Agency.id == Membership.agency_id)
        .where(*may_lead_in(area_id))
        .group_by(User.id, User.name)
    )
    found = [Lead(row.id, row.name, row.agency or "", row.open_cases) for row in rows]
    return sorted(found, key=lambda lead: (lead.open_cases, lead.name))


def allocate(actor: Actor, case: Case, lead_id: Id) -> bool:
    """Give the case to a lead of its area; False when nothing changes. Raise NotPossible where the rules say no."""
    return _allocate(actor, case, lead_id, {lead.id for lead in possible_leads(case.area_id)})


def _allocate(actor: Actor, case: Case, lead_id: Id, allowed: set[Id]) -> bool:
    if not case.is_open:
        raise NotPossible("The case is closed")
    if is_restricted(case.young_person_id):
        raise NotPossible("The record is restricted")
    if lead_id not in allowed:
        raise NotPossible("They do not lead cases in this area")
    changes = change_of(case, {"lead_id": lead_id})
    if not changes:
        return False
    next_step.refresh(case)
    record(Event.CASE_ALLOCATED, actor, case, changes=changes)
    timeline.add(case, Happened.LEAD_CHANGED, actor, object_id=lead_id)
    telling.allocated(actor, case)
    return True


class Allocated(NamedTuple):
    """What became of the cases that were to have a new lead."""

    changed: int
    overtaken: int
    left: int


def allocate_many(actor: Actor, case_ids: Iterable[Id], lead_id: Id, seen: Mapping[Id, str]) -> Allocated:
    """Row by row through the same rules. ``seen``: who led a case ("" for nobody) when the page that asks was opened;
    one that somebody else gave a lead since then keeps them.
    """
    wanted = list(dict.fromkeys(case_ids))[:50]
    if actor.area_id is None:
        return Allocated(0, 0, len(wanted))
    allowed = {lead.id for lead in possible_leads(actor.area_id)}
    found = db.session.scalars(policies.cases_visible_to(actor).where(Case.id.in_(wanted))).all()
    current().load_keys(case.data_key_id for case in found)
    changed = overtaken = 0
    for case in found:
        led_by = case.lead_id or ""
        if led_by not in {lead_id, seen.get(case.id, led_by)}:
            overtaken += 1
            continue
        try:
            changed += _allocate(actor, case, lead_id, allowed)
        except NotPossible:
            continue
    return Allocated(changed, overtaken, len(wanted) - changed - overtaken)
