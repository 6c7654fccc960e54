"""E-mail by SMTP or GOV.UK Notify. Letters to people wait in the outbox; a checkpoint's goes after its commit."""

import contextlib
import logging
import os
import smtplib
import ssl
import sys
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

import structlog
from flask import Flask, current_app
from sqlalchemy import event
from sqlalchemy.orm import Session

from core.db import db
from core.ids import Id

log = structlog.get_logger()
# What Notify answers may quote what was sent.
logging.getLogger("notifications_python_client").setLevel(logging.CRITICAL + 1)
OUTBOX = "outbox"
TIMEOUT_SECONDS = 15
ASK_SECONDS = 5
_sending: set[threading.Thread] = set()


class Settings(Protocol):
    """What this module needs of config.settings (core imports nothing above itself)."""

    smtp_host: str
    smtp_port: int
    smtp_user: str
    smtp_password: str
    smtp_starttls: bool
    mail_from: str
    notify_key: str
    notify_template: str
    notify_url: str
    demonstration: bool
    var: Path


@dataclass(frozen=True, slots=True)
class Letter:
    """A message without personal data: no child, reference, place or reason (PAGES 5.6)."""

    to: str
    subject: str
    text: str
    ref: str = ""
    """The outbox's id of it, the same at each try: a mailbox that gets it twice can tell."""
    tried: bool = False
    is_printed: bool = False
    """It holds a link: whoever runs the demonstration in a terminal is the postman."""


class Postponed(RuntimeError):
    """It could not be sent now; another try may succeed. Its words are a code or a type, never an address."""


class Impossible(RuntimeError):
    """It will never be sent as it is: the address does not exist, or the server will not have it."""


class Outbox(Protocol):
    """What this module knows of ``messages`` (core imports nothing above itself)."""

    def keep(
        self, kind: str, *, user_id: Id | None, address: str | None, key: str | None, number: int | None
    ) -> None: ...

    def hurry(self) -> None: ...


def keep(
    kind: str,
    *,
    user_id: Id | None = None,
    address: str | None = None,
    key: str | None = None,
    number: int | None = None,
) -> None:
    """Put a letter into the outbox of this transaction: for packages below ``messages``.

    ``key``: telling the same person twice under one key tells them once. ``number``: for the kinds whose words have one.
    """
    outbox: Outbox = current_app.extensions["outbox"]
    outbox.keep(kind, user_id=user_id, address=address, key=key, number=number)


def hurry() -> None:
    """Try what waits in the outbox now, once each: for commands, which say what came of it. Commits."""
    outbox: Outbox = current_app.extensions["outbox"]
    outbox.hurry()


def send(letter: Letter) -> None:
    """Send the letter once this transaction has committed; a rollback throws it away."""
    settings: Settings = current_app.extensions["settings"]
    session = db.session()
    if not session.in_transaction():
        session.begin()
    session.info.setdefault(OUTBOX, []).append((letter, settings))


def is_configured() -> bool:
    settings: Settings = current_app.extensions["settings"]
    return _has_server(settings)


def _has_server(settings: Settings) -> bool:
    return bool(settings.smtp_host or settings.notify_key)


def reaches_people() -> bool:
    """Whether a letter gets anywhere: a server is set, or the demonstration prints it."""
    settings: Settings = current_app.extensions["settings"]
    return _has_server(settings) or settings.demonstration


def wait(seconds: float = TIMEOUT_SECONDS) -> None:
    """Until what is on its way has been sent: for commands and tests."""
    for thread in list(_sending):
        thread.join(seconds)


def _after_commit(session: Session) -> None:
    for letter, settings in session.info.pop(OUTBOX, []):
        if not _has_server(settings):
            _without_server(letter, settings)
            continue
        # In its own thread: the answer must take as long for an address that we know as for one that we do not.
        thread = threading.Thread(target=_deliver, args=(letter, settings), name="mail")
        _sending.add(thread)
        thread.start()


def _forget(session: Session, *ignored: Any) -> None:
    session.info.pop(OUTBOX, None)


def _without_server(letter: Letter, settings: Settings) -> None:
    """Whoever runs the demonstration in a terminal is the postman; elsewhere a link in a log is a key in a log."""
    if not settings.demonstration:
        log.error("mail_not_set_up")
        return
    _print(letter)


def _print(letter: Letter) -> None:
    print(f"\n--- E-mail to {letter.to}: {letter.subject}\n{letter.text}\n---", file=sys.stderr, flush=True)  # noqa: T201


def _deliver(letter: Letter, settings: Settings) -> None:
    try:
        deliver(letter, settings)
        log.info("mail_sent")
    except (Postponed, Impossible) as error:
        # The code alone: an error of the server quotes the address.
        log.error("mail_failed", error=str(error))
    finally:
        _sending.discard(threading.current_thread())


def deliver(letter: Letter, settings: Settings) -> None:
    """Hand the letter to whoever carries it. Raise Postponed or Impossible."""
    if settings.notify_key:
        _by_notify(letter, settings)
    elif settings.smtp_host:
        _by_smtp(_message(letter, settings), settings)
    elif settings.demonstration:
        _into_folder(letter, settings)
    else:
        raise Postponed("not_set_up")


def _message(letter: Letter, settings: Settings) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.mail_from, letter.to, letter.subject
    message["Auto-Submitted"] = "auto-generated"
    if letter.ref:
        message["Message-ID"] = f"<{letter.ref}@{settings.mail_from.rpartition('@')[2]}>"
    message.set_content(letter.text)
    return message


def trouble() -> str | None:
    """Whether the mail server lets us in, in plain words; nothing is sent."""
    settings: Settings = current_app.extensions["settings"]
    if settings.notify_key or not settings.smtp_host:
        return None
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=ASK_SECONDS) as server:
            _enter(server, settings)
    except (OSError, smtplib.SMTPException) as error:
        return f"The mail server does not let us in ({type(error).__name__}), so e-mails wait. Check the SMTP_ settings"
    return None


def _enter(server: smtplib.SMTP, settings: Settings) -> None:
    if settings.smtp_starttls:
        server.starttls(context=ssl.create_default_context())
    if settings.smtp_user:
        server.login(settings.smtp_user, settings.smtp_password)


def _by_smtp(message: EmailMessage, settings: Settings) -> None:
    try:
        server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_SECONDS)
    except (OSError, smtplib.SMTPException) as error:
        raise Postponed(type(error).__name__) from None
    try:
        _enter(server, settings)
        server.send_message(message)
    except smtplib.SMTPAuthenticationError:
        raise Postponed("SMTPAuthenticationError") from None
    except smtplib.SMTPRecipientsRefused as error:
        _refused(min(code for code, _ in error.recipients.values()))
    except smtplib.SMTPResponseException as error:
        _refused(error.smtp_code)
    except (OSError, smtplib.SMTPException) as error:
        raise Postponed(type(error).__name__) from None
    finally:
        # It has been taken (or not): how the server says goodbye changes nothing.
        with contextlib.suppress(OSError, smtplib.SMTPException):
            server.quit()


def _refused(code: int) -> None:
    """Codes of 500 and more are for ever (RFC 5321, 4.2.1); the others ask to come again."""
    raise Impossible(f"smtp {code}") if code >= 500 else Postponed(f"smtp {code}")


def _by_notify(letter: Letter, settings: Settings) -> None:
    """GOV.UK Notify with one template of ours, whose subject and body are nothing but ((subject)) and ((body))."""
    from notifications_python_client.errors import APIError
    from notifications_python_client.notifications import NotificationsAPIClient

    make: Any = NotificationsAPIClient
    client = make(settings.notify_key, base_url=settings.notify_url, timeout=TIMEOUT_SECONDS)
    # A key and a letter go to the host that is set, and to no other that it names.
    client.request_session.max_redirects = 0
    words = {"subject": letter.subject, "body": letter.text}
    try:
        if letter.tried and _notify_has(client, letter.ref):
            return
        client.send_email_notification(letter.to, settings.notify_template, words, reference=letter.ref or None)
    except APIError as error:
        if error.status_code == 400 and "ValidationError" in str(error.message):
            raise Impossible("notify 400") from None
        # Key, clock, template, limits, their own faults: for the operator, or for later.
        raise Postponed(f"notify {error.status_code}") from None
    except (OSError, ValueError, AssertionError) as error:
        raise Postponed(type(error).__name__) from None


def _notify_has(client: Any, ref: str) -> bool:
    """Whether an earlier try arrived, of which we had no answer."""
    return bool(client.get_all_notifications(reference=ref)["notifications"])


def _into_folder(letter: Letter, settings: Settings) -> None:
    """The demonstration's post: a file each, and a line that says so without saying to whom."""
    folder = settings.var / "mail"
    folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(folder / f"{letter.ref}.eml", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(bytes(_message(letter, settings)))
    print(f"E-mail kept in {folder}: {letter.subject}", file=sys.stderr, flush=True)  # noqa: T201
    if letter.is_printed:
        _print(letter)


def init_app(app: Flask) -> None:
    """Hang on the session once, whoever commits."""
    if not event.contains(Session, "after_commit", _after_commit):
        event.listen(Session, "after_commit", _after_commit)
        event.listen(Session, "after_soft_rollback", _forget)
