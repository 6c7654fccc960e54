"""Asking another area to take over a young person's record, and that area's answer (PAGES: Move to another area)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, exists, false, or_, select
from sqlalchemy.orm import aliased

from accounts.models import Area, User
from audit.models import Event
from audit.services import record
from cohort.models import YoungPerson
from core.access import Actor, Permission
from core.clock import in_london, now
from core.codes.decisions import MeetingStatus
from core.codes.sensitivity import Sensitivity
from core.codes.transfers import MoveAnswer
from core.codes.transfers import TransferState as State
from core.context import current
from core.db import db
from core.ids import Id
from core.row_security import everything
from messages.kinds import MessageKind as K
from messages.services.notices import Place, leads_to
from messages.services.recipients import holders
from messages.services.telling import tell
from panels.models import AgendaItem, Case, Meeting
from panels.services.cases import find_case
from referrals.models import Referral, StepUp
from referrals.services.step_ups import WAITING
from rights import erasures, holds, moving
from rights.models import Transfer

P = Permission
NEEDS = P.CASE_CLOSE


class NotPossible(ValueError):
    """Why a record does not move now; the words are for the page and hold nothing personal."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One move, with the names that a page shows; only ``find`` opens its words."""

    transfer: Transfer
    from_area: str
    to_area: str
    asked_by: str
    # Whether it is for this person to answer, or theirs to take back.
    answers: bool
    withdraws: bool

    @property
    def state(self) -> State:
        return State(self.transfer.state)


def visible(actor: Actor) -> Select[Transfer]:
    """Coordinators see the moves from and to their area."""
    if actor.area_id is None or not actor.can(NEEDS):
        return select(Transfer).where(false())
    return select(Transfer).where(or_(Transfer.area_id == actor.area_id, Transfer.to_area_id == actor.area_id))


def listed(actor: Actor, most: int = 50) -> list[Shown]:
    """What waits first, then the newest."""
    waits = case((Transfer.state == State.ASKED.value, 0), else_=1)
    return [
        _shown(actor, row)
        for row in db.session.execute(_named(actor).order_by(waits, Transfer.asked_at.desc()).limit(most))
    ]


def find(actor: Actor, transfer_id: Id) -> Shown:
    """Raise NoResultFound."""
    found = _shown(actor, db.session.execute(_named(actor).where(Transfer.id == transfer_id)).one())
    current().looked_at("transfer", found.transfer.id)
    return found


def _named(actor: Actor) -> Select[Any]:
    theirs, ours = aliased(Area), aliased(Area)
    return (
        visible(actor)
        .join(theirs, theirs.id == Transfer.area_id)
        .join(ours, ours.id == Transfer.to_area_id)
        .join(User, User.id == Transfer.asked_by_id)
        .add_columns(theirs.name, ours.name, User.name)
    )


def _shown(actor: Actor, row: Any) -> Shown:
    one: Transfer = row[0]
    waits = one.state == State.ASKED.value
    answers = waits and one.to_area_id == actor.area_id and one.asked_by_id != actor.user_id
    return Shown(one, row[1], row[2], row[3], answers, waits and one.area_id == actor.area_id)


def other_areas(actor: Actor) -> list[tuple[Id, str]]:
    rows = db.session.execute(
        select(Area.id, Area.name).where(Area.id != actor.area_id, Area.valid_to.is_(None)).order_by(Area.name)
    )
    return [(row.id, row.name) for row in rows]


WAITS = "Another area was asked already and has not answered"


def what_stops(actor: Actor, found: Case) -> list[str]:
    """What has to be settled first, in words for the page."""
    person = db.session.get_one(YoungPerson, found.young_person_id)
    with everything():
        theirs = select(Referral.id).where(Referral.young_person_id == person.id)
        unanswered = exists().where(
            or_(StepUp.young_person_id == person.id, StepUp.case_id == found.id, StepUp.referral_id.in_(theirs)),
            StepUp.status.in_(WAITING),
        )
        on_agenda = exists().where(
            AgendaItem.young_person_id == person.id, Meeting.id == AgendaItem.meeting_id,
            Meeting.status.in_([MeetingStatus.PLANNED.value, MeetingStatus.UNDER_WAY.value]),
        )  # fmt: skip
        asked = exists().where(Transfer.young_person_id == person.id, Transfer.state == State.ASKED.value)
        step_up, agenda, waits = db.session.execute(select(unanswered, on_agenda, asked)).one()
        held = holds.is_held(person.id)
    said = [
        (step_up, "A step-up has no answer. It goes first: call the front door, and record what it says"),
        (agenda, "They are on the agenda of a panel meeting. Wait for the meeting, or take them off"),
        (waits, WAITS),
        (held, "A legal hold stands on this record. Ask the data protection officer"),
        (
            person.sensitivity != Sensitivity.NORMAL.value,
            "Only named people may open this record. Speak with the safeguarding leads of both areas first",
        ),
        (not found.is_open, "The case is closed"),
    ]
    return [words for holds, words in said if holds]


def counts(found: Case) -> dict[str, int]:
    """What goes, in the words of ``erasures.COUNTED``."""
    with everything():
        return erasures.counts(found.young_person_id)


@dataclass(frozen=True, slots=True)
class Asked:
    to_area_id: Id
    said: MoveAnswer
    reason: str
    words: str


def ask(actor: Actor, case_id: Id, asked: Asked) -> Transfer:
    """Ask the other area to take the record over. Raise NoResultFound, NotPossible."""
    found = find_case(actor, case_id)
    if stops := what_stops(actor, found):
        raise NotPossible(stops[0])
    if asked.to_area_id not in {area_id for area_id, _ in other_areas(actor)}:
        raise NotPossible("Choose another area")
    transfer = Transfer(
        area_id=found.area_id, to_area_id=asked.to_area_id, young_person_id=found.young_person_id, case_id=found.id,
        data_key_id=found.data_key_id, reference=found.reference, opened_on=in_london(found.opened_at).date(),
        state=State.ASKED.value, said=asked.said.value, asked_by_id=actor.user_id, asked_at=now(),
        reason=asked.reason, words=asked.words or None,
    )  # fmt: skip
    db.session.add(transfer)
    record(Event.TRANSFER_ASKED, actor, transfer, reason=asked.said.value)
    db.session.flush()
    _tell(holders(NEEDS, asked.to_area_id, but=actor.user_id), K.TRANSFER, transfer, asked.to_area_id)
    return transfer


def _tell(people: Iterable[Id], kind: K, transfer: Transfer, area_id: Id) -> None:
    tell(people, kind, area_id=area_id, about=("transfer", transfer.id))


def _open(actor: Actor, transfer_id: Id) -> Shown:
    found = find(actor, transfer_id)
    db.session.refresh(found.transfer, with_for_update=True)
    if found.transfer.state != State.ASKED.value:
        raise NotPossible("Someone has answered this already")
    return found


def _decide(actor: Actor, transfer: Transfer, state: State) -> None:
    transfer.state, transfer.decided_by_id, transfer.decided_at = state.value, actor.user_id, now()
    record(Event.TRANSFER_DECIDED, actor, transfer, reason=state.value)


def accept(actor: Actor, transfer_id: Id) -> Id:
    """The other area's yes: the record moves now; the id of its case. Raise NoResultFound, NotPossible."""
    found = _open(actor, transfer_id)
    transfer = found.transfer
    if not found.answers:
        raise NotPossible("Someone else of the area that was asked decides this")
    with everything():
        moving_case = db.session.scalars(select(Case).where(Case.id == transfer.case_id)).one()
        if stops := [words for words in what_stops(actor, moving_case) if words != WAITS]:
            raise NotPossible(stops[0])
        _decide(actor, transfer, State.ACCEPTED)
        db.session.flush()
        rows = moving.move(actor, transfer.young_person_id, transfer.to_area_id)
        moving.arrive(actor, transfer.case_id, rows)
        db.session.flush()
    _tell([transfer.asked_by_id], K.TRANSFER_ANSWERED, transfer, transfer.area_id)
    return transfer.case_id


def decline(actor: Actor, transfer_id: Id, answer: str) -> None:
    """The other area's no, with its reason: nothing moves. Raise NoResultFound, NotPossible."""
    found = _open(actor, transfer_id)
    if not found.answers:
        raise NotPossible("Someone else of the area that was asked decides this")
    found.transfer.answer = answer
    _decide(actor, found.transfer, State.DECLINED)
    _tell([found.transfer.asked_by_id], K.TRANSFER_ANSWERED, found.transfer, found.transfer.area_id)


def withdraw(actor: Actor, transfer_id: Id) -> None:
    """The first area takes it back. Raise NoResultFound, NotPossible."""
    found = _open(actor, transfer_id)
    if not found.withdraws:
        raise NotPossible("Only the area that asked can take this back")
    found.transfer.state, found.transfer.decided_at = State.WITHDRAWN.value, now()
    record(Event.TRANSFER_DECIDED, actor, found.transfer, reason=State.WITHDRAWN.value)


def _places(actor: Actor, ids: list[Id]) -> dict[Id, Place]:
    rows = db.session.execute(
        visible(actor).where(Transfer.id.in_(ids)).with_only_columns(Transfer.id, Transfer.reference)
    )
    return {row.id: Place(row.reference, f"/transfers/{row.id}") for row in rows}


leads_to("transfer", _places)
