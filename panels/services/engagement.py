"""Asking a young person to take part: each attempt is kept, and a "no" is theirs to give."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from accounts.models import User
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import in_london
from core.codes.cases import EngagementAnswer, EngagementStatus
from core.codes.cases import EngagementAnswer as A
from core.codes.cases import EngagementStatus as S
from core.db import db
from core.working_days import add_working_days
from panels.models import Case, EngagementAttempt
from panels.services import next_step, notes, timeline
from panels.services.timeline import Happened

FIELDS = ("method", "answer", "given_by", "notice_version", "notice_language", "competence_note", "their_words")


@dataclass(frozen=True, slots=True)
class Progress:
    """How often they were asked, out of how many, and by when."""

    made: int
    wanted: int
    until: date


def attempts(case: Case) -> list[Any]:
    """(attempt, who made it), newest first."""
    return list(
        db.session.execute(
            select(EngagementAttempt, User.name)
            .join(User, User.id == EngagementAttempt.made_by_id)
            .where(EngagementAttempt.case_id == case.id)
            .order_by(EngagementAttempt.made_on.desc(), EngagementAttempt.created_at.desc())
        )
    )


def progress(case: Case) -> Progress:
    targets = next_step.targets_of(case.area_id)
    made, _ = next_step.attempts_made(case)
    until = add_working_days(in_london(case.opened_at).date(), int(targets["engagement"]))
    return Progress(made, int(targets["engagement_attempts"]), until)


def record_attempt(actor: Actor, case: Case, values: dict[str, Any]) -> EngagementAttempt:
    """Keep one attempt and what follows from its answer. ``values``: made_on and FIELDS."""
    attempt = EngagementAttempt(
        case_id=case.id, area_id=case.area_id, young_person_id=case.young_person_id, data_key_id=case.data_key_id,
        made_on=values["made_on"], made_by_id=actor.user_id,
        **{name: values.get(name) or None for name in FIELDS},
    )  # fmt: skip
    answer = A(values["answer"])
    if answer is not A.YES:
        attempt.given_by = None
    db.session.add(attempt)
    case.engagement = status_after(S(case.engagement), answer).value
    if answer is not A.NOT_REACHED:
        notes.seen_on(case, attempt.made_on)
    next_step.refresh(case)
    record(Event.ENGAGEMENT_RECORDED, actor, attempt, also=[case], reason=answer.value)
    timeline.add(case, Happened.ASKED, actor, object_id=attempt.id, summary=answer.label)
    return attempt


def status_after(before: EngagementStatus, answer: EngagementAnswer) -> EngagementStatus:
    """Someone who takes part and then says no has stopped; not reaching them changes nothing they decided."""
    if answer is A.YES:
        return S.TAKING_PART
    if answer is A.NO:
        return S.STOPPED if before is S.TAKING_PART else S.CHOSE_NOT_TO
    if before is S.TAKING_PART:
        return before
    return S.NOT_REACHED if answer is A.NOT_REACHED else S.ASKING
