"""Pages of lists: the template, the upload, the report, sending, how far it is, and the references."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from core import csv_export
from core.access import Permission, requires, signed_in
from core.ids import Id
from core.requests import write_late
from imports.columns import HEADINGS, legend
from imports.forms import ListForm, SendForm
from imports.limits import MOST_BYTES, FileProblem
from imports.models import ImportStatus, Makes, ReferralImport
from imports.services import showing, uploading, working
from imports.workbooks import template

P = Permission
S = ImportStatus
bp = Blueprint("imports", __name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.route("/imports", methods=["GET", "POST"])
@requires(P.REFERRAL_IMPORT, reads=Event.IMPORT_READ, writes_late=True)
def upload() -> ResponseReturnValue:
    """The template, the upload, and one's earlier lists. A list is checked before anything of it is kept."""
    actor, form = signed_in(), ListForm()
    if form.validate_on_submit():
        try:
            sent = form.file.data
            taken = uploading.take(actor, sent.filename, sent.read(MOST_BYTES + 1), write_late)
        except FileProblem as problem:
            form.file.errors = [str(problem)]
        else:
            return redirect(url_for(".list_page", import_id=taken.id)) if isinstance(taken, ReferralImport) else taken
    states = {status.value: status.label for status in S}
    return render_template("imports/upload.html", form=form, lines=uploading.listed(actor), states=states)


@bp.get("/imports/template.csv")
@requires(P.REFERRAL_IMPORT)
def template_csv() -> Response:
    return _file(csv_export.write([HEADINGS]), "referrals-template.csv")


@bp.get("/imports/template.xlsx")
@requires(P.REFERRAL_IMPORT)
def template_xlsx() -> Response:
    return _file(template(), "referrals-template.xlsx", XLSX)


@bp.get("/imports/codes.csv")
@requires(P.REFERRAL_IMPORT)
def codes_csv() -> Response:
    return _file(csv_export.write(legend()), "referrals-codes.csv")


@bp.get("/imports/<id:import_id>")
@requires(P.REFERRAL_IMPORT, reads=Event.IMPORT_READ)
def list_page(import_id: Id) -> ResponseReturnValue:
    """The report before sending, how far it is while it is sent, and the references after."""
    made = uploading.find(signed_in(), import_id)
    if made.status == S.CHECKED.value:
        return _report_page(made, SendForm())
    if made.status == S.SENDING.value:
        return render_template("imports/progress.html", made=made)
    return render_template(
        "imports/done.html", made=made, rows=showing.results(made, showing.SHOWN), shown=showing.SHOWN,
        report=showing.report_of(made), why=showing.STOPPED.get(made.stopped_code or ""),
        drafts=made.makes_code == Makes.DRAFTS.value,
    )  # fmt: skip


def _report_page(made: ReferralImport, form: SendForm) -> str:
    form.asks_again = made.rows_again > 0
    form.asks_makes = made.rows_fine <= working.MOST_DRAFTS
    return render_template(
        "imports/report.html", made=made, form=form, report=showing.report_of(made), shown=showing.SHOWN,
        again=showing.rows_again(made) if made.rows_again else [],
    )  # fmt: skip


@bp.post("/imports/<id:import_id>/send")
@requires(P.REFERRAL_IMPORT, reads=Event.IMPORT_READ)
def send(import_id: Id) -> ResponseReturnValue:
    actor, form = signed_in(), SendForm()
    made = uploading.find(actor, import_id)
    form.asks_again, form.asks_makes = made.rows_again > 0, made.rows_fine <= working.MOST_DRAFTS
    if made.status != S.CHECKED.value or not made.rows_fine:
        abort(409)
    if not form.validate_on_submit():
        return _report_page(made, form)
    makes = Makes(form.makes.data) if form.asks_makes else Makes.REFERRALS
    try:
        working.start(actor, made, makes=makes, with_again=form.again.data == "send")
    except working.AlreadyTaken:
        form.form_errors = [uploading.SENT_BEFORE]
        return _report_page(made, form)
    return redirect(url_for(".list_page", import_id=import_id))


@bp.post("/imports/<id:import_id>/throw-away")
@requires(P.REFERRAL_IMPORT)
def throw_away(import_id: Id) -> ResponseReturnValue:
    made = uploading.find(signed_in(), import_id)
    if made.status != S.CHECKED.value:
        abort(409)
    uploading.throw_away(signed_in(), made, reason="owner")
    flash("List thrown away. Nothing of it is kept.", "success")
    return redirect(url_for(".upload"))


@bp.get("/imports/<id:import_id>/report.csv")
@requires(P.REFERRAL_IMPORT, reads=Event.IMPORT_READ)
def report_csv(import_id: Id) -> Response:
    made = uploading.find(signed_in(), import_id)
    return _file(csv_export.write(showing.report_lines(made)), "report.csv")


@bp.get("/imports/<id:import_id>/references.csv")
@requires(P.REFERRAL_IMPORT)
def result_csv(import_id: Id) -> Response:
    made = uploading.find(signed_in(), import_id)
    return _file(csv_export.write(showing.result_lines(made)), "references.csv")


def _file(content: bytes, name: str, kind: str = "text/csv") -> Response:
    return Response(content, mimetype=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
