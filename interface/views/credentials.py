"""Administrators give an agency's system access, and end it."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from accounts.services import standing
from accounts.views.guards import step_up_first
from core.access import Permission, requires, signed_in
from core.ids import Id
from interface.forms import CredentialForm, EndForm
from interface.services import credentials
from interface.views import bp

P = Permission


@bp.get("/admin/systems")
@requires(P.ACCOUNT_MANAGE)
def credential_list() -> ResponseReturnValue:
    return render_template("interface/credentials.html", lines=credentials.listed(signed_in()))


@bp.route("/admin/systems/new", methods=["GET", "POST"])
@requires(P.ACCOUNT_MANAGE)
@step_up_first
def new_credential() -> ResponseReturnValue:
    """The secret is shown in the answer that makes it (201: kept, though it is a page), and never again."""
    actor, form = signed_in(), CredentialForm()
    form.offer(standing.places(actor))
    if form.validate_on_submit():
        agency_id, _, area_id = form.place.data.partition(":")
        made, secret = credentials.make(
            actor, agency_id=agency_id, area_id=area_id, name=form.name.data or "", days=int(form.days.data)
        )
        return render_template("interface/credential_made.html", made=made, secret=secret), 201
    return render_template("interface/new_credential.html", form=form)


@bp.route("/admin/systems/<id:credential_id>/end", methods=["GET", "POST"])
@requires(P.ACCOUNT_MANAGE)
@step_up_first
def end_credential(credential_id: Id) -> ResponseReturnValue:
    actor, form = signed_in(), EndForm()
    found = credentials.find(actor, credential_id)
    if form.validate_on_submit():
        credentials.end(actor, found)
        flash("Access ended. The system can send nothing more with it.", "success")
        return redirect(url_for("interface.credential_list"))
    return render_template("interface/end_credential.html", form=form, credential=found)
