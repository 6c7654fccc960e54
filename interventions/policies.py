"""Which interventions someone may see and change: the area's own and those described for everywhere."""

from sqlalchemy import Select, or_, select

from core.access import Actor, Permission
from interventions.models import Intervention


def interventions_visible_to(actor: Actor) -> Select[Intervention]:
    """The approaches known everywhere, and what is offered in the actor's own area; a provider's only its own."""
    statement = select(Intervention)
    if actor.area_id is None:
        return statement
    mine = Intervention.area_id == actor.area_id
    if actor.can(Permission.OFFER_ANSWER):
        mine = mine & (Intervention.provider_id == actor.agency_id)
    return statement.where(or_(Intervention.area_id.is_(None), mine))


def may_change(actor: Actor, intervention: Intervention) -> bool:
    """Only what one's own area offers: the description of an approach comes from the catalogue file."""
    return (
        actor.can(Permission.CATALOGUE_MANAGE)
        and intervention.area_id is not None
        and intervention.area_id == actor.area_id
    )
