"""The words of every letter (PAGES 5.6): no child, reference, place or reason, and no link but the home page.

Three letters carry a one-time link instead: the invitation, the reset, and the account given back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from core.formats import MONTHS
from messages.kinds import Letter

DO_NOT_REPLY = "Do not reply to this e-mail."
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a letter may say: a day, two counts, whom to call; in an invitation the service and who asked for it."""

    by: date | None = None
    number: int = 0
    overdue: int = 0
    duty_number: str = ""
    service: str = ""
    agency: str = ""


def words_of(letter: Letter, facts: Facts) -> tuple[str, str]:
    """Subject and first paragraph."""
    return _WORDS[letter](facts)


def whole(paragraph: str, service: str, link: str) -> str:
    """``link``: the home page, or the one-time link of a letter that carries one."""
    return "\n\n".join([paragraph, link, service, DO_NOT_REPLY]) + "\n"


def named_day(value: date) -> str:
    """``Tuesday 24 November``."""
    return f"{DAYS[value.weekday()]} {value.day} {MONTHS[value.month - 1]}"


def _by(facts: Facts, words: str) -> str:
    return words.format(named_day(facts.by)) if facts.by else ""


def _received(facts: Facts) -> tuple[str, str]:
    reply = _by(facts, "We will reply by {}. ")
    return "We have received what you sent", f"Thank you. {reply}Sign in to see your reference."


def _information_needed(facts: Facts) -> tuple[str, str]:
    reply = _by(facts, ", if you can by {}")
    words = f"We cannot go on until you answer a question. Sign in to reply{reply}."
    return "We need something from you", words


def _decision(facts: Facts) -> tuple[str, str]:
    return "There is news on something you sent", "A decision has been made. Sign in to read it."


def _information_request(facts: Facts) -> tuple[str, str]:
    asked = "1 request" if facts.number == 1 else f"{facts.number} requests"
    words = f"You have {asked}. Sign in to reply, or to say you hold nothing."
    return f"The panel needs your information{_by(facts, ' by {}')}", words


def _offer(facts: Facts) -> tuple[str, str]:
    return "There is a new offer for you", f"Sign in to see it and answer{_by(facts, ' by {}')}."


def _papers(facts: Facts) -> tuple[str, str]:
    return "The papers for a meeting are ready", "Sign in to read them before the meeting."


def _news(facts: Facts) -> tuple[str, str]:
    return "There is something new for you", "Sign in to see it."


def _urgent(facts: Facts) -> tuple[str, str]:
    call = f" If you cannot, call {facts.duty_number}." if facts.duty_number else ""
    return "Something needs you now", f"Sign in as soon as you can.{call}"


def _digest(facts: Facts) -> tuple[str, str]:
    things = facts.number + facts.overdue
    subject = f"{things} thing{'' if things == 1 else 's'} for today"
    return subject, f"{facts.number} due today, {facts.overdue} overdue. Sign in to see them."


def _password_changed(facts: Facts) -> tuple[str, str]:
    return "Your password was changed", (
        "The password of your account has just been changed, and other devices were signed out. "
        "If it was not you, tell us at once."
    )


def _email_changed(facts: Facts) -> tuple[str, str]:
    return "An e-mail address was changed", (
        "The e-mail address of an account that is yours, or that you vouched for, has just been changed. "
        "If you did not expect this, tell us at once."
    )


def _role_ready(facts: Facts) -> tuple[str, str]:
    return "You have a new role", "A role was added to your account. Sign in to use it."


def _sign_in(facts: Facts) -> tuple[str, str]:
    return "Check that it was you", (
        "Somebody began to sign in to your account in a way that we want you to know about. Sign in and look at What’s "
        "new. If it was not you, change your password and tell us at once."
    )


def _invitation(facts: Facts) -> tuple[str, str]:
    return f"You have been invited to {facts.service}", (
        f"{facts.agency or 'The partnership'} asked us to set up an account for you. The link works for 72 hours. "
        "If you were not expecting this, tell us."
    )


def _reset(facts: Facts) -> tuple[str, str]:
    return "Reset your password", (
        "Someone asked to reset the password of your account. The link works for 1 hour. "
        "If it was not you, you need do nothing: your password has not changed."
    )


def _given_back(facts: Facts) -> tuple[str, str]:
    return "Set up your account again", (
        "You told us that you lost the device you sign in with, and somebody checked that it was you. Your old "
        "password, passkeys and codes no longer work. The link works for 72 hours. If it was not you, tell us at once."
    )


def _given_back_other(facts: Facts) -> tuple[str, str]:
    return "An account was given back", (
        "You are the other contact of somebody who uses this service. They told us that they lost the device they sign "
        "in with, and their account was given back to them. If you did not expect this, tell us at once."
    )


def _sign_in_changed(facts: Facts) -> tuple[str, str]:
    return "The way you sign in was changed", (
        "A passkey, an authenticator app, a recovery code or an organisation's account was just added to your account, "
        "removed from it or used. If it was not you, tell us at once."
    )


def _soon_suspended(facts: Facts) -> tuple[str, str]:
    return "Sign in to keep your account", (
        f"You have not signed in for a long time. In {facts.number} days your account will be suspended. "
        "Sign in once to keep it."
    )


_WORDS: dict[Letter, Callable[[Facts], tuple[str, str]]] = {
    Letter.RECEIVED: _received, Letter.INFORMATION_NEEDED: _information_needed, Letter.DECISION: _decision,
    Letter.INFORMATION_REQUEST: _information_request, Letter.OFFER: _offer, Letter.PAPERS: _papers,
    Letter.NEWS: _news, Letter.URGENT: _urgent, Letter.DIGEST: _digest,
    Letter.PASSWORD_CHANGED: _password_changed, Letter.EMAIL_CHANGED: _email_changed, Letter.ROLE_READY: _role_ready,
    Letter.SIGN_IN: _sign_in, Letter.INVITATION: _invitation, Letter.RESET: _reset, Letter.GIVEN_BACK: _given_back,
    Letter.GIVEN_BACK_OTHER: _given_back_other, Letter.SIGN_IN_CHANGED: _sign_in_changed,
    Letter.SOON_SUSPENDED: _soon_suspended,
}  # fmt: skip
