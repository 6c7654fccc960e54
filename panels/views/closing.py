"""Closing and reopening a case."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from core.access import Actor, Permission, requires, signed_in
from core.ids import Id
from core.languages import gettext as _
from core.versions import expect_version
from panels.forms.cases import ApproveForm, ReopenForm, close_form
from panels.services import closing
from panels.services.cases import CaseFile, NotPossible
from panels.services.closing import Closure
from panels.views import bp
from panels.views.case_page import open_file, refuse, render_case

P = Permission
FILLED = {"reason": "closure_reason", "note": "closure_note", "exit_plan": "exit_plan", "feedback": "closure_feedback"}


@bp.route("/cases/<id:case_id>/close", methods=["GET", "POST"])
@requires(P.CASE_WORK, P.CASE_CLOSE, reads=Event.CASE_READ)
def case_close(case_id: Id) -> ResponseReturnValue:
    """Ask to close, close, or agree to a request: whichever of these is this person's to do."""
    actor = signed_in()
    file = open_file(actor, case_id)
    if not closing.may_open_page(actor, file.case) or not file.case.is_open:
        refuse("action" if file.case.is_open else "closed")
    found = closing.checklist(file.case)
    if file.case.closure_asked_by_id:
        return _asked_page(actor, file, found)
    form = close_form(found.goals)
    if request.method == "GET":
        _fill(form, file.case)
    elif form.validate_on_submit():
        expect_version(file.case, form, {name: getattr(file.case, stored) for name, stored in FILLED.items()})
        done = _close(actor, file, form, found.goals)
        if done is not None:
            return done
    return render_case(
        "panels/cases/close.html", actor, file, "Overview", form=form, found=found,
        asks=closing.must_ask(actor, file.case),
    )  # fmt: skip


def _fill(form: Any, case: Any) -> None:
    """What was written before a request was sent back is still there."""
    form.row_version.data = case.row_version
    for name, stored in FILLED.items():
        form[name].data = getattr(case, stored) or form[name].data


def _close(actor: Actor, file: CaseFile, form: Any, goals: list[Any]) -> ResponseReturnValue | None:
    outcomes = {goal.id: form[f"goal_{number}"].data for number, goal in enumerate(goals, 1)}
    closure = Closure(form.reason.data, form.exit_plan.data, form.feedback.data, form.note.data or "", outcomes)
    asks = closing.must_ask(actor, file.case)
    try:
        (closing.ask if asks else closing.close)(actor, file.case, closure)
    except NotPossible as reason:
        form.reason.errors = [str(reason)]
        return None
    flash(
        "You have asked to close this case. A coordinator will check it."
        if asks
        else "Case closed. Feedback has gone to the referrer.",
        "success",
    )
    return redirect(url_for(".case_overview", case_id=file.case.id))


def _asked_page(actor: Actor, file: CaseFile, found: closing.Checklist) -> ResponseReturnValue:
    return render_case(
        "panels/cases/approve.html", actor, file, "Overview", form=_version_form(file), found=found,
        asked_by=closing.asked_by(file.case), may_approve=_may_approve(actor, file), error=None,
    )  # fmt: skip


def _may_approve(actor: Actor, file: CaseFile) -> bool:
    return actor.can(P.CASE_CLOSE) and file.case.closure_asked_by_id != actor.user_id


def _version_form(file: CaseFile) -> ApproveForm:
    form: Any = ApproveForm()
    form.row_version.data = form.row_version.data or file.case.row_version
    return form  # type: ignore[no-any-return]


@bp.post("/cases/<id:case_id>/close/answer")
@requires(P.CASE_CLOSE, reads=Event.CASE_READ)
def case_close_answer(case_id: Id) -> ResponseReturnValue:
    """A second person agrees, or sends it back."""
    actor = signed_in()
    file = open_file(actor, case_id)
    form = ApproveForm()
    sent_back = request.form.get("answer") == "back"
    if form.validate_on_submit():
        expect_version(file.case, form)
        try:
            (closing.send_back if sent_back else closing.approve)(actor, file.case)
        except NotPossible as reason:
            return _refused(actor, file, str(reason))
        words = _("The case stays open.") if sent_back else _("Case closed. Feedback has gone to the referrer.")
        flash(words, "success")
        return redirect(url_for(".case_overview", case_id=case_id))
    return _refused(actor, file, _("Open the page again and choose what to do"))


def _refused(actor: Actor, file: CaseFile, reason: str) -> ResponseReturnValue:
    return render_case(
        "panels/cases/approve.html", actor, file, "Overview", form=_version_form(file), error=reason,
        found=closing.checklist(file.case), asked_by=closing.asked_by(file.case), may_approve=_may_approve(actor, file),
    )  # fmt: skip


@bp.route("/cases/<id:case_id>/reopen", methods=["GET", "POST"])
@requires(P.CASE_CLOSE, reads=Event.CASE_READ)
def case_reopen(case_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = open_file(actor, case_id)
    if file.case.is_open:
        refuse()
    form: Any = ReopenForm()
    if form.validate_on_submit():
        closing.reopen(actor, file.case, reason=form.reason.data, words=form.words.data)
        flash("Case reopened.", "success")
        return redirect(url_for(".case_overview", case_id=case_id))
    return render_case("panels/cases/reopen.html", actor, file, "Overview", form=form)
