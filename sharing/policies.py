"""Who may see which records of sharing: those who oversee an area see its register, others what they recorded."""

from sqlalchemy import Select, or_, select

from core.access import Actor, Permission
from sharing.models import Disclosure

P = Permission


def oversees(actor: Actor) -> bool:
    """The coordinator and safeguarding lead of an area, and the data protection officer."""
    return actor.can(P.SHARING_READ) and (actor.can(P.CASE_READ_AREA) or actor.can(P.AUDIT_READ))


def disclosures_visible_to(actor: Actor) -> Select[Disclosure]:
    """A data protection officer without an area oversees them all."""
    found = select(Disclosure)
    if oversees(actor):
        return found if actor.area_id is None else found.where(Disclosure.area_id == actor.area_id)
    return found.where(Disclosure.decided_by_id == actor.user_id, Disclosure.area_id == actor.area_id)


def disclosures_about(actor: Actor, *, young_person_id: str, case_id: str | None = None) -> Select[Disclosure]:
    """For someone who may already open the whole case or item: what was shared about this young person here."""
    about = or_(Disclosure.young_person_id == young_person_id, Disclosure.case_id == case_id)
    return select(Disclosure).where(about, Disclosure.area_id == actor.area_id)
