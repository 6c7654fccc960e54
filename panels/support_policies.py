"""Who may see offers and sessions: the area, the case's lead, and the provider that gives the support."""

from typing import Any

from sqlalchemy import Select, false, or_, select

from core.access import Actor, Permission
from core.codes.offers import OPEN_OFFERS
from panels.models import Case, Offer, SupportSession
from panels.policies import may_work, sees_area, sees_whole, visible

P = Permission
_OPEN = sorted(status.value for status in OPEN_OFFERS)


def offers_visible_to(actor: Actor) -> Select[Offer]:
    """A provider sees what its own agency was offered in its own area, until it is over; a lead, their own cases'."""
    statement = select(Offer)
    if actor.area_id is None:
        return statement.where(false())
    if sees_area(actor):
        return statement.where(Offer.area_id == actor.area_id)
    here = statement.where(Offer.area_id == actor.area_id)
    if actor.can(P.OFFER_ANSWER) and actor.agency_id:
        return here.where(Offer.provider_id == actor.agency_id, Offer.status.in_(_OPEN))
    if actor.can(P.CASE_WORK):
        return here.where(Offer.case_id.in_(select(Case.id).where(Case.lead_id == actor.user_id)))
    return statement.where(false())


def may_open(actor: Actor, offer: Any, case: Any) -> bool:
    """Whether ``offers_visible_to`` has this offer of a case they may open, so that a link to it leads somewhere."""
    if sees_whole(actor, case):
        return True
    return actor.can(P.OFFER_ANSWER) and offer.provider_id == actor.agency_id and offer.status in _OPEN


def may_answer(actor: Actor, offer: Offer) -> bool:
    """Only the provider itself answers, and it may be any of its practitioners in the area."""
    return actor.can(P.OFFER_ANSWER) and offer.provider_id == actor.agency_id and offer.area_id == actor.area_id


def may_end(actor: Actor, offer: Offer, case: Any) -> bool:
    """Who gives the support ends it, or who works on the case."""
    return may_answer(actor, offer) or may_work(actor, case)


def sessions_visible_to(actor: Actor) -> Select[SupportSession]:
    """Sessions of the cases one may open; without seeing the whole case, only those one gives."""
    statement = select(SupportSession).join(Case, Case.id == SupportSession.case_id).where(visible(actor))
    if sees_area(actor):
        return statement
    mine = or_(
        SupportSession.worker_id == actor.user_id,
        SupportSession.offer_id.in_(select(Offer.id).where(Offer.practitioner_id == actor.user_id)),
    )
    leads = Case.lead_id == actor.user_id if actor.can(P.CASE_WORK) else false()
    return statement.where(or_(mine, leads))


def may_record(actor: Actor, session: SupportSession, case: Any) -> bool:
    return actor.can(P.SESSION_RECORD) and (session.worker_id == actor.user_id or may_work(actor, case))
