"""Step-ups: telling the front door by phone, chasing its answer, and bringing the work back to the panel."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ScalarSelect, exists, func, or_, select

from accounts.models import Area, User
from audit.models import Event
from audit.services import change_of, record
from cohort.models import YoungPerson
from core.access import Actor
from core.clock import in_london, now, today
from core.codes.decisions import StepUpOutcome, StepUpStatus
from core.codes.referrals import ReferralStatus
from core.context import current
from core.crypto import sealed_column
from core.db import db
from core.formats import list_name
from core.ids import Id
from core.working_days import add_working_days
from referrals.models import Referral, StepUp
from referrals.services import telling
from referrals.triage_policies import CASES, step_ups_visible

CHASE_DAYS = 1
COMES_BACK = frozenset({StepUpOutcome.RETURNED, StepUpOutcome.ADVICE})
WAITING = tuple(status.value for status in StepUpStatus if status is not StepUpStatus.ANSWERED)
CALL_CAN_CHANGE = frozenset({StepUpStatus.TO_CALL, StepUpStatus.RAISED})

# Who else wants to know of a step-up that is raised or answered: a case writes it on its timeline.
LISTENERS: list[Callable[[Actor, StepUp], None]] = []


def _tell(actor: Actor, step_up: StepUp) -> None:
    for listener in LISTENERS:
        listener(actor, step_up)


def raise_step_up(
    actor: Actor,
    *,
    area_id: Id,
    why: str,
    called_at: datetime | None,
    referral: Referral | None = None,
    case_id: Id | None = None,
    young_person_id: Id | None = None,
    data_key_id: Id | None = None,
    front_door_reference: str = "",
    is_nrm: bool = False,
) -> StepUp:
    """Record that the front door was called, or (no ``called_at``) that it must be today.

    A referral waits with safeguarding; its panel work pauses, not lost.
    """
    step_up = StepUp(
        area_id=area_id, case_id=case_id, raised_by_id=actor.user_id,
        status=(StepUpStatus.RAISED if called_at else StepUpStatus.TO_CALL).value,
        referral_id=referral.id if referral else None,
        young_person_id=young_person_id or (referral.young_person_id if referral else None),
        data_key_id=data_key_id or (referral.data_key_id if referral else None),
        called_at=called_at or now(), chase_on=_chase_on(area_id, called_at) if called_at else today(), is_nrm=is_nrm,
        why=why, front_door_reference=front_door_reference,
    )  # fmt: skip
    db.session.add(step_up)
    if referral is not None:
        referral.status = ReferralStatus.STEPPED_UP.value
    db.session.flush()
    _tell(actor, step_up)
    telling.stepped_up(actor, step_up)
    record(Event.STEPPED_UP_CASE, actor, step_up, also=[referral] if referral else [], detail={"nrm": is_nrm})
    return step_up


def _chase_on(area_id: Id, called_at: datetime) -> date:
    days = int(db.session.get_one(Area, area_id).targets.get("step_up_chase", CHASE_DAYS))
    return add_working_days(in_london(called_at).date(), days)


@dataclass(frozen=True, slots=True)
class StepUpFile:
    """A step-up with the names around it."""

    step_up: StepUp
    raised_by: str
    area: Area
    referral: Referral | None
    person: YoungPerson | None
    case_reference: str | None
    case_lead_id: Id | None

    @property
    def reference(self) -> str:
        return self.referral.reference if self.referral else self.case_reference or "Case"

    @property
    def status(self) -> StepUpStatus:
        return StepUpStatus(self.step_up.status)


def of_referral(referral: Referral) -> list[StepUp]:
    """All step-ups of a referral, newest first."""
    return list(
        db.session.scalars(select(StepUp).where(StepUp.referral_id == referral.id).order_by(StepUp.created_at.desc()))
    )


def find_file(actor: Actor, step_up_id: Id) -> StepUpFile:
    """Raise NoResultFound where it is not this actor's to see."""
    row = db.session.execute(
        select(StepUp, User.name, Area, Referral, YoungPerson, CASES.c.reference, CASES.c.lead_id)
        .join(User, StepUp.raised_by_id == User.id)
        .join(Area, Area.id == StepUp.area_id)
        .outerjoin(Referral, Referral.id == StepUp.referral_id)
        .outerjoin(YoungPerson, YoungPerson.id == StepUp.young_person_id)
        .outerjoin(CASES, CASES.c.id == StepUp.case_id)
        .where(StepUp.id == step_up_id, step_ups_visible(actor))
    ).one()
    current().looked_at("step_up", row[0].id)
    return StepUpFile(*row)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    id: Id
    reference: str
    name: str
    status: StepUpStatus
    called_at: datetime
    chase_on: date
    raised_by: str
    is_nrm: bool


LONGEST_LIST = 50


def read_list(actor: Actor, *, is_open: bool) -> list[Row]:
    """Open ones by when to chase; answered ones newest first. Two statements with the keys."""
    first: Any = StepUp.chase_on if is_open else StepUp.answered_at.desc()
    found = db.session.execute(
        select(
            StepUp.id, StepUp.status, StepUp.called_at, StepUp.chase_on, StepUp.is_nrm, User.name.label("raised_by"),
            StepUp.young_person_id, Referral.id.label("referral_id"), Referral.data_key_id.label("referral_key"),
            YoungPerson.data_key_id.label("person_key"),
            func.coalesce(CASES.c.reference, Referral.reference, "Case").label("reference"),
            *_name_columns(Referral, "referral"), *_name_columns(YoungPerson, "person"),
        )
        .join(User, StepUp.raised_by_id == User.id)
        .outerjoin(Referral, Referral.id == StepUp.referral_id)
        .outerjoin(YoungPerson, YoungPerson.id == StepUp.young_person_id)
        .outerjoin(CASES, CASES.c.id == StepUp.case_id)
        .where(step_ups_visible(actor), StepUp.status.in_(WAITING) == is_open)
        .order_by(first, StepUp.id)
        .limit(LONGEST_LIST)
    ).all()  # fmt: skip
    current().load_keys(row.referral_key or row.person_key for row in found)
    return [_row(row) for row in found]


def _name_columns(model: Any, prefix: str) -> list[Any]:
    return [sealed_column(model, part).label(f"{prefix}_{part}") for part in ("forename", "surname")]


def _row(row: Any) -> Row:
    """The name as the referral has it; a step-up of a case has it from the young person's record."""
    about = row.young_person_id or row.referral_id
    source = (Referral, "referral", row.referral_id, row.referral_key)
    if not row.referral_id:
        source = (YoungPerson, "person", row.young_person_id, row.person_key)
    model, prefix, holder, key = source
    parts = [
        current().open_value(model, part, holder, key, about, getattr(row, f"{prefix}_{part}"))
        for part in ("forename", "surname")
        if holder
    ]
    name = list_name(*parts) if parts else ""
    return Row(
        row.id, row.reference, name, StepUpStatus(row.status), row.called_at, row.chase_on, row.raised_by, row.is_nrm
    )


class NotAcknowledged(Exception):
    """An outcome cannot come before anyone at the front door has the referral."""


class AlreadyAnswered(Exception):
    """The front door's answer is already recorded."""


class NotCalled(Exception):
    """Nobody at the front door can have, or answer, what nobody has told them."""


def call_made(actor: Actor, step_up: StepUp, *, called_at: datetime, front_door_reference: str) -> None:
    """Say when the front door was called, or put it right, before anyone there has it; the chase moves with the call."""
    if step_up.status not in CALL_CAN_CHANGE:
        raise AlreadyAnswered
    reference = front_door_reference or step_up.front_door_reference
    changes = change_of(step_up, {"front_door_reference": reference, "called_at": called_at})
    step_up.status, step_up.chase_on = StepUpStatus.RAISED.value, _chase_on(step_up.area_id, called_at)
    record(Event.STEP_UP_ANSWERED, actor, step_up, changes=changes, reason="call_recorded")


def chased(actor: Actor, step_up: StepUp) -> None:
    """Called again without an answer: the next chase is a working day later."""
    _still_open(step_up)
    if step_up.status == StepUpStatus.RAISED:
        step_up.status = StepUpStatus.NO_ANSWER.value
    step_up.chase_on = add_working_days(today(), CHASE_DAYS)
    record(Event.STEP_UP_ANSWERED, actor, step_up, reason="chased")


def acknowledged(actor: Actor, step_up: StepUp, *, by: str, front_door_reference: str = "") -> None:
    """Someone at the front door has it."""
    _still_open(step_up)
    changes = change_of(
        step_up,
        {"acknowledged_by": by, "front_door_reference": front_door_reference or step_up.front_door_reference},
    )
    step_up.status, step_up.acknowledged_at = StepUpStatus.ACKNOWLEDGED.value, now()
    record(Event.STEP_UP_ANSWERED, actor, step_up, changes=changes, reason="acknowledged")


def answered(actor: Actor, step_up: StepUp, *, outcome: StepUpOutcome, note: str) -> None:
    """The front door decided. "Returned to the panel" and "Advice only" bring the referral back by themselves."""
    _still_open(step_up)
    if step_up.acknowledged_at is None:
        raise NotAcknowledged
    changes = change_of(step_up, {"outcome_note": note})
    step_up.status, step_up.outcome, step_up.answered_at = StepUpStatus.ANSWERED.value, outcome.value, now()
    _tell(actor, step_up)
    telling.answered(actor, step_up)
    record(Event.STEP_UP_ANSWERED, actor, step_up, changes=changes, reason=outcome.value)
    if outcome in COMES_BACK:
        return_to_panel(actor, step_up)


def return_to_panel(actor: Actor, step_up: StepUp) -> bool:
    """Take the work up where it paused; False where there is nothing to take up."""
    referral = db.session.get(Referral, step_up.referral_id) if step_up.referral_id else None
    if referral is None or referral.status != ReferralStatus.STEPPED_UP or has_open(referral_id=referral.id):
        return False
    back = ReferralStatus.READY_FOR_PANEL if referral.ready_at else ReferralStatus.IN_TRIAGE
    referral.status = back.value
    record(Event.REFERRAL_CHANGED, actor, referral, reason="returned_to_panel")
    return True


def _still_open(step_up: StepUp) -> None:
    if step_up.status == StepUpStatus.TO_CALL:
        raise NotCalled
    if step_up.status == StepUpStatus.ANSWERED:
        raise AlreadyAnswered


def has_open(referral_id: Id | None = None, case_id: Id | None = None) -> bool:
    """Whether the front door still owes an answer about this referral or case; closure waits for it."""
    about = [StepUp.referral_id == referral_id] if referral_id else []
    about += [StepUp.case_id == case_id] if case_id else []
    if not about:
        return False
    return bool(db.session.scalar(select(exists().where(or_(*about), StepUp.status.in_(WAITING)))))


def count_open(actor: Actor) -> ScalarSelect[int]:
    """How many this actor may see that the front door has not answered, as part of another statement."""
    visible = step_ups_visible(actor)
    return select(func.count()).select_from(StepUp).where(visible, StepUp.status.in_(WAITING)).scalar_subquery()
