"""What every page of one meeting needs: finding it, who may read its items, and its sub navigation."""

from dataclasses import dataclass
from typing import Any

from flask import abort, url_for

from accounts.models import Area
from core.access import Actor, Permission, signed_in
from core.codes.decisions import MeetingStatus
from core.context import current
from core.ids import Id
from core.languages import gettext as _
from panels.meeting_policies import Papers, papers_for, runs_meetings
from panels.models import AgendaItem, Conflict, Meeting
from panels.services import agenda, meetings

OPEN = {MeetingStatus.PLANNED.value, MeetingStatus.UNDER_WAY.value}


@dataclass(frozen=True)
class Opened:
    """A meeting as one person may see it."""

    actor: Actor
    meeting: Meeting
    conflicts: list[Conflict]
    papers: Papers

    @property
    def runs(self) -> bool:
        return runs_meetings(self.actor)

    @property
    def manages(self) -> bool:
        return self.actor.can(Permission.MEETING_MANAGE)

    @property
    def is_open(self) -> bool:
        """Neither confirmed nor cancelled."""
        return self.meeting.status in OPEN

    def has_conflict(self, item_id: Id) -> bool:
        return any(c.item_id == item_id and c.user_id == self.actor.user_id for c in self.conflicts)


def opened(meeting_id: Id) -> Opened:
    """The meeting for a page that is read; NoResultFound (404) for people who are not invited."""
    meeting, area = meetings.find_with_area(signed_in(), meeting_id)
    return _seen(meeting, area, meetings.conflicts_of(meeting))


def open_only(meeting: Meeting) -> None:
    """Refuse who still has the page of a meeting that was confirmed or cancelled since, and give back what they typed."""
    if meeting.status not in OPEN:
        abort(409)


def opened_with_items(meeting_id: Id) -> tuple[Opened, list[AgendaItem]]:
    """The same with its items, for pages that turn them over one by one."""
    whole = agenda.find_whole(signed_in(), meeting_id)
    return _seen(whole.meeting, whole.area, whole.conflicts), whole.items


def _seen(meeting: Meeting, area: Area, conflicts: list[Conflict]) -> Opened:
    current().looked_at("meeting", meeting.id)
    actor = signed_in()
    return Opened(actor, meeting, conflicts, papers_for(actor, meeting, area, conflicts))


def pages_of(seen: Opened, active: str) -> list[dict[str, Any]]:
    """The sub navigation: only pages that this person may open."""
    pages = [("Meeting", "panels.meeting", True), ("Agenda", "panels.agenda", seen.manages),
             ("Who is here", "panels.attendance", seen.runs), ("Minutes", "panels.minutes", True)]  # fmt: skip
    return [
        {"text": _(text), "href": url_for(endpoint, meeting_id=seen.meeting.id), "active": text == active}
        for text, endpoint, allowed in pages
        if allowed
    ]
