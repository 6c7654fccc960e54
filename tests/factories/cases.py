"""Cases for tests, made by the services that make them in earnest."""

from datetime import date
from typing import Any

from audit.models import Event
from audit.services import record
from cohort.models import YoungPerson
from core.clock import today
from core.codes.referrals import ReferralStatus
from core.db import db
from core.ids import new_id
from panels.services import cases
from referrals.models import Referral


def open_case(
    acting: Any, known: Any, *, area: str = "reading", lead: str | None = "lead_practitioner", forename: str = "Kaya",
    surname: str = "Sefton", born: date = date(2011, 5, 4), assess_first: bool = False, **person: Any,
) -> str:  # fmt: skip
    """Open a case in the area, led by the role named (None: nobody's); returns its id."""
    with acting(f"coordinator@{area}") as actor:
        child = YoungPerson(
            area_id=known.areas[area], created_from="test", forename=forename, surname=surname, date_of_birth=born,
            **person,
        )  # fmt: skip
        db.session.add(child)
        db.session.flush()
        record(Event.PERSON_CREATED, actor, child)
        referral = _referral(actor, known, area, child)
        case = cases.open_case(
            actor, referral=referral, lead_id=known.users[f"{lead}@{area}"] if lead else None, assess_first=assess_first
        )
        case_id = case.id
        db.session.commit()
        return case_id


def _referral(actor: Any, known: Any, area: str, child: YoungPerson) -> Referral:
    referral = Referral(
        reference=f"T{new_id()[:9].upper()}", area_id=known.areas[area], agency_id=known.agencies[f"school@{area}"],
        sent_by_id=known.users[f"referrer@{area}"], source_type="professional", young_person_id=child.id,
        status=ReferralStatus.ACCEPTED.value, acknowledge_by=today(), decide_by=today(), data_key_id=child.data_key_id,
        forename=child.forename, surname=child.surname, date_of_birth=child.date_of_birth,
        answers={
            "strengths": {"text": "Art club and her nan."}, "worries": {"text": "Found with an older group twice."},
        },
    )  # fmt: skip
    db.session.add(referral)
    record(Event.REFERRAL_SENT, actor, referral)
    db.session.flush()
    return referral
