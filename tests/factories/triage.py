"""Referrals as triage gets them, made from the models so that a test may say anything about them."""

from datetime import date
from typing import Any

from audit.models import Event
from audit.services import record
from core.clock import now, today
from core.db import db
from core.working_days import add_working_days
from referrals.models import Referral
from tests.factories.referrals import FULL

START = {"danger": "no", "reason": "exploitation"}


def make_referral(
    acting: Any, known: Any, *, area: str = "reading", forename: str = "Kaya", surname: str = "Sefton",
    date_of_birth: date = date(2011, 5, 4), status: str = "new", reference: str = "", **sections: Any,
) -> str:  # fmt: skip
    """A sent referral's id; it is committed. ``sections`` replace sections of the answers."""
    person = {"forename": forename, "surname": surname, "date_of_birth": date_of_birth.isoformat()}
    education = {"status": "school", "school": "Northbrook Academy"}
    answers = FULL | {"start": START, "person": person, "education": education} | sections
    with acting(f"referrer@{area}") as actor:
        referral = Referral(
            reference=reference or f"RDG-26-{db.session.query(Referral).count() + 1:04d}K", area_id=known.areas[area],
            agency_id=actor.agency_id, sent_by_id=actor.user_id, source_type="professional", status=status,
            sent_at=now(), acknowledge_by=add_working_days(today(), 1), decide_by=add_working_days(today(), 5),
            forename=forename, surname=surname, date_of_birth=date_of_birth, answers=answers,
        )  # fmt: skip
        db.session.add(referral)
        record(Event.REFERRAL_SENT, actor, referral)
        db.session.commit()
        return referral.id
