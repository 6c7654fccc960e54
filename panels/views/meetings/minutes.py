"""Minutes: made from what was recorded, readable and printable; locked once the decisions are confirmed."""

from collections import defaultdict
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from accounts.models import User
from audit.models import Event
from core.access import Permission, requires
from core.codes import label_of
from core.codes.decisions import MeetingAttendance, PanelDecision
from core.context import current
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from interventions.models import Intervention
from panels.services import actions, agenda, meetings
from panels.views import bp
from panels.views.meetings.parts import Opened, opened, pages_of

P = Permission


@bp.get("/meetings/<id:meeting_id>/minutes")
@requires(P.MEETING_READ, P.MEETING_MANAGE, reads=Event.MEETING_READ)
def minutes(meeting_id: Id) -> ResponseReturnValue:
    seen = opened(meeting_id)
    people = meetings.invited(seen.meeting)
    confirmed = seen.meeting.confirmed_at is not None
    # A member reads what was decided once it is final; chair and coordinator check it before.
    readable = confirmed or (seen.runs and seen.meeting.status == "under_way")
    listed = agenda.items_of(seen.meeting, seen.papers.shows) if readable else []
    current().load_keys(row.item.data_key_id for row in listed if row.person)
    return render_template(
        "panels/meetings/minutes.html", seen=seen, meeting=seen.meeting, pages=pages_of(seen, "Minutes"),
        readable=readable, confirmed=confirmed,
        entries=_entries(seen, listed, {p.member.user_id: p.name for p in people}),
        here=[_came(p) for p in people], quorum=meetings.quorum_of(seen.meeting, (p.member for p in people)),
        confirmed_by=_name(seen.meeting.confirmed_by_id),
    )  # fmt: skip


def _came(invited: meetings.Invited) -> tuple[str, str, str]:
    return invited.name, invited.agency, label_of(MeetingAttendance, invited.member.attendance, missing="Not recorded")


def _name(user_id: Id | None) -> str | None:
    return db.session.scalar(select(User.name).where(User.id == user_id)) if user_id else None


def _entries(seen: Opened, listed: list[agenda.Listed], names: dict[Id, str]) -> list[dict[str, Any]]:
    by_item: dict[Id, list[Any]] = defaultdict(list)
    for action, owner in actions.of_meeting(seen.meeting.id) if listed else []:
        by_item[action.item_id].append((action, owner))
    leads = _named(User, {row.item.lead_id for row in listed})
    support = _named(Intervention, {key for row in listed for key in row.item.intervention_ids or []})
    conflicted: dict[Id, list[str]] = defaultdict(list)
    for conflict in seen.conflicts:
        conflicted[conflict.item_id].append(names.get(conflict.user_id, _("Someone no longer on the list")))
    return [
        {
            "row": row, "item": row.item, "decision": label_of(PanelDecision, row.item.decision, missing="Not decided"),
            "lead": leads.get(row.item.lead_id or ""), "actions": by_item[row.item.id] if row.person else [],
            "support": [support[key] for key in row.item.intervention_ids or [] if key in support],
            "conflicts": conflicted[row.item.id],
        }
        for row in listed
    ]  # fmt: skip


def _named(model: type[User] | type[Intervention], ids: set[Id | None]) -> dict[Id, str]:
    wanted = [key for key in ids if key]
    if not wanted:
        return {}
    return {key: name for key, name in db.session.execute(select(model.id, model.name).where(model.id.in_(wanted)))}
