"""Planning, changing and cancelling meetings, who is asked to them, who came, and whether they are enough to decide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from accounts.models import Agency, Area, Membership, User
from accounts.roles import Role, rules_of
from audit.models import Event
from audit.services import record
from core.access import Actor, Permission
from core.clock import LONDON, in_london, now, today
from core.codes.decisions import MeetingAttendance, MeetingStatus
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from core.languages import ngettext
from core.working_days import is_working_day
from panels.meeting_policies import meetings_visible_to
from panels.models import AgendaItem, Conflict, Meeting, MeetingMember
from panels.services import telling

PAGE = 50
COUNTS_AS_HERE = frozenset({MeetingAttendance.PRESENT.value, MeetingAttendance.SUBSTITUTE.value})
PANEL_ROLES = tuple(role for role in Role if Permission.MEETING_READ in rules_of(role).permissions)


@dataclass(frozen=True)
class Quorum:
    """Agencies here against agencies needed. A substitute counts for the agency that sent them."""

    here: int
    needed: int

    @property
    def is_met(self) -> bool:
        return self.here >= self.needed

    @property
    def words(self) -> str:
        counts = {"here": self.here, "needed": self.needed}
        if self.is_met:
            return _("yes, %(here)s here, %(needed)s needed", **counts)
        return _("no, %(here)s here, %(needed)s needed", **counts)

    @property
    def missing_words(self) -> str:
        short = self.needed - self.here
        return ngettext(
            "You need %(count)s more agency for decisions to count",
            "You need %(count)s more agencies for decisions to count",
            short,
        )


@dataclass(frozen=True)
class Invited:
    """A member with the words for their name and agency."""

    member: MeetingMember
    name: str
    agency: str


def find_meeting(actor: Actor, meeting_id: Id, *, lock: bool = False) -> Meeting:
    """Raise NoResultFound for a meeting that this person may not see. ``lock``: nobody else changes it meanwhile."""
    query = meetings_visible_to(actor).where(Meeting.id == meeting_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def find_with_area(actor: Actor, meeting_id: Id) -> tuple[Meeting, Area]:
    """A meeting and its area in one statement. Raise NoResultFound for a meeting that this person may not see."""
    query = meetings_visible_to(actor).where(Meeting.id == meeting_id).add_columns(Area)
    meeting, area = db.session.execute(query.join(Area, Area.id == Meeting.area_id)).one()
    return meeting, area


def upcoming(actor: Actor) -> Sequence[Any]:
    """Not yet confirmed or cancelled, soonest first, with the number of items and the chair's name."""
    open_ones = (MeetingStatus.PLANNED.value, MeetingStatus.UNDER_WAY.value)
    rows = _listed(actor, Meeting.status.in_(open_ones)).order_by(Meeting.starts_at)
    return db.session.execute(rows.limit(PAGE)).all()


def past(actor: Actor, page: int = 1) -> Sequence[Any]:
    """Ended or cancelled, newest first."""
    done = (MeetingStatus.ENDED.value, MeetingStatus.CANCELLED.value)
    rows = _listed(actor, Meeting.status.in_(done)).order_by(Meeting.starts_at.desc())
    return db.session.execute(rows.limit(PAGE + 1).offset((page - 1) * PAGE)).all()


def _listed(actor: Actor, condition: ColumnElement[bool]) -> Select[Any, Any, Any]:
    items = select(func.count()).where(AgendaItem.meeting_id == Meeting.id).scalar_subquery()
    return (
        meetings_visible_to(actor).add_columns(items, User.name).join(User, Meeting.chair_id == User.id, isouter=True)
        .where(condition)
    )  # fmt: skip


def people_of_the_panel(area_id: Id) -> Sequence[Any]:
    """Everyone who may be asked to this area's meetings: membership, name, agency."""
    return db.session.execute(
        select(Membership, User.name, Agency.name)
        .join(User, Membership.user_id == User.id).join(Agency, Membership.agency_id == Agency.id, isouter=True)
        .where(Membership.area_id == area_id, Membership.role.in_([r.value for r in PANEL_ROLES]), *_current_grant())
        .order_by(User.name)
    ).all()  # fmt: skip


def _current_grant() -> tuple[ColumnElement[bool], ...]:
    day = today()
    return (
        Membership.is_active.is_(True), User.active.is_(True), Membership.valid_from <= day,
        (Membership.valid_to.is_(None)) | (Membership.valid_to >= day),
    )  # fmt: skip


def invited(meeting: Meeting) -> list[Invited]:
    """The members of a meeting in order of name."""
    rows = db.session.execute(
        select(MeetingMember, User.name, Agency.name)
        .join(User, MeetingMember.user_id == User.id)
        .join(Agency, MeetingMember.agency_id == Agency.id, isouter=True)
        .where(MeetingMember.meeting_id == meeting.id).order_by(User.name)
    )  # fmt: skip
    return [Invited(member, name, agency or "") for member, name, agency in rows]


def quorum_of(meeting: Meeting, members: Iterable[MeetingMember]) -> Quorum:
    here = {m.agency_id for m in members if m.attendance in COUNTS_AS_HERE and m.agency_id}
    return Quorum(len(here), meeting.quorum)


def days_that_are_off(first: date, weeks: int) -> list[date]:
    """Which of the weekly days are weekends or bank holidays."""
    return [day for n in range(weeks) if not is_working_day(day := first + timedelta(weeks=n))]


def moment_of(day: date, at: time) -> datetime:
    return datetime.combine(day, at, LONDON)


def plan(
    actor: Actor, *, day: date, at: time, place: str, chair: Membership | None, asked: Sequence[Membership],
    weeks: int = 1,
) -> list[Meeting]:  # fmt: skip
    """Plan one meeting, or one a week for some weeks, with the same people."""
    area = db.session.get_one(Area, actor.area_id)
    meetings = []
    for n in range(weeks):
        meeting = Meeting(
            area_id=area.id, starts_at=moment_of(day + timedelta(weeks=n), at), place=place,
            status=MeetingStatus.PLANNED.value, quorum=area.quorum, chair_id=chair.user_id if chair else None,
        )  # fmt: skip
        db.session.add(meeting)
        db.session.flush()
        members = [_member(meeting, membership) for membership in _once_each(chair, asked)]
        record(Event.MEETING_PLANNED, actor, meeting, also=members, detail={"asked": len(members)})
        telling.invited(actor, meeting, members)
        meetings.append(meeting)
    return meetings


def _once_each(chair: Membership | None, asked: Sequence[Membership]) -> list[Membership]:
    """The chair is always asked; someone with two roles is asked once."""
    return list({m.user_id: m for m in [*([chair] if chair else []), *asked]}.values())


def _member(meeting: Meeting, membership: Membership) -> MeetingMember:
    member = MeetingMember(meeting_id=meeting.id, user_id=membership.user_id, agency_id=membership.agency_id)
    db.session.add(member)
    return member


def change(
    actor: Actor, meeting: Meeting, *, day: date, at: time, place: str, chair: Membership | None,
    asked: Sequence[Membership],
) -> None:  # fmt: skip
    """Change a planned meeting. People who are taken off lose its papers at once."""
    wanted = {m.user_id: m for m in _once_each(chair, asked)}
    listed = {i.member.user_id: i.member for i in invited(meeting)}
    gone = [member for user_id, member in listed.items() if user_id not in wanted]
    for member in gone:
        db.session.delete(member)
    new = [_member(meeting, m) for user_id, m in wanted.items() if user_id not in listed]
    meeting.starts_at, meeting.place = moment_of(day, at), place
    meeting.chair_id = chair.user_id if chair else None
    record(
        Event.MEETING_CHANGED, actor, meeting, also=[*gone, *new],
        detail={"asked": len(wanted), "taken_off": len(gone)},
    )  # fmt: skip


def cancel(actor: Actor, meeting: Meeting) -> None:
    """Its items wait for the next agenda again by themselves."""
    meeting.status = MeetingStatus.CANCELLED.value
    record(Event.MEETING_CHANGED, actor, meeting, reason="cancelled")


def start(actor: Actor, meeting: Meeting) -> None:
    if meeting.status == MeetingStatus.PLANNED.value:
        meeting.status = MeetingStatus.UNDER_WAY.value
        record(Event.MEETING_CHANGED, actor, meeting, reason="started")


def record_attendance(actor: Actor, meeting: Meeting, answers: dict[Id, str | None]) -> None:
    """``answers`` by member id; members who are not named keep what was recorded."""
    members = [i.member for i in invited(meeting)]
    changed = [m for m in members if m.id in answers and m.attendance != answers[m.id]]
    for member in changed:
        member.attendance = answers[member.id]
    if changed:
        here = quorum_of(meeting, members).here
        record(Event.ATTENDANCE_RECORDED, actor, meeting, also=changed, detail={"agencies_here": here})


def conflicts_of(meeting: Meeting) -> list[Conflict]:
    """Every conflict on this agenda, without opening their notes."""
    return list(
        db.session.scalars(
            select(Conflict).join(AgendaItem, Conflict.item_id == AgendaItem.id)
            .where(AgendaItem.meeting_id == meeting.id).order_by(Conflict.created_at)
        )
    )  # fmt: skip


def declare_conflict(actor: Actor, item: AgendaItem, *, user_id: Id, kind: str, note: str) -> Conflict:
    """From now on this person sees nothing of the item. Declaring twice changes what was said."""
    found = db.session.scalars(select(Conflict).where(Conflict.item_id == item.id, Conflict.user_id == user_id)).first()
    conflict = found or Conflict(
        item_id=item.id, area_id=item.area_id, young_person_id=item.young_person_id, user_id=user_id, kind=kind,
        data_key_id=item.data_key_id,
    )  # fmt: skip
    conflict.kind, conflict.note = kind, note
    db.session.add(conflict)
    record(Event.CONFLICT_DECLARED, actor, conflict, reason=kind)
    return conflict


def withdraw_conflict(actor: Actor, conflict: Conflict) -> None:
    """Recorded by mistake. Never by the person named in it: the page does not offer it and the view refuses."""
    record(Event.CONFLICT_DECLARED, actor, conflict, reason="withdrawn")
    db.session.delete(conflict)


def is_today(meeting: Meeting) -> bool:
    return in_london(meeting.starts_at).date() == today()


def has_begun(meeting: Meeting) -> bool:
    return meeting.starts_at <= now()
