"""What every part of a young person's story knows: who they are, where, and what has happened so far."""

from datetime import date, datetime
from random import Random
from typing import Any

from core.clock import now
from core.codes.cases import ClosureReason, EngagementStatus
from core.codes.referrals import DangerAnswer, LawfulBasisChoice, ReferralReason
from core.ids import Id, new_id
from demo.batch import Batch, PersonKey
from demo.people import FictionalPerson
from demo.place import Place
from demo.stories import Storyteller
from panels.services.timeline import Happened


class Telling:
    """One person's story while it is told; the classes built on this write its parts."""

    reason: ClosureReason | None = None
    engagement = EngagementStatus.ASKING
    sent_on: date
    opened_on: date
    decided_at: datetime | None
    lead: Id | None
    closed_on: date | None
    review_on: date | None
    contact_on: date | None

    def __init__(
        self, batch: Batch, rng: Random, place: Place, person: FictionalPerson, today: date, reference: str
    ) -> None:
        self.batch, self.rng, self.place, self.person, self.today = batch, rng, place, person, today
        self.reference, self.sender = reference, rng.choice(place.referrers)
        self.tell = Storyteller(rng, person)
        self.key: PersonKey
        self.person_id: Id | None = None
        self.case_id = self.referral_id = ""
        self.meeting: tuple[Id, date, Id]
        self.lines: list[tuple[datetime, str, Id | None, str]] = []

    def answers(self) -> dict[str, Any]:
        person, tell = self.person, self.tell
        events = [
            {
                "id": new_id(),
                "type": e.type.value,
                "on": e.happened_on.isoformat(),
                "part": e.part.value,
                "text": e.what,
            }
            for e in tell.events(self.sent_on)
        ]
        helped = tell.help_tried()
        return {
            "start": {"danger": DangerAnswer.NO.value, "date_of_birth": person.date_of_birth.isoformat(),
                      "area_id": self.place.area_id, "reason": self.rng.choice(list(ReferralReason)).value},
            "person": {"forename": person.forename, "surname": person.surname,
                       "preferred_name": person.preferred_name or "", "other_names": ", ".join(person.other_names),
                       "pronouns": person.pronouns, "date_of_birth": person.date_of_birth.isoformat()},
            "contact": {"methods": [person.contact_method.value], "phone": person.phone or "",
                        "safe_when": person.safe_to_contact, "address": person.address, "postcode": person.postcode},
            "needs": {"sex": person.sex.value, "ethnicity": person.ethnicity.value, "ethnicity_source": "self",
                      "first_language": person.first_language,
                      "interpreter": "yes" if person.interpreter_needed else "no", "send": person.send.value,
                      "communication": person.communication_needs or ""},
            "education": {"status": person.education_status.value, "school": person.school or "",
                          "attendance": person.attendance.value},
            "strengths": {"text": tell.going_well(), "factors": [f.value for f in tell.factors]},
            "voice": {"child": tell.childs_words(), "family": tell.familys_view()},
            "worries": {"text": tell.worries(), "hopes": tell.hoped_for(),
                        "concerns": {c.concern.value: c.strength.value for c in tell.concerns}},
            "events": {"list": events},
            "tried": {"statutory": ["none"], "text": " ".join(h.how_it_went for h in helped),
                      "outcome": helped[0].outcome.value if helped else "not_started"},
            "family": {"informed": "yes", "young_person_knows": "yes"},
            "people": {"list": [
                {"id": new_id(), "name": f"{carer.forename} {carer.surname}", "relation": carer.relation.value,
                 "parental_responsibility": "yes" if carer.has_parental_responsibility else "no",
                 "contact": carer.phone or ""} for carer in person.carers]},
            "sharing": {"basis": LawfulBasisChoice.SAFEGUARD.value},
            "you": {"name": self.sender.name, "agency": self.sender.agency, "email": self.sender.email},
        }  # fmt: skip

    def _of_case(self) -> dict[str, Any]:
        return {"case_id": self.case_id, "area_id": self.place.area_id, "young_person_id": self.person_id}

    def _happened(self, moment: datetime, kind: Happened, actor: Id | None = None, summary: str = "") -> None:
        if moment.date() <= self.today:
            self.lines.append((min(moment, now()), kind.value, actor or self.lead, summary[:500]))
