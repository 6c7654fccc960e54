"""One's own account: roles held, signed-in devices, password; and staying signed in."""

from flask import flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from accounts.forms import ChangePasswordForm
from accounts.models import User
from accounts.server_session import server_session
from accounts.services import own_account, sign_in
from accounts.services.memberships import ways_of
from accounts.views import bp
from accounts.views.guards import step_up_first
from core.access import Actor, Door, requires, signed_in
from core.db import db


@bp.get("/account")
@requires(Door.SELF)
def account() -> ResponseReturnValue:
    actor = signed_in()
    person = db.session.execute(select(User.name, User.email, User.home_given_on).where(User.id == actor.user_id)).one()
    return render_template(
        "accounts/account.html",
        person=person,
        ways=ways_of(actor.user_id),
        devices=own_account.devices_of(actor),
    )


@bp.get("/account/stay")
@requires(Door.SELF)
def stay() -> ResponseReturnValue:
    """The time-out warning asks for this: being asked for is what keeps the session."""
    server_session().touch()
    return "", 204


@bp.post("/account/devices/<ref>/end")
@requires(Door.SELF)
@step_up_first
def end_device(ref: str) -> ResponseReturnValue:
    if own_account.end_device(signed_in(), ref):
        flash("That device is signed out.", "success")
    return redirect(url_for("accounts.account"))


@bp.post("/account/sign-out-everywhere")
@requires(Door.SELF)
@step_up_first
def sign_out_everywhere() -> ResponseReturnValue:
    """Every device, this one too."""
    own_account.end_everywhere(signed_in(), but_here=False)
    session.clear()
    sign_in.clear_browser()
    return redirect(url_for("accounts.signed_out"))


@bp.route("/account/password", methods=["GET", "POST"])
@requires(Door.SELF)
def change_password() -> ResponseReturnValue:
    actor = signed_in()
    form = ChangePasswordForm()
    form.own_words = _own_words(actor)
    if form.validate_on_submit():
        key = own_account.change_password(actor, form.old_password.data or "", form.new_password.data or "")
        if key is not None:
            session["_user_id"] = key
            server_session().renew_id()
            flash("Your password is changed. Your other devices are signed out.", "success")
            return redirect(url_for("accounts.account"))
        form.old_password.errors = ["Check your current password"]
    return render_template("accounts/change_password.html", form=form)


def _own_words(actor: Actor) -> tuple[str, ...]:
    email = db.session.scalar(select(User.email).where(User.id == actor.user_id)) or ""
    return own_account.own_words(actor.name, email)
