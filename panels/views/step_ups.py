"""Sending a case to the front door: the call is made by phone, and recorded here."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from accounts.models import Area
from audit.models import Event
from core.access import Permission, requires, signed_in
from core.db import db
from core.ids import Id
from panels.services import case_step_ups, overview
from panels.views import bp
from panels.views.case_page import open_file, refuse, render_case
from referrals.forms.triage import StepUpForm

P = Permission


@bp.route("/cases/<id:case_id>/step-up", methods=["GET", "POST"])
@requires(P.REFERRAL_STEP_UP, reads=Event.CASE_READ)
def case_step_up(case_id: Id) -> ResponseReturnValue:
    """Whoever sees the case and may step up; its stage stays, and its support goes on."""
    actor = signed_in()
    file = open_file(actor, case_id)
    if not file.case.is_open:
        refuse("closed")
    form = StepUpForm()
    if form.validate_on_submit() and form.called_at:
        raised = case_step_ups.raise_for(
            actor, file.case, why=form.why.data or "", called_at=form.called_at,
            front_door_reference=form.front_door_reference.data or "", is_nrm=form.is_nrm.data == "yes",
        )  # fmt: skip
        flash("Step-up recorded. The case cannot close before the front door has answered.", "success")
        return redirect(url_for("referrals.step_up", step_up_id=raised.id), 303)
    return render_case(
        "panels/cases/step_up.html", actor, file, "Overview", form=form,
        area=db.session.get_one(Area, file.case.area_id), open_step_ups=overview.open_step_ups(file.case),
    )  # fmt: skip
