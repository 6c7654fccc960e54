"""Triage pages: the queue, one referral with its checklist, comparing records, and the decision."""

import hashlib
from collections.abc import Callable
from typing import Any

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from cohort.models import YoungPerson
from core.access import Actor, Permission, requires, signed_in
from core.clock import today
from core.codes.decisions import MatchAnswer, TriageOutcome
from core.codes.referrals import ReferralStatus as S
from core.forms import Form
from core.ids import Id
from core.languages import gettext as _
from core.paging import page_number
from core.versions import expect_version
from core.working_days import due
from files.services import keeping
from files.services.keeping import Place
from files.services.removing import taken_away
from referrals.forms.triage import AnswerMatchForm, DecideForm, StepUpForm
from referrals.models import PossibleMatch
from referrals.services import checklist, deciding, elsewhere, feedback, matches, queue, step_ups, story, triage
from referrals.services.deciding import Decision
from referrals.services.triage import AlreadyDone, NotYet, TriageFile
from referrals.views import bp

P = Permission


@bp.get("/triage")
@requires(P.REFERRAL_READ_AREA, reads=Event.REFERRALS_LISTED)
def triage_queue() -> ResponseReturnValue:
    actor = signed_in()
    tab = queue.BY_SLUG.get(request.args.get("tab", ""), queue.TABS[0])
    whose, overdue = request.args.get("whose", ""), request.args.get("overdue") == "1"
    chosen: dict[str, Any] = {"tab": tab.slug, "whose": whose or None, "overdue": "1" if overdue else None}
    page = page_number(request.args.get("page"))
    shown = queue.read(actor, tab, whose=whose, page=page, overdue=overdue)
    return render_template(
        "referrals/triage_queue.html", tabs=queue.TABS, tab=tab, whose=whose, overdue=overdue, counts=queue.counts(actor),
        may_refer=actor.can(P.REFERRAL_SEND), may_triage=actor.can(P.REFERRAL_TRIAGE), may_step_up=actor.can(P.REFERRAL_STEP_UP),
        rows=shown.rows, paging=shown.paging, due=lambda day: day and due(day, today()),
        address=lambda number: url_for(".triage_queue", **chosen, page=number),
    )  # fmt: skip


def _file(actor: Actor, referral_id: Id) -> TriageFile:
    return triage.find_file(actor, referral_id)


@bp.get("/triage/<id:referral_id>")
@requires(P.REFERRAL_READ_AREA, reads=Event.TRIAGE_READ)
def triage_referral(referral_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = _file(actor, referral_id)
    answers = file.referral.answers or {}
    found = triage.matches_of(file.referral)
    earlier = checklist.earlier_of(file.referral)
    place = Place(file.referral.area_id, referral_id=file.referral.id)
    return render_template(
        "referrals/triage_referral.html", file=file, referral=file.referral, answers=answers, matches=found,
        parts=story.read(answers), checks=checklist.checks(file, answers, found, earlier), earlier=earlier,
        step_ups=step_ups.of_referral(file.referral), messages=triage.messages_of(file.referral),
        said=feedback.in_words(feedback.given_about(file.referral)) if file.referral.decided_at else [],
        can_triage=actor.can(P.REFERRAL_TRIAGE), can_step_up=actor.can(P.REFERRAL_STEP_UP),
        next=_next_act(actor, file, found), elsewhere=elsewhere.shown(file.referral),
        due=due(file.referral.decide_by, today()), form=Form(),
        in_words=matches.reasons_in_words,
        files=keeping.listed(place), gone=taken_away(place), may_remove=actor.can(P.FILE_REMOVE),
    )  # fmt: skip


def _next_act(actor: Actor, file: TriageFile, found: list[PossibleMatch]) -> str:
    """The one thing to do next: its name chooses the page's green button."""
    if not actor.can(P.REFERRAL_TRIAGE):
        return ""
    if file.status is S.NEW:
        return "start"
    if file.status is S.READY_FOR_PANEL:
        return "panel"
    if file.status not in triage.TO_TRIAGE and file.status is not S.STEPPED_UP:
        return ""
    if any(match.answered_at is None for match in found):
        return "compare"
    if file.status is S.STEPPED_UP:
        return "step_up"
    if file.referral.young_person_id is None and all(match.answer == MatchAnswer.DIFFERENT for match in found):
        return "create"
    return "wait" if file.status is S.INFORMATION_NEEDED else "decide"


def _act(referral_id: Id, act: Callable[[Actor, TriageFile], str]) -> ResponseReturnValue:
    """One click on the referral's page: check the row, do it, say so, go back to the page."""
    actor = signed_in()
    file = _file(actor, referral_id)
    if not Form().validate():
        abort(400)
    try:
        flash(act(actor, file), "success")
    except NotYet as reason:
        flash(str(reason), "important")
    except AlreadyDone:
        abort(409)
    return redirect(url_for(".triage_referral", referral_id=referral_id), 303)


@bp.post("/triage/<id:referral_id>/acknowledge")
@requires(P.REFERRAL_TRIAGE)
def acknowledge(referral_id: Id) -> ResponseReturnValue:
    def act(actor: Actor, file: TriageFile) -> str:
        triage.acknowledge(actor, file.referral)
        return _("Referral acknowledged.")

    return _act(referral_id, act)


@bp.post("/triage/<id:referral_id>/start")
@requires(P.REFERRAL_TRIAGE, reads=Event.TRIAGE_READ)
def start_triage(referral_id: Id) -> ResponseReturnValue:
    def act(actor: Actor, file: TriageFile) -> str:
        triage.start(actor, file.referral)
        return _("Triage started.")

    return _act(referral_id, act)


@bp.post("/triage/<id:referral_id>/elsewhere")
@requires(P.REFERRAL_TRIAGE, reads=Event.TRIAGE_READ)
def look_elsewhere(referral_id: Id) -> ResponseReturnValue:
    def act(actor: Actor, file: TriageFile) -> str:
        triage.in_triage(file)
        if not elsewhere.shown(file.referral).may_ask:
            raise NotYet("Other areas have been asked about this young person already")
        elsewhere.ask(actor, file.referral)
        return elsewhere.shown(file.referral).words

    return _act(referral_id, act)


@bp.post("/triage/<id:referral_id>/take")
@requires(P.REFERRAL_TRIAGE)
def take_referral(referral_id: Id) -> ResponseReturnValue:
    def act(actor: Actor, file: TriageFile) -> str:
        triage.take(actor, file.referral)
        return _("This referral is yours now.")

    return _act(referral_id, act)


@bp.post("/triage/<id:referral_id>/record")
@requires(P.REFERRAL_TRIAGE, reads=Event.TRIAGE_READ)
def create_record(referral_id: Id) -> ResponseReturnValue:
    def act(actor: Actor, file: TriageFile) -> str:
        triage.in_triage(file)
        triage.create_and_link(actor, file.referral)
        return _("New record made and linked.")

    return _act(referral_id, act)


@bp.route("/triage/<id:referral_id>/compare/<id:match_id>", methods=["GET", "POST"])
@requires(P.REFERRAL_TRIAGE, reads=Event.MATCH_READ)
def compare_match(referral_id: Id, match_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = _file(actor, referral_id)
    match, person = matches.find(file.referral, match_id)
    facts = matches.compare(file.referral, person, checklist.earlier_of(file.referral, person.id))
    form = AnswerMatchForm()
    if request.method == "GET":
        answered = match.answered_at is not None
        form.answer.data, form.why.data = (match.answer if answered else None), match.why
        form.row_version.data = str(match.row_version)
    form.needs_why = matches.needs_why(form.answer.data or "", facts)
    if request.method == "POST" and form.validate():
        expect_version(match, form, {"answer": MatchAnswer(match.answer).label, "why": match.why})
        if _answer_saved(actor, file, match, person, form):
            return redirect(_after_answer(file), 303)
    return _compare_page(file, match, facts, form)


def _answer_saved(
    actor: Actor, file: TriageFile, match: PossibleMatch, person: YoungPerson, form: AnswerMatchForm
) -> bool:
    try:
        triage.in_triage(file)
        matches.answer(actor, file.referral, match, person, MatchAnswer(form.answer.data), form.why.data or "")
    except NotYet as reason:
        form.answer.errors = [str(reason)]
        return False
    except AlreadyDone:
        abort(409)
    flash("Answer saved.", "success")
    return True


def _after_answer(file: TriageFile) -> str:
    waiting = [match for match in triage.matches_of(file.referral) if match.answered_at is None]
    if waiting and file.referral.young_person_id is None:
        return url_for(".compare_match", referral_id=file.referral.id, match_id=waiting[0].id)
    return url_for(".triage_referral", referral_id=file.referral.id)


def _compare_page(
    file: TriageFile, match: PossibleMatch, facts: list[matches.Fact], form: AnswerMatchForm
) -> ResponseReturnValue:
    all_of_them = triage.matches_of(file.referral)
    return render_template(
        "referrals/triage_compare.html", file=file, referral=file.referral, match=match, facts=facts, form=form,
        number=[item.id for item in all_of_them].index(match.id) + 1, count=len(all_of_them),
        reasons=matches.reasons_in_words(match), many_same=sum(fact.how == matches.SAME for fact in facts) >= 2,
    )  # fmt: skip


@bp.route("/triage/<id:referral_id>/decide", methods=["GET", "POST"])
@requires(P.REFERRAL_TRIAGE, reads=Event.TRIAGE_READ)
def decide(referral_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = _file(actor, referral_id)
    form = DecideForm()
    if request.method == "GET":
        form.row_version.data = str(file.referral.row_version)
        return _decide_opened(file, form)
    if not form.validate():
        return _decide_page(file, form)
    expect_version(file.referral, form, _stands(file))
    if form.outcome.data == TriageOutcome.STEP_UP.value:
        return _to_step_up(file, form)
    decision = _decision(form)
    preview = deciding.text_for_referrer(decision)
    if form.seen.data != _mark(preview):
        form.seen.data = _mark(preview)
        return _decide_page(file, form, preview)
    return _decided(actor, file, form, decision)


def _to_step_up(file: TriageFile, form: DecideForm) -> ResponseReturnValue:
    """A step-up has a page of its own; what was written for the decision begins its text."""
    onward = url_for(".step_up_referral", referral_id=file.referral.id)
    written = "\n\n".join(said.strip() for said in (form.words.data, form.notes.data) if said and said.strip())
    if not written:
        return redirect(onward, 303)
    return render_template(
        "referrals/step_up_record.html", file=file, referral=file.referral, action=onward,
        form=StepUpForm(formdata=None, why=written),
    )  # fmt: skip


def _decision(form: DecideForm) -> Decision:
    return Decision(
        TriageOutcome(form.outcome.data), (form.words.data or "").strip(), form.code, (form.notes.data or "").strip()
    )


def _mark(text: str) -> str:
    """Names the text that was shown, so that what is sent is what was checked."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def _stands(file: TriageFile) -> dict[str, Any]:
    """What is stored now, for the page that shows both."""
    return {"outcome": file.status.label, "words": file.referral.reason_for_referrer}


def _decide_opened(file: TriageFile, form: DecideForm) -> ResponseReturnValue:
    try:
        deciding.may_decide(file)
    except (NotYet, AlreadyDone) as reason:
        flash(str(reason) or "This referral has been decided.", "important")
        return redirect(url_for(".triage_referral", referral_id=file.referral.id), 303)
    return _decide_page(file, form)


def _decide_page(file: TriageFile, form: DecideForm, preview: str = "") -> ResponseReturnValue:
    if form.errors:
        form.seen.data = ""
    return render_template(
        "referrals/triage_decide.html", file=file, referral=file.referral, form=form, preview=preview
    )  # fmt: skip


def _decided(actor: Actor, file: TriageFile, form: DecideForm, decision: Decision) -> ResponseReturnValue:
    try:
        deciding.decide(actor, file, decision)
    except NotYet as reason:
        form.outcome.errors = [str(reason)]
        return _decide_page(file, form)
    except AlreadyDone:
        g.denied = "already decided"
        abort(409)
    asked = decision.outcome is TriageOutcome.ASK_FOR_INFORMATION
    flash("Question sent to the referrer." if asked else "Decision saved. The referrer can read it.", "success")
    return redirect(url_for(".triage_referral", referral_id=file.referral.id), 303)
