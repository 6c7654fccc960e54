"""A young person's record moves from one area to another: rows, keys, blind indexes, and what has to begin again there."""

from typing import Any

from sqlalchemy import select, update

from accounts.models import Approval
from audit.models import Event
from audit.services import record
from cohort.models import YoungPerson
from cohort.services import elsewhere
from cohort.services.people import update_indexes
from core import context
from core.access import Actor
from core.clock import now
from core.codes.approvals import ApprovalState
from core.codes.cases import Attendance, EngagementStatus, SessionStatus
from core.codes.offers import OPEN_OFFERS, EndedEarlyReason, OfferStatus
from core.db import db
from core.ids import Id
from core.key_checks import sealed_models
from core.keyring import keyring
from panels.models import Case, EmergencyAccess, Offer, SupportSession
from panels.services import next_step, timeline
from panels.services.timeline import Happened
from rights.person_records import area_of, people_of
from rights.theirs import Rows, theirs

# What was agreed between two areas stays as it was agreed; an index is made anew under the other area's key.
STAYS = frozenset({"transfer", "approval", "blind_index"})


def move(actor: Actor, person_id: Id, to_area: Id) -> int:
    """Move everything that is theirs, in this transaction; how many rows. Run it where all areas may be seen.

    The keys are wrapped anew under the other area's key at once: they open as before should this not be kept.
    """
    from_area, people = area_of(person_id), people_of(person_id)
    _, rows = theirs(person_id)
    rows = {table: ids for table, ids in rows.items() if ids and table.name not in STAYS}
    _settle(rows)
    count = _rows(rows, from_area, to_area)
    used = _keys(rows, from_area, to_area)
    _approvals(used, from_area)
    db.session.expire_all()
    with context.acting_as(job="transfer", actor=actor):
        for one in db.session.scalars(select(YoungPerson).where(YoungPerson.id.in_(people))):
            if one.merged_into_id is None:
                update_indexes(one, {})
    return count


def arrive(actor: Actor, case_id: Id, rows: int) -> None:
    """The case begins anew in its area: nobody leads it, and they are asked again whether they take part."""
    case = db.session.get_one(Case, case_id)
    case.lead_id, case.engagement = None, EngagementStatus.ASKING.value
    record(Event.CASE_MOVED, actor, case, detail={"rows": rows})
    timeline.add(case, Happened.MOVED, actor)
    next_step.refresh(case)
    elsewhere.publish(actor, db.session.get_one(YoungPerson, case.young_person_id))


def _write(statement: Any) -> None:
    db.session.execute(statement, execution_options={"loader": True, "synchronize_session": False})


def _settle(rows: Rows) -> None:
    """The first area's providers and workers have no more part in it: offers end, planned sessions do not happen."""
    offers, sessions = rows.get(Offer.__table__, set()), rows.get(SupportSession.__table__, set())
    emergencies = rows.get(EmergencyAccess.__table__, set())
    _write(
        update(Offer)
        .where(Offer.id.in_(offers), Offer.status.in_([status.value for status in OPEN_OFFERS]))
        .values(status=OfferStatus.ENDED_EARLY.value, decline_code=EndedEarlyReason.MOVED.value)
    )
    _write(
        update(SupportSession)
        .where(SupportSession.id.in_(sessions), SupportSession.status == SessionStatus.PLANNED.value)
        .values(status=SessionStatus.DID_NOT_HAPPEN.value, attendance=Attendance.MOVED.value)
    )
    _write(
        update(EmergencyAccess)
        .where(EmergencyAccess.id.in_(emergencies), EmergencyAccess.ended_at.is_(None))
        .values(ended_at=now())
    )


def _rows(rows: Rows, from_area: Id, to_area: Id) -> int:
    count = 0
    for table, ids in rows.items():
        if "area_id" in table.c:
            values = {"area_id": to_area} | ({"district_id": None} if "district_id" in table.c else {})
            _write(update(table).where(table.c.id.in_(ids), table.c.area_id == from_area).values(values))
            count += len(ids)
    return count


def _approvals(keys: set[Id], from_area: Id) -> None:
    """What the first area asked a second person ends there, and its words are not left behind."""
    open_states = [ApprovalState.ASKED.value, ApprovalState.AGREED.value]
    theirs_here = Approval.data_key_id.in_(keys), Approval.area_id == from_area
    _write(
        update(Approval)
        .where(*theirs_here, Approval.state.in_(open_states))
        .values(state=ApprovalState.WITHDRAWN.value)
    )
    _write(
        update(Approval.__table__)
        .where(*theirs_here)
        .values(reason_sealed=None, answer_sealed=None, details_sealed=None)
    )


def _keys(rows: Rows, from_area: Id, to_area: Id) -> set[Id]:
    ring = keyring()
    used: set[Id] = set()
    for model in sealed_models():
        ids = rows.get(model.__table__)
        if ids:
            used |= set(db.session.scalars(select(model.data_key_id).where(model.id.in_(ids)).distinct()))
    for key in ring.store.fetch(used):
        if key.wrapped is not None and key.area_id == from_area:
            ring.give_to(key.id, key.owner_kind, key.owner_id, to_area)
    return used
