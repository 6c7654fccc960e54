"""Administrators' pages of people: the list, one account, inviting, giving and ending roles."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from accounts.credentials import FactorKind
from accounts.forms_admin import InviteForm, RoleForm
from accounts.models import User
from accounts.services import factors, grants, homes, leaving, users
from accounts.services.grants import NotAllowed
from accounts.views import bp
from accounts.views.guards import again_first, step_up_first
from core import mail
from core.access import Permission, requires, signed_in
from core.db import db
from core.ids import Id
from core.paging import page_number


@bp.get("/admin/users")
@requires(Permission.ACCOUNT_MANAGE)
def user_list() -> ResponseReturnValue:
    state = request.args.get("state", "")
    rows, page = users.listed(signed_in(), state=state, page=page_number(request.args.get("page")))
    held = users.memberships_of(row.id for row in rows)
    return render_template("accounts/users.html", people=rows, held=held, page=page, state=state, states=users.STATES)


@bp.route("/admin/users/invite", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_MANAGE)
@step_up_first
def invite() -> ResponseReturnValue:
    actor, form = signed_in(), InviteForm()
    form.offer(actor)
    if form.validate_on_submit():
        try:
            user, _ = users.invite(actor, name=form.name.data or "", email=form.email.data or "", grant=form.grant())
        except NotAllowed as refusal:
            form.refuse(str(refusal))
        else:
            flash("Invitation sent. The link in it works for 72 hours.", "success")
            return redirect(url_for("accounts.user", user_id=user.id))
    return render_template("accounts/invite.html", form=form, mail_works=mail.reaches_people())


@bp.get("/admin/users/<id:user_id>")
@requires(Permission.ACCOUNT_MANAGE)
def user(user_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    person = users.find(actor, user_id)
    held = users.memberships_of([person.id])[person.id]
    sponsor = db.session.scalar(select(User.name).where(User.id == person.sponsor_id)) if person.sponsor_id else ""
    kinds = [KINDS[factor.kind] for factor in factors.of(person.id)]
    return render_template(
        "accounts/user.html", person=person, held=held, is_self=person.id == actor.user_id, sponsor=sponsor,
        is_sponsor=person.sponsor_id == actor.user_id, factors=", ".join(kinds),
    )  # fmt: skip


@bp.route("/admin/users/<id:user_id>/role", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_MANAGE)
@step_up_first
def give_role(user_id: Id) -> ResponseReturnValue:
    actor, form = signed_in(), RoleForm()
    person = users.find(actor, user_id)
    form.offer(actor)
    if form.validate_on_submit():
        try:
            given = grants.propose(actor, person, form.grant())
        except NotAllowed as refusal:
            form.refuse(str(refusal))
        else:
            flash("Role given." if given.is_active else "Role proposed. It waits for a second person.", "success")
            return redirect(url_for("accounts.user", user_id=person.id))
    return render_template("accounts/give_role.html", form=form, person=person)


KINDS = {FactorKind.PASSKEY.value: "Passkey", FactorKind.APP.value: "Authenticator app"}
ACTS = {
    "suspend": (users.suspend, "Account suspended. Its sessions have ended."),
    "restore": (users.restore, "Account opened again."),
    "invite-again": (users.invite_again, "New invitation sent. The old link no longer works."),
    "sign-out": (users.sign_out, "Signed out everywhere."),
    "remove-home": (homes.remove, "Home postcode removed."),
    "sponsor": (leaving.become_sponsor, "You now vouch for this person."),
}
# It gives roles back. What shuts somebody out waits for nothing.
ASKS_AGAIN = {"restore"}


@bp.post("/admin/users/<id:user_id>/<act>")
@requires(Permission.ACCOUNT_MANAGE)
def act_on_user(user_id: Id, act: str) -> ResponseReturnValue:
    if act not in ACTS:
        abort(404)
    actor = signed_in()
    person = users.find(actor, user_id)
    if act in ASKS_AGAIN and (first := again_first(url_for("accounts.user", user_id=user_id))):
        return first
    carry_out, done = ACTS[act]
    try:
        carry_out(actor, person)
    except NotAllowed as refusal:
        return _refused(str(refusal), url_for("accounts.user", user_id=user_id))
    flash(done, "success")
    return redirect(url_for("accounts.user", user_id=user_id))


@bp.post("/admin/memberships/<id:membership_id>/end")
@requires(Permission.ACCOUNT_MANAGE)
def end_role(membership_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    back = url_for("accounts.user", user_id=grants.find_managed(actor, membership_id).user_id)
    if first := again_first(back):
        return first
    try:
        grants.end(actor, membership_id)
    except NotAllowed as refusal:
        return _refused(str(refusal), back)
    flash("Role ended.", "success")
    return redirect(back)


def _refused(why: str, back: str) -> ResponseReturnValue:
    """A rule forbids it: say which. Not a redirect, so that nothing of the request is kept."""
    return render_template("accounts/not_allowed.html", why=why, back=back), 409
