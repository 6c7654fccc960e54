"""Pages before anyone acts: choosing how to work, setting up an account, resetting a password, having signed out."""

from flask import Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts import demonstration
from accounts.acting import is_enough
from accounts.credentials import Proof
from accounts.forms import ChooseRoleForm, NewPasswordForm, PasskeyForm, ResetForm, local_path, refuse_foreign_next
from accounts.models import Membership, User
from accounts.server_session import server_session
from accounts.services import links, own_account, sign_in
from accounts.services.memberships import ways_of
from accounts.services.providers import providers
from accounts.views import bp
from accounts.views.entering import leads
from accounts.views.framing import lets_providers
from core.access import Door, requires
from core.db import db


@bp.route("/account/choose-role", methods=["GET", "POST"])
@bp.route("/account/role", methods=["GET", "POST"], endpoint="change_role")
@requires(Door.PUBLIC)
def choose_role() -> ResponseReturnValue:
    """For someone who has signed in and holds several memberships (or none); visitors are sent to sign in."""
    refuse_foreign_next()
    person, current = sign_in.waiting_user(), server_session()
    if person is None:
        return redirect(leads("accounts.enter"))
    ways, form = ways_of(person.id), ChooseRoleForm()
    # A second factor is still to come, or the role that was chosen asks for a passkey: that first.
    chosen = next((way for way in ways if way.id == current.membership_id), None)
    stuck = chosen and not is_enough(current.proof, chosen.role) and request.endpoint == "accounts.choose_role"
    if current.proof is Proof.FIRST or stuck:
        return redirect(leads("accounts.second"))
    if not ways:
        return render_template("accounts/no_role.html", person=person)
    form.offer(ways, server_session().membership_id)
    if form.validate_on_submit():
        sign_in.choose(person, db.session.get_one(Membership, form.way.data))
        return redirect(local_path(request.args.get("next")) or "/")
    return render_template("accounts/choose_role.html", form=form)


@bp.get("/signed-out")
@requires(Door.PUBLIC)
def signed_out() -> ResponseReturnValue:
    return render_template("accounts/signed_out.html")


@bp.route("/forgotten-password", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def forgotten_password() -> ResponseReturnValue:
    """The same answer whether or not the address is known."""
    form = ResetForm()
    if form.validate_on_submit():
        own_account.ask_for_reset(form.email.data or "")
        return redirect(url_for("accounts.reset_asked"))
    return render_template("accounts/forgotten_password.html", form=form)


@bp.get("/forgotten-password/sent")
@requires(Door.PUBLIC)
def reset_asked() -> ResponseReturnValue:
    return render_template("accounts/reset_asked.html")


@bp.route("/invitation/<token>", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def invitation(token: str) -> ResponseReturnValue:
    return _by_link(token, links.INVITATION)


@bp.route("/reset-password/<token>", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def reset_password(token: str) -> ResponseReturnValue:
    return _by_link(token, links.RESET)


def _by_link(token: str, kind: str) -> ResponseReturnValue:
    """Opening shows a form and spends nothing; sending the form uses the link up."""
    link = links.find(token, kind)
    if link is None:
        return _no_link(kind)
    user = db.session.get_one(User, link.user_id)
    form = NewPasswordForm()
    form.own_words = own_account.own_words(user.name, user.email)
    if form.validate_on_submit():
        db.session.rollback()
        if own_account.use_link(token, kind, form.new_password.data or "") is None:
            return _no_link(kind)
        flash("Your password is set. Sign in with it.", "success")
        return redirect(url_for("accounts.enter"))
    page = render_template(
        f"accounts/{kind}.html", form=form, person=user, token=token, providers=providers(),
        passkey=PasskeyForm(formdata=None),
    )  # fmt: skip
    return lets_providers(page)


def _no_link(kind: str) -> ResponseReturnValue:
    return render_template("accounts/link_spent.html", kind=kind), 410


def init_app(app: Flask) -> None:
    app.jinja_env.globals["demonstration_accounts"] = demonstration.accounts_by_role
