"""Taking a file away that was sent: what is in it is destroyed, a line with who, when and why stays."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from accounts.models import User
from core.access import Actor
from core.codes.files import FileKind, FileRemoval
from core.db import db
from files.models import RemovedFile, StoredFile
from files.services import keeping
from files.services.keeping import Place


@dataclass(frozen=True, slots=True)
class Gone:
    """One file that was taken away, for the list of those that are there."""

    kind: FileKind
    removed_at: datetime
    removed_by: str
    reason: FileRemoval


def take_away(actor: Actor, file: StoredFile, reason: FileRemoval) -> None:
    """Destroy the file's name and contents; the line stays with its place."""
    gone = RemovedFile(
        area_id=file.area_id, referral_id=file.referral_id, case_id=file.case_id, added_by_id=file.added_by_id,
        added_at=file.added_at, kind=file.kind, size=file.size, removed_by_id=actor.user_id, reason=reason.value,
    )  # fmt: skip
    db.session.add(gone)
    keeping.remove(actor, file, reason=reason.value, also=[gone])


def taken_away(place: Place) -> list[Gone]:
    """What was taken away from a referral, or from a case and the referral that it came from; in one statement."""
    here = RemovedFile.referral_id == place.referral_id
    if place.case_id is not None:
        here = here | (RemovedFile.case_id == place.case_id)
    rows = db.session.execute(
        select(RemovedFile.kind, RemovedFile.removed_at, User.name, RemovedFile.reason)
        .join(User, User.id == RemovedFile.removed_by_id)
        .where(here)
        .order_by(RemovedFile.removed_at, RemovedFile.id)
    )
    return [Gone(FileKind(row.kind), row.removed_at, row.name, FileRemoval(row.reason)) for row in rows]
