"""Nominating: a person makes a referral of a young person who came up, with its own sealed copy (SETTLED 1)."""

from typing import Any

from accounts.models import Area
from audit.models import Event
from audit.services import record
from cohort.models import Candidate
from cohort.services.candidates import events_of, mark_nominated
from core.access import Actor
from core.clock import now, today
from core.codes.events import PartInEvent, TriggerEventType
from core.codes.referrals import LawfulBasisChoice, NotInformedReason, ReferralReason, ReferralStatus, SourceType
from core.db import db
from core.ids import new_id
from core.working_days import add_working_days
from referrals.answers import Answers
from referrals.models import Referral
from referrals.services.references import new_reference
from referrals.services.sending import lawful_answer


def nominate(
    actor: Actor,
    candidate: Candidate,
    *,
    words: str,
    going_well: str,
    informed: bool,
    why_not: NotInformedReason | None,
    basis: LawfulBasisChoice,
) -> Referral:
    """Make the referral, new in the queue, and note the decision. Raise AlreadyDecided when it is too late."""
    area = db.session.get_one(Area, candidate.area_id)
    referral = Referral(
        reference=new_reference(area), area_id=area.id, agency_id=actor.agency_id, sent_by_id=actor.user_id,
        source_type=SourceType.COHORT.value, candidate_id=candidate.id, status=ReferralStatus.NEW.value, sent_at=now(),
        acknowledge_by=_within(area, "acknowledge", 1), decide_by=_within(area, "triage", 5),
        forename=candidate.forename, surname=candidate.surname, date_of_birth=candidate.date_of_birth,
        answers=_answers(actor, candidate, words, going_well, informed, why_not, basis),
    )  # fmt: skip
    mark_nominated(actor, candidate, referral_id=referral.id, words=words)
    db.session.add(referral)
    answer = lawful_answer(actor.agency_kind, basis.value)
    detail = {"basis": basis.value, "source": SourceType.COHORT.value, "register": answer.outcome.value}
    record(Event.NOMINATED, actor, referral, subjects=[candidate.id], detail=detail)
    return referral


def _within(area: Area, target: str, usual: int) -> Any:
    return add_working_days(today(), int((area.targets or {}).get(target, usual)))


def _answers(
    actor: Actor, candidate: Candidate, words: str, going_well: str, informed: bool, why_not: NotInformedReason | None,
    basis: LawfulBasisChoice,
) -> Answers:  # fmt: skip
    """What is known, under the keys of a referral's sections; nothing is made up for the rest."""
    details = candidate.details or {}
    answers: Answers = {
        "start": {"reason": ReferralReason.OFFENCE.value, "date_of_birth": candidate.date_of_birth.isoformat()},
        "person": {"forename": candidate.forename, "surname": candidate.surname,
                   "date_of_birth": candidate.date_of_birth.isoformat()},
        "strengths": {"text": going_well}, "worries": {"text": words}, "events": {"list": _events(candidate)},
        "family": {"informed": "yes" if informed else "no"}, "sharing": {"basis": basis.value},
        "you": {"name": actor.name, "job": actor.role_name, "agency": actor.agency_name},
    }  # fmt: skip
    if why_not is not None and not informed:
        answers["family"]["why_not"] = why_not.value
    if details.get("postcode"):
        answers["contact"] = {"postcode": details["postcode"]}
    if details.get("school"):
        answers["education"] = {"school": details["school"]}
    if details.get("sex"):
        answers["needs"] = {"sex": details["sex"]}
    return answers


def _events(candidate: Candidate) -> list[dict[str, str]]:
    """Every event with their part in it and who told us; only the one that met the rule has a type of ours."""
    met_on = (candidate.details or {}).get("met_on", "")
    parts = {part.label: part.value for part in PartInEvent}
    found = []
    for line in events_of(candidate):
        on = line.on.isoformat() if line.on else ""
        event = {"id": new_id(), "on": on, "part": parts.get(line.part, PartInEvent.NOT_KNOWN.value)}
        kind = TriggerEventType.SECOND_SUSPECTED.value if line.counted and on == met_on else ""
        found.append(event | {"type": kind, "text": f"{line.what} ({line.agency})"})
    return found
