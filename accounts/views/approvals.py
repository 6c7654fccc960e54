"""What waits for a second person, what one asked for oneself, and the second person's answer."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from accounts.forms_approvals import DecideForm
from accounts.services import approvals
from accounts.services.approvals import NotAllowed
from accounts.views import bp
from accounts.views.grants import waiting_grants
from accounts.views.guards import step_up_first
from audit.models import Event
from core.access import Permission, requires, signed_in
from core.ids import Id

P = Permission


@bp.get("/approvals")
@requires(P.APPROVAL_DECIDE, P.APPROVAL_ASK, P.GRANT_APPROVE, reads=Event.APPROVALS_READ)
def approval_list() -> ResponseReturnValue:
    actor = signed_in()
    found = approvals.shown(actor)
    waiting = [one for one in found if one.why_not is None]
    own = [one for one in found if one.approval.asked_by_id == actor.user_id]
    roles = waiting_grants(actor) if actor.can(P.GRANT_APPROVE) else {}
    return render_template(
        "accounts/approvals.html", waiting=waiting, own=own, decides=actor.can(P.APPROVAL_DECIDE), **roles
    )


@bp.route("/approvals/<id:approval_id>", methods=["GET", "POST"])
@requires(P.APPROVAL_DECIDE, P.APPROVAL_ASK, reads=Event.APPROVALS_READ)
@step_up_first
def approval(approval_id: Id) -> ResponseReturnValue:
    actor, form = signed_in(), DecideForm()
    found = approvals.find(actor, approval_id)
    if form.validate_on_submit():
        agrees = form.decision.data == "agree"
        try:
            if agrees:
                approvals.agree(actor, found.approval)
            else:
                approvals.decline(actor, found.approval, form.answer.data or "")
        except NotAllowed as refusal:
            return _refused(refusal)
        flash("Agreed." if agrees else "Not agreed. The person who asked can read why.", "success")
        return redirect(url_for("accounts.approval_list"))
    return render_template("accounts/approval.html", form=form, found=found)


@bp.post("/approvals/<id:approval_id>/withdraw")
@requires(P.APPROVAL_ASK, reads=Event.APPROVALS_READ)
def withdraw_approval(approval_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    found = approvals.find(actor, approval_id)
    try:
        approvals.withdraw(actor, found.approval)
    except NotAllowed as refusal:
        return _refused(refusal)
    flash("Withdrawn.", "success")
    return redirect(url_for("accounts.approval_list"))


def _refused(refusal: NotAllowed) -> ResponseReturnValue:
    back = url_for("accounts.approval_list")
    return render_template("accounts/not_allowed.html", why=str(refusal), back=back), 409
