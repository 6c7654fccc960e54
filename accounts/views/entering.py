"""Signing in and out: the password, then the second factor, or a passkey alone; and proving it again."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from accounts.credentials import Factor, FactorKind, Proof
from accounts.forms import (
    WRONG,
    CodeForm,
    LeadingForm,
    PasskeyForm,
    PasswordAgainForm,
    RecoveryForm,
    SignInForm,
    refuse_foreign_next,
)
from accounts.models import User
from accounts.server_session import server_session
from accounts.services import factors, passkeys, recovery_codes, sign_in, totp
from accounts.services.challenges import Stale
from accounts.services.memberships import as_actor
from accounts.services.providers import providers
from accounts.views import bp
from accounts.views.framing import lets_providers
from core.access import Door, find_actor, requires, signed_in
from core.db import begin_writing, db

NO_PASSKEY = "We could not use that passkey. Try again, or sign in another way"
WRONG_CODE = "Check the code. Each works once, and for about 30 seconds"


def leads(endpoint: str, form: LeadingForm | None = None) -> str:
    """An address of this file that carries the page somebody wanted."""
    wanted = form.way_on if form else request.args.get("next", "")
    return url_for(endpoint, next=wanted) if wanted else url_for(endpoint)


@bp.route("/sign-in", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def enter() -> ResponseReturnValue:
    form = SignInForm()
    if request.method == "GET" and find_actor() is not None:
        return redirect(form.way_on or "/")
    if form.validate_on_submit():
        user = sign_in.check(form.email.data or "", form.password.data or "")
        if user is not None:
            sign_in.begin(user, Proof.FIRST)
            return redirect((form.way_on or "/") if sign_in.is_demonstration() else leads("accounts.second", form))
        form.email.errors = [WRONG]
    return _door(form)


def _door(form: SignInForm) -> ResponseReturnValue:
    page = render_template(
        "accounts/sign_in.html", form=form, ceremony=passkeys.to_enter(), passkey=PasskeyForm(formdata=None),
        providers=providers(),
    )  # fmt: skip
    return lets_providers(page)


@bp.post("/sign-in/passkey")
@requires(Door.PUBLIC)
def enter_by_passkey() -> ResponseReturnValue:
    """A passkey that verified its user is both factors at once. It also finishes a sign-in that began with a password."""
    form = PasskeyForm()
    user = _by_passkey(form)
    if user is None:
        failed = SignInForm(formdata=None)
        failed.email.errors = [NO_PASSKEY]
        return _door(failed)
    sign_in.begin(user, Proof.PASSKEY)
    return redirect(form.way_on or "/")


def _by_passkey(form: PasskeyForm, user: User | None = None, purpose: str = passkeys.ENTER) -> User | None:
    """Whose passkey the form holds; a wrong one is in the trail."""
    user_id = user.id if user else None
    if not form.validate_on_submit() or not form.is_answered:
        return None
    try:
        return passkeys.enter(
            token=form.token.data or "", credential=form.credential.data or "", user_id=user_id, purpose=purpose
        )
    except (passkeys.Unproved, Stale):
        begin_writing()
        sign_in.note_failure(db.session.get(User, user_id) if user_id else None, "passkey")
        return None


@bp.route("/sign-in/code", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def second() -> ResponseReturnValue:
    """The second factor of someone whose password was right, or the passkey that their role asks for."""
    refuse_foreign_next()
    user = sign_in.waiting_user()
    if user is None:
        return redirect(leads("accounts.enter"))
    if find_actor() is not None:
        return redirect(CodeForm().way_on or "/")
    held = factors.of(user.id)
    way = _missing(held)
    if way:
        return redirect(leads(way))
    if "credential" in request.form:
        return _second_by_passkey(user, held)
    form = CodeForm()
    if _takes_code(held) and form.validate_on_submit():
        if totp.enter(user, form.code.data or ""):
            sign_in.begin(db.session.get_one(User, user.id), Proof.CODE)
            return redirect(form.way_on or "/")
        form.code.errors = [WRONG_CODE]
    return _second_page(user, held, form)


def _missing(held: Sequence[Factor]) -> str:
    """What has to be set up before this person can go on; nothing where a factor can be asked for."""
    has_passkey = any(factor.kind == FactorKind.PASSKEY for factor in held)
    proof = server_session().proof
    if proof is Proof.FIRST:
        return "" if held else "accounts.set_up"
    # Who came by a recovery code has lost their passkey: they add a new one.
    return "" if has_passkey and proof is not Proof.RECOVERY else "accounts.set_up"


def _takes_code(held: Sequence[Factor]) -> bool:
    """A code is the second factor; who has given one already and is here again needs the passkey of their role."""
    return server_session().proof is Proof.FIRST and any(factor.kind == FactorKind.APP for factor in held)


def _second_by_passkey(user: User, held: Sequence[Factor]) -> ResponseReturnValue:
    form = PasskeyForm()
    found = _by_passkey(form, user)
    if found is None:
        failed = CodeForm(formdata=None)
        failed.code.errors = [NO_PASSKEY]
        user = sign_in.waiting_user() or user
        return _second_page(user, factors.of(user.id), failed)
    sign_in.begin(found, Proof.PASSKEY)
    return redirect(form.way_on or "/")


def _second_page(user: User, held: Sequence[Factor], form: CodeForm) -> ResponseReturnValue:
    has_passkey = any(factor.kind == FactorKind.PASSKEY for factor in held)
    return render_template(
        "accounts/second.html", form=form, takes_code=_takes_code(held), passkey=PasskeyForm(formdata=None),
        ceremony=passkeys.to_enter(user.id) if has_passkey else None,
        for_role=server_session().proof is not Proof.FIRST, recovery=leads("accounts.recovery"),
    )  # fmt: skip


@bp.route("/sign-in/recovery", methods=["GET", "POST"])
@requires(Door.PUBLIC)
def recovery() -> ResponseReturnValue:
    """A recovery code instead of the second factor."""
    form, user = RecoveryForm(), sign_in.waiting_user()
    if user is None or server_session().proof is not Proof.FIRST:
        return redirect(leads("accounts.enter"))
    if form.validate_on_submit():
        if recovery_codes.enter(user, form.code.data or ""):
            sign_in.begin(db.session.get_one(User, user.id), Proof.RECOVERY)
            flash("You used a recovery code. Remove what you have lost, and add another factor.", "success")
            return redirect(url_for("accounts.security"))
        form.code.errors = ["Check the code. Each works once"]
    return render_template("accounts/recovery.html", form=form)


@bp.route("/sign-in/again", methods=["GET", "POST"])
@requires(Door.SELF)
def again() -> ResponseReturnValue:
    """Before a risky act: the second factor, or in a demonstration the password (SETTLED 35)."""
    actor = signed_in()
    form: LeadingForm = PasswordAgainForm() if sign_in.is_demonstration() else CodeForm()
    if "credential" in request.form:
        form, proved = _again_by_passkey(form)
    else:
        proved = _given_again(form)
    if proved is not None:
        sign_in.stepped_up(actor, proved)
        return redirect(form.way_on or "/")
    held = factors.of(actor.user_id)
    has_passkey = any(factor.kind == FactorKind.PASSKEY for factor in held)
    page = render_template(
        "accounts/again.html", form=form, by_password=sign_in.is_demonstration(),
        takes_code=any(factor.kind == FactorKind.APP for factor in held), passkey=PasskeyForm(formdata=None),
        ceremony=passkeys.to_enter(actor.user_id, passkeys.AGAIN) if has_passkey else None,
        providers=providers() if server_session().proof is Proof.ORGANISATION else [],
    )  # fmt: skip
    return lets_providers(page)


def _again_by_passkey(other: LeadingForm) -> tuple[LeadingForm, Proof | None]:
    form = PasskeyForm()
    user = sign_in.waiting_user()
    if user is not None and _by_passkey(form, user, passkeys.AGAIN) is not None:
        return form, Proof.PASSKEY
    failed = type(other)(formdata=None)
    first = failed.password if isinstance(failed, PasswordAgainForm) else failed.code
    first.errors = [NO_PASSKEY]
    return failed, None


def _given_again(form: LeadingForm) -> Proof | None:
    """What the form proves; its field says what is wrong with it."""
    user_id = signed_in().user_id
    if not form.validate_on_submit():
        return None
    if isinstance(form, PasswordAgainForm):
        if sign_in.check_again(user_id, form.password.data or ""):
            return Proof.DEMONSTRATION
        form.password.errors = ["Check your password"]
    elif isinstance(form, CodeForm):
        if totp.enter_again(user_id, form.code.data or ""):
            return Proof.CODE
        form.code.errors = [WRONG_CODE]
    return None


@bp.post("/sign-out")
@requires(Door.PUBLIC)
def leave() -> ResponseReturnValue:
    user = sign_in.waiting_user()
    sign_in.end(find_actor() or (as_actor(user) if user else None))
    session.clear()
    return redirect(url_for("accounts.signed_out"))
