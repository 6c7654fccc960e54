"""A link to refer by and something that came without an account, made by the services that make them."""

from typing import Any

from sqlalchemy import select

from accounts.models import Agency, Area
from core import context
from core.codes.referrals import SourceType
from core.db import db
from core.ids import Id, new_id
from invited.models import Arrival
from invited.services import arrivals, links
from tests.conftest import actor_for

ANSWERS: dict[str, Any] = {
    "person": {"forename": "Ottilie", "surname": "Quarmby", "date_of_birth": "2012-05-04"},
    "worries": {"text": "Older young people wait for them."}, "strengths": {"text": "Drama."},
    "you": {"name": "Ann Quarmby", "job": "Parent or carer", "phone": "07700 900123"}, "start": {"danger": "no"},
}  # fmt: skip


def a_link(known: Any, area: str = "reading") -> Id:
    """A link that a coordinator sent; commits."""
    with context.acting_as(job="test"):
        agency = db.session.get_one(Agency, known.agencies[f"school@{area}"])
        link = links.invite(actor_for(f"coordinator@{area}", known), agency=agency, email=f"tutor@school.{area}.example")
        link_id = link.id
        db.session.commit()
    db.session.remove()
    return link_id


def an_arrival(known: Any, area: str = "reading") -> Id:
    """What a parent sent on the public page; commits."""
    with context.acting_as(job="test"):
        place, visit = db.session.get_one(Area, known.areas[area]), new_id()
        arrivals.receive(place, visit_id=visit, source=SourceType.PARENT_CARER, urgent=False, answers=ANSWERS)
        db.session.commit()
        found: Id = db.session.scalars(select(Arrival.id).where(Arrival.visit_id == visit)).one()
    db.session.remove()
    return found


def turned_away(known: Any) -> Id:
    """Something that a coordinator turned away; commits."""
    from core.codes.invited import TurnAwayReason
    from invited.services import accepting

    arrival_id = an_arrival(known)
    with context.acting_as(job="test"):
        found, actor = db.session.get_one(Arrival, arrival_id), actor_for("coordinator@reading", known)
        accepting.turn_away(actor, found, reason=TurnAwayReason.NOT_MEANT, why="")
        db.session.commit()
    db.session.remove()
    return arrival_id
