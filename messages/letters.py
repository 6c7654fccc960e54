"""The words of every letter (PAGES 5.6): no child, reference, place or reason, and no link but the home page.

Four letters carry a one-time link instead: the invitation, the reset, the account given back, and the link to refer
without an account. One carries a code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from core.formats import day_of_month, weekday
from core.languages import gettext as _
from core.languages import ngettext
from messages.kinds import Letter

DO_NOT_REPLY = "Do not reply to this e-mail."


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
    """``link``: the home page, or the one-time link or code of a letter that carries one."""
    return "\n\n".join([paragraph, link, service, _(DO_NOT_REPLY)]) + "\n"


def named_day(value: date) -> str:
    """``Tuesday 24 November``."""
    return f"{weekday(value)} {day_of_month(value)}"


def _received(facts: Facts) -> tuple[str, str]:
    words = _("Thank you. Sign in to see your reference.")
    if facts.by:
        words = _("Thank you. We will reply by %(day)s. Sign in to see your reference.", day=named_day(facts.by))
    return _("We have received what you sent"), words


def _information_needed(facts: Facts) -> tuple[str, str]:
    words = _("We cannot go on until you answer a question. Sign in to reply.")
    if facts.by:
        words = _(
            "We cannot go on until you answer a question. Sign in to reply, if you can by %(day)s.",
            day=named_day(facts.by),
        )
    return _("We need something from you"), words


def _decision(facts: Facts) -> tuple[str, str]:
    return _("There is news on something you sent"), _("A decision has been made. Sign in to read it.")


def _information_request(facts: Facts) -> tuple[str, str]:
    words = ngettext(
        "You have %(count)s request. Sign in to reply, or to say you hold nothing.",
        "You have %(count)s requests. Sign in to reply, or to say you hold nothing.",
        facts.number,
    )
    if facts.by:
        return _("The panel needs your information by %(day)s", day=named_day(facts.by)), words
    return _("The panel needs your information"), words


def _offer(facts: Facts) -> tuple[str, str]:
    words = _("Sign in to see it and answer.")
    if facts.by:
        words = _("Sign in to see it and answer by %(day)s.", day=named_day(facts.by))
    return _("There is a new offer for you"), words


def _papers(facts: Facts) -> tuple[str, str]:
    return _("The papers for a meeting are ready"), _("Sign in to read them before the meeting.")


def _news(facts: Facts) -> tuple[str, str]:
    return _("There is something new for you"), _("Sign in to see it.")


def _urgent(facts: Facts) -> tuple[str, str]:
    words = _("Sign in as soon as you can.")
    if facts.duty_number:
        words = _("Sign in as soon as you can. If you cannot, call %(number)s.", number=facts.duty_number)
    return _("Something needs you now"), words


def _digest(facts: Facts) -> tuple[str, str]:
    subject = ngettext("%(count)s thing for today", "%(count)s things for today", facts.number + facts.overdue)
    words = _("%(due)s due today, %(overdue)s overdue. Sign in to see them.", due=facts.number, overdue=facts.overdue)
    return subject, words


def _password_changed(facts: Facts) -> tuple[str, str]:
    return _("Your password was changed"), _(
        "The password of your account has just been changed, and other devices were signed out. "
        "If it was not you, tell us at once."
    )


def _email_changed(facts: Facts) -> tuple[str, str]:
    return _("An e-mail address was changed"), _(
        "The e-mail address of an account that is yours, or that you vouched for, has just been changed. "
        "If you did not expect this, tell us at once."
    )


def _role_ready(facts: Facts) -> tuple[str, str]:
    return _("You have a new role"), _("A role was added to your account. Sign in to use it.")


def _sign_in(facts: Facts) -> tuple[str, str]:
    return _("Check that it was you"), _(
        "Somebody began to sign in to your account in a way that we want you to know about. Sign in and look at What’s "
        "new. If it was not you, change your password and tell us at once."
    )


def _invitation(facts: Facts) -> tuple[str, str]:
    return _("You have been invited to %(service)s", service=facts.service), _(
        "%(agency)s asked us to set up an account for you. The link works for 72 hours. "
        "If you were not expecting this, tell us.",
        agency=facts.agency or _("The partnership"),
    )


def _reset(facts: Facts) -> tuple[str, str]:
    return _("Reset your password"), _(
        "Someone asked to reset the password of your account. The link works for 1 hour. "
        "If it was not you, you need do nothing: your password has not changed."
    )


def _given_back(facts: Facts) -> tuple[str, str]:
    return _("Set up your account again"), _(
        "You told us that you lost the device you sign in with, and somebody checked that it was you. Your old "
        "password, passkeys and codes no longer work. The link works for 72 hours. If it was not you, tell us at once."
    )


def _given_back_other(facts: Facts) -> tuple[str, str]:
    return _("An account was given back"), _(
        "You are the other contact of somebody who uses this service. They told us that they lost the device they sign "
        "in with, and their account was given back to them. If you did not expect this, tell us at once."
    )


def _sign_in_changed(facts: Facts) -> tuple[str, str]:
    return _("The way you sign in was changed"), _(
        "A passkey, an authenticator app, a recovery code or an organisation's account was just added to your account, "
        "removed from it or used. If it was not you, tell us at once."
    )


def _soon_suspended(facts: Facts) -> tuple[str, str]:
    return _("Sign in to keep your account"), _(
        "You have not signed in for a long time. In %(number)s days your account will be suspended. "
        "Sign in once to keep it.",
        number=facts.number,
    )


def _referral_link(facts: Facts) -> tuple[str, str]:
    return _("A link to tell us about a worry"), _(
        "%(panel)s sent you this link, so that you can refer without an account. It works for 72 hours and for one "
        "referral. Do not pass it on. If you were not expecting it, tell us, and do not open it.",
        panel=facts.agency,
    )


def _referral_code(facts: Facts) -> tuple[str, str]:
    return _("Your code"), _(
        "Here is your code. It works for 15 minutes. Type it on the page that you opened. If you did not open a page "
        "that asked for it, somebody else has your link: tell us."
    )


_WORDS: dict[Letter, Callable[[Facts], tuple[str, str]]] = {
    Letter.RECEIVED: _received, Letter.INFORMATION_NEEDED: _information_needed, Letter.DECISION: _decision,
    Letter.INFORMATION_REQUEST: _information_request, Letter.OFFER: _offer, Letter.PAPERS: _papers,
    Letter.NEWS: _news, Letter.URGENT: _urgent, Letter.DIGEST: _digest,
    Letter.PASSWORD_CHANGED: _password_changed, Letter.EMAIL_CHANGED: _email_changed, Letter.ROLE_READY: _role_ready,
    Letter.SIGN_IN: _sign_in, Letter.INVITATION: _invitation, Letter.RESET: _reset, Letter.GIVEN_BACK: _given_back,
    Letter.GIVEN_BACK_OTHER: _given_back_other, Letter.SIGN_IN_CHANGED: _sign_in_changed,
    Letter.SOON_SUSPENDED: _soon_suspended, Letter.REFERRAL_LINK: _referral_link, Letter.REFERRAL_CODE: _referral_code,
}  # fmt: skip
