"""Administrators' pages about people who are there: training and agreements, moving, leaving, a lost device, the review."""

from collections.abc import Callable

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts.forms_people import AgreementForm, GiveBackForm, LeaveForm, MoveForm, TrainingForm
from accounts.models import Membership
from accounts.services import alarms, leaving, reviews, standing, users
from accounts.services.grants import NotAllowed
from accounts.views import bp
from accounts.views.guards import step_up_first
from core.access import Permission, requires, signed_in
from core.db import db
from core.ids import Id
from core.paging import page_number

P = Permission


def _refused(why: str, back: str) -> ResponseReturnValue:
    return render_template("accounts/not_allowed.html", why=why, back=back), 409


def _to(user_id: Id) -> str:
    return url_for("accounts.user", user_id=user_id)


@bp.get("/admin/training")
@requires(P.ACCOUNT_MANAGE)
def training_list() -> ResponseReturnValue:
    actor = signed_in()
    return render_template(
        "accounts/training.html", agreements=standing.agreements(actor), untrained=standing.untrained(actor)
    )


@bp.route("/admin/users/<id:user_id>/training", methods=["GET", "POST"])
@requires(P.ACCOUNT_MANAGE)
def record_training(user_id: Id) -> ResponseReturnValue:
    actor, form = signed_in(), TrainingForm()
    person = users.find(actor, user_id)
    if form.validate_on_submit():
        try:
            standing.record_training(actor, person, form.until.data)
        except NotAllowed as refusal:
            return _refused(str(refusal), _to(user_id))
        flash("Training recorded.", "success")
        return redirect(_to(user_id))
    if not form.is_submitted():
        form.until.process_data(person.training_until)
    return render_template("accounts/record_training.html", form=form, person=person)


@bp.route("/admin/agreements/add", methods=["GET", "POST"])
@requires(P.ACCOUNT_MANAGE)
@step_up_first
def add_agreement() -> ResponseReturnValue:
    actor, form = signed_in(), AgreementForm()
    form.offer(standing.places(actor))
    if form.validate_on_submit():
        agency_id, _, area_id = form.place.data.partition(":")
        standing.add_agreement(
            actor, agency_id=agency_id, area_id=area_id, reference=form.reference.data or "",
            valid_from=form.valid_from.data, valid_to=form.valid_to.data,
        )  # fmt: skip
        flash("Agreement recorded. It counts from the next page that its people open.", "success")
        return redirect(url_for("accounts.training_list"))
    return render_template("accounts/add_agreement.html", form=form)


@bp.route("/admin/users/<id:user_id>/move", methods=["GET", "POST"])
@requires(P.ACCOUNT_MANAGE)
@step_up_first
def move_user(user_id: Id) -> ResponseReturnValue:
    actor, form = signed_in(), MoveForm()
    person = users.find(actor, user_id)
    form.offer(actor)
    form.offer_old([one for one in users.memberships_of([user_id])[user_id] if one.is_active])
    if form.validate_on_submit():
        try:
            given = leaving.move(
                actor, person, old=db.session.get_one(Membership, form.leaves.data), grant=form.grant()
            )
        except NotAllowed as refusal:
            form.refuse(str(refusal))
        else:
            flash("Moved." if given.is_active else "Moved. The new role waits for a second person.", "success")
            return redirect(_to(user_id))
    return render_template("accounts/move.html", form=form, person=person)


@bp.route("/admin/users/<id:user_id>/leave", methods=["GET", "POST"])
@requires(P.ACCOUNT_MANAGE)
@step_up_first
def user_leaves(user_id: Id) -> ResponseReturnValue:
    actor, form = signed_in(), LeaveForm()
    person = users.find(actor, user_id)
    if form.validate_on_submit():
        try:
            leaving.leave(actor, person)
        except NotAllowed as refusal:
            return _refused(str(refusal), _to(user_id))
        flash("Everything of this account has ended.", "success")
        return redirect(_to(user_id))
    return render_template("accounts/leave.html", form=form, person=person)


@bp.route("/admin/users/<id:user_id>/give-back", methods=["GET", "POST"])
@requires(P.ACCOUNT_MANAGE)
@step_up_first
def give_back(user_id: Id) -> ResponseReturnValue:
    """After a lost device. ``form.proof`` is a code for the trail."""
    actor, form = signed_in(), GiveBackForm()
    person = users.find(actor, user_id)
    if form.validate_on_submit():
        try:
            leaving.give_back(actor, person, form.proof.data)
        except NotAllowed as refusal:
            return _refused(str(refusal), _to(user_id))
        flash("Account given back. They set it up again by the link we sent them.", "success")
        return redirect(_to(user_id))
    return render_template("accounts/give_back.html", form=form, person=person)


@bp.get("/admin/review")
@requires(P.GRANT_APPROVE, P.ACCOUNT_MANAGE)
def review() -> ResponseReturnValue:
    show = request.args.get("show", "due")
    page = page_number(request.args.get("page"))
    lines, paging = reviews.listed(signed_in(), page=page, only_due=show != "all")
    return render_template("accounts/review.html", lines=lines, page=paging, show=show, failed=alarms.failed())


DECISIONS: dict[str, tuple[Callable[..., None], str]] = {
    "keep": (reviews.confirm, "Role kept. It is asked about again in three months."),
    "end": (reviews.end, "Role ended."),
}


@bp.post("/admin/review/<id:membership_id>/<act>")
@requires(P.GRANT_APPROVE, P.ACCOUNT_MANAGE)
@step_up_first
def review_role(membership_id: Id, act: str) -> ResponseReturnValue:
    if act not in DECISIONS:
        abort(404)
    decide, done = DECISIONS[act]
    try:
        decide(signed_in(), membership_id)
    except NotAllowed as refusal:
        return _refused(str(refusal), url_for("accounts.review"))
    flash(done, "success")
    return redirect(url_for("accounts.review"))
