"""Pages for sessions: those of a case, one's own, and recording what happened (PAGES 4.7)."""

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from accounts.models import Area, User
from audit.models import Event
from core import drafts
from core.access import Actor, Permission, requires, signed_in
from core.clock import in_london, now, today
from core.codes.base import label_of
from core.codes.cases import Attendance, NoSessionReason, RescheduledBy, SessionConcern, SessionMode
from core.context import current
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from core.versions import expect_version
from interventions.models import Intervention
from panels.forms.support import PlanSessionForm, RecordForm
from panels.models import Offer, SupportSession
from panels.policies import may_work
from panels.services import names, plans, sessions
from panels.services.cases import CaseFile, find_file
from panels.support_policies import may_record
from panels.views import bp
from panels.views.case_page import refuse, render_case
from panels.views.plans import READERS

P = Permission


@bp.get("/sessions")
@requires(P.SESSION_RECORD, reads=Event.CASES_LISTED)
def my_sessions() -> ResponseReturnValue:
    """To record, today, and the days ahead."""
    groups: dict[str, list[Any]] = {"late": [], "today": [], "ahead": []}
    for row in sessions.mine(signed_in()):
        day = in_london(row.starts_at).date()
        where = "today" if day == today() else "late" if row.starts_at < now() else "ahead"
        groups[where].append((row, names.in_list(row), sessions.tag_of(row)))
    return render_template("panels/support/my_sessions.html", groups=groups)


@bp.get("/cases/<id:case_id>/sessions")
@requires(*READERS, reads=Event.CASE_READ)
def case_sessions(case_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = find_file(actor, case_id)
    rows = [(row, sessions.tag_of(row)) for row in sessions.of_case(actor, file.case)]
    return render_case(
        "panels/support/case_sessions.html",
        actor,
        file,
        "Sessions",
        sessions=rows,
        modes={m.value: m.label for m in SessionMode},
        came={a.value: a.label for a in Attendance},
        may_plan=_may_plan(actor, file),
    )


def _may_plan(actor: Actor, file: CaseFile) -> bool:
    if not file.case.is_open or not actor.can(P.SESSION_RECORD):
        return False
    return may_work(actor, file.case) or bool(sessions.support_given(actor, file.case))


@bp.route("/cases/<id:case_id>/sessions/new", methods=["GET", "POST"])
@requires(P.SESSION_RECORD, reads=Event.CASE_READ)
def new_session(case_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = find_file(actor, case_id)
    if not _may_plan(actor, file):
        refuse()
    given = sessions.support_given(actor, file.case)
    form = PlanSessionForm()
    form.offer_id.choices = [(row.id, row.name) for row in given]
    if may_work(actor, file.case):
        form.offer_id.choices.append(("", _("Our own work with them")))
    if form.validate_on_submit():
        _plan(actor, file, form, {row.id: row.practitioner_id for row in given})
        flash("Session planned.", "success")
        return redirect(url_for(".case_sessions", case_id=case_id))
    return render_case("panels/support/new_session.html", actor, file, "Sessions", form=form)


def _plan(actor: Actor, file: CaseFile, form: PlanSessionForm, workers: dict[Id, Id | None]) -> None:
    """A provider's session is its own; a lead plans for the practitioner whose support it is."""
    offer_id = form.offer_id.data or None
    worker = workers.get(offer_id) if offer_id and may_work(actor, file.case) else actor.user_id
    assert form.at.at is not None
    sessions.plan_session(
        actor, file.case, starts_at=sessions.moment_of(form.on.data, form.at.at), place=form.place.data or "",
        mode=form.mode.data, worker_id=worker, offer_id=offer_id,
    )  # fmt: skip


@bp.route("/sessions/<id:session_id>", methods=["GET", "POST"])
@requires(P.SESSION_RECORD, P.CASE_READ_AREA, reads=Event.CASE_READ)
def session_page(session_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    session = sessions.find_session(actor, session_id)
    file = find_file(actor, session.case_id)
    may = may_record(actor, session, file.case)
    if request.method == "POST" and not may:
        refuse()
    to_record = may and session.status in sessions.TO_RECORD
    if request.method == "GET" and not to_record:
        return _show(actor, session, file)
    form = _record_form(session, file)
    if request.method == "POST" and form.validate():
        return _record(actor, session, file, form)
    if not to_record:
        return _show(actor, session, file)
    form_is_old = drafts.restore(form, f"session-{session_id}")
    return render_case(
        "panels/support/record.html",
        actor,
        file,
        "Sessions",
        form=form,
        session=session,
        restored=form_is_old,
        **_about(session),
    )


def _record_form(session: SupportSession, file: CaseFile) -> RecordForm:
    """The next session begins as the same day, time and place a week later (never in the past)."""
    start = in_london(session.starts_at)
    week = start.date() + timedelta(days=7)
    while week < today():
        week += timedelta(days=7)
    form = RecordForm(
        planned_on=start.date(), row_version=session.row_version, place=session.place, next_on=week,
        next_at=start.time(), next_place=session.place,
    )  # fmt: skip
    form.goal_ids.choices = [
        (goal.id, _("Goal %(number)s: %(words)s", number=n, words=goal.their_words))
        for n, goal in enumerate(plans.current_goals(file.case), 1)
    ]
    return form


def _record(actor: Actor, session: SupportSession, file: CaseFile, form: RecordForm) -> ResponseReturnValue:
    expect_version(session, form)
    next_one = None
    if form.next_on.data and form.next_at.at:
        next_one = sessions.NextSession(form.next_on.data, form.next_at.at, form.next_place.data or "")
    sessions.record_session(actor, session, file.case, form.values(), next_one=next_one)
    drafts.discard(f"session-{session.id}")
    if form.concern.data == SessionConcern.DANGER_NOW:
        return redirect(url_for(".session_danger", session_id=session.id))
    flash("Session saved.", "success")
    return redirect(url_for(".case_sessions", case_id=file.case.id))


@bp.get("/sessions/<id:session_id>/call-now")
@requires(P.SESSION_RECORD, reads=Event.CASE_READ)
def session_danger(session_id: Id) -> ResponseReturnValue:
    """The phone numbers first; the lead and the safeguarding lead have been told already."""
    actor = signed_in()
    session = sessions.find_session(actor, session_id)
    current().looked_at("support_session", session.id)
    area = db.session.get_one(Area, session.area_id)
    return render_template(
        "panels/support/danger.html", area=area, session=session, may_step_up=actor.can(P.REFERRAL_STEP_UP)
    )  # fmt: skip


def _about(session: SupportSession) -> dict[str, Any]:
    """Which session of which support, for the line under the heading."""
    if session.offer_id is None:
        return {"support": None}
    support = db.session.execute(
        select(Intervention.name, Offer.planned_sessions)
        .join(Offer, Offer.intervention_id == Intervention.id)
        .where(Offer.id == session.offer_id)
    ).one()
    return {"support": support.name, "number": sessions.number_of(session), "planned": support.planned_sessions}


def _show(actor: Actor, session: SupportSession, file: CaseFile) -> ResponseReturnValue:
    """A recorded session, or one that somebody else will record."""
    chosen = [goal.their_words for goal in plans.goals_by_id(file.case, session.goal_ids)]
    return render_case(
        "panels/support/session.html",
        actor,
        file,
        "Sessions",
        session=session,
        tag=sessions.tag_of(session),
        goals=chosen,
        worker=db.session.get_one(User, session.worker_id).name,
        attendance=label_of(Attendance, session.attendance, missing="Not recorded"),
        reason=label_of(NoSessionReason, session.no_session_code, missing=""),
        asked_by=label_of(RescheduledBy, session.rescheduled_by, missing=""),
        concern=label_of(SessionConcern, session.concern, missing="Not recorded"),
        mode=label_of(SessionMode, session.mode),
        **_about(session),
    )
