"""The plan page, its goals, agreeing it, and reviews."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from accounts.models import User
from audit.models import Event
from core import drafts
from core.access import Actor, Permission, requires, signed_in
from core.codes.base import label_of
from core.codes.cases import EngagementGivenBy, EngagementStatus, PlanStatus, ReviewDecision
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from core.versions import expect_version
from panels.forms.support import AgreeForm, GoalForm, ReviewForm, WantsForm, now_form
from panels.models import Goal, Plan
from panels.policies import may_work
from panels.services import names, plans, reviews
from panels.services.cases import CaseFile, find_file
from panels.views import bp
from panels.views.case_page import refuse, render_case, working_file

P = Permission
READERS = (P.CASE_READ_AREA, P.CASE_READ_ALLOCATED, P.CASE_WORK)


class _Versions:
    """The goals' versions as one, so that a form about all of them is measured against each."""

    def __init__(self, goals: list[Goal]) -> None:
        self.row_version = "-".join(str(goal.row_version) for goal in goals)


@bp.get("/cases/<id:case_id>/plan")
@requires(*READERS, reads=Event.CASE_READ)
def plan_page(case_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = find_file(actor, case_id)
    shown = plans.page(file.case, request.args.get("version", type=int))
    extra: dict[str, Any] = {}
    if shown:
        extra = {
            "status": PlanStatus(shown.plan.status).tag,
            "agreed_with": label_of(EngagementGivenBy, shown.plan.agreed_with, missing=""),
            "author": db.session.get_one(User, shown.plan.author_id).name,
            "engagement": EngagementStatus(file.case.engagement),
        }
    return render_case(
        "panels/support/plan.html",
        actor,
        file,
        "Plan",
        shown=shown,
        first_name=names.first_name(file.person),
        may_work=may_work(actor, file.case) and file.case.is_open,
        **extra,
    )


def _to_write(case_id: Id) -> tuple[Actor, CaseFile, Plan | None]:
    """A case that one works on and its draft, if it has one; 403 while an agreed plan holds."""
    actor = signed_in()
    file = working_file(actor, case_id)
    plan = plans.newest(file.case)
    if plan is not None and plan.status != PlanStatus.DRAFT:
        refuse()
    return actor, file, plan


@bp.route("/cases/<id:case_id>/plan/wants", methods=["GET", "POST"])
@requires(P.CASE_WORK, reads=Event.CASE_READ)
def plan_wants(case_id: Id) -> ResponseReturnValue:
    """What they want comes first; writing it starts the plan."""
    actor, file, plan = _to_write(case_id)
    version, wants = (plan.row_version, plan.what_they_want) if plan else ("", "")
    form = WantsForm(row_version=version, what_they_want=wants)
    if form.validate_on_submit():
        if plan is not None:
            expect_version(plan, form)
        plans.say_what_they_want(actor, file.case, form.what_they_want.data or "")
        drafts.discard(f"wants-{case_id}")
        flash("What they want was saved.", "success")
        return redirect(url_for(".plan_page", case_id=case_id))
    drafts.restore(form, f"wants-{case_id}")
    return render_case("panels/support/wants.html", actor, file, "Plan", form=form)


@bp.route("/cases/<id:case_id>/plan/goals/new", methods=["GET", "POST"])
@requires(P.CASE_WORK, reads=Event.CASE_READ)
def new_goal(case_id: Id) -> ResponseReturnValue:
    actor, file, _plan = _to_write(case_id)
    form, key = GoalForm(), f"goal-{case_id}"
    if form.validate_on_submit():
        plans.add_goal(actor, file.case, form.values())
        drafts.discard(key)
        flash("Goal saved.", "success")
        return redirect(url_for(".plan_page", case_id=case_id))
    drafts.restore(form, key)
    return render_case(
        "panels/support/goal.html", actor, file, "Plan", page_heading=_("Add a goal"), form=form, draft_key=key
    )


@bp.route("/cases/<id:case_id>/plan/goals/<id:goal_id>", methods=["GET", "POST"])
@requires(P.CASE_WORK, reads=Event.CASE_READ)
def change_goal(case_id: Id, goal_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = working_file(actor, case_id)
    goal = plans.find_goal(file.case, goal_id)
    if not plans.is_draft(goal):
        refuse()
    form, key = GoalForm(obj=_Opened(goal)), f"goal-{goal_id}"
    if form.validate_on_submit():
        expect_version(goal, form)
        plans.change_goal(actor, file.case, goal, form.values())
        drafts.discard(key)
        flash("Goal saved.", "success")
        return redirect(url_for(".plan_page", case_id=case_id))
    drafts.restore(form, key)
    return render_case(
        "panels/support/goal.html", actor, file, "Plan", page_heading=_("Change a goal"), form=form, draft_key=key
    )


class _Opened:
    """A goal for its form: numbers are compared with the choices as text, and a new key is made for each opening."""

    def __init__(self, goal: Goal) -> None:
        for name in ("row_version", *plans.COPIED):
            setattr(self, name, getattr(goal, name))
        for name in ("score_at_start", "score_now"):
            value = getattr(goal, name)
            setattr(self, name, "" if value is None else str(value))


@bp.route("/cases/<id:case_id>/plan/now", methods=["GET", "POST"])
@requires(P.CASE_WORK, reads=Event.CASE_READ)
def goals_now(case_id: Id) -> ResponseReturnValue:
    """Where they say they are now, for every goal at once."""
    actor = signed_in()
    file = working_file(actor, case_id)
    goals = plans.current_goals(file.case)
    versions = _Versions(goals)
    held = {f"now_{goal.id}": "" if goal.score_now is None else str(goal.score_now) for goal in goals}
    form: Any = now_form(goals)(data=held | {"row_version": versions.row_version})
    if form.validate_on_submit():
        expect_version(versions, form, held)
        answers = {name.removeprefix("now_"): value for name, value in form.answers().items()}
        plans.move_on(actor, file.case, {k: int(v) if v not in (None, "") else None for k, v in answers.items()})
        flash("Where they are now was saved.", "success")
        return redirect(url_for(".plan_page", case_id=case_id))
    pairs = [(goal, form[f"now_{goal.id}"]) for goal in goals]
    return render_case("panels/support/now.html", actor, file, "Plan", form=form, pairs=pairs)


@bp.route("/cases/<id:case_id>/plan/agree", methods=["GET", "POST"])
@requires(P.CASE_WORK, reads=Event.CASE_READ)
def agree_plan(case_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = working_file(actor, case_id)
    plan = plans.newest(file.case)
    if plan is None or plan.status != PlanStatus.DRAFT:
        refuse()
    form = AgreeForm(row_version=plan.row_version)
    if form.validate_on_submit():
        expect_version(plan, form)
        try:
            plans.agree(actor, file.case, plan, agreed_on=form.agreed_on.data, agreed_with=form.agreed_with.data)
        except plans.NoGoals:
            form.agreed_with.errors = ["Add at least one goal before the plan is agreed"]
        except plans.NotTakingPart:
            form.agreed_with.errors = ["Record that they take part before the plan is agreed"]
        else:
            flash("Plan agreed.", "success")
            return redirect(url_for(".plan_page", case_id=case_id))
    return render_case(
        "panels/support/agree.html",
        actor,
        file,
        "Plan",
        form=form,
        plan=plan,
        goals=plans.goals_of(plan),
        engagement=EngagementStatus(file.case.engagement),
    )


@bp.post("/cases/<id:case_id>/plan/change")
@requires(P.CASE_WORK, reads=Event.CASE_READ)
def change_plan(case_id: Id) -> ResponseReturnValue:
    """Start the next version; the agreed one stays as it was until the next is agreed."""
    actor = signed_in()
    file = working_file(actor, case_id)
    plans.new_version(actor, file.case)
    flash("A new version was started. It is a copy until you change it.", "success")
    return redirect(url_for(".plan_page", case_id=case_id))


@bp.route("/cases/<id:case_id>/reviews/new", methods=["GET", "POST"])
@requires(P.CASE_WORK, reads=Event.CASE_READ)
def new_review(case_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    file = working_file(actor, case_id)
    case, key = file.case, f"review-{case_id}"
    plan = plans.newest(case)
    form, latest = ReviewForm(next_on=reviews.next_usual(case)), reviews.latest(case)
    if request.method == "POST":
        valid = form.validate()
        form.check_next(latest=latest, agreed_on=plan.agreed_on if plan else None)
        if valid and not form.next_on.errors:
            reviews.finish(actor, case, **form.answers())
            drafts.discard(key)
            flash("Review finished.", "success")
            return redirect(_after(case_id, form.decision.data))
    drafts.restore(form, key)
    return render_case(
        "panels/support/review.html",
        actor,
        file,
        "Plan",
        form=form,
        draft_key=key,
        latest=latest,
        goals=plans.current_goals(case),
    )


def _after(case_id: Id, decision: str) -> str:
    if decision == ReviewDecision.CLOSE:
        return f"/cases/{case_id}/close"
    return url_for(".plan_page", case_id=case_id) if decision == ReviewDecision.CHANGE else f"/cases/{case_id}"
