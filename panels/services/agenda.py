"""The agenda: what is ready for panel, what is on this meeting's list, in which order."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.exc import NoResultFound

from accounts.models import Area
from audit.models import Event
from audit.services import record
from cohort.models import YoungPerson
from core.access import Actor
from core.clock import in_london
from core.codes.decisions import MeetingStatus, PanelItemStatus
from core.codes.referrals import ReferralStatus
from core.context import current
from core.crypto import sealed_column
from core.db import db
from core.formats import initials
from core.ids import Id
from core.languages import gettext as _
from core.working_days import short_date
from panels.meeting_policies import meetings_visible_to
from panels.models import AgendaItem, Conflict, Meeting, PanelAction
from panels.services import telling
from panels.services.cases import NotPossible
from referrals.models import Referral

QUEUE = 50
OPEN_MEETINGS = (MeetingStatus.PLANNED.value, MeetingStatus.UNDER_WAY.value)


@dataclass(frozen=True)
class Person:
    """Who an item or a referral is about, as far as it was opened."""

    forename: str | None
    surname: str | None
    preferred_name: str | None
    date_of_birth: date | None

    @property
    def name(self) -> str:
        return f"{self.preferred_name or self.forename or ''} {self.surname or ''}".strip()

    @property
    def list_name(self) -> str:
        return ", ".join(part for part in (self.surname, self.preferred_name or self.forename) if part)

    @property
    def initials(self) -> str:
        return initials(self.preferred_name or self.forename, self.surname)


@dataclass(frozen=True)
class Waiting:
    """A referral that is ready for panel."""

    referral_id: Id
    reference: str
    person: Person
    ready_at: datetime | None
    elsewhere: str | None


@dataclass(frozen=True)
class Listed:
    """An item with its reference; ``person`` only where the reader may see it."""

    item: AgendaItem
    reference: str
    sent_at: datetime
    person: Person | None


_PERSON = [sealed_column(YoungPerson, name) for name in ("forename", "surname", "preferred_name", "date_of_birth")]
_NAMES = ("forename", "surname", "preferred_name", "date_of_birth")


def _opened(person_id: Id, key_id: Id, sealed: tuple[bytes | None, ...]) -> Person:
    opened: list[Any] = [
        current().open_value(YoungPerson, name, person_id, key_id, person_id, value)
        for name, value in zip(_NAMES, sealed, strict=True)
    ]
    return Person(*opened)


def on_an_open_agenda() -> Select[Id, datetime]:
    """Referrals on the agenda of a meeting that is neither confirmed nor cancelled, with that meeting's time.

    A deferred item leaves this list when its meeting is confirmed, so its referral comes back to the queue by itself.
    """
    return (
        select(AgendaItem.referral_id, Meeting.starts_at)
        .join(Meeting, AgendaItem.meeting_id == Meeting.id)
        .where(Meeting.status.in_(OPEN_MEETINGS))
    )


def ready_queue(meeting: Meeting) -> list[Waiting]:
    """What is ready for panel and not on this agenda, longest waiting first; names are opened."""
    taken = on_an_open_agenda().subquery()
    here = select(AgendaItem.referral_id).where(AgendaItem.meeting_id == meeting.id)
    rows = db.session.execute(
        select(Referral.id, Referral.reference, Referral.ready_at, YoungPerson.id, YoungPerson.data_key_id,
               taken.c.starts_at, *_PERSON)
        .join(YoungPerson, Referral.young_person_id == YoungPerson.id)
        .join(taken, taken.c.referral_id == Referral.id, isouter=True)
        .where(Referral.area_id == meeting.area_id, Referral.status == ReferralStatus.READY_FOR_PANEL.value,
               Referral.id.not_in(here))
        .order_by(Referral.ready_at, Referral.sent_at, Referral.id).limit(QUEUE)
    ).all()  # fmt: skip
    current().load_keys(row[4] for row in rows)
    return [
        Waiting(referral_id, reference, _opened(person_id, key_id, tuple(sealed)), ready_at, _elsewhere(starts_at))
        for referral_id, reference, ready_at, person_id, key_id, starts_at, *sealed in rows
    ]


def _elsewhere(starts_at: datetime | None) -> str | None:
    return _("Already on %(day)s agenda", day=short_date(in_london(starts_at).date())) if starts_at else None


def _of(meeting: Meeting) -> tuple[ColumnElement[bool], ...]:
    """The items of a meeting. One whose young person moved to another area has left its agenda and its minutes."""
    return AgendaItem.meeting_id == meeting.id, AgendaItem.area_id == meeting.area_id


def items_of(meeting: Meeting, shows: Any = lambda item: False) -> list[Listed]:
    """The agenda in order. Names are opened only of the items that ``shows`` allows."""
    rows = db.session.execute(
        select(AgendaItem, Referral.reference, Referral.sent_at, YoungPerson.id, YoungPerson.data_key_id, *_PERSON)
        .join(Referral, AgendaItem.referral_id == Referral.id)
        .join(YoungPerson, AgendaItem.young_person_id == YoungPerson.id)
        .where(*_of(meeting)).order_by(AgendaItem.position)
    ).all()  # fmt: skip
    current().load_keys(row[4] for row in rows if shows(row[0]))
    return [
        Listed(item, reference, sent_at, _opened(person_id, key_id, tuple(sealed)) if shows(item) else None)
        for item, reference, sent_at, person_id, key_id, *sealed in rows
    ]


def bare_items(meeting: Meeting) -> list[AgendaItem]:
    return list(
        db.session.scalars(select(AgendaItem).where(*_of(meeting)).order_by(AgendaItem.position, AgendaItem.id))
    )


@dataclass(frozen=True)
class Whole:
    """A meeting with its area, its bare items in order, and every conflict on them."""

    meeting: Meeting
    area: Area
    items: list[AgendaItem]
    conflicts: list[Conflict]


def find_whole(actor: Actor, meeting_id: Id) -> Whole:
    """One statement for pages that turn items over one by one. Raise NoResultFound for who may not see the meeting."""
    rows = db.session.execute(
        meetings_visible_to(actor).where(Meeting.id == meeting_id).add_columns(Area, AgendaItem, Conflict)
        .join(Area, Area.id == Meeting.area_id)
        .join(AgendaItem, and_(AgendaItem.meeting_id == Meeting.id, AgendaItem.area_id == Meeting.area_id), isouter=True)
        .join(Conflict, Conflict.item_id == AgendaItem.id, isouter=True)
        .order_by(AgendaItem.position, AgendaItem.id, Conflict.created_at)
    ).all()  # fmt: skip
    if not rows:
        raise NoResultFound
    items = dict.fromkeys(row[2] for row in rows if row[2] is not None)
    conflicts = dict.fromkeys(row[3] for row in rows if row[3] is not None)
    return Whole(rows[0][0], rows[0][1], list(items), list(conflicts))


def no_longer_ready(items: list[AgendaItem]) -> frozenset[Id]:
    """Items whose referral was withdrawn or sent elsewhere since it was put on the agenda."""
    ready = set(
        db.session.scalars(
            select(Referral.id).where(
                Referral.id.in_([item.referral_id for item in items]),
                Referral.status == ReferralStatus.READY_FOR_PANEL.value,
            )
        )
    )
    return frozenset(item.id for item in items if item.referral_id not in ready)


def lock_referrals(meeting: Meeting) -> None:
    """Nobody withdraws or triages what is being confirmed; always in the same order, so that nobody waits in a ring."""
    on_it = select(AgendaItem.referral_id).where(AgendaItem.meeting_id == meeting.id)
    locked = select(Referral).where(Referral.id.in_(on_it)).order_by(Referral.id).with_for_update()
    db.session.scalars(locked.execution_options(populate_existing=True)).all()


def find_item(meeting: Meeting, number: int) -> AgendaItem:
    """Raise NoResultFound when the agenda has no such number."""
    return db.session.scalars(select(AgendaItem).where(*_of(meeting), AgendaItem.position == number)).one()


def add(actor: Actor, meeting: Meeting, referral_id: Id, minutes: int = 10) -> AgendaItem:
    """Put a ready referral at the end of this agenda. Raise NotPossible where it is on another open one."""
    referral = db.session.scalars(
        select(Referral).where(Referral.id == referral_id, Referral.area_id == meeting.area_id).with_for_update()
    ).one()
    person = db.session.get(YoungPerson, referral.young_person_id) if referral.young_person_id else None
    if referral.status != ReferralStatus.READY_FOR_PANEL.value or person is None:
        raise NotPossible("This referral is not ready for panel any more")
    taken = db.session.execute(on_an_open_agenda().where(AgendaItem.referral_id == referral_id)).first()
    if taken:
        raise NotPossible(_elsewhere(taken[1]) or "Already on an agenda")
    item = AgendaItem(
        meeting_id=meeting.id, area_id=meeting.area_id, referral_id=referral.id, young_person_id=person.id,
        data_key_id=person.data_key_id, position=len(bare_items(meeting)) + 1, minutes=minutes,
        status=PanelItemStatus.ON_AGENDA.value, intervention_ids=[],
    )  # fmt: skip
    db.session.add(item)
    record(Event.AGENDA_CHANGED, actor, item, reason="added")
    telling.papers(actor, meeting)
    return item


def remove(actor: Actor, meeting: Meeting, item_id: Id) -> None:
    """Take an item off; the referral waits in the ready queue again. What is decided is deferred instead."""
    items = bare_items(meeting)
    item = _one_of(items, item_id)
    if item.decision and not no_longer_ready([item]):
        raise NotPossible("This item has a decision. Change the decision to “Defer for information” instead")
    hanging: list[Any] = list(db.session.scalars(select(Conflict).where(Conflict.item_id == item.id)))
    hanging += db.session.scalars(select(PanelAction).where(PanelAction.item_id == item.id))
    for thing in hanging:
        db.session.delete(thing)
    db.session.flush()
    db.session.delete(item)
    left = [other for other in items if other is not item]
    moved = _renumber(left)
    record(Event.AGENDA_CHANGED, actor, item, also=[*hanging, *moved], reason="removed")


def _one_of(items: list[AgendaItem], item_id: Id) -> AgendaItem:
    for item in items:
        if item.id == item_id:
            return item
    raise NoResultFound


def _renumber(items: list[AgendaItem]) -> list[AgendaItem]:
    moved = [item for n, item in enumerate(items, 1) if item.position != n]
    for n, item in enumerate(items, 1):
        item.position = n
    return moved


def move(actor: Actor, meeting: Meeting, item_id: Id, step: int) -> None:
    """Up is -1, down is 1; at either end nothing happens."""
    items = bare_items(meeting)
    at = items.index(_one_of(items, item_id))
    to = at + step
    if not 0 <= to < len(items):
        return
    items[at], items[to] = items[to], items[at]
    moved = _renumber(items)
    record(Event.AGENDA_CHANGED, actor, moved[0], also=moved[1:], reason="moved")


def set_minutes(actor: Actor, meeting: Meeting, minutes: dict[Id, int]) -> None:
    changed = [item for item in bare_items(meeting) if minutes.get(item.id, item.minutes) != item.minutes]
    for item in changed:
        item.minutes = minutes[item.id]
    if changed:
        record(Event.AGENDA_CHANGED, actor, changed[0], also=changed[1:], reason="minutes")
