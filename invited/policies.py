"""Whose links and arrivals a coordinator sees: their area's. A visitor sees the one row that they write."""

from sqlalchemy import Select, false, select

from core.access import Actor, Permission
from core.codes.invited import ArrivalStatus
from invited.models import Arrival, ReferralLink


def links_of(actor: Actor) -> Select[ReferralLink]:
    mine = ReferralLink.area_id == actor.area_id if _may(actor) else false()
    return select(ReferralLink).where(mine)


def arrivals_of(actor: Actor) -> Select[Arrival]:
    """What waits, and what was turned away and is not deleted yet; never what its sender still writes."""
    mine = Arrival.area_id == actor.area_id if _may(actor) else false()
    return select(Arrival).where(mine, Arrival.status != ArrivalStatus.WRITING.value)


def waiting_for(actor: Actor) -> Select[Arrival]:
    return arrivals_of(actor).where(Arrival.status == ArrivalStatus.WAITING.value)


def _may(actor: Actor) -> bool:
    return actor.area_id is not None and actor.can(Permission.REFERRAL_TRIAGE)
