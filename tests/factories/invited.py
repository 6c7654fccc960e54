"""A link to refer by and what came by one, made by the services that make them."""

from typing import Any

from sqlalchemy import select

from accounts.models import Agency
from core import context
from core.codes.invited import TurnAwayReason
from core.db import db
from core.ids import Id
from invited.models import Arrival, ReferralLink
from invited.services import accepting, arrivals, links
from invited.services.visits import hashed
from tests.conftest import actor_for

PAGES: dict[str, dict[str, Any]] = {
    "called": {"told": ["front_door"], "spoke_to": "Duty desk", "called_at": "Today, 9am", "reference": ""},
    "start": {"start": {"date_of_birth": "2012-05-04", "reason": "exploitation", "district_id": ""}},
    "about": {"person": {"forename": "Ottilie", "surname": "Quarmby"}, "contact": {"methods": ["text"], "postcode": "RG1 2AB"}},
    "needs": {"needs": {"sex": "female", "first_language": "Welsh"}, "education": {"status": "school", "school": "Kennet Bank"}},
    "story": {"strengths": {"text": "Drama."}, "worries": {"text": "Older young people wait for them."}},
    "help": {"family": {"informed": "yes"}, "tried": {"statutory": ["none"], "text": "A tutor."}},
    "you": {"sharing": {"basis": "safeguard", "note": "Asked our lead."}, "you": {"name": "Rosalind Adeyemi"}},
}  # fmt: skip


def a_link(known: Any, area: str = "reading") -> Id:
    """A link that a coordinator sent; commits."""
    with context.acting_as(job="test"):
        agency = db.session.get_one(Agency, known.agencies[f"school@{area}"])
        link = links.invite(
            actor_for(f"coordinator@{area}", known), agency=agency, email=f"tutor@school.{area}.example"
        )
        link_id = link.id
        db.session.commit()
    db.session.remove()
    return link_id


def open_address(known: Any) -> str:
    """The address of a link that nobody has opened; its token is one that we know."""
    link_id, token = a_link(known), "t" * 43
    with context.acting_as(job="test"):
        db.session.get_one(ReferralLink, link_id).token_hash = hashed(token)
        db.session.commit()
    return f"/refer-by-link/{token}"


def an_arrival(known: Any, area: str = "reading") -> Id:
    """What somebody at a school sent by such a link; commits."""
    link_id = a_link(known, area)
    with context.acting_as(job="test"):
        link = db.session.get_one(ReferralLink, link_id)
        arrivals.begin(link, "no")
        for name, values in PAGES.items():
            arrivals.write(link, name, values)
        found = arrivals.send(link).id
        db.session.commit()
    db.session.remove()
    return found


def turned_away(known: Any) -> Id:
    """What a coordinator turned away; commits."""
    arrival_id = an_arrival(known)
    with context.acting_as(job="test"):
        found = db.session.scalars(select(Arrival).where(Arrival.id == arrival_id)).one()
        actor = actor_for("coordinator@reading", known)
        accepting.turn_away(actor, found, reason=TurnAwayReason.NOT_MEANT, why="Sent to try it out.")
        db.session.commit()
    db.session.remove()
    return arrival_id
