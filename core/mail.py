"""E-mail: queued in the transaction, sent after its commit, by SMTP or (in demonstrations) printed with its link."""

import smtplib
import ssl
import sys
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, Protocol

import structlog
from flask import Flask, current_app
from sqlalchemy import event
from sqlalchemy.orm import Session

from core.db import db

log = structlog.get_logger()
OUTBOX = "outbox"
TIMEOUT_SECONDS = 15
_sending: set[threading.Thread] = set()


class Settings(Protocol):
    """What this module needs of config.settings (core imports nothing above itself)."""

    smtp_host: str
    smtp_port: int
    smtp_user: str
    smtp_password: str
    smtp_starttls: bool
    mail_from: str
    demonstration: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """A message without personal data: no child, reference, place or reason (PAGES 5.6)."""

    to: str
    subject: str
    text: str


def send(letter: Letter) -> None:
    """Send the letter once this transaction has committed; a rollback throws it away."""
    settings: Settings = current_app.extensions["settings"]
    session = db.session()
    if not session.in_transaction():
        session.begin()
    session.info.setdefault(OUTBOX, []).append((letter, settings))


def is_configured() -> bool:
    settings: Settings = current_app.extensions["settings"]
    return bool(settings.smtp_host)


def reaches_people() -> bool:
    """Whether a letter gets anywhere: a server is set, or the demonstration prints it."""
    settings: Settings = current_app.extensions["settings"]
    return bool(settings.smtp_host) or settings.demonstration


def wait(seconds: float = TIMEOUT_SECONDS) -> None:
    """Until what is on its way has been sent: for commands and tests."""
    for thread in list(_sending):
        thread.join(seconds)


def _after_commit(session: Session) -> None:
    for letter, settings in session.info.pop(OUTBOX, []):
        if not settings.smtp_host:
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
    print(f"\n--- E-mail to {letter.to}: {letter.subject}\n{letter.text}\n---", file=sys.stderr, flush=True)  # noqa: T201


def _deliver(letter: Letter, settings: Settings) -> None:
    try:
        _post(_message(letter, settings), settings)
        log.info("mail_sent")
    except (OSError, smtplib.SMTPException) as error:
        # The type alone: an SMTP error quotes the address.
        log.error("mail_failed", error=type(error).__name__)
    finally:
        _sending.discard(threading.current_thread())


def _message(letter: Letter, settings: Settings) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.mail_from, letter.to, letter.subject
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message


def _post(message: EmailMessage, settings: Settings) -> None:
    with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_SECONDS) as server:
        if settings.smtp_starttls:
            server.starttls(context=ssl.create_default_context())
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password)
        server.send_message(message)


def init_app(app: Flask) -> None:
    """Hang on the session once, whoever commits."""
    if not event.contains(Session, "after_commit", _after_commit):
        event.listen(Session, "after_commit", _after_commit)
        event.listen(Session, "after_soft_rollback", _forget)
