"""Actions: what one has promised to do, and marking it as done."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from core.access import Limit, Permission, requires, signed_in
from core.clock import today
from core.ids import Id
from core.working_days import due
from panels.forms.meetings import DoneForm
from panels.services import actions
from panels.views import bp

P = Permission


@bp.get("/actions")
@requires(P.MEETING_READ, P.CASE_WORK, P.REFERRAL_STEP_UP, reads=Event.ACTION_READ, despite=(Limit.TRAINING,))
def action_list() -> ResponseReturnValue:
    actor, show_done = signed_in(), request.args.get("show") == "done"
    rows = [
        {"action": action, "reference": case or referral, "due": due(action.due_on, today())}
        for action, case, referral in actions.mine(actor, done=show_done)
    ]
    opens_cases = actor.can(P.CASE_READ_AREA) or actor.can(P.CASE_WORK)
    return render_template("panels/meetings/actions.html", rows=rows, show_done=show_done, opens_cases=opens_cases)


@bp.route("/actions/<id:action_id>/done", methods=["GET", "POST"])
@requires(P.MEETING_READ, P.CASE_WORK, P.REFERRAL_STEP_UP, reads=Event.ACTION_READ)
def finish_action(action_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    action, form = actions.find_action(actor, action_id), DoneForm()
    if not form.validate_on_submit():
        return render_template("panels/meetings/done.html", form=form, action=action, due=due(action.due_on, today()))
    actions.finish(actor, action, (form.note.data or "").strip())
    flash("Action marked as done.", "success")
    return redirect(url_for("panels.action_list"))
