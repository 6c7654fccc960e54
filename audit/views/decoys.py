"""Trip wires: records of nobody that only those who read the area's trail know of."""

from flask import abort, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from accounts.services.approvals import NotAllowed
from accounts.step_up import needs_step_up
from audit.models import Event
from audit.views import bp
from audit.views.forms_watch import DecoyForm
from audit.watch import decoys
from core.access import Permission, requires, signed_in
from core.context import current
from core.ids import Id

P = Permission


@bp.get("/audit/trip-wires")
@requires(P.AUDIT_READ, reads=Event.ALERTS_READ, purpose="audit_review")
def decoy_list() -> ResponseReturnValue:
    actor = signed_in()
    found = decoys.listed(actor)
    current().looked_at("decoy", "list")
    return render_template("audit/decoys.html", found=found, may_ask=decoys.may_ask(actor))


@bp.route("/audit/trip-wires/new", methods=["GET", "POST"])
@requires(P.AUDIT_READ)
def new_decoy() -> ResponseReturnValue:
    actor = signed_in()
    if not decoys.may_ask(actor):
        flash("Only a safeguarding lead asks for a trip wire.")
        return redirect(url_for(".decoy_list"))
    stopped = needs_step_up()
    if stopped:
        return stopped
    form = DecoyForm()
    if form.validate_on_submit():
        born = form.born.data
        try:
            decoys.ask(
                actor, forename=form.forename.data or "", surname=form.surname.data or "", born=born,
                reason=form.reason.data or "",
            )  # fmt: skip
        except NotAllowed as refusal:
            form.reason.errors = [str(refusal)]
        else:
            flash("Asked. It is made once a second person agrees.", "success")
            return redirect(url_for(".decoy_list"))
    return render_template("audit/decoy_new.html", form=form)


@bp.post("/audit/trip-wires/<id:decoy_id>/end")
@requires(P.AUDIT_READ)
def end_decoy(decoy_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    decoy = decoys.find(actor, decoy_id)
    if not decoys.may_ask(actor):
        g.denied = "action"
        abort(403)
    decoys.end(actor, decoy)
    flash("Ended. Opening it is noticed no longer.", "success")
    return redirect(url_for(".decoy_list"))
