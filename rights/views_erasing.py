"""Pages for erasing a young person: found by a reference, asked for here, agreed to by a second person on "Approvals"."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import NoResultFound

from accounts.services.approvals import NotAllowed
from accounts.views.guards import step_up_first
from core.access import Actor, Permission, requires, signed_in
from core.codes.retention import ErasureReason, HoldReason
from core.ids import Id
from rights import erasures as asking
from rights import holds
from rights.forms import EraseForm, FindForm
from rights.views import bp

P = Permission
NOBODY = "There is no young person with this reference in your area"
DONE = {
    "erase": "It waits for a second person. Nothing is erased before they agree.",
    "hold": "A legal hold stands on it.", "release": "The legal hold is ended.",
}  # fmt: skip


@bp.route("/rights/erasures", methods=["GET", "POST"])
@requires(P.RETENTION_DECIDE)
def erasures() -> ResponseReturnValue:
    """Which record? A reference says nothing about whom."""
    form = FindForm()
    if form.validate_on_submit():
        reference = (form.reference.data or "").strip().upper()
        try:
            person_id = asking.look_up(signed_in(), reference)
        except NoResultFound:
            form.reference.errors = [NOBODY]
        else:
            return redirect(url_for(".erase", person_id=person_id))
    return render_template("rights/erasures.html", form=form, past=asking.erasures(signed_in()))


@bp.route("/rights/erasures/<id:person_id>", methods=["GET", "POST"])
@requires(P.RETENTION_DECIDE)
@step_up_first
def erase(person_id: Id) -> ResponseReturnValue:
    actor, form = signed_in(), EraseForm()
    found = asking.find(actor, person_id)
    form.offer(found.is_held, found.is_asked)
    if form.validate_on_submit():
        try:
            _carry_out(actor, found, form)
        except NotAllowed as refusal:
            back = url_for(".erasures")
            return render_template("accounts/not_allowed.html", why=str(refusal), back=back), 409
        flash(DONE[form.decision.data], "success")
        return redirect(url_for(".erasures"))
    return render_template("rights/erase.html", form=form, found=found, words=asking.COUNTED)


def _carry_out(actor: Actor, found: asking.Subject, form: EraseForm) -> None:
    match form.decision.data:
        case "erase":
            asking.ask(actor, found.reference, (form.reason.data or "").strip(), ErasureReason(form.why.data))
        case "hold":
            holds.hold(found.person.id, HoldReason(form.hold_reason.data).value, actor)
        case "release":
            holds.release(found.person.id, actor)
