"""Cases for tests, made by the services that make them in earnest."""

from datetime import date
from typing import Any

from audit.models import Event
from audit.services import record
from cohort.models import YoungPerson
from core.clock import today
from core.codes.offers import OfferStatus
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


def make_offer(
    acting: Any, known: Any, case_id: str, *, area: str = "reading", named: bool = True, accepted: bool = False
) -> str:
    """Offer mentoring to the area's provider, to their practitioner by name or to nobody by name; returns its id."""
    from interventions.models import Intervention
    from panels.models import Case
    from panels.services.offers import make_offer as offer

    with acting(f"coordinator@{area}") as actor:
        mentoring = Intervention(
            area_id=known.areas[area], provider_id=known.agencies[f"vcs@{area}"], code=f"mentoring-{new_id()[:6]}",
            name="Mentoring", category="mentoring", description="Someone to talk to each week.", rating="moderate",
            confidence="moderate", cost="low",
        )  # fmt: skip
        db.session.add(mentoring)
        db.session.flush()
        case = db.session.get_one(Case, case_id)
        practitioner = known.users[f"provider_practitioner@{area}"] if named else None
        made = offer(actor, case=case, intervention=mentoring, practitioner_id=practitioner)
        if accepted:
            made.status = OfferStatus.ACCEPTED.value
        db.session.commit()
        return made.id


def said_yes() -> dict[str, Any]:
    """An attempt of today at which both said that they take part."""
    return {
        "made_on": today(), "method": "visit", "answer": "yes", "given_by": "both", "notice_version": "3",
        "notice_language": "English",
    }  # fmt: skip


def agreed_plan(acting: Any, known: Any, case_id: str, *, goals: int = 2, area: str = "reading") -> str:
    """A plan in the child's words that they agreed to, with taking part recorded; returns its id."""
    from panels.models import Case, Goal, Plan
    from panels.services import engagement, next_step

    with acting(f"lead_practitioner@{area}") as actor:
        case = db.session.get_one(Case, case_id)
        engagement.record_attempt(actor, case, said_yes())
        plan = Plan(
            case_id=case.id, area_id=case.area_id, young_person_id=case.young_person_id, data_key_id=case.data_key_id,
            number=1, status="agreed", agreed_on=today(), author_id=actor.user_id, what_they_want="Get back to art",
        )  # fmt: skip
        made = [
            Goal(
                case_id=case.id, area_id=case.area_id, young_person_id=case.young_person_id,
                data_key_id=case.data_key_id, plan_id=plan.id, position=n, score_at_start=3, score_now=5,
                their_words=f"Do thing {n}",
            )
            for n in range(1, goals + 1)
        ]  # fmt: skip
        db.session.add(plan)
        db.session.flush()
        db.session.add_all(made)
        next_step.refresh(case)
        record(Event.PLAN_CHANGED, actor, plan, also=[*made, case])
        db.session.commit()
        return plan.id
