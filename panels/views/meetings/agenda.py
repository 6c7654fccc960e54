"""The agenda page: the ready queue on the left, this meeting's list on the right, moved by buttons."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from core.access import Permission, requires, signed_in
from core.ids import Id
from core.languages import gettext as _
from panels.models import Meeting
from panels.services import agenda as agendas
from panels.services import meetings
from panels.services.cases import NotPossible
from panels.views import bp
from panels.views.meetings.parts import open_only, opened, pages_of

P = Permission
STEPS = {"up": -1, "down": 1}


@bp.get("/meetings/<id:meeting_id>/agenda")
@requires(P.MEETING_MANAGE, reads=Event.MEETING_READ)
def agenda(meeting_id: Id) -> ResponseReturnValue:
    seen = opened(meeting_id)
    items = agendas.items_of(seen.meeting, seen.papers.shows)
    queue = agendas.ready_queue(seen.meeting) if seen.is_open else []
    gone = agendas.no_longer_ready([row.item for row in items]) if seen.is_open else frozenset()
    return render_template(
        "panels/meetings/agenda.html", seen=seen, meeting=seen.meeting, pages=pages_of(seen, "Agenda"),
        queue=queue, items=items, gone=gone, minutes=sum(row.item.minutes for row in items),
    )  # fmt: skip


def _changeable(meeting_id: Id) -> Meeting:
    meeting = meetings.find_meeting(signed_in(), meeting_id, lock=True)
    open_only(meeting)
    return meeting


def _back(meeting_id: Id) -> ResponseReturnValue:
    return redirect(url_for("panels.agenda", meeting_id=meeting_id))


@bp.post("/meetings/<id:meeting_id>/agenda/add")
@requires(P.MEETING_MANAGE)
def add_to_agenda(meeting_id: Id) -> ResponseReturnValue:
    meeting = _changeable(meeting_id)
    try:
        agendas.add(signed_in(), meeting, request.form.get("referral_id", ""))
        flash("Added to the agenda.", "success")
    except NotPossible as error:
        flash(f"{_(str(error))}.", "notice")
    return _back(meeting_id)


@bp.post("/meetings/<id:meeting_id>/agenda/<id:item_id>/remove")
@requires(P.MEETING_MANAGE)
def remove_from_agenda(meeting_id: Id, item_id: Id) -> ResponseReturnValue:
    meeting = _changeable(meeting_id)
    try:
        agendas.remove(signed_in(), meeting, item_id)
        flash("Taken off the agenda. It is ready for panel again.", "success")
    except NotPossible as error:
        flash(f"{_(str(error))}.", "notice")
    return _back(meeting_id)


@bp.post("/meetings/<id:meeting_id>/agenda/<id:item_id>/<any(up, down):way>")
@requires(P.MEETING_MANAGE)
def move_on_agenda(meeting_id: Id, item_id: Id, way: str) -> ResponseReturnValue:
    agendas.move(signed_in(), _changeable(meeting_id), item_id, STEPS[way])
    return _back(meeting_id)


@bp.post("/meetings/<id:meeting_id>/agenda/minutes")
@requires(P.MEETING_MANAGE)
def agenda_minutes(meeting_id: Id) -> ResponseReturnValue:
    meeting = _changeable(meeting_id)
    typed = {name[8:]: text.strip() for name, text in request.form.items() if name.startswith("minutes-")}
    if all(text.isdecimal() and 1 <= int(text[:4]) <= 120 for text in typed.values()):
        agendas.set_minutes(signed_in(), meeting, {key: int(text) for key, text in typed.items()})
        flash("Minutes saved.", "success")
    else:
        flash("Minutes must be whole numbers from 1 to 120. Nothing was changed.", "notice")
    return _back(meeting_id)
