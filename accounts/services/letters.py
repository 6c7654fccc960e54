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


def sign_in_changed(user: User, *, other_too: bool = False) -> None:
    """A second factor, an organisation's account or the recovery codes changed, or one was used."""
    subject = "The way you sign in was changed"
    words = (
        "A passkey, an authenticator app, a recovery code or an organisation's account was just added to your account, "
        "removed from it or used. If it was not you, tell us at once."
    )
    _send(user, subject, words)
    if other_too:
        _send_other(user, subject, words)


def given_back(user: User, link: str) -> None:
    """After a lost device: the account is set up again by this link. The other contact is told, without the link."""
    words = (
        "You told us that you lost the device you sign in with, and somebody checked that it was you. Your old "
        "password, passkeys and codes no longer work."
    )
    _send(
        user,
        "Set up your account again",
        f"{words} The link works for 72 hours. If it was not you, tell us at once.",
        link,
    )
    _send_other(
        user, "An account was given back",
        "You are the other contact of somebody who uses this service. They told us that they lost the device they sign "
        "in with, and their account was given back to them. If you did not expect this, tell us at once.",
    )  # fmt: skip


def soon_suspended(user: User, days: int) -> None:
    _send(
        user, "Sign in to keep your account",
        f"You have not signed in for a long time. In {days} days your account will be suspended. Sign in once to keep it.",
        home(),
    )  # fmt: skip


def _send_other(user: User, subject: str, *paragraphs: str) -> None:
    if user.other_email:
        text = "\n\n".join([*paragraphs, service_name(), DO_NOT_REPLY]) + "\n"
        mail.send(mail.Letter(user.other_email, subject, text))


def role_ready(user: User) -> None:
    _send(user, "You have a new role", "A role was added to your account. Sign in to use it.", home())


def home() -> str:
    return f"{current_app.extensions['settings'].public_url}/"
