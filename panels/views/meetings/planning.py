"""Meetings: the list, planning, one meeting's page, changing, cancelling, starting."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts.roles import rules_of
from audit.models import Event
from core.access import Permission, requires, signed_in
from core.clock import in_london
from core.codes.decisions import MeetingStatus
from core.formats import clock_time
from core.ids import Id
from core.languages import gettext as _
from core.paging import page_number
from core.versions import expect_version
from panels.forms.meetings import CancelForm, MeetingForm, NewMeetingForm
from panels.services import agenda, meetings
from panels.views import bp
from panels.views.meetings.parts import Opened, open_only, opened, pages_of

P = Permission


@bp.get("/meetings")
@requires(P.MEETING_READ, P.MEETING_MANAGE)
def meeting_list() -> ResponseReturnValue:
    actor = signed_in()
    page = page_number(request.args.get("page"))
    past = meetings.past(actor, page)
    return render_template(
        "panels/meetings/list.html", upcoming=meetings.upcoming(actor), past=past[: meetings.PAGE], page=page,
        more=len(past) > meetings.PAGE, may_plan=actor.can(P.MEETING_MANAGE),
    )  # fmt: skip


def _offer_people(form: MeetingForm, area_id: Id | None) -> dict[Id, Any]:
    """Fill the choices; returns the memberships by id."""
    people = meetings.people_of_the_panel(area_id or "")
    form.offer_people(people, [row for row in people if P.MEETING_DECIDE in rules_of(row[0].role).permissions])
    return {row[0].id: row[0] for row in people}


def _answers(form: MeetingForm, people: dict[Id, Any]) -> dict[str, Any]:
    return {
        "day": form.day.data, "at": form.start, "chair": people[form.chair.data],
        "place": (form.place.data or "").strip(),
        "asked": [people[key] for key in form.asked.data or []],
    }  # fmt: skip


@bp.route("/meetings/new", methods=["GET", "POST"])
@requires(P.MEETING_MANAGE)
def plan_meeting() -> ResponseReturnValue:
    actor, form = signed_in(), NewMeetingForm()
    people = _offer_people(form, actor.area_id)
    if not form.validate_on_submit():
        return render_template("panels/meetings/plan.html", form=form, meeting=None)
    planned = meetings.plan(actor, weeks=form.weeks.data or 1, **_answers(form, people))
    count = len(planned)
    flash(_("Meeting planned.") if count == 1 else _("%(count)s meetings planned.", count=count), "success")
    return redirect(url_for("panels.meeting", meeting_id=planned[0].id))


@bp.get("/meetings/<id:meeting_id>")
@requires(P.MEETING_READ, P.MEETING_MANAGE, reads=Event.MEETING_READ)
def meeting(meeting_id: Id) -> ResponseReturnValue:
    seen = opened(meeting_id)
    people = meetings.invited(seen.meeting)
    listed = agenda.items_of(seen.meeting, seen.papers.shows)
    undecided = next((row.item.position for row in listed if not row.item.decision), None)
    return render_template(
        "panels/meetings/meeting.html", seen=seen, meeting=seen.meeting, pages=pages_of(seen, "Meeting"),
        people=people, items=listed, quorum=meetings.quorum_of(seen.meeting, (p.member for p in people)),
        undecided=undecided, may_decide=seen.actor.can(P.MEETING_DECIDE),
        chair=next((p.name for p in people if p.member.user_id == seen.meeting.chair_id), None),
    )  # fmt: skip


def _planned(meeting_id: Id) -> Opened:
    """A meeting that can still be changed; 409 once it has begun."""
    seen = opened(meeting_id)
    if seen.meeting.status != MeetingStatus.PLANNED.value:
        abort(409)
    return seen


@bp.route("/meetings/<id:meeting_id>/edit", methods=["GET", "POST"])
@requires(P.MEETING_MANAGE, reads=Event.MEETING_READ)
def edit_meeting(meeting_id: Id) -> ResponseReturnValue:
    seen, form = _planned(meeting_id), MeetingForm()
    people = _offer_people(form, seen.actor.area_id)
    asked = {i.member.user_id for i in meetings.invited(seen.meeting)}
    if request.method == "GET":
        _fill(form, seen.meeting, people, asked)
    if not form.validate_on_submit():
        return render_template("panels/meetings/plan.html", form=form, meeting=seen.meeting)
    saved = MeetingForm(formdata=None)
    _fill(saved, seen.meeting, people, asked)
    expect_version(seen.meeting, form, saved.answers())
    meetings.change(seen.actor, seen.meeting, **_answers(form, people))
    flash("Meeting changed.", "success")
    return redirect(url_for("panels.meeting", meeting_id=meeting_id))


def _fill(form: MeetingForm, stored: Any, people: dict[Id, Any], asked: set[Id]) -> None:
    begins = in_london(stored.starts_at)
    form.day.process_data(begins.date())
    form.at.data, form.place.data = clock_time(begins), stored.place
    form.asked.data = [key for key, member in people.items() if member.user_id in asked]
    form.chair.data = next((key for key, member in people.items() if member.user_id == stored.chair_id), "")
    form.row_version.data = str(stored.row_version)


@bp.route("/meetings/<id:meeting_id>/cancel", methods=["GET", "POST"])
@requires(P.MEETING_MANAGE, reads=Event.MEETING_READ)
def cancel_meeting(meeting_id: Id) -> ResponseReturnValue:
    """Also one that has begun: without a quorum nothing of it can be confirmed."""
    seen, form = opened(meeting_id), CancelForm()
    open_only(seen.meeting)
    if not form.validate_on_submit():
        count = len(agenda.bare_items(seen.meeting))
        return render_template("panels/meetings/cancel.html", form=form, meeting=seen.meeting, count=count)
    meetings.cancel(seen.actor, seen.meeting)
    flash("Meeting cancelled. What was on its agenda is ready for panel again.", "success")
    return redirect(url_for("panels.meeting_list"))


@bp.post("/meetings/<id:meeting_id>/start")
@requires(P.MEETING_DECIDE, reads=Event.MEETING_READ)
def start_meeting(meeting_id: Id) -> ResponseReturnValue:
    seen = opened(meeting_id)
    open_only(seen.meeting)
    meetings.start(seen.actor, seen.meeting)
    return redirect(url_for("panels.attendance", meeting_id=meeting_id))
