"""The e-mails of accounts, put into the outbox of this transaction: retried until they went (words: messages/letters.py)."""

from typing import Any

from flask import current_app

from accounts.models import User
from core import mail


def service_name() -> str:
    organisation: dict[str, Any] = current_app.extensions.get("organisation") or {}
    return str(organisation.get("service") or "Young Futures Prevention Panels")


def invitation(user: User) -> None:
    """The link is made anew when the letter leaves, so no link lies in the outbox (accounts/services/links.py)."""
    mail.keep("invitation", user_id=user.id)


def reset(user: User) -> None:
    mail.keep("reset", user_id=user.id)


def password_changed(user: User) -> None:
    mail.keep("password_changed", user_id=user.id)


def sign_in_changed(user: User, *, other_too: bool = False) -> None:
    """A second factor, an organisation's account or the recovery codes changed, or one was used."""
    mail.keep("sign_in_changed", user_id=user.id)
    if other_too and user.other_email:
        mail.keep("sign_in_changed", address=user.other_email)


def given_back(user: User) -> None:
    """After a lost device: the account is set up again by a link. The other contact is told, without the link."""
    mail.keep("given_back", user_id=user.id)
    if user.other_email:
        mail.keep("given_back_other", address=user.other_email)


def soon_suspended(user: User, days: int) -> None:
    mail.keep("soon_suspended", user_id=user.id, number=days)


def role_ready(user: User) -> None:
    mail.keep("role_ready", user_id=user.id)
