"""What a visitor writes: one sealed row, page by page, never read back to them; sending puts it before the coordinators."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from accounts.models import Area
from audit.models import Event
from audit.services import record
from core.access import Permission
from core.clock import now
from core.codes.invited import ArrivalStatus
from core.codes.referrals import DangerAnswer, SourceType
from core.db import db
from core.ids import Id
from core.spent_keys import destroy_after_commit
from invited.models import Arrival, ReferralLink
from invited.services.links import is_idle
from invited.services.visits import LINK, PUBLIC, new_receipt, visiting
from messages.kinds import MessageKind
from messages.services.recipients import holders
from messages.services.telling import tell


class NotFinished(Exception):
    """Pages are missing; the message says what to do."""


def of_link(link: ReferralLink) -> Arrival | None:
    """What was written by this link so far. Its pages are shown to nobody before it is sent."""
    with visiting(link.id):
        return _find(link.id)


def _find(visit_id: Id) -> Arrival | None:
    statement = select(Arrival).where(Arrival.visit_id == visit_id)
    found: Arrival | None = db.session.scalars(statement.execution_options(populate_existing=True)).first()
    return found


def _hold(link: ReferralLink) -> tuple[ReferralLink, Arrival | None]:
    """The link, locked until this transaction ends, and what was written by it: two sendings come one after the other."""
    mine = select(ReferralLink).where(ReferralLink.id == link.id).with_for_update()
    held = db.session.scalars(mine.execution_options(populate_existing=True)).one()
    return held, _find(link.id)


def begin(link: ReferralLink, danger: str) -> None:
    """The first answer. What was written before stays, unless it was sent: then nothing changes."""
    with visiting(link.id, LINK, link.id):
        link, arrival = _hold(link)
        if arrival is None:
            arrival = Arrival(
                area_id=link.area_id, visit_id=link.id, link_id=link.id, agency_id=link.agency_id,
                source_type=SourceType.PROFESSIONAL.value, status=ArrivalStatus.WRITING.value, receipt=new_receipt(),
            )  # fmt: skip
            db.session.add(arrival)
        if arrival.status == ArrivalStatus.WRITING.value:
            arrival.danger, arrival.is_urgent = danger, danger != DangerAnswer.NO
            _keep(link, arrival, "danger")


def write(link: ReferralLink, part: str, values: Mapping[str, Any]) -> None:
    """Put one page in its place; a page written twice is the second one."""
    with visiting(link.id, LINK, link.id):
        link, arrival = _hold(link)
        if arrival is not None and arrival.status == ArrivalStatus.WRITING.value:
            setattr(arrival, part, dict(values))
            _keep(link, arrival, part)


def _keep(link: ReferralLink, arrival: Arrival, part: str) -> None:
    """A page that comes after half an hour is kept; then a new code is asked for."""
    if is_idle(link):
        link.confirmed_at = None
    link.visit_seen_at = now()
    record(Event.ARRIVAL_WRITTEN, None, arrival, reason=part)
    db.session.flush()


def drop(link: ReferralLink) -> None:
    """This panel is not the right place: nothing is kept."""
    with visiting(link.id, LINK, link.id):
        link, arrival = _hold(link)
        if arrival is not None and arrival.status == ArrivalStatus.WRITING.value:
            record(Event.ARRIVAL_DELETED, None, arrival, reason="not_eligible")
            destroy_after_commit([arrival.data_key_id])
            db.session.delete(arrival)
            db.session.flush()


def send(link: ReferralLink) -> Arrival:
    """Finish: it waits for a coordinator, and the link is used. A second sending changes nothing. Raise NotFinished."""
    with visiting(link.id, LINK, link.id):
        link, arrival = _hold(link)
        if arrival is None or not arrival.is_finished:
            raise NotFinished("Finish every page before you send")
        if arrival.status == ArrivalStatus.WRITING.value:
            arrival.status, arrival.received_at = ArrivalStatus.WAITING.value, now()
            link.used_at = link.visit_seen_at = now()
            record(Event.ARRIVAL_RECEIVED, None, arrival, detail={"danger": arrival.is_urgent})
            db.session.flush()
            _tell(arrival)
        return arrival


def receive(area: Area, *, visit_id: Id, source: SourceType, urgent: bool, answers: Mapping[str, Any]) -> str:
    """Keep what a young person or a family sent; the receipt. The same form sent twice is kept once.

    ``visit_id``: the random number that the form carries, signed. ``answers``: sections as in ``referrals.answers``.
    """
    with visiting(visit_id, PUBLIC, visit_id):
        arrival = _find(visit_id)
        if arrival is None:
            arrival = Arrival(
                area_id=area.id, visit_id=visit_id, source_type=source.value, status=ArrivalStatus.WAITING.value,
                receipt=new_receipt(), is_urgent=urgent, received_at=now(), story=dict(answers),
            )  # fmt: skip
            try:
                _add(arrival)
            except IntegrityError:  # its other sending was a moment earlier, and counts
                db.session.rollback()
                arrival = _find(visit_id)
        return arrival.receipt if arrival is not None else ""


def _add(arrival: Arrival) -> None:
    db.session.add(arrival)
    record(
        Event.ARRIVAL_RECEIVED, None, arrival, reason=arrival.source_type, detail={"danger": arrival.is_urgent}
    )  # fmt: skip
    db.session.flush()
    _tell(arrival)


def _tell(arrival: Arrival) -> None:
    """The area's coordinators; at once where somebody may be in danger."""
    kind = MessageKind.URGENT if arrival.is_urgent else MessageKind.ARRIVED
    tell(
        holders(Permission.REFERRAL_TRIAGE, arrival.area_id),
        kind,
        area_id=arrival.area_id,
        about=("arrival", arrival.id),
    )
