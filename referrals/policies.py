"""Which referrals and drafts are whose. Policies ask for permissions, never for a role."""

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, false, or_, select

from core.access import Actor, Permission
from core.clock import today
from referrals.models import Referral, ReferralDraft


def visible_to(actor: Actor) -> Select[Referral]:
    """What one sent oneself, wherever it went; one's agency's, if one may; the area's, if one may."""
    mine = _theirs(actor)
    if actor.can(Permission.REFERRAL_READ_AREA):
        mine = or_(mine, Referral.area_id == actor.area_id)
    return select(Referral).where(mine)


def sent_by(actor: Actor) -> Select[Referral]:
    """What a referrer may open: one's own and, for an agency's contact, the agency's. Never the area's."""
    return select(Referral).where(_theirs(actor))


def sent_by_oneself(actor: Actor) -> Select[Referral]:
    """What "Your referrals" and the first page list, whoever else in the agency sends some."""
    return select(Referral).where(Referral.sent_by_id == actor.user_id)


def sent_by_agency(actor: Actor) -> Select[Referral]:
    """What an agency's contact reads: everything that the agency sent; for others nothing."""
    if not actor.agency_id or not actor.can(Permission.REFERRAL_READ_AGENCY):
        return select(Referral).where(false())
    return select(Referral).where(Referral.agency_id == actor.agency_id)


# A draft is its owner's alone (SETTLED 1), and after 28 days nobody's. Made once, for ``owner(actor)``: every page of a
# referral that is being written asks it.
OWN_DRAFTS = select(ReferralDraft).where(
    ReferralDraft.owner_id == bindparam("me"), ReferralDraft.kept_until >= bindparam("today")
)


def owner(actor: Actor) -> dict[str, Any]:
    """The values of ``OWN_DRAFTS``."""
    return {"me": actor.user_id, "today": today()}


def warned_about(actor: Actor) -> ColumnElement[bool]:
    """Whose referrals a duplicate warning may mention: one's own or one's agency's (SETTLED 2)."""
    mine: ColumnElement[bool] = Referral.sent_by_id == actor.user_id
    return or_(mine, Referral.agency_id == actor.agency_id) if actor.agency_id else mine


def may_act_on(actor: Actor, referral: Referral) -> bool:
    """Replying, changing and withdrawing are the sender's; an agency's contact only reads."""
    return referral.sent_by_id == actor.user_id and actor.can(Permission.REFERRAL_SEND)


def _theirs(actor: Actor) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = Referral.sent_by_id == actor.user_id
    if actor.agency_id and actor.can(Permission.REFERRAL_READ_AGENCY):
        mine = or_(mine, Referral.agency_id == actor.agency_id)
    return mine
