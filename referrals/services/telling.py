"""Who hears of what happens to a referral or a step-up, and where their notices lead."""

from datetime import time

from sqlalchemy import func, select

from cohort.models import NamedPerson, YoungPerson
from core import jobs
from core.access import Actor, Permission
from core.clock import today
from core.codes.referrals import DangerAnswer
from core.codes.sensitivity import Sensitivity
from core.context import acting_as
from core.db import db
from core.ids import Id
from messages.kinds import MessageKind as K
from messages.services.notices import Place, leads_to
from messages.services.recipients import holders
from messages.services.telling import tell
from referrals.models import Referral, ReferralMessage, StepUp
from referrals.policies import visible_to
from referrals.triage_policies import CASES, step_ups_visible

P = Permission


def sent(actor: Actor, referral: Referral, danger: str) -> None:
    """The receipt; and where someone may be in danger, the coordinators at once: they make sure that the call was made."""
    about = ("referral", referral.id)
    tell([actor.user_id], K.RECEIVED, area_id=referral.area_id, about=about, by=referral.acknowledge_by)
    if danger in (DangerAnswer.NOW, DangerAnswer.HARM):
        coordinators = holders(P.REFERRAL_TRIAGE, referral.area_id, but=actor.user_id)
        tell(coordinators, K.URGENT, area_id=referral.area_id, about=about)


def to_sender(referral: Referral, kind: K) -> None:
    tell([referral.sent_by_id], kind, area_id=referral.area_id, about=("referral", referral.id))


def asked(referral: Referral, question: ReferralMessage) -> None:
    about = ("referral", referral.id)
    tell([referral.sent_by_id], K.INFORMATION_NEEDED, area_id=referral.area_id, about=about, by=question.answer_by)


def to_triage(actor: Actor, referral: Referral, kind: K) -> None:
    """Whoever has it in hand; the area's coordinators where nobody has."""
    people = [referral.owner_id] if referral.owner_id else holders(P.REFERRAL_TRIAGE, referral.area_id)
    tell(
        [user_id for user_id in people if user_id != actor.user_id], kind, area_id=referral.area_id,
        about=("referral", referral.id),
    )  # fmt: skip


def stepped_up(actor: Actor, step_up: StepUp) -> None:
    """Coordinators and safeguarding leads, at once."""
    told = [user_id for user_id in _concerned(step_up) if user_id != actor.user_id]
    tell(told, K.STEP_UP, area_id=step_up.area_id, about=("step_up", step_up.id))


def answered(actor: Actor, step_up: StepUp) -> None:
    told = {step_up.raised_by_id, *_concerned(step_up)} - {actor.user_id}
    tell(sorted(told), K.STEP_UP_ANSWERED, area_id=step_up.area_id, about=("step_up", step_up.id))


def _concerned(step_up: StepUp) -> list[Id]:
    """Who sees all step-ups of the area. Of a hidden young person only those who may know that the record is there."""
    people = set(holders(P.REFERRAL_STEP_UP, step_up.area_id)) & set(holders(P.REFERRAL_READ_AREA, step_up.area_id))
    person = db.session.get(YoungPerson, step_up.young_person_id) if step_up.young_person_id else None
    if person is not None and person.sensitivity == Sensitivity.HIDDEN.value:
        named = select(NamedPerson.user_id).where(NamedPerson.young_person_id == person.id)
        people &= {*holders(P.SENSITIVITY_OVERSEE, step_up.area_id), *db.session.scalars(named)}
    return sorted(people)


def chase() -> int:
    """Remind of every step-up whose answer was due by today, once a day; returns how many. Commits."""
    with acting_as(job="step-ups"):
        waiting = db.session.scalars(
            select(StepUp).where(StepUp.answered_at.is_(None), StepUp.chase_on <= today())
        ).all()  # fmt: skip
        for step_up in waiting:
            told = sorted({step_up.raised_by_id, *_concerned(step_up)})
            key = f"step-up|{step_up.id}|{today():%Y%m%d}"
            tell(told, K.STEP_UP_LATE, area_id=step_up.area_id, about=("step_up", step_up.id), key=key)
        db.session.commit()
    return len(waiting)


def _find_referrals(actor: Actor, ids: list[Id]) -> dict[Id, Place]:
    """To its sender the referral as they sent it, to the others of its area the page of triage."""
    columns = visible_to(actor).with_only_columns(Referral.id, Referral.reference, Referral.sent_by_id)
    return {
        row.id: Place(row.reference, f"/{'referrals' if row.sent_by_id == actor.user_id else 'triage'}/{row.id}")
        for row in db.session.execute(columns.where(Referral.id.in_(ids)))
        if row.sent_by_id == actor.user_id or actor.can(P.REFERRAL_READ_AREA)
    }


def _find_step_ups(actor: Actor, ids: list[Id]) -> dict[Id, Place]:
    rows = db.session.execute(
        select(StepUp.id, func.coalesce(CASES.c.reference, Referral.reference, "Step-up").label("reference"))
        .outerjoin(Referral, Referral.id == StepUp.referral_id)
        .outerjoin(CASES, CASES.c.id == StepUp.case_id)
        .where(StepUp.id.in_(ids), step_ups_visible(actor))
    )
    return {row.id: Place(row.reference, f"/step-ups/{row.id}") for row in rows}


leads_to("referral", _find_referrals)
leads_to("step_up", _find_step_ups)
jobs.daily("step-ups", time(10), chase)
