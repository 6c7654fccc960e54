"""Passkeys, authenticator app, recovery codes, organisations' accounts: set up before the first act, kept by their owner."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from accounts.credentials import FactorKind, Proof
from accounts.forms import (
    AddAppForm,
    AddPasskeyForm,
    NameForm,
    OtherContactForm,
    PasskeyForm,
    PlainForm,
    refuse_foreign_next,
)
from accounts.models import User
from accounts.server_session import server_session
from accounts.services import (
    challenges,
    factors,
    identities,
    letters,
    own_account,
    passkeys,
    recovery_codes,
    sign_in,
    totp,
)
from accounts.services.challenges import Stale
from accounts.services.providers import providers
from accounts.views import bp
from accounts.views.entering import leads
from accounts.views.framing import lets_providers
from accounts.views.guards import again_first, passkey_first, step_up_first
from core.access import Door, find_actor, requires, signed_in
from core.db import db
from core.ids import Id

SEED, SEED_SECONDS = "authenticator-seed", 1800


@bp.get("/account/security")
@requires(Door.SELF)
def security() -> ResponseReturnValue:
    actor = signed_in()
    page = render_template(
        "accounts/security.html", held=factors.of(actor.user_id), codes_left=recovery_codes.left(actor.user_id),
        identities=identities.of(actor.user_id), providers=providers(), needs_passkey=factors.needs_passkey(actor.user_id),
        person=db.session.get_one(User, actor.user_id), link_form=PasskeyForm(formdata=None),
    )  # fmt: skip
    return lets_providers(page)


@bp.get("/sign-in/set-up")
@requires(Door.PUBLIC)
def set_up() -> ResponseReturnValue:
    """Everyone has two factors: someone without a second one chooses it here before they can do anything else."""
    refuse_foreign_next()
    user = sign_in.waiting_user()
    if user is None:
        return redirect(leads("accounts.enter"))
    return render_template(
        "accounts/set_up.html", needs_passkey=factors.needs_passkey(user.id), to_passkey=leads("accounts.add_passkey"),
        to_app=leads("accounts.add_app"), has_app=factors.app_of(user.id) is not None,
    )  # fmt: skip


def _enrolling() -> tuple[User | None, ResponseReturnValue | None]:
    """Who adds a factor: somebody who has just proved it again, or somebody who has none yet.

    A password alone adds nothing to an account that has a second factor, nor a code to one whose role needs a passkey
    and that has one.
    """
    refuse_foreign_next()
    user = sign_in.waiting_user()
    if user is None:
        return None, redirect(leads("accounts.enter"))
    if find_actor() is not None:
        return user, again_first() or passkey_first(user.id)
    if server_session().proof is Proof.FIRST:
        return (None, redirect(leads("accounts.second"))) if factors.of(user.id) else (user, None)
    # Signed in, on the way to a role that needs more than was proved.
    if passkey_first(user.id) is not None:
        return None, redirect(leads("accounts.second"))
    if not server_session().stepped_up_within():
        flash("Sign in again to add a factor.", "error")
        return None, redirect(leads("accounts.enter"))
    return user, None


@bp.route("/account/passkeys/add", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def add_passkey() -> ResponseReturnValue:
    user, elsewhere = _enrolling()
    if user is None or elsewhere is not None:
        return elsewhere or redirect("/")
    form = AddPasskeyForm()
    if form.validate_on_submit() and _added(user, form):
        return _enrolled(user.id, Proof.PASSKEY, form.way_on)
    user = sign_in.waiting_user() or user
    if not form.name.data:
        form.name.data = own_account.browser_here()
    return render_template("accounts/add_passkey.html", form=form, ceremony=passkeys.to_add(user))


def _added(user: User, form: AddPasskeyForm) -> bool:
    if not form.is_answered:
        form.name.errors = ["Your browser has to run JavaScript to add a passkey. Try again, or use another browser"]
        return False
    try:
        passkeys.add(
            user, token=form.token.data or "", credential=form.credential.data or "", name=form.name.data or ""
        )
    except (passkeys.Unproved, Stale):
        form.name.errors = ["We could not add that passkey. Try again"]
        return False
    return True


def _enrolled(user_id: Id, proof: Proof, way_on: str) -> ResponseReturnValue:
    """What was just added proves its owner too: the first one signs them in."""
    user, current = db.session.get_one(User, user_id), server_session()
    flash("Passkey added." if proof is Proof.PASSKEY else "Authenticator app added.", "success")
    if current.proof is Proof.FIRST:
        sign_in.begin(user, proof)
        return redirect(url_for("accounts.make_codes"))
    current.strengthen(proof) if proof is Proof.PASSKEY else current.step_up()
    return redirect(way_on or url_for("accounts.security"))


@bp.route("/account/authenticator/add", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def add_app() -> ResponseReturnValue:
    user, elsewhere = _enrolling()
    if user is None or elsewhere is not None:
        return elsewhere or redirect("/")
    form = AddAppForm()
    seed = _seed(form, user)
    if form.validate_on_submit():
        before = factors.app_of(user.id)
        added = totp.add(user, seed=seed, code=form.code.data or "", name=form.name.data or "") if not before else None
        if added is not None:
            return _enrolled(user.id, Proof.CODE, form.way_on)
        form.code.errors = [
            "Remove the app that you have first" if before else "Check the code, and your phone’s clock"
        ]
    if not form.name.data:
        form.name.data = "Authenticator app"
    words = totp.address(seed, user.email, letters.service_name())
    return render_template("accounts/add_app.html", form=form, seed=seed, picture=totp.picture(words))


def _seed(form: AddAppForm, user: User) -> str:
    """The seed of this page: the one it showed before, or a new one."""
    try:
        return challenges.read(form.seed.data or "", SEED, user.id, SEED_SECONDS)
    except Stale:
        seed = totp.new_seed()
        form.seed.data = challenges.make(SEED, user.id, seed)
        return seed


@bp.route("/account/recovery-codes", methods=["GET", "POST"])
@requires(Door.SELF)
@step_up_first
def make_codes() -> ResponseReturnValue:
    """Shown in the answer that makes them (201: kept, though it is a page), and never again."""
    actor, form = signed_in(), PlainForm()
    stopped = passkey_first(actor.user_id)
    if stopped is not None:
        return stopped
    if form.validate_on_submit():
        return render_template("accounts/recovery_codes_made.html", codes=recovery_codes.make(actor)), 201
    return render_template("accounts/recovery_codes.html", form=form, left=recovery_codes.left(actor.user_id))


@bp.route("/account/factors/<id:factor_id>/name", methods=["GET", "POST"])
@requires(Door.SELF)
def name_factor(factor_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    factor, form = factors.find(actor, factor_id), NameForm()
    if form.validate_on_submit():
        factors.rename(actor, factor, form.name.data or "")
        flash("Name saved.", "success")
        return redirect(url_for("accounts.security"))
    if not form.is_submitted():
        form.name.data = factor.name
    return render_template("accounts/name_factor.html", form=form, is_passkey=factor.kind == FactorKind.PASSKEY)


@bp.post("/account/factors/<id:factor_id>/remove")
@requires(Door.SELF)
@step_up_first
def remove_factor(factor_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    try:
        factors.remove(actor, factors.find(actor, factor_id))
    except factors.CannotRemove as refusal:
        return render_template("accounts/not_allowed.html", why=str(refusal), back=url_for("accounts.security")), 409
    flash("Removed. Your other devices are signed out.", "success")
    return redirect(url_for("accounts.security"))


@bp.post("/account/identities/<id:identity_id>/remove")
@requires(Door.SELF)
@step_up_first
def remove_identity(identity_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    try:
        identities.remove(actor, identity_id)
    except factors.CannotRemove as refusal:
        return render_template("accounts/not_allowed.html", why=str(refusal), back=url_for("accounts.security")), 409
    flash("That account no longer signs you in.", "success")
    return redirect(url_for("accounts.security"))


@bp.route("/account/other-contact", methods=["GET", "POST"])
@requires(Door.SELF)
@step_up_first
def other_contact() -> ResponseReturnValue:
    actor, form = signed_in(), OtherContactForm()
    if form.validate_on_submit():
        own_account.set_other_contact(actor, form.other_email.data or "")
        flash("Saved.", "success")
        return redirect(url_for("accounts.security"))
    if not form.is_submitted():
        form.other_email.data = db.session.get_one(User, actor.user_id).other_email
    return render_template("accounts/other_contact.html", form=form)
