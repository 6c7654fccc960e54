"""A list of cases as a file: a short one at once, a long one when a second person has agreed."""

from flask import Response, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts.services.approvals import NotAllowed
from accounts.step_up import needs_step_up
from audit.models import Event
from core import csv_export
from core.access import Permission, requires, signed_in
from core.clock import today
from core.forms import Form
from core.ids import Id
from panels.forms.exporting import ExportForm
from panels.forms.fields import tidy
from panels.services import caseload_export as exporting
from panels.services.caseload_export import ALONE, MOST, Wanted
from panels.views import bp
from panels.views.caseload import asked_in

P = Permission


@bp.get("/cases/export")
@requires(P.CASE_EXPORT)
def case_export() -> ResponseReturnValue:
    total = exporting.count(signed_in(), asked_in(request.args))
    return needs_step_up() or _page(ExportForm(), total)


def _page(form: ExportForm, total: int) -> str:
    back = request.full_path.replace(url_for(".case_export"), url_for(".case_list"), 1)
    return render_template(
        "panels/cases/export.html", form=form, total=total, most=MOST, alone=ALONE, back=back,
        action=request.full_path,
    )  # fmt: skip


@bp.post("/cases/export")
@requires(P.CASE_EXPORT, reads=Event.CASES_EXPORTED)
def case_export_file() -> ResponseReturnValue:
    """Up to fifty rows: the file. More: a second person is asked."""
    actor, asked, stopped = signed_in(), asked_in(request.args), needs_step_up()
    if stopped is not None:
        return stopped
    form, total = ExportForm(), exporting.count(actor, asked)
    form.needs_reason = total > ALONE
    if not form.validate_on_submit() or total > MOST:
        return _page(form, total)
    wanted = Wanted(asked, form.purpose.data, form.names.data == "yes")
    if total <= ALONE:
        return _file(csv_export.write(exporting.lines(actor, wanted, ALONE)))
    exporting.ask(actor, wanted, total, tidy(form.reason.data))
    flash("A second person has been asked. When they agree, you can fetch the file from this page.", "success")
    return redirect(url_for("accounts.approval_list"))


@bp.route("/cases/export/<id:approval_id>", methods=["GET", "POST"])
@requires(P.CASE_EXPORT)
def agreed_export(approval_id: Id) -> ResponseReturnValue:
    """What was agreed, and the button that fetches it, once."""
    actor, form, stopped = signed_in(), Form(), needs_step_up()
    if stopped is not None:
        return stopped
    approval = exporting.find(actor, approval_id)
    if form.validate_on_submit():
        try:
            exporting.use(actor, approval)
        except NotAllowed as refusal:
            back = url_for("accounts.approval_list")
            return render_template("accounts/not_allowed.html", why=str(refusal), back=back), 409
        return redirect(url_for(".agreed_export", approval_id=approval_id))
    return render_template(
        "panels/cases/export_agreed.html", form=form, approval=approval, terms=exporting.terms(approval),
        may_use=exporting.may_use(actor, approval), may_fetch=exporting.may_fetch(actor, approval),
    )  # fmt: skip


@bp.get("/cases/export/<id:approval_id>/file")
@requires(P.CASE_EXPORT, reads=Event.CASES_EXPORTED)
def agreed_export_file(approval_id: Id) -> ResponseReturnValue:
    actor, stopped = signed_in(), needs_step_up()
    if stopped is not None:
        return stopped
    approval = exporting.find(actor, approval_id)
    if not exporting.may_fetch(actor, approval):
        g.denied = "ended"
        abort(403)
    return _file(csv_export.write(exporting.lines(actor, Wanted.of(approval), approval.terms["rows"])))


def _file(content: bytes) -> Response:
    """Its name says what and when, and nobody's name."""
    name = f"cases-{today().isoformat()}.csv"
    return Response(content, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'})
