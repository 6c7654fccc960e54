"""What a coordinator does with what arrived: reads it, takes it in as a new referral, or turns it away; and the sweeping."""

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from accounts.models import Agency, Area
from audit.models import Event
from audit.services import record
from core import jobs
from core.access import Actor
from core.clock import in_london, now, today
from core.codes.invited import ArrivalStatus, TurnAwayReason
from core.codes.referrals import ReferralStatus
from core.context import acting_as, current
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from core.paging import PER_PAGE, Paging
from core.spent_keys import destroy_after_commit
from core.working_days import add_working_days
from invited.models import PARTS, Arrival, ReferralLink
from invited.policies import arrivals_of, waiting_for
from messages.services.notices import Place, leads_to
from referrals.models import Referral
from referrals.services.references import new_reference
from referrals.triage_policies import in_area

# Turned away, it can be looked at again for so long; a link that was opened and never sent leaves nothing after a day.
KEPT_DAYS, UNSENT, LINKS_KEPT = 28, timedelta(days=4), timedelta(days=365)


def listed(actor: Actor, page: int, *, turned_away: bool = False) -> tuple[list[tuple[Arrival, str]], Paging]:
    """One page with the agency of each, oldest first; nothing sealed is opened. One statement."""
    wanted = ArrivalStatus.TURNED_AWAY if turned_away else ArrivalStatus.WAITING
    rows = db.session.execute(
        arrivals_of(actor)
        .where(Arrival.status == wanted.value)
        .outerjoin(Agency, Agency.id == Arrival.agency_id)
        .with_only_columns(Arrival, Agency.name, func.count().over())
        .order_by(Arrival.is_urgent.desc(), Arrival.received_at, Arrival.id)
        .limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    ).all()  # fmt: skip
    return [(row[0], row[1] or "") for row in rows], Paging(page, rows[0][2] if rows else 0)


def find(actor: Actor, arrival_id: Id, *, lock: bool = False) -> Arrival:
    """Raise NoResultFound where it is not there for this actor."""
    statement = arrivals_of(actor).where(Arrival.id == arrival_id)
    arrival: Arrival = db.session.scalars(statement.with_for_update() if lock else statement).one()
    return arrival


def is_taken_in(actor: Actor, arrival_id: Id) -> bool:
    """Whether it has become a referral of this area: a colleague was first."""
    return db.session.scalar(select(Referral.id).where(Referral.id == arrival_id, in_area(actor))) is not None


def answers_of(arrival: Arrival) -> dict[str, Any]:
    """All pages as the answers of a referral (``referrals.answers``), opened for whoever reads them."""
    current().looked_at("arrival", arrival.id)
    answers: dict[str, Any] = {}
    for part in PARTS:
        answers |= getattr(arrival, part) or {}
    start = answers.get("start") or {}
    called = {"called": arrival.called} if arrival.called else {}
    danger = {"danger": arrival.danger} if arrival.danger else {}
    answers["start"] = start | danger | called | {"area_id": arrival.area_id, "receipt": arrival.receipt}
    if born := start.get("date_of_birth"):
        answers["person"] = {"date_of_birth": born} | (answers.get("person") or {})
    return answers | {"you": (answers.get("you") or {}) | _known_of(arrival)}


def _known_of(arrival: Arrival) -> dict[str, str]:
    """What the sender was not asked, because the link says it: their agency, and the address that they confirmed."""
    if arrival.link_id is None:
        return {}
    named = select(Agency.name, ReferralLink.email).join(Agency, Agency.id == ReferralLink.agency_id)
    row = db.session.execute(named.where(ReferralLink.id == arrival.link_id)).one()
    return {"agency": row.name, "email": row.email}


def accept(actor: Actor, arrival: Arrival) -> Referral:
    """Make it a new referral under its own id and key. The clocks have run since it arrived."""
    assert arrival.received_at is not None
    area, answers = db.session.get_one(Area, arrival.area_id), answers_of(arrival)
    person = answers.get("person") or {}
    born = person.get("date_of_birth")
    referral = Referral(
        id=arrival.id, data_key_id=arrival.data_key_id, reference=new_reference(area), area_id=area.id,
        district_id=answers["start"].get("district_id") or None, agency_id=arrival.agency_id, sent_by_id=actor.user_id,
        source_type=arrival.source_type, status=ReferralStatus.NEW.value, sent_at=arrival.received_at,
        acknowledge_by=_within(area, arrival.received_at, "acknowledge", 1),
        decide_by=_within(area, arrival.received_at, "triage", 5), forename=person.get("forename"),
        surname=person.get("surname"), date_of_birth=date.fromisoformat(born) if born else None, answers=answers,
    )  # fmt: skip
    record(
        Event.ARRIVAL_ACCEPTED, actor, referral, also=[arrival], reason=arrival.source_type,
        detail={"danger": arrival.is_urgent, "link": arrival.link_id or ""},
    )  # fmt: skip
    db.session.delete(arrival)
    db.session.add(referral)
    db.session.flush()
    return referral


def _within(area: Area, since: datetime, target: str, usual: int) -> date:
    return add_working_days(in_london(since).date(), int((area.targets or {}).get(target, usual)))


def turn_away(actor: Actor, arrival: Arrival, *, reason: TurnAwayReason, why: str) -> None:
    """It goes no further, stays sealed, and is deleted with its key after four weeks."""
    arrival.status, arrival.reason, arrival.why = ArrivalStatus.TURNED_AWAY.value, reason.value, why
    arrival.settled_by_id, arrival.settled_at = actor.user_id, now()
    arrival.kept_until = today() + timedelta(days=KEPT_DAYS)
    record(Event.ARRIVAL_TURNED_AWAY, actor, arrival, reason=reason.value)


def take_back(actor: Actor, arrival: Arrival) -> None:
    """Turned away by mistake: it waits again."""
    arrival.status, arrival.kept_until = ArrivalStatus.WAITING.value, None
    record(Event.ARRIVAL_TURNED_AWAY, actor, arrival, reason="taken_back")


def sweep() -> int:
    """Delete what was turned away four weeks ago and what was begun and never sent, with their keys. Commits."""
    with acting_as(job="arrivals"):
        ended = or_(
            (Arrival.status == ArrivalStatus.TURNED_AWAY.value) & (Arrival.kept_until < today()),
            (Arrival.status == ArrivalStatus.WRITING.value) & (Arrival.created_at < now() - UNSENT),
        )
        gone = db.session.scalars(select(Arrival).where(ended)).all()
        for arrival in gone:
            record(Event.ARRIVAL_DELETED, None, arrival, reason=arrival.status)
            db.session.delete(arrival)
        destroy_after_commit([arrival.data_key_id for arrival in gone])
        db.session.flush()
        in_use = select(Arrival.link_id).where(Arrival.link_id.is_not(None))
        old = ReferralLink.expires_at < now() - LINKS_KEPT, ReferralLink.id.not_in(in_use)
        for link in db.session.scalars(select(ReferralLink).where(*old)).all():
            db.session.delete(link)
        db.session.commit()
    return len(gone)


def _places(actor: Actor, ids: list[Id]) -> dict[Id, Place]:
    found = waiting_for(actor).where(Arrival.id.in_(ids)).with_only_columns(Arrival.id, Arrival.receipt)
    return {
        row.id: Place(_("Receipt %(number)s", number=row.receipt), f"/triage/arrivals/{row.id}")
        for row in db.session.execute(found)
    }


leads_to("arrival", _places)
jobs.daily("arrivals", time(3, 20), sweep)
