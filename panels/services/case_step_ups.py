"""Step-ups of cases: raised from a case, and told on its timeline when they are raised and answered."""

from datetime import datetime

from core.access import Actor
from core.codes.base import label_of
from core.codes.decisions import StepUpOutcome, StepUpStatus
from core.db import db
from panels.models import Case
from panels.services import timeline
from panels.services.timeline import Happened
from referrals.models import StepUp
from referrals.services import step_ups


def raise_for(
    actor: Actor, case: Case, *, why: str, called_at: datetime, front_door_reference: str = "", is_nrm: bool = False
) -> StepUp:
    """The support goes on, but the case cannot close before the front door has answered."""
    return step_ups.raise_step_up(
        actor, area_id=case.area_id, why=why, called_at=called_at, case_id=case.id,
        young_person_id=case.young_person_id, data_key_id=case.data_key_id,
        front_door_reference=front_door_reference, is_nrm=is_nrm,
    )  # fmt: skip


def _on_timeline(actor: Actor, step_up: StepUp) -> None:
    case = db.session.get(Case, step_up.case_id) if step_up.case_id else None
    if case is None:
        return
    if step_up.status == StepUpStatus.ANSWERED:
        said = label_of(StepUpOutcome, step_up.outcome, missing="")
        timeline.add(case, Happened.STEP_UP_ANSWERED, actor, object_id=step_up.id, summary=said)
    else:
        timeline.add(case, Happened.STEP_UP, actor, object_id=step_up.id)


if _on_timeline not in step_ups.LISTENERS:
    step_ups.LISTENERS.append(_on_timeline)
