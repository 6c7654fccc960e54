"""Who may see which figures: one's own area whole; the force's areas with small numbers hidden; one's own district."""

from sqlalchemy import false, select

from accounts.models import Area, District
from core.access import Actor, Permission
from core.db import db

P = Permission


def sees_force(actor: Actor) -> bool:
    """The board's and the commissioner's people; a district's viewer sees that district alone."""
    return actor.can(P.FORCE_REPORT_READ) and actor.district_id is None


def sees_whole_figures(actor: Actor, area: Area) -> bool:
    """Nothing is hidden from an area's own people: they work with the cases behind the figures."""
    return actor.can(P.AREA_REPORT_READ) and actor.area_id == area.id


def find_area(actor: Actor, slug: str) -> Area:
    """Raise NoResultFound for an area whose figures are not this actor's to see."""
    if sees_force(actor):
        mine = Area.slug == slug
    elif actor.can(P.AREA_REPORT_READ) and actor.area_id:
        mine = (Area.slug == slug) & (Area.id == actor.area_id)
    else:
        mine = false()
    return db.session.execute(select(Area).where(mine)).scalar_one()


def find_district(actor: Actor, slug: str) -> District:
    """Raise NoResultFound for any but one's own district."""
    mine = (District.slug == slug) & (District.id == actor.district_id)
    return db.session.execute(select(District).where(mine)).scalar_one()
