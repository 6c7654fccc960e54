"""Offers, plans and sessions for tests, made by the services that make them in earnest."""

from datetime import date, timedelta
from typing import Any

from core.clock import now, today
from core.db import db
from interventions.models import Intervention
from panels.models import Case, Offer
from panels.services import engagement, offers, plans, sessions
from tests.factories.cases import said_yes


def intervention(known: Any, *, area: str | None = "reading", **values: Any) -> str:
    """A kind of support of the area's voluntary provider; returns its id."""
    found = Intervention(
        **{
            "code": "mentoring", "name": "Mentoring", "category": "Support from an adult", "rating": "moderate",
            "description": "A trusted adult meets them every week.", "confidence": "low", "cost": "moderate",
            "source": "Toolkit", "as_at": today(), "is_harmful": False,
            "area_id": known.areas[area] if area else None,
            "provider_id": known.agencies[f"vcs@{area}"] if area else None,
        } | values
    )  # fmt: skip
    db.session.add(found)
    db.session.commit()
    return found.id


def offer(acting: Any, known: Any, case_id: str, intervention_id: str, *, area: str = "reading", **values: Any) -> str:
    with acting(f"coordinator@{area}") as actor:
        made = offers.make_offer(
            actor, case=db.session.get_one(Case, case_id),
            intervention=db.session.get_one(Intervention, intervention_id), goal="Back to art", **values,
        )  # fmt: skip
        offer_id = made.id
        db.session.commit()
        return offer_id


def accepted(acting: Any, known: Any, case_id: str, intervention_id: str, *, area: str = "reading") -> str:
    """An offer that the provider's practitioner took on."""
    offer_id = offer(acting, known, case_id, intervention_id, area=area)
    with acting(f"provider_practitioner@{area}") as actor:
        found = db.session.get_one(Offer, offer_id)
        offers.accept(
            actor, found, db.session.get_one(Case, case_id), start_on=today(), practitioner_id=actor.user_id
        )  # fmt: skip
        db.session.commit()
    return offer_id


def plan(acting: Any, case_id: str, *, area: str = "reading", agreed_on: date | None = None) -> None:
    """A plan with one goal; agreed where a day is given."""
    with acting(f"lead_practitioner@{area}") as actor:
        case = db.session.get_one(Case, case_id)
        plans.say_what_they_want(actor, case, "Get back to art")
        plans.add_goal(actor, case, {
            "their_words": "Art on Fridays", "steps": "Call the club", "who": "Kay and nan", "score_at_start": 3,
            "due_on": today() + timedelta(days=30),
        })  # fmt: skip
        if agreed_on:
            engagement.record_attempt(actor, case, said_yes())
            plans.agree(actor, case, plans.newest(case), agreed_on=agreed_on, agreed_with="both")
        db.session.commit()


def session(acting: Any, case_id: str, offer_id: str | None = None, *, area: str = "reading", **values: Any) -> str:
    """A session of the provider's practitioner, an hour ago if nothing else is said."""
    with acting(f"provider_practitioner@{area}") as actor:
        made = sessions.plan_session(
            actor, db.session.get_one(Case, case_id), offer_id=offer_id,
            **({"starts_at": now().replace(second=0, microsecond=0) - timedelta(hours=1), "place": "Library"} | values),
        )  # fmt: skip
        session_id = made.id
        db.session.commit()
        return session_id
