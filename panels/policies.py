"""Who may see and do what with a case: the area, its lead, and the provider whose offer is still open."""

from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, or_, select

from core.access import Actor, Permission
from core.codes.offers import OPEN_OFFERS, OfferStatus
from panels.models import Case, Offer

P = Permission
_TAKEN = sorted(status.value for status in OPEN_OFFERS - {OfferStatus.OFFERED})


def sees_area(actor: Actor) -> bool:
    return actor.can(P.CASE_READ_AREA)


def visible(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Case`` for lists; an area is never crossed."""
    if actor.area_id is None:
        return false()
    if sees_area(actor):
        return Case.area_id == actor.area_id
    if actor.can(P.CASE_READ_ALLOCATED):
        return and_(Case.area_id == actor.area_id, _allocated(actor))
    return false()


def stand_in(permissions: frozenset[Any], has_agency: bool) -> Any:
    """Someone whose ids are parameters, so that a statement is built once for everyone with these permissions."""
    return SimpleNamespace(
        area_id=bindparam("area"), user_id=bindparam("me"), agency_id=bindparam("agency") if has_agency else None,
        can=permissions.__contains__,
    )  # fmt: skip


def bound(actor: Actor) -> dict[str, Any]:
    """The values of a stand-in's parameters."""
    return {"area": actor.area_id, "me": actor.user_id, "agency": actor.agency_id}


def _allocated(actor: Actor) -> ColumnElement[bool]:
    """Cases they lead, where they give support, or that their agency took without naming anyone.

    An offer not yet answered shows its minimal facts on its own page; it does not open the case.
    """
    mine = and_(Offer.practitioner_id == actor.user_id, Offer.status.in_(_TAKEN))
    agency = and_(
        Offer.provider_id == actor.agency_id, Offer.practitioner_id.is_(None), Offer.status.in_(_TAKEN)
    )  # fmt: skip
    leads = Case.lead_id == actor.user_id if actor.can(P.CASE_WORK) else false()
    answers = or_(mine, agency) if actor.agency_id is not None else mine
    return or_(leads, Case.id.in_(select(Offer.case_id).where(answers)))


def cases_visible_to(actor: Actor) -> Select[Case]:
    """The cases that this person may open at all. What a provider then sees of one is ``sees_whole``."""
    return select(Case).where(visible(actor))


def sees_whole(actor: Actor, case: Any) -> bool:
    """The whole record, not only the plan, the safety notes and their own sessions, which is what a provider sees."""
    return sees_area(actor) or (actor.can(P.CASE_WORK) and case.lead_id == actor.user_id)


def may_work(actor: Actor, case: Any) -> bool:
    """Write on the case: its lead, or who works on all cases of the area."""
    return actor.can(P.CASE_WORK) and sees_whole(actor, case)


def may_note(actor: Actor, case: Any) -> bool:
    """Whoever works with the young person may write down what happened, providers too."""
    return may_work(actor, case) or (actor.can(P.SESSION_RECORD) and not sees_whole(actor, case))
