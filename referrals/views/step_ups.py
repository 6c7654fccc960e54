"""Step-up pages: recording the call, the list with its chase, the front door's answer. Nothing is sent from here."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from core.access import Actor, Permission, requires, signed_in
from core.clock import in_london, today
from core.codes.decisions import StepUpOutcome, StepUpStatus
from core.codes.referrals import ReferralStatus as S
from core.forms import Form
from core.ids import Id
from core.versions import expect_version
from core.working_days import due
from referrals.forms.triage import AcknowledgedForm, CallMadeForm, FrontDoorAnswerForm, StepUpForm
from referrals.services import step_ups, triage
from referrals.services.step_ups import AlreadyAnswered, NotAcknowledged, NotCalled, StepUpFile
from referrals.views import bp

P = Permission
CAN_STEP_UP = triage.TO_TRIAGE | {S.READY_FOR_PANEL}


@bp.route("/triage/<id:referral_id>/step-up", methods=["GET", "POST"])
@requires(P.REFERRAL_STEP_UP, reads=Event.TRIAGE_READ)
def step_up_referral(referral_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = triage.find_file(actor, referral_id)
    form = StepUpForm()
    if file.status not in CAN_STEP_UP:
        if request.method == "POST":
            abort(409)
        flash("This referral is already with safeguarding or has been decided.", "important")
        return redirect(url_for(".triage_referral", referral_id=referral_id), 303)
    if form.validate_on_submit() and form.called_at:
        raised = step_ups.raise_step_up(
            actor, area_id=file.referral.area_id, why=form.why.data or "", called_at=form.called_at,
            referral=file.referral, front_door_reference=form.front_door_reference.data or "",
            is_nrm=form.is_nrm.data == "yes",
        )  # fmt: skip
        flash("Step-up recorded. Panel work pauses until the front door answers.", "success")
        return redirect(url_for(".step_up", step_up_id=raised.id), 303)
    return render_template("referrals/step_up_record.html", file=file, referral=file.referral, form=form)


@bp.get("/step-ups")
@requires(P.REFERRAL_STEP_UP, reads=Event.STEP_UP_READ)
def step_up_list() -> ResponseReturnValue:
    is_open = request.args.get("show") != "answered"
    return render_template(
        "referrals/step_up_list.html", rows=step_ups.read_list(signed_in(), is_open=is_open), is_open=is_open,
        due=lambda day: due(day, today()),
    )  # fmt: skip


@bp.route("/step-ups/<id:step_up_id>", methods=["GET", "POST"])
@requires(P.REFERRAL_STEP_UP, reads=Event.STEP_UP_READ)
def step_up(step_up_id: Id) -> ResponseReturnValue:
    """One page, one next act: who has it, then what they decided."""
    actor = signed_in()
    file = step_ups.find_file(actor, step_up_id)
    waits_for_answer = file.status is StepUpStatus.ACKNOWLEDGED
    form: Form = FrontDoorAnswerForm() if _sent_answer() or waits_for_answer else AcknowledgedForm()
    if request.method == "GET":
        form.row_version.data = str(file.step_up.row_version)
    elif form.validate():
        expect_version(file.step_up, form)
        return _saved(file, form)
    return _step_up_page(file, form)


def _sent_answer() -> bool:
    return request.method == "POST" and "outcome_note" in request.form


def _saved(file: StepUpFile, form: Form) -> ResponseReturnValue:
    actor, given = signed_in(), form.answers()
    try:
        if isinstance(form, FrontDoorAnswerForm):
            outcome = StepUpOutcome(given["outcome"])
            step_ups.answered(actor, file.step_up, outcome=outcome, note=given["outcome_note"])
        else:
            step_ups.acknowledged(
                actor, file.step_up, by=given["acknowledged_by"], front_door_reference=given["front_door_reference"]
            )
    except NotAcknowledged:
        form["outcome"].errors = ["Record who at the front door has it before you record what they decided"]
        return _step_up_page(file, form)
    except (AlreadyAnswered, NotCalled):
        abort(409)
    flash("The front door’s answer is recorded.", "success")
    return redirect(url_for(".step_up", step_up_id=file.step_up.id), 303)


def _step_up_page(file: StepUpFile, form: Form) -> ResponseReturnValue:
    referral = file.referral
    return render_template(
        "referrals/step_up.html", file=file, step_up=file.step_up, form=form, referral=referral,
        due=due(file.step_up.chase_on, today()), answering=isinstance(form, FrontDoorAnswerForm),
        is_answered=file.status is StepUpStatus.ANSWERED, outcome_label=_outcome_label(file),
        can_return=file.status is StepUpStatus.ANSWERED and referral is not None and referral.status == S.STEPPED_UP,
        can_record_call=file.status in step_ups.CALL_CAN_CHANGE, opens_case=_opens_case(signed_in(), file),
        opens_referral=signed_in().can(P.REFERRAL_READ_AREA),
    )  # fmt: skip


def _opens_case(actor: Actor, file: StepUpFile) -> bool:
    leads = actor.can(P.CASE_WORK) and file.case_lead_id == actor.user_id
    return file.step_up.case_id is not None and (leads or actor.can(P.CASE_READ_AREA))


def _outcome_label(file: StepUpFile) -> str:
    return StepUpOutcome(file.step_up.outcome).label if file.step_up.outcome else ""


@bp.route("/step-ups/<id:step_up_id>/call", methods=["GET", "POST"])
@requires(P.REFERRAL_STEP_UP, reads=Event.STEP_UP_READ)
def record_call(step_up_id: Id) -> ResponseReturnValue:
    """When the call was made, for a step-up that a meeting raised, or that was written down wrongly."""
    actor = signed_in()
    file = step_ups.find_file(actor, step_up_id)
    if file.status not in step_ups.CALL_CAN_CHANGE:
        abort(409)
    form = CallMadeForm()
    if form.validate_on_submit() and form.called_at:
        expect_version(file.step_up, form)
        reference = form.front_door_reference.data or ""
        step_ups.call_made(actor, file.step_up, called_at=form.called_at, front_door_reference=reference)
        flash("Call recorded.", "success")
        return redirect(url_for(".step_up", step_up_id=step_up_id), 303)
    if request.method == "GET":
        called = in_london(file.step_up.called_at)
        form.row_version.data = str(file.step_up.row_version)
        form.front_door_reference.data = file.step_up.front_door_reference
        if file.status is StepUpStatus.RAISED:
            form.called_on.process_data(called.date())
            form.called_time.data = f"{called:%H:%M}"
    return render_template("referrals/step_up_call.html", file=file, step_up=file.step_up, form=form)


@bp.post("/step-ups/<id:step_up_id>/chase")
@requires(P.REFERRAL_STEP_UP)
def chase_step_up(step_up_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = step_ups.find_file(actor, step_up_id)
    if not Form().validate():
        abort(400)
    try:
        step_ups.chased(actor, file.step_up)
    except (AlreadyAnswered, NotCalled):
        abort(409)
    flash("Chase recorded. Call again on the next working day if there is no answer.", "success")
    return redirect(url_for(".step_up", step_up_id=step_up_id), 303)


@bp.post("/step-ups/<id:step_up_id>/return")
@requires(P.REFERRAL_STEP_UP)
def return_step_up(step_up_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = step_ups.find_file(actor, step_up_id)
    if not Form().validate():
        abort(400)
    if not step_ups.return_to_panel(actor, file.step_up):
        abort(409)
    flash("Returned to the panel’s work.", "success")
    return redirect(url_for(".step_up", step_up_id=step_up_id), 303)
