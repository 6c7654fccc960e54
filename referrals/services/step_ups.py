"""Step-ups: telling the front door by phone, chasing its answer, and bringing the work back to the panel."""

from datetime import datetime

from sqlalchemy import exists, or_, select

from accounts.models import Area
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import in_london
from core.codes.decisions import StepUpStatus
from core.codes.referrals import ReferralStatus
from core.db import db
from core.ids import Id
from core.working_days import add_working_days
from referrals.models import Referral, StepUp

CHASE_DAYS = 1
WAITING = (StepUpStatus.RAISED.value, StepUpStatus.ACKNOWLEDGED.value, StepUpStatus.NO_ANSWER.value)


def raise_step_up(
    actor: Actor,
    *,
    area_id: Id,
    why: str,
    called_at: datetime,
    referral: Referral | None = None,
    case_id: Id | None = None,
    young_person_id: Id | None = None,
    data_key_id: Id | None = None,
    front_door_reference: str = "",
    is_nrm: bool = False,
) -> StepUp:
    """Record that the front door was called. A referral waits with safeguarding; its panel work pauses, not lost."""
    area = db.session.get_one(Area, area_id)
    days = int(area.targets.get("step_up_chase", CHASE_DAYS))
    step_up = StepUp(
        area_id=area_id, case_id=case_id, status=StepUpStatus.RAISED.value, raised_by_id=actor.user_id,
        referral_id=referral.id if referral else None,
        young_person_id=young_person_id or (referral.young_person_id if referral else None),
        data_key_id=data_key_id or (referral.data_key_id if referral else None),
        called_at=called_at, chase_on=add_working_days(in_london(called_at).date(), days), is_nrm=is_nrm,
        why=why, front_door_reference=front_door_reference,
    )  # fmt: skip
    db.session.add(step_up)
    if referral is not None:
        referral.status = ReferralStatus.STEPPED_UP.value
    record(Event.STEPPED_UP_CASE, actor, step_up, also=[referral] if referral else [], detail={"nrm": is_nrm})
    return step_up


def has_open(referral_id: Id | None = None, case_id: Id | None = None) -> bool:
    """Whether the front door still owes an answer about this referral or case; closure waits for it."""
    about = [StepUp.referral_id == referral_id] if referral_id else []
    about += [StepUp.case_id == case_id] if case_id else []
    if not about:
        return False
    return bool(db.session.scalar(select(exists().where(or_(*about), StepUp.status.in_(WAITING)))))
