"""Who may see which emergency access: one's own while acting in the same place, and those that one reviews."""

from sqlalchemy import Select, false, select, true

from core.access import Actor, Permission
from panels.models import EmergencyAccess

P = Permission


def own(actor: Actor) -> Select[EmergencyAccess]:
    """What this person opened under this membership: another role of theirs does not inherit it."""
    return select(EmergencyAccess).where(
        EmergencyAccess.user_id == actor.user_id, EmergencyAccess.membership_id == actor.membership_id,
        EmergencyAccess.area_id == actor.area_id,
    )  # fmt: skip


def shown_to(actor: Actor) -> Select[EmergencyAccess]:
    """The area's, for its safeguarding lead; every area's for who acts without one."""
    if not actor.can(P.EMERGENCY_READ):
        return select(EmergencyAccess).where(false())
    here = true() if actor.area_id is None else EmergencyAccess.area_id == actor.area_id
    return select(EmergencyAccess).where(here)


def may_review(actor: Actor, access: EmergencyAccess) -> bool:
    """A safeguarding lead of the area who is not the person, once."""
    return (
        actor.can(P.EMERGENCY_REVIEW)
        and actor.area_id == access.area_id
        and actor.user_id != access.user_id
        and access.outcome is None
    )
