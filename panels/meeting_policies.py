"""Which meetings, agenda items and actions a person may see, as selects that every page and service starts from."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, false, or_, select

from accounts.models import Area
from core.access import Actor, Permission
from core.clock import in_london, today
from core.working_days import add_working_days
from panels.models import AgendaItem, Conflict, Meeting, MeetingMember, PanelAction

PAPERS_DAYS = 5


def meetings_visible_to(actor: Actor) -> Select[Meeting]:
    """A coordinator sees the area's meetings; everyone else only those that they are listed on."""
    meetings = select(Meeting).where(Meeting.area_id == actor.area_id)
    if actor.can(Permission.MEETING_MANAGE):
        return meetings
    if not actor.can(Permission.MEETING_READ):
        return meetings.where(false())
    asked = select(MeetingMember.meeting_id).where(MeetingMember.user_id == actor.user_id)
    return meetings.where(or_(Meeting.id.in_(asked), Meeting.chair_id == actor.user_id))


def runs_meetings(actor: Actor) -> bool:
    """Chair and coordinator; they keep the papers after the others' access ends."""
    return actor.can(Permission.MEETING_MANAGE) or actor.can(Permission.MEETING_DECIDE)


def papers_close_on(meeting: Meeting, area: Area) -> date | None:
    """The last day on which members may read the papers: some working days after the decisions are confirmed."""
    if meeting.confirmed_at is None:
        return None
    return add_working_days(in_london(meeting.confirmed_at).date(), int(area.targets.get("papers_days", PAPERS_DAYS)))


@dataclass(frozen=True)
class Papers:
    """What one person may read of one meeting's items."""

    are_open: bool
    close_on: date | None
    conflicts: frozenset[Any]

    def shows(self, item: AgendaItem) -> bool:
        return self.are_open and item.id not in self.conflicts


def papers_for(actor: Actor, meeting: Meeting, area: Area, conflicts: list[Conflict]) -> Papers:
    """Conflicts close an item to the person named in them, whatever their role."""
    closing = papers_close_on(meeting, area)
    cancelled = meeting.status == "cancelled"
    are_open = runs_meetings(actor) or (not cancelled and (closing is None or today() <= closing))
    return Papers(are_open, closing, frozenset(c.item_id for c in conflicts if c.user_id == actor.user_id))


def actions_visible_to(actor: Actor) -> Select[PanelAction]:
    """One's own actions in this area, once the meeting they come from is confirmed."""
    return select(PanelAction).where(
        PanelAction.owner_id == actor.user_id, PanelAction.area_id == actor.area_id, PanelAction.is_proposed.is_(False)
    )
