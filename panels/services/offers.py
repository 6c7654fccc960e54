"""Offers of support: made for a case, answered by a provider, with places counted in the same transaction."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from accounts.models import Agency, Approval, Area, Membership, User
from accounts.roles import ROLES
from audit.models import Event
from audit.services import change_of, record
from cohort.models import YoungPerson
from core.access import Actor, Permission
from core.clock import now, today
from core.codes.offers import OfferStatus
from core.db import db
from core.ids import Id
from core.sensitivity import must_open
from core.working_days import add_working_days
from interventions.models import Intervention
from interventions.services import places_left, providers
from panels.models import Case, Offer
from panels.services import names, next_step, telling, timeline
from panels.services.timeline import Happened
from panels.support_policies import offers_visible_to

ANSWER_WITHIN = 2
TO_ANSWER = frozenset({OfferStatus.OFFERED, OfferStatus.WAITING})


UNDER_WAY = frozenset({OfferStatus.ACCEPTED, OfferStatus.ACTIVE, OfferStatus.PAUSED})


class NoPlaces(Exception):
    """Every place is taken: the young person can wait, or go elsewhere."""


class NotToAnswer(Exception):
    """The offer was answered already."""


@dataclass(frozen=True)
class Practitioner:
    id: Id
    name: str
    agency_id: Id


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is asked, and towards what: what an offer says beside the intervention."""

    provider_id: Id | None = None
    practitioner_id: Id | None = None
    goal: str = ""
    safety: str = ""
    planned_sessions: int = 12


def make_offer(
    actor: Actor, *, case: Case, intervention: Intervention, practitioner_id: Id | None = None, goal: str = "",
    planned_sessions: int = 12, provider_id: Id | None = None, safety: str = "", harm_reason: str = "",
    agreed: Approval | None = None,
) -> Offer:  # fmt: skip
    """Offer an intervention to a provider; raise ValueError for a harmful one that no second person agreed to, or
    without a provider (``panels.services.harmful`` asks the second person).

    Without ``provider_id`` it goes to the intervention's own provider, else to the practitioner's agency.
    """
    if intervention.is_harmful and (agreed is None or agreed.decided_by_id is None or not harm_reason.strip()):
        raise ValueError("An approach that can cause harm needs a reason and two people")
    provider_id = intervention.provider_id or provider_id or _agency_of(practitioner_id, case.area_id)
    if provider_id is None or provider_id not in {agency.id for agency in providers(case.area_id)}:
        raise ValueError("An offer needs a provider of the area")
    offer = Offer(
        case_id=case.id, area_id=case.area_id, young_person_id=case.young_person_id, data_key_id=case.data_key_id,
        intervention_id=intervention.id, provider_id=provider_id, practitioner_id=practitioner_id,
        status=OfferStatus.OFFERED.value, answer_by=answer_by(case.area_id), planned_sessions=planned_sessions,
        goal=goal, safety=safety, harm_reason=harm_reason,
    )  # fmt: skip
    db.session.add(offer)
    db.session.flush()
    timeline.add(case, Happened.OFFER_MADE, actor, object_id=offer.id, summary=intervention.name)
    next_step.refresh(case)
    record(Event.OFFER_MADE, actor, offer, also=[case], detail={"harmful": intervention.is_harmful})
    telling.offered(offer, [one.id for one in practitioners(case.area_id, [provider_id])])
    return offer


def answer_by(area_id: Id, start: date | None = None) -> date:
    area = db.session.get(Area, area_id)
    return add_working_days(start or today(), int((area.targets if area else {}).get("offer", ANSWER_WITHIN)))


def practitioners(area_id: Id, agency_ids: list[Id]) -> list[Practitioner]:
    """Who may take an offer: people of these agencies whose role answers offers in this area."""
    roles = [role.value for role, rules in ROLES.items() if Permission.OFFER_ANSWER in rules.permissions]
    rows = db.session.execute(
        select(Membership.user_id, User.name, Membership.agency_id)
        .join(User, Membership.user_id == User.id)
        .where(
            Membership.role.in_(roles), Membership.agency_id.in_(agency_ids), Membership.area_id == area_id,
            Membership.is_active, User.active,
        )
        .order_by(User.name)
    )  # fmt: skip
    return [Practitioner(row.user_id, row.name, row.agency_id or "") for row in rows]


def _agency_of(practitioner_id: Id | None, area_id: Id) -> Id | None:
    if practitioner_id is None:
        return None
    agencies = [agency.id for agency in providers(area_id)]
    return next((p.agency_id for p in practitioners(area_id, agencies) if p.id == practitioner_id), None)


def accept(actor: Actor, offer: Offer, case: Case, *, start_on: date, practitioner_id: Id) -> None:
    """Take a young person on. Raise NoPlaces when the last place went to someone else meanwhile."""
    intervention = _locked(offer)
    left = places_left([intervention])[intervention.id]
    if left is not None and left <= 0:
        raise NoPlaces
    _answer(actor, offer, case, OfferStatus.ACCEPTED, {"start_on": start_on, "practitioner_id": practitioner_id})


def put_on_waiting_list(actor: Actor, offer: Offer, case: Case, *, note: str = "") -> None:
    _answer(actor, offer, case, OfferStatus.WAITING, {"note": note})


def cannot_take(actor: Actor, offer: Offer, case: Case, *, code: str, note: str = "") -> None:
    _answer(actor, offer, case, OfferStatus.CANNOT_TAKE, {"decline_code": code, "note": note}, reason=code)


def _locked(offer: Offer) -> Intervention:
    """Two acceptances of one last place wait for each other here (on SQLite the whole transaction does)."""
    return db.session.scalars(
        select(Intervention).where(Intervention.id == offer.intervention_id).with_for_update()
    ).one()


def _answer(
    actor: Actor, offer: Offer, case: Case, status: OfferStatus, values: dict[str, object], reason: str | None = None
) -> None:
    if offer.status not in TO_ANSWER:
        raise NotToAnswer
    changes = change_of(offer, values | {"status": status.value, "answered_at": now()})
    name = db.session.scalars(select(Intervention.name).where(Intervention.id == offer.intervention_id)).one()
    timeline.add(case, Happened.OFFER_ANSWERED, actor, object_id=offer.id, summary=f"{name}: {status.label.lower()}")
    next_step.refresh(case)
    record(Event.OFFER_ANSWERED, actor, offer, also=[case], changes=changes, reason=reason)
    telling.answered(actor, offer, case)


def end(actor: Actor, offer: Offer, case: Case, *, early_code: str | None = None) -> None:
    """Finished, or ended early for a reason; the place is free for someone else."""
    if offer.status not in UNDER_WAY:
        raise NotToAnswer
    status = OfferStatus.ENDED_EARLY if early_code else OfferStatus.COMPLETED
    changes = change_of(offer, {"status": status.value, "decline_code": early_code})
    name = db.session.scalars(select(Intervention.name).where(Intervention.id == offer.intervention_id)).one()
    timeline.add(case, Happened.OFFER_ENDED, actor, object_id=offer.id, summary=f"{name}: {status.label.lower()}")
    next_step.refresh(case)
    record(Event.OFFER_ANSWERED, actor, offer, also=[case], changes=changes, reason=early_code or "completed")


def listed(actor: Actor, statuses: list[str], *, limit: int = 50, offset: int = 0) -> list[Any]:
    """Offers one may see, the first to answer on top, with columns for the names."""
    seen = offers_visible_to(actor).with_only_columns(Offer.id)
    rows = db.session.execute(
        select(
            Offer.id, Offer.status, Offer.answer_by, Offer.start_on, Offer.case_id, Case.reference,
            Intervention.name.label("intervention"), Agency.name.label("provider"),
            User.name.label("practitioner"), *names.person_columns(),
        )
        .join(Case, Case.id == Offer.case_id)
        .join(Intervention, Intervention.id == Offer.intervention_id)
        .join(Agency, Agency.id == Offer.provider_id)
        .join(YoungPerson, YoungPerson.id == Offer.young_person_id)
        .outerjoin(User, Offer.practitioner_id == User.id)
        .where(Offer.id.in_(seen), Offer.status.in_(statuses))
        .order_by(Offer.answer_by, Offer.id)
        .limit(limit).offset(offset)
    ).all()  # fmt: skip
    names.load(rows)
    return list(rows)


def find_offer(actor: Actor, offer_id: Id) -> Offer:
    offer: Offer = db.session.scalars(offers_visible_to(actor).where(Offer.id == offer_id)).one()
    must_open(offer.young_person_id)
    return offer


def whose(offer: Offer) -> tuple[Intervention, str, str | None]:
    """What is offered, by which provider, and by whom there where somebody was asked for by name."""
    found = db.session.execute(
        select(Intervention, Agency.name, User.name)
        .select_from(Offer)
        .join(Intervention, Intervention.id == Offer.intervention_id)
        .join(Agency, Agency.id == Offer.provider_id)
        .outerjoin(User, User.id == Offer.practitioner_id)
        .where(Offer.id == offer.id)
    ).one()
    return found[0], found[1], found[2]


def given_by(actor: Actor) -> list[Any]:
    """The young people whom this practitioner supports now."""
    taken = [OfferStatus.ACCEPTED.value, OfferStatus.ACTIVE.value, OfferStatus.PAUSED.value]
    rows = db.session.execute(
        select(
            Offer.id, Offer.status, Offer.start_on, Offer.planned_sessions, Offer.case_id, Case.reference,
            Intervention.name.label("intervention"), *names.person_columns(),
        )
        .join(Case, Case.id == Offer.case_id)
        .join(Intervention, Intervention.id == Offer.intervention_id)
        .join(YoungPerson, YoungPerson.id == Offer.young_person_id)
        .where(
            Offer.practitioner_id == actor.user_id, Offer.area_id == actor.area_id, Offer.status.in_(taken),
            Case.is_open,
        )
        .order_by(Offer.start_on, Offer.id)
        .limit(200)
    ).all()  # fmt: skip
    names.load(rows)
    return list(rows)
