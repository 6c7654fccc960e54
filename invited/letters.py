"""The letters to people without an account: no child, reference, name or reason; one link, or one code (PAGES 5.6)."""

from accounts.services.letters import service_name
from core import mail
from messages.letters import DO_NOT_REPLY


def _send(to: str, subject: str, *paragraphs: str) -> None:
    mail.send(mail.Letter(to, subject, "\n\n".join([*paragraphs, service_name(), DO_NOT_REPLY]) + "\n"))


def invitation(to: str, panel: str, address: str) -> None:
    _send(
        to,
        "A link to tell us about a worry",
        f"{panel} sent you this link, so that you can refer without an account. It works for 72 hours and for one "
        "referral. Do not pass it on. If you were not expecting it, tell us, and do not open it.",
        address,
    )


def code(to: str, figures: str) -> None:
    _send(
        to,
        "Your code",
        f"{figures} is your code. It works for 15 minutes. Type it on the page that you opened. If you did not open "
        "a page that asked for it, somebody else has your link: tell us.",
    )
