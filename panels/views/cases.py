"""The case page, its timeline, notes, taking part."""

from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from cohort.services.sensitivity import named_for
from core import drafts
from core.access import Actor, Permission, requires, signed_in
from core.codes.cases import EngagementAnswer, EngagementStatus
from core.codes.sensitivity import Sensitivity
from core.ids import Id
from core.languages import gettext as _
from core.languages import ngettext
from core.paging import Paging, page_number
from core.versions import expect_version
from panels import policies
from panels.forms.cases import EngagementForm, LeadForm, NoteForm
from panels.services import cases, engagement, notes, overview
from panels.support_policies import may_open
from panels.views import bp
from panels.views.case_page import next_action, open_file, refuse, render_case, working_file

P = Permission
READ = (P.CASE_READ_AREA, P.CASE_READ_ALLOCATED)


@bp.get("/cases/<id:case_id>")
@requires(*READ, reads=Event.CASE_READ)
def case_overview(case_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = open_file(actor, case_id)
    return render_case(
        "panels/cases/overview.html", actor, file, "Overview", page=overview.of(actor, file),
        next=next_action(actor, file.case), engagement=EngagementStatus(file.case.engagement),
        may=_may(actor, file.case), opens_offer=lambda offer: may_open(actor, offer, file.case),
        named=named_for(file.person.id) if file.person.sensitivity != Sensitivity.NORMAL else [],
    )  # fmt: skip


def _may(actor: Actor, case: Any) -> dict[str, bool]:
    """Which of the links under the page are shown."""
    working = policies.may_work(actor, case) and case.is_open
    return {
        "note": case.is_open and policies.may_note(actor, case), "work": working,
        "session": case.is_open and actor.can(P.SESSION_RECORD),
        "allocate": case.is_open and actor.can(P.CASE_ALLOCATE), "close": working,
        "reopen": not case.is_open and actor.can(P.CASE_CLOSE),
        "opens_step_up": actor.can(P.REFERRAL_STEP_UP) and policies.sees_whole(actor, case),
        "step_up": case.is_open and actor.can(P.REFERRAL_STEP_UP),
        "close_off": actor.can(P.SENSITIVITY_SET), "move": case.is_open and actor.can(P.CASE_CLOSE),
        "merge": actor.can(P.PERSON_MERGE),
    }  # fmt: skip


@bp.get("/cases/<id:case_id>/timeline")
@requires(*READ, reads=Event.CASE_READ)
def case_timeline(case_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = open_file(actor, case_id)
    number = page_number(request.args.get("page"))
    lines = overview.lines(actor, file.case, page=number)
    return render_case(
        "panels/cases/timeline.html", actor, file, "Timeline", lines=lines, notes=overview.note_texts(lines),
        paging=Paging(number, overview.count_lines(actor, file.case)), may=_may(actor, file.case),
        url=lambda page: url_for(".case_timeline", case_id=case_id, page=page),
    )  # fmt: skip


@bp.get("/cases/<id:case_id>/print")
@requires(*READ, reads=Event.PRINTED)
def case_print(case_id: Id) -> ResponseReturnValue:
    """A summary to print; opening it is noted as printing."""
    actor = signed_in()
    file = open_file(actor, case_id)
    return render_case(
        "panels/cases/print.html", actor, file, "", page=overview.of(actor, file), next=next_action(actor, file.case),
        engagement=EngagementStatus(file.case.engagement),
    )  # fmt: skip


# --- who leads ------------------------------------------------------------


@bp.route("/cases/<id:case_id>/allocate", methods=["GET", "POST"])
@requires(P.CASE_ALLOCATE, reads=Event.CASE_READ)
def case_allocate(case_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = open_file(actor, case_id)
    if not file.case.is_open:
        refuse("closed")
    leads = cases.possible_leads(file.case.area_id)
    form: Any = LeadForm()
    form.lead.choices = [(lead.id, lead.name) for lead in leads]
    form.lead.choice_hints = {lead.id: _load(lead) for lead in leads}
    if form.validate_on_submit():
        expect_version(file.case, form, {"lead": file.lead_name or "Nobody"})
        changed = cases.allocate(actor, file.case, form.lead.data)
        flash("Lead changed." if changed else "The lead is the same as before.", "success" if changed else "plain")
        return redirect(url_for(".case_overview", case_id=case_id))
    if request.method == "GET":
        form.row_version.data, form.lead.data = file.case.row_version, file.case.lead_id
    return render_case("panels/cases/allocate.html", actor, file, "Overview", form=form, leads=leads)


def _load(lead: cases.Lead) -> str:
    return f"{lead.agency}. {how_many(lead)}" if lead.agency else how_many(lead)


def how_many(lead: cases.Lead) -> str:
    """What somebody leads already: 1 open case."""
    if not lead.open_cases:
        return _("No open cases")
    return ngettext("%(count)s open case", "%(count)s open cases", lead.open_cases)


# --- notes ------------------------------------------------------------


@bp.route("/cases/<id:case_id>/notes/new", methods=["GET", "POST"])
@requires(P.CASE_WORK, P.SESSION_RECORD, reads=Event.CASE_READ)
def note_new(case_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    form: Any = NoteForm()
    is_ready = form.validate_on_submit()
    file = None if is_ready else open_file(actor, case_id)
    case = file.case if file else cases.find_to_write(actor, case_id)
    if not case.is_open or not policies.may_note(actor, case):
        refuse("closed" if policies.may_note(actor, case) else "action")
    key = f"note-{case_id}"
    corrected = _corrected(actor, case, form.corrects.data or request.args.get("corrects"))
    if file is None:
        notes.add(
            actor, case, kind=form.kind.data, happened_on=form.happened_on.data, text=form.text.data,
            corrects_id=corrected.id if corrected else None,
        )  # fmt: skip
        drafts.discard(key)
        flash("Note saved.", "success")
        return redirect(url_for(".case_overview", case_id=case_id))
    if corrected and request.method == "GET":
        form.corrects.data = corrected.id
        form.kind.data, form.happened_on.data = corrected.kind, corrected.happened_on
        form.happened_on.process_data(corrected.happened_on)
    restored = drafts.restore(form, key)
    return render_case(
        "panels/cases/note.html", actor, file, "Timeline", form=form, restored=restored, corrected=corrected,
        autosave=url_for("drafts.save", form_key=key), page_heading=_("Correct a note") if corrected else _("Add a note"),
    )  # fmt: skip


def _corrected(actor: Actor, case: Any, note_id: str | None) -> Any:
    return notes.find(actor, case, note_id)[0] if note_id else None


@bp.route("/cases/<id:case_id>/notes/<id:note_id>", methods=["GET", "POST"])
@requires(*READ, reads=Event.CASE_READ)
def note_page(case_id: Id, note_id: Id) -> ResponseReturnValue:
    """One note: its author changes it within a day; everyone else, and later, reads it."""
    actor = signed_in()
    file = open_file(actor, case_id)
    note, author = notes.find(actor, file.case, note_id)
    if not notes.may_change(actor, note):
        if request.method == "POST":
            g.denied = "action"
            abort(403)
        may = file.case.is_open and policies.may_note(actor, file.case)
        return render_case("panels/cases/note_read.html", actor, file, "Timeline", note=note, author=author, may=may)
    form: Any = NoteForm()
    del form.corrects
    if form.validate_on_submit():
        expect_version(note, form, {"kind": note.kind, "happened_on": note.happened_on, "text": note.text})
        values = {"kind": form.kind.data, "happened_on": form.happened_on.data, "text": form.text.data}
        changed = notes.change(actor, note, file.case, values)
        flash("Note saved." if changed else "Nothing was changed.", "success" if changed else "plain")
        return redirect(url_for(".case_timeline", case_id=case_id))
    if request.method == "GET":
        form.kind.data, form.text.data, form.row_version.data = note.kind, note.text, note.row_version
        form.happened_on.process_data(note.happened_on)
    return render_case(
        "panels/cases/note.html", actor, file, "Timeline", form=form, restored=False, corrected=None, autosave=None,
        page_heading=_("Change a note"),
    )  # fmt: skip


# --- taking part ------------------------------------------------------------


@bp.route("/cases/<id:case_id>/engagement", methods=["GET", "POST"])
@requires(P.CASE_WORK, reads=Event.CASE_READ)
def case_engagement(case_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = working_file(actor, case_id)
    form, key = EngagementForm(), f"asking-{case_id}"
    if form.validate_on_submit():
        engagement.record_attempt(actor, file.case, form.answers())
        drafts.discard(key)
        kind = form.answer.data == EngagementAnswer.NO
        flash("Saved. Taking part is their choice, and they can change their mind." if kind else "Saved.", "success")
        return redirect(url_for(".case_overview", case_id=case_id))
    restored = drafts.restore(form, key)
    return render_case(
        "panels/cases/engagement.html", actor, file, "Overview", form=form, restored=restored,
        attempts=engagement.attempts(file.case), progress=engagement.progress(file.case),
        engagement=EngagementStatus(file.case.engagement), autosave=url_for("drafts.save", form_key=key),
    )  # fmt: skip
