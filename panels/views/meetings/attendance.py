"""Who is here, and conflicts of interest on items."""

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from core.access import Permission, requires
from core.codes import label_of
from core.codes.decisions import ConflictKind
from core.context import current
from core.ids import Id
from core.languages import gettext as _
from panels.forms.meetings import AttendanceForm, ConflictForm
from panels.services import agenda, meetings
from panels.views import bp
from panels.views.meetings.parts import Opened, open_only, opened, pages_of

P = Permission


@bp.route("/meetings/<id:meeting_id>/attendance", methods=["GET", "POST"])
@requires(P.MEETING_DECIDE, P.MEETING_MANAGE, reads=Event.MEETING_READ)
def attendance(meeting_id: Id) -> ResponseReturnValue:
    seen = opened(meeting_id)
    people = meetings.invited(seen.meeting)
    form = AttendanceForm.of(people)
    if form.validate_on_submit():
        open_only(seen.meeting)
        meetings.record_attendance(seen.actor, seen.meeting, form.by_member())
        flash("Attendance saved.", "success")
        return redirect(url_for("panels.attendance", meeting_id=meeting_id))
    return render_template(
        "panels/meetings/attendance.html", form=form, seen=seen, meeting=seen.meeting,
        pages=pages_of(seen, "Who is here"), quorum=meetings.quorum_of(seen.meeting, (p.member for p in people)),
        conflicts=_rows(seen, {p.member.user_id: p.name for p in people}),
    )  # fmt: skip


def _rows(seen: Opened, names: dict[Id, str]) -> list[dict[str, object]]:
    """The conflicts in words; the notes are opened."""
    numbers = {item.id: item.position for item in agenda.bare_items(seen.meeting)}
    current().load_keys(c.data_key_id for c in seen.conflicts)
    return [
        {
            "id": c.id, "number": numbers[c.item_id], "name": names.get(c.user_id, _("Someone no longer on the list")),
            "kind": label_of(ConflictKind, c.kind), "note": c.note, "is_own": c.user_id == seen.actor.user_id,
        }
        for c in sorted(seen.conflicts, key=lambda c: numbers[c.item_id])
    ]  # fmt: skip


@bp.route("/meetings/<id:meeting_id>/conflicts/new", methods=["GET", "POST"])
@requires(P.MEETING_READ, P.MEETING_MANAGE, reads=Event.MEETING_READ)
def declare_conflict(meeting_id: Id) -> ResponseReturnValue:
    """A member declares their own; chair and coordinator record anybody's."""
    seen = opened(meeting_id)
    open_only(seen.meeting)
    form = ConflictForm()
    items = agenda.items_of(seen.meeting)
    people = [p for p in meetings.invited(seen.meeting) if seen.runs or p.member.user_id == seen.actor.user_id]
    named = {p.member.user_id: p.name for p in people} | {seen.actor.user_id: seen.actor.name}
    form.item.choices = [
        ("", _("Choose")),
        *[
            (r.item.id, _("Item %(number)s, %(reference)s", number=r.item.position, reference=r.reference))
            for r in items
        ],
    ]
    form.who.choices = [("", "Choose"), *named.items()] if seen.runs else list(named.items())
    if request.method == "GET":
        form.item.data = request.args.get("item", "")
    if not form.validate_on_submit():
        return render_template("panels/meetings/conflict.html", form=form, meeting=seen.meeting)
    item = next(row.item for row in items if row.item.id == form.item.data)
    meetings.declare_conflict(
        seen.actor, item, user_id=form.who.data, kind=form.kind.data, note=(form.note.data or "").strip()
    )
    flash("Conflict recorded. They no longer see this item.", "success")
    return redirect(url_for("panels.attendance" if seen.runs else "panels.meeting", meeting_id=meeting_id))


@bp.post("/meetings/<id:meeting_id>/conflicts/<id:conflict_id>/remove")
@requires(P.MEETING_DECIDE, P.MEETING_MANAGE, reads=Event.MEETING_READ)
def remove_conflict(meeting_id: Id, conflict_id: Id) -> ResponseReturnValue:
    """Recorded by mistake. Nobody takes away their own."""
    seen = opened(meeting_id)
    open_only(seen.meeting)
    conflict = next((c for c in seen.conflicts if c.id == conflict_id), None)
    if conflict is None:
        abort(404)
    if conflict.user_id == seen.actor.user_id:
        g.denied = "action"
        abort(403)
    meetings.withdraw_conflict(seen.actor, conflict)
    flash("Conflict taken away.", "success")
    return redirect(url_for("panels.attendance", meeting_id=meeting_id))
