"""Recording what was shared, or was not because the law does not allow it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import aliased

from accounts.models import Agency, User
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import today
from core.codes.sharing import SharingOutcome
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from sharing.models import Disclosure
from sharing.policies import disclosures_visible_to
from sharing.register import Answer, check, data_classes, gateways

PAGE = 50
# The ground of somebody who does not find theirs in the list; the register then does not know it.
OTHER_GROUND = "other"


def record_disclosure(
    actor: Actor, *, area_id: Id, from_agency: Agency, data_class: str, gateway: str, purpose: str, what: str,
    why_needed: str, to_agency_id: Id | None = None, to_whom: str = "", reason: str = "", is_emergency: bool = False,
    young_person_id: Id | None = None, referral_id: Id | None = None, case_id: Id | None = None,
    data_key_id: Id | None = None,
) -> Disclosure:  # fmt: skip
    """Ask the register and keep its answer with what was to be shared; a refusal is kept too (DOMAIN 3.8)."""
    answer = check(from_agency.kind, data_class, gateway, is_emergency)
    disclosure = Disclosure(
        area_id=area_id, young_person_id=young_person_id, referral_id=referral_id, case_id=case_id,
        from_agency_id=from_agency.id, to_agency_id=to_agency_id, data_class=data_class, gateway=gateway,
        purpose=purpose, outcome=answer.outcome.value, statute=answer.statute or None, is_emergency=is_emergency,
        decided_by_id=actor.user_id, data_key_id=data_key_id, to_whom=to_whom, what=what, why_needed=why_needed,
        reason=reason,
    )  # fmt: skip
    db.session.add(disclosure)
    refused = answer.outcome is SharingOutcome.REFUSED
    record(
        Event.DISCLOSURE_REFUSED if refused else Event.DISCLOSURE_RECORDED, actor, disclosure,
        outcome="refused" if refused else "ok", reason=answer.outcome.value,
        detail={"data_class": data_class, "gateway": gateway, "emergency": int(is_emergency)},
    )  # fmt: skip
    return disclosure


def answer_for(disclosure: Disclosure) -> Answer:
    """What the register says about a stored record, with its reason in words."""
    agency = db.session.get(Agency, disclosure.from_agency_id) if disclosure.from_agency_id else None
    return check(agency.kind if agency else "", disclosure.data_class, disclosure.gateway, disclosure.is_emergency)


def agencies_of(area_id: Id) -> Sequence[Agency]:
    """Those of the area and those that work across the force, in date."""
    return db.session.scalars(
        select(Agency)
        .where(or_(Agency.area_id == area_id, Agency.area_id.is_(None)),
               or_(Agency.valid_to.is_(None), Agency.valid_to >= today()))
        .order_by(Agency.name)
    ).all()  # fmt: skip


def listed(found: Select[Disclosure], *, outcome: str = "", page: int = 1) -> Sequence[Any]:
    """A page of the register, newest first, with names of agencies and of who decided; nothing sealed is opened."""
    giver, taker = aliased(Agency), aliased(Agency)
    rows = (
        found.add_columns(giver.name, taker.name, User.name)
        .join(giver, Disclosure.from_agency_id == giver.id, isouter=True)
        .join(taker, Disclosure.to_agency_id == taker.id, isouter=True)
        .join(User, Disclosure.decided_by_id == User.id)
        .order_by(Disclosure.decided_at.desc(), Disclosure.id)
    )
    if outcome:
        rows = rows.where(Disclosure.outcome == outcome)
    return db.session.execute(rows.limit(PAGE + 1).offset((page - 1) * PAGE)).all()


def find_disclosure(actor: Actor, disclosure_id: Id) -> Disclosure:
    return db.session.scalars(disclosures_visible_to(actor).where(Disclosure.id == disclosure_id)).one()


def data_name(slug: str) -> str:
    return next((d.name for d in data_classes() if d.slug == slug), slug)


def gateway_name(slug: str) -> str:
    return next((g.name for g in gateways() if g.slug == slug), _("Another lawful ground"))
