"""Panels of other areas to contact."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.access import Permission, requires, signed_in
from core.codes.elsewhere import ContactOutcome
from core.ids import Id
from core.paging import page_number
from panels.forms.other_panels import ContactForm
from panels.services import other_panels
from panels.views import bp

P = Permission


@bp.get("/other-panels")
@requires(P.REFERRAL_TRIAGE, P.SENSITIVITY_OVERSEE)
def other_panel_list() -> ResponseReturnValue:
    """References alone: nothing sealed is opened."""
    lines, paging = other_panels.listed(signed_in(), page_number(request.args.get("page")))
    return render_template(
        "panels/other_panels/list.html",
        lines=lines,
        paging=paging,
        url=lambda page: url_for(".other_panel_list", page=page),
    )


@bp.route("/other-panels/<id:contact_id>", methods=["GET", "POST"])
@requires(P.REFERRAL_TRIAGE, P.SENSITIVITY_OVERSEE)
def other_panel(contact_id: Id) -> ResponseReturnValue:
    actor, form = signed_in(), ContactForm()
    contact, line = other_panels.find(actor, contact_id)
    if form.validate_on_submit():
        other_panels.finish(actor, contact, ContactOutcome(form.outcome.data))
        flash("Saved.", "success")
        return redirect(url_for(".other_panel_list"))
    return render_template("panels/other_panels/contact.html", form=form, line=line)
