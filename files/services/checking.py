"""Malware: each file goes to ClamAV before anybody may open it. What was not checked cannot be opened."""

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import clamd
import structlog
from flask import current_app
from sqlalchemy import select

from audit.models import Event
from audit.services import record
from core.clock import now
from core.codes.files import FileStatus
from core.context import acting_as
from core.crypto import SealBroken
from core.db import db
from core.ids import Id, new_id
from core.keyring import KeyDestroyed
from files.models import FileCheck, StoredFile
from files.services import keeping
from messages.kinds import MessageKind
from messages.services.telling import tell

log = structlog.get_logger()
LEASE = timedelta(minutes=5)
LONGEST_WAIT = timedelta(minutes=15)
SCAN_SECONDS = 120


class NoScanner(RuntimeError):
    """ClamAV does not answer, or could not read the file; it is asked again later."""


def scanner() -> Any:
    """A connection to the daemon; it is made anew for each file."""
    return clamd.ClamdUnixSocket(str(current_app.extensions["settings"].clamd_socket), timeout=SCAN_SECONDS)


def is_clean(content: bytes) -> bool:
    """Raise NoScanner where there is no plain answer."""
    try:
        state, _ = scanner().instream(io.BytesIO(content))["stream"]
    except (clamd.ClamdError, OSError, KeyError, ValueError) as error:
        raise NoScanner(type(error).__name__) from None
    if state not in ("OK", "FOUND"):
        raise NoScanner("ERROR")
    return bool(state == "OK")


def trouble() -> str | None:
    """What is wrong with the scanner, in plain words, or None."""
    try:
        scanner().ping()
    except (clamd.ClamdError, OSError):
        return "The virus check does not answer, so nobody can open new files. Start clamav-daemon, or set CLAMD_SOCKET"
    return None


@dataclass(frozen=True, slots=True)
class Leased:
    id: Id
    lease: str
    attempts: int


def check_one() -> bool:
    """Check the file that has waited longest; False where none waits. Commits before and after it asks the scanner."""
    with acting_as(job="file-check"):
        leased = _claim()
        if leased is None:
            return False
        content = _contents(leased)
    try:
        clean = content is not None and is_clean(content)
    except NoScanner as error:
        log.warning("file_check_waits", error=str(error))
        _later(leased)
        return True
    with acting_as(job="file-check"):
        _settle(leased, clean)
    return True


def _claim() -> Leased | None:
    waiting = select(FileCheck).where(FileCheck.next_at <= now()).order_by(FileCheck.next_at)
    check = db.session.scalars(waiting.limit(1).with_for_update(skip_locked=True)).first()
    if check is None:
        db.session.rollback()
        return None
    check.lease, check.next_at = new_id(), now() + LEASE
    check.attempts += 1
    leased = Leased(check.file_id, check.lease, check.attempts)
    db.session.commit()
    return leased


def _contents(leased: Leased) -> bytes | None:
    """None where they are lost, or not the bytes that were kept: nobody will ever open them."""
    file = db.session.get(StoredFile, leased.id)
    try:
        return keeping.contents(file) if file is not None else None
    except (keeping.NotThere, SealBroken, KeyDestroyed) as error:
        log.error("file_lost", error=type(error).__name__)
        return None
    finally:
        db.session.rollback()


def _later(leased: Leased) -> None:
    check = _mine(leased)
    if check is not None:
        check.lease = None
        check.next_at = now() + min(timedelta(seconds=5 * 2**leased.attempts), LONGEST_WAIT)
    db.session.commit()


def _settle(leased: Leased, clean: bool) -> None:
    """Write the answer down, unless the file is gone or another worker's by now. Contents that are not safe go."""
    check = _mine(leased)
    file = db.session.get(StoredFile, leased.id) if check is not None else None
    if check is None or file is None:
        db.session.rollback()
        return
    kept_as = file.kept_as
    file.status, file.checked_at = (FileStatus.SAFE if clean else FileStatus.BLOCKED).value, now()
    record(Event.FILE_CHECKED, None, file, reason=file.status)
    db.session.delete(check)
    if not clean:
        tell([file.added_by_id], MessageKind.FILE_BLOCKED, area_id=file.area_id, about=("stored_file", file.id))
    log.info("file_checked", status=file.status)
    db.session.commit()
    if not clean:
        keeping.store().delete(kept_as)


def _mine(leased: Leased) -> FileCheck | None:
    found: FileCheck | None = db.session.scalars(
        select(FileCheck).where(FileCheck.file_id == leased.id, FileCheck.lease == leased.lease).with_for_update()
    ).first()
    return found
