"""The e-mails of accounts: no personal data, one link at most, plain text (PAGES 5.6)."""

from flask import current_app

from accounts.models import User
from core import mail

DO_NOT_REPLY = "Do not reply to this e-mail."


def service_name() -> str:
    organisation = current_app.extensions.get("organisation") or {}
    return str(organisation.get("service") or "Young Futures Prevention Panels")


def _send(user: User, subject: str, *paragraphs: str) -> None:
    text = "\n\n".join([*paragraphs, service_name(), DO_NOT_REPLY]) + "\n"
    mail.send(mail.Letter(user.email, subject, text))


def invitation(user: User, agency: str, link: str) -> None:
    _send(
        user,
        f"You have been invited to {service_name()}",
        f"{agency or 'The partnership'} asked us to set up an account for you. The link works for 72 hours. "
        "If you were not expecting this, tell us.",
        link,
    )


def reset(user: User, link: str) -> None:
    _send(
        user,
        "Reset your password",
        "Someone asked to reset the password of your account. The link works for 1 hour. "
        "If it was not you, you need do nothing: your password has not changed.",
        link,
    )


def password_changed(user: User) -> None:
    _send(
        user,
        "Your password was changed",
        "The password of your account has just been changed, and other devices were signed out. "
        "If it was not you, tell us at once.",
    )


def role_ready(user: User) -> None:
    _send(user, "You have a new role", "A role was added to your account. Sign in to use it.", home())


def home() -> str:
    return f"{current_app.extensions['settings'].public_url}/"
