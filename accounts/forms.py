"""Forms of signing in and of one's own account; every message says what to do."""

from typing import Any
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from flask import abort, request
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, RadioField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from accounts.services import passwords
from accounts.services.memberships import Way
from core.formats import tidy_postcode
from core.forms import note_refusal

WRONG = "Check your email address and password"


def local_path(address: Any) -> str:
    """Where to go afterwards: only a path of this service."""
    text = address if isinstance(address, str) else ""
    plain = text.isprintable() and "\\" not in text and not text.startswith("//")
    parts = urlsplit(text) if plain else None
    return text if parts and text.startswith("/") and not parts.scheme and not parts.netloc else ""


def refuse_foreign_next() -> None:
    """A link that would lead away from this service, or a sign-in as JSON, is nobody's honest click."""
    if request.is_json:
        abort(400)
    for source in (request.args, request.form):
        wanted = source.get("next", "")
        if wanted and not local_path(wanted):
            abort(400)


class PlainForm(FlaskForm):
    """A button alone. The forms here hash or sign in before they write, so they carry no one-time key."""

    def validate(self, extra_validators: Any = None) -> bool:
        return note_refusal(self, bool(super().validate(extra_validators)))


class LeadingForm(PlainForm):
    """A form that leads back to the page somebody wanted."""

    next = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        refuse_foreign_next()
        super().__init__(*args, **kwargs)
        if not self.next.data:
            self.next.data = request.args.get("next", "")

    @property
    def way_on(self) -> str:
        return local_path(self.next.data)


class SignInForm(LeadingForm):
    """E-mail and password. There is no "remember me": a posted one is not a field and gives nothing (SETTLED 34)."""

    email = EmailField(
        "Email address",
        [InputRequired("Enter your email address")],
        render_kw={"autocomplete": "username", "spellcheck": "false"},
    )
    password = PasswordField(
        "Password", [InputRequired("Enter your password")], render_kw={"autocomplete": "current-password"}
    )


class PasswordAgainForm(LeadingForm):
    """The password again, before an act that asks for it: in a demonstration."""

    password = PasswordField(
        "Password", [InputRequired("Enter your password")], render_kw={"autocomplete": "current-password"}
    )


class CodeForm(LeadingForm):
    code = StringField(
        "Security code",
        [InputRequired("Enter the code from your authenticator app"), Length(max=12, message="Enter 6 digits")],
        description="6 digits, from your authenticator app",
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "govuk-input--width-10"},
    )


class RecoveryForm(LeadingForm):
    code = StringField(
        "Recovery code",
        [InputRequired("Enter a recovery code"), Length(max=60, message="Enter one recovery code")],
        description="One of the ten that you kept: letters and digits in groups of four",
        render_kw={"autocomplete": "off", "spellcheck": "false", "class": "govuk-input--width-30"},
    )


class PasskeyForm(LeadingForm):
    """Filled by the script: what the authenticator answered, and the challenge it answers."""

    credential = HiddenField()
    token = HiddenField()

    @property
    def is_answered(self) -> bool:
        return bool(self.credential.data and self.token.data) and len(self.credential.data or "") < 20_000


def _named(label: str) -> StringField:
    return StringField(
        label, [InputRequired("Enter a name"), Length(max=60, message="Use 60 characters or fewer")],
        description="So that you know it in a list, such as “Work laptop”",
        render_kw={"autocomplete": "off", "class": "govuk-input--width-20"},
    )  # fmt: skip


class AddPasskeyForm(PasskeyForm):
    name = _named("What will you call this passkey?")


class NameForm(PlainForm):
    name = _named("What will you call it?")


class AddAppForm(CodeForm):
    """``seed`` travels signed, so that the page can show the same one again after a wrong code."""

    seed = HiddenField()
    name = _named("What will you call this app?")


class OtherContactForm(PlainForm):
    other_email = EmailField(
        "Whom should we tell as well?",
        [Length(max=254, message="Enter a shorter email address")],
        description="A second work email address, or your manager’s. We write to it when your account is given back "
        "to you after a lost device. Leave it empty for nobody",
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )

    def validate_other_email(self, field: EmailField) -> None:
        if not field.data:
            return
        try:
            validate_email(field.data, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            raise ValidationError("Enter an email address like name@agency.org.uk") from None


def _postcode(label: str, filled_by: str) -> StringField:
    return StringField(
        label, [InputRequired("Enter a postcode, like RG1 2AB"), Length(max=12, message="Enter a postcode, like RG1 2AB")],
        render_kw={"autocomplete": filled_by, "spellcheck": "false", "class": "govuk-input--width-10"},
    )  # fmt: skip


class HomeForm(PlainForm):
    """Where a member of staff lives, asked of an administrator. It is shown to nobody afterwards."""

    postcode = _postcode("What is their home postcode?", "off")

    def validate_postcode(self, field: StringField) -> None:
        tidy = tidy_postcode(field.data)
        if tidy is None:
            raise ValidationError("Enter a postcode, like RG1 2AB")
        field.data = tidy


class OwnHomeForm(HomeForm):
    postcode = _postcode("What is your home postcode?", "postal-code")


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


# Made before the new one, because a form's errors come in the order in which its fields were made.
_CURRENT_PASSWORD = PasswordField(
    "Your current password",
    [InputRequired("Enter your current password")],
    render_kw={"autocomplete": "current-password"},
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
    old_password = _CURRENT_PASSWORD
