"""Pages of cohort: agreements, uploads, runs, and the young people to consider."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from cohort.forms import AgreementForm, NotNominatedForm, RunForm, UploadForm
from cohort.services import candidates, runs, uploads
from cohort.sources import MOST_BYTES, FileProblem, SourceKind, check_name
from core.access import Permission, requires, signed_in
from core.codes.decisions import CandidateStatus, NotNominatedReason, RunStatus
from core.context import current
from core.formats import day
from core.ids import Id
from core.languages import gettext as _
from core.paging import page_number
from core.versions import expect_version

P = Permission
bp = Blueprint("cohort", __name__)


@bp.route("/cohort/agreements")
@requires(P.COHORT_READ, P.COHORT_UPLOAD)
def agreements() -> ResponseReturnValue:
    actor = signed_in()
    return render_template(
        "cohort/agreements.html", lines=uploads.agreements(actor), may_add=actor.can(P.COHORT_UPLOAD)
    )


@bp.route("/cohort/agreements/new", methods=["GET", "POST"])
@requires(P.COHORT_UPLOAD)
def add_agreement() -> ResponseReturnValue:
    actor, form = signed_in(), AgreementForm()
    form.agency.choices = _agencies()
    if form.validate_on_submit():
        uploads.add_agreement(
            actor, agency_id=form.agency.data, kind=form.kind.data, reference=(form.reference.data or "").strip(),
            valid_from=form.valid_from.data, valid_to=form.valid_to.data, fields=form.fields.data or [],
        )  # fmt: skip
        flash("Agreement added.", "success")
        return redirect(url_for(".agreements"))
    return render_template("cohort/agreement_new.html", form=form)


def _agencies() -> list[tuple[str, str]]:
    return [("", "Choose"), *((agency.id, agency.name) for agency in uploads.partner_agencies(signed_in()))]


@bp.route("/cohort/uploads", methods=["GET", "POST"])
@requires(P.COHORT_UPLOAD)
def upload_list() -> ResponseReturnValue:
    """The uploads, and the form for a new one. Nothing here opens a row."""
    actor, form = signed_in(), UploadForm()
    held = uploads.agreements(actor)
    partners = sorted({(line.agency, line.agreement.agency_id) for line in held})
    form.agency.choices = [("", "Choose"), *((agency_id, name) for name, agency_id in partners)]
    if form.validate_on_submit() and (extract_id := _upload(form)):
        flash("Checked. Read the report, then accept or discard.", "success")
        return redirect(url_for(".upload_check", extract_id=extract_id))
    return render_template(
        "cohort/uploads.html", form=form, lines=uploads.uploads(actor),
        has_agreement=any(line.is_in_date for line in held),
    )  # fmt: skip


def _upload(form: UploadForm) -> Id | None:
    """The new upload's id; or None, with the message beside the field it is about."""
    try:
        check_name(form.file.data.filename)
        raw = form.file.data.read(MOST_BYTES + 1)
        return uploads.upload(signed_in(), kind=SourceKind(form.kind.data), agency_id=form.agency.data, raw=raw).id
    except uploads.NoAgreement as problem:
        form.agency.errors = [str(problem)]
    except FileProblem as problem:
        form.file.errors = [str(problem)]
    return None


@bp.route("/cohort/uploads/<id:extract_id>")
@requires(P.COHORT_UPLOAD, reads=Event.EXTRACT_READ)
def upload_check(extract_id: Id) -> ResponseReturnValue:
    """The report: columns and row numbers, never a value."""
    line = uploads.find_upload(signed_in(), extract_id)
    current().looked_at("source_extract", extract_id)
    return render_template(
        "cohort/upload_check.html", line=line, extract=line.extract, dropped=uploads.dropped_columns(line.extract),
        problems=uploads.report_lines(line.extract), waits=line.extract.status == uploads.CHECKED,
    )  # fmt: skip


@bp.route("/cohort/uploads/<id:extract_id>/<any(accept, discard):act>", methods=["POST"])
@requires(P.COHORT_UPLOAD)
def settle_upload(extract_id: Id, act: str) -> ResponseReturnValue:
    actor = signed_in()
    extract = uploads.find_upload(actor, extract_id).extract
    if extract.status != uploads.CHECKED:
        abort(409)
    if act == "accept":
        uploads.accept(actor, extract)
        flash("Upload accepted. A run can use it now.", "success")
    else:
        uploads.discard(actor, extract)
        flash("Upload discarded. Its rows are gone.", "success")
    return redirect(url_for(".upload_list"))


@bp.route("/cohort/runs", methods=["GET", "POST"])
@requires(P.COHORT_READ, reads=Event.EXTRACT_READ)
def run_list() -> ResponseReturnValue:
    """The runs, and the form that starts one: it opens every row of the chosen lists, and the entry says how many."""
    actor, form = signed_in(), RunForm()
    sources = runs.sources(actor)
    form.extracts.choices = [(source.extract.id, _source_words(source)) for source in sources]
    if request.method == "POST" and not actor.can(P.COHORT_UPLOAD):
        abort(403)
    if form.validate_on_submit():
        try:
            run = runs.start_run(actor, form.extracts.data or [])
        except runs.CannotRun as problem:
            form.extracts.errors = [str(problem)]
        else:
            flash("Run finished. Check the counts, then release it.", "success")
            return redirect(url_for(".run_page", run_id=run.id))
    shown = [(run, RunStatus(run.status).tag) for run in runs.runs(actor)]
    return render_template("cohort/runs.html", form=form, runs=shown, sources=sources)


def _source_words(source: runs.Source) -> str:
    made = source.extract.created_at
    kind = SourceKind(source.extract.kind).label.partition(":")[0]
    words = _(
        "%(kind)s, %(agency)s, %(day)s, %(rows)s rows",
        kind=kind, agency=source.agency, day=day(made), rows=f"{source.extract.rows_kept:,}",
    )  # fmt: skip
    return words if source.in_date else _("%(words)s (agreement not in date)", words=words)


@bp.route("/cohort/runs/<id:run_id>")
@requires(P.COHORT_READ, reads=Event.RUN_READ)
def run_page(run_id: Id) -> ResponseReturnValue:
    """Counts only: whoever runs the rule never sees who came up."""
    run = runs.find_run(signed_in(), run_id)
    current().looked_at("cohort_run", run_id)
    steps = [(words, int(run.counts.get(step, 0))) for step, words in runs.STEPS]
    return render_template(
        "cohort/run.html", run=run, tag_of=RunStatus(run.status).tag, steps=steps,
        sources=runs.names_of_sources(run), waits=run.status == RunStatus.READY,
        may_release=signed_in().can(P.COHORT_UPLOAD),
    )  # fmt: skip


@bp.route("/cohort/runs/<id:run_id>/release", methods=["POST"])
@requires(P.COHORT_UPLOAD)
def release_run(run_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    run = runs.find_run(actor, run_id)
    if run.status != RunStatus.READY:
        abort(409)
    runs.release(actor, run)
    flash("Run released. The coordinator can see it now.", "success")
    return redirect(url_for(".run_page", run_id=run_id))


@bp.route("/cohort/candidates")
@requires(P.CANDIDATE_READ, reads=Event.CANDIDATES_LISTED)
def candidate_list() -> ResponseReturnValue:
    """In date order, not by risk; nothing here ranks anybody."""
    decided = request.args.get("show") == "decided"
    rows, paging = candidates.listed(signed_in(), decided=decided, page=page_number(request.args.get("page")))

    def url(number: int) -> str:
        return url_for(".candidate_list", show="decided" if decided else None, page=number)

    return render_template("cohort/candidates.html", rows=rows, paging=paging, url=url, decided=decided)


@bp.route("/cohort/candidates/<id:candidate_id>")
@requires(P.CANDIDATE_READ, reads=Event.CANDIDATE_READ)
def candidate_page(candidate_id: Id) -> ResponseReturnValue:
    """Why this young person came up."""
    candidate = candidates.find_candidate(signed_in(), candidate_id)
    current().looked_at("candidate", candidate_id)
    return render_template("cohort/candidate.html", **_about(candidate))


def _about(candidate: Any) -> dict[str, Any]:
    status = CandidateStatus(candidate.status)
    return {
        "candidate": candidate, "details": candidate.details or {}, "events": candidates.events_of(candidate),
        "education": candidates.education_of(candidate), "why_one": candidates.why_one_person(candidate),
        "known": candidates.known_already(candidate), "rule": candidates.criterion_words(candidate),
        "status": status.tag, "waits": status is CandidateStatus.TO_REVIEW,
        "decided_by": candidates.decided_by(candidate),
        "reason": NotNominatedReason(candidate.decision_code).label if candidate.decision_code else "",
        "may_decide": signed_in().can(P.CANDIDATE_DECIDE),
    }  # fmt: skip


@bp.route("/cohort/candidates/<id:candidate_id>/do-not-nominate", methods=["GET", "POST"])
@requires(P.CANDIDATE_DECIDE, reads=Event.CANDIDATE_READ)
def do_not_nominate(candidate_id: Id) -> ResponseReturnValue:
    actor, form = signed_in(), NotNominatedForm()
    try:
        candidate = candidates.find_to_decide(actor, candidate_id)
    except candidates.AlreadyDecided:
        abort(409)
    current().looked_at("candidate", candidate_id)
    if form.validate_on_submit():
        expect_version(candidate, form, {"code": "", "words": ""})
        candidates.do_not_nominate(
            actor, candidate, code=NotNominatedReason(form.code.data), words=(form.words.data or "").strip()
        )  # fmt: skip
        flash("Decision saved.", "success")
        return redirect(url_for(".candidate_list"))
    if request.method == "GET":
        form.row_version.data = str(candidate.row_version)
    return render_template("cohort/do_not_nominate.html", form=form, candidate=candidate)
