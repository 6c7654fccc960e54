"""Forms of signing in and of accounts; every message says what to do."""

from typing import Any

from flask import abort, request
from flask_security.forms import LoginForm, VerifyForm
from flask_security.utils import validate_redirect_url
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, RadioField
from wtforms.validators import InputRequired, Length, ValidationError

from accounts.services import passwords, sign_in
from accounts.services.memberships import Way
from accounts.sessions import server_session
from audit.models import Event
from audit.services import record
from core.access import signed_in

WRONG = "Check your email address and password"


def local_path(address: Any) -> str:
    """Where to go afterwards: only a path of this service."""
    text = address if isinstance(address, str) else ""
    return text if text.startswith("/") and validate_redirect_url(text) and not text.startswith(("//", "/\\")) else ""


def refuse_foreign_next() -> None:
    """A link that would lead away from this service, or a sign-in as JSON, is nobody's honest click."""
    if request.is_json:
        abort(400)
    for source in (request.args, request.form):
        wanted = source.get("next", "")
        if wanted and not local_path(wanted):
            abort(400)


class SignInForm(LoginForm):
    """E-mail and password. There is no "remember me": a posted one is not a field and gives nothing (SETTLED 34)."""

    remember = None  # type: ignore[assignment]
    submit = None  # type: ignore[assignment]
    email = EmailField(
        "Email address",
        [InputRequired("Enter your email address")],
        render_kw={"autocomplete": "username", "spellcheck": "false"},
    )
    password = PasswordField(
        "Password", [InputRequired("Enter your password")], render_kw={"autocomplete": "current-password"}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        refuse_foreign_next()
        super().__init__(*args, **kwargs)
        self.password.description = ""

    def validate(self, **kwargs: Any) -> bool:
        if not FlaskForm.validate(self, **kwargs):
            return False
        self.user = sign_in.check(self.email.data or "", self.password.data or "")
        if self.user is None:
            self.email.errors = [WRONG]
        return self.user is not None


class SignInAgainForm(VerifyForm):
    """The password again, before an act that asks for it."""

    submit = None  # type: ignore[assignment]
    password = PasswordField(
        "Password", [InputRequired("Enter your password")], render_kw={"autocomplete": "current-password"}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        refuse_foreign_next()
        super().__init__(*args, **kwargs)

    def validate(self, **kwargs: Any) -> bool:
        if not FlaskForm.validate(self, **kwargs):
            return False
        actor = signed_in()
        if not sign_in.check_again(actor.user_id, self.password.data or ""):
            self.password.errors = ["Check your password"]
            return False
        server_session().step_up()
        record(Event.STEPPED_UP, actor)
        return True


class PlainForm(FlaskForm):
    """A button alone. The forms here hash or sign in before they write, so they carry no one-time key."""


class ChooseRoleForm(PlainForm):
    way = RadioField("Which role are you working in?", [InputRequired("Choose which role you are working in")])

    def offer(self, ways: list[Way], last_used: str | None) -> None:
        self.way.choices = [(way.id, way.words) for way in ways]
        setattr(self.way, "choice_hints", {last_used: "You used this last"})  # noqa: B010 (a name of our macros)


class ResetForm(PlainForm):
    email = EmailField(
        "Email address",
        [InputRequired("Enter your email address"), Length(max=254, message="Enter an email address")],
        render_kw={"autocomplete": "username", "spellcheck": "false"},
    )


class NewPasswordForm(PlainForm):
    """Choosing a password, by invitation or reset. It is asked for once: it can be shown while it is typed."""

    own_words: tuple[str, ...] = ()
    new_password = PasswordField(
        "Choose a password",
        [InputRequired("Enter a password")],
        description="Use 12 characters or more. Three words that do not belong together work well. You can paste one "
        "from a password manager",
        render_kw={"autocomplete": "new-password"},
    )

    def validate_new_password(self, field: PasswordField) -> None:
        wrong = passwords.what_is_wrong(field.data or "", self.own_words)
        if wrong:
            raise ValidationError(wrong)


class ChangePasswordForm(NewPasswordForm):
    old_password = PasswordField(
        "Your current password",
        [InputRequired("Enter your current password")],
        render_kw={"autocomplete": "current-password"},
    )
