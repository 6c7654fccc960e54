"""Sending: a draft becomes a referral with its own sealed copy of the answers, a reference and its clocks."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from accounts.models import Area, District
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import now, today
from core.codes.agencies import EDUCATION_KINDS, HEALTH_KINDS, SOCIAL_CARE_KINDS
from core.codes.agencies import AgencyKind as K
from core.codes.referrals import LAWFUL_GROUNDS, LawfulBasisChoice, ReferralStatus, SourceType
from core.context import current
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from core.last_records import add_at_commit, delete_at_commit
from core.working_days import add_working_days
from referrals import answers as a
from referrals.models import Referral, ReferralDraft
from referrals.policies import sent_by
from referrals.services import telling
from referrals.services.references import new_reference
from sharing import register

# What each kind of agency mostly shares in a referral, for the gateway register.
DATA_CLASS_OF = {
    kind.value: data_class
    for kinds, data_class in (
        (SOCIAL_CARE_KINDS, "social_care_personal"), (HEALTH_KINDS, "health_patient"), (EDUCATION_KINDS, "education"),
        ({K.POLICE, K.CUSTODY, K.YOUTH_JUSTICE, K.PROBATION, K.YOUTH_CUSTODY}, "youth_justice"),
        ({K.HOUSING}, "housing"), ({K.VOLUNTARY}, "voluntary_support"),
    )
    for kind in kinds
}  # fmt: skip


class NotReady(ValueError):
    """The draft cannot be sent yet. ``sections`` are those still to finish; none means the age is outside 10 to 17."""

    def __init__(self, sections: list[a.Section]) -> None:
        super().__init__(f"{len(sections)} sections are not finished")
        self.sections = sections


def send_referral(actor: Actor, *, draft: ReferralDraft, answers: Mapping[str, Any] | None = None) -> Referral:
    """Make the referral under the draft's id; the draft's data key becomes its own, and the draft goes. Raise NotReady.

    Both happen with the last statements of the transaction. ``answers``: the draft's, where they are open already.
    """
    if answers is None:
        with current().examining("sending"):
            answers = draft.answers or {}
    waiting = a.unfinished(answers)
    born = date.fromisoformat(answers["person"]["date_of_birth"]) if not waiting else today()
    if waiting or not a.is_eligible_age(born, today()):
        raise NotReady(waiting)
    assert draft.area is not None, "a draft begins with its area"
    referral = referral_from(
        actor, area=draft.area, referral_id=draft.id, data_key_id=draft.data_key_id, answers=answers,
        reference=new_reference(draft.area),
    )  # fmt: skip
    delete_at_commit(draft)
    add_at_commit(referral)
    record(Event.REFERRAL_SENT, actor, referral, also=[draft], detail=codes_of(actor, answers))
    telling.sent(actor, referral, answers.get("start", {}).get("danger", ""))
    return referral


def referral_from(
    actor: Actor, *, area: Area, referral_id: Id, data_key_id: Id, answers: Mapping[str, Any], reference: str
) -> Referral:
    """A referral of finished answers, with its clocks; the caller adds, records and tells."""
    person, kept = answers["person"], {key: value for key, value in answers.items() if key != "saved"}
    return Referral(
        id=referral_id, data_key_id=data_key_id, reference=reference, area_id=area.id,
        district_id=answers.get("start", {}).get("district_id") or None, agency_id=actor.agency_id,
        sent_by_id=actor.user_id, source_type=SourceType.PROFESSIONAL.value, status=ReferralStatus.NEW.value,
        sent_at=now(), acknowledge_by=_within(area, "acknowledge", 1), decide_by=_within(area, "triage", 5),
        forename=person["forename"], surname=person["surname"],
        date_of_birth=date.fromisoformat(person["date_of_birth"]), answers=kept,
    )  # fmt: skip


def _within(area: Area, target: str, usual: int) -> date:
    return add_working_days(today(), int((area.targets or {}).get(target, usual)))


def codes_of(actor: Actor, answers: Mapping[str, Any]) -> dict[str, Any]:
    """What the entry may say of a referral: codes and counts."""
    start, basis = answers.get("start", {}), answers["sharing"]["basis"]
    return {
        "danger": start.get("danger", ""), "called": bool(start.get("called")), "basis": basis,
        "register": lawful_answer(actor.agency_kind, basis).outcome.value,
        "events": len((answers.get("events") or {}).get("list", [])),
    }  # fmt: skip


def lawful_answer(agency_kind: str, basis: str) -> register.Answer:
    """What the register says about this agency's reason for sharing (SETTLED 32)."""
    gateway, _ = LAWFUL_GROUNDS[LawfulBasisChoice(basis)]
    emergency = basis == LawfulBasisChoice.EMERGENCY
    return register.check(agency_kind, DATA_CLASS_OF.get(agency_kind, "identity"), gateway or "", emergency)


def not_lawful(agency_kind: str, basis: str) -> str:
    """Why this kind of agency cannot use this reason, with the law (SETTLED 32); "" where it can, or may give its own."""
    answer = lawful_answer(agency_kind, basis)
    if answer.may_share or answer.needs_reason:
        return ""
    return _("Choose another reason. %(reason)s (%(statute)s)", reason=answer.reason, statute=answer.statute)


def already_sent(actor: Actor, draft_id: Id) -> Referral | None:
    """The referral that a draft became: a second sending, from another tab, gets the first's receipt."""
    return db.session.scalars(sent_by(actor).where(Referral.id == draft_id)).first()


def sent_oneself(actor: Actor, draft_id: Id) -> bool:
    """Whether this draft became a referral that the actor, not merely their agency, sent."""
    found = already_sent(actor, draft_id)
    return found is not None and found.sent_by_id == actor.user_id


def areas() -> list[Area]:
    """Every area that takes referrals today, by name."""
    day = today()
    open_ones = Area.valid_from <= day, (Area.valid_to.is_(None)) | (Area.valid_to >= day)
    return list(db.session.scalars(select(Area).where(*open_ones).order_by(Area.name)))


def districts() -> list[District]:
    """Every district of today, by area and name."""
    day = today()
    current_ones = District.valid_from <= day, (District.valid_to.is_(None)) | (District.valid_to >= day)
    by_area = select(District).join(Area, Area.id == District.area_id).where(*current_ones)
    return list(db.session.scalars(by_area.order_by(Area.name, District.name)))
