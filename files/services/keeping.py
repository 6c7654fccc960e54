"""Files of a referral or a case: adding, listing, opening, taking away, and giving them to the young person they are about."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, func, select

from accounts.models import User
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import today
from core.codes.files import FileKind, FileStatus
from core.context import current
from core.crypto import SealBroken, sealed_column
from core.db import db
from core.ids import Id, new_id
from core.keyring import keyring
from core.languages import gettext as _
from core.spent_keys import destroy_after_commit
from files.limits import MOST_A_DAY, MOST_FILES, NotAccepted
from files.models import FileCheck, FileDay, StoredFile
from files.services import sealing
from files.services.examining import Examined
from files.storage import Store

SAFE = FileStatus.SAFE.value


class NotThere(LookupError):
    """The row is there and its contents are not: lost, or taken away because they were blocked."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file belongs: a referral (or the draft that becomes it) or a case, and whom it is about where known."""

    area_id: Id
    referral_id: Id | None = None
    case_id: Id | None = None
    young_person_id: Id | None = None

    @property
    def files(self) -> ColumnElement[bool]:
        if self.case_id is None:
            return StoredFile.referral_id == self.referral_id
        # A case shows what came with its referral as well.
        return (StoredFile.case_id == self.case_id) | (StoredFile.referral_id == self.referral_id)


@dataclass(frozen=True, slots=True)
class Line:
    """One file in a list."""

    id: Id
    name: str
    kind: FileKind
    size: int
    status: FileStatus
    added_at: datetime
    added_by_id: Id
    added_by: str

    @property
    def is_safe(self) -> bool:
        return self.status is FileStatus.SAFE

    @property
    def size_words(self) -> str:
        kilobytes = max(1, round(self.size / 1024))
        return f"{kilobytes}KB" if kilobytes < 1024 else f"{kilobytes / 1024:.1f}MB"


def store() -> Store:
    found: Store = current_app.extensions["file_store"]
    return found


def add(actor: Actor, place: Place, file: Examined) -> StoredFile:
    """Keep an examined file; nobody can open it before it was checked. Raise NotAccepted, StoreUnavailable."""
    _count(actor, place, len(file.content))
    owner = ("young_person", place.young_person_id) if place.young_person_id else ("referral", place.referral_id)
    file_id = new_id()
    key_id, key = keyring().new_data_key(owner[0], owner[1] or file_id, place.area_id)
    current().add_key(key_id, key)
    content, pieces = sealing.sealed(current().cipher(key_id), file_id, key_id, file.content)
    store().put(file_id, content)
    kept = StoredFile(
        id=file_id, data_key_id=key_id, area_id=place.area_id, case_id=place.case_id,
        referral_id=None if place.case_id else place.referral_id, young_person_id=place.young_person_id,
        added_by_id=actor.user_id, kind=file.kind.value, size=len(file.content), pieces=pieces,
        status=FileStatus.CHECKING.value, name=file.name,
    )  # fmt: skip
    db.session.add(kept)
    db.session.flush()
    db.session.add(FileCheck(file_id=kept.id))
    record(Event.FILE_ADDED, actor, kept, reason=file.kind.value, detail={"size": len(file.content)})
    return kept


def _count(actor: Actor, place: Place, size: int) -> None:
    """Raise NotAccepted over a limit. The day's row is locked: two at once are counted one after the other."""
    day = db.session.scalars(
        select(FileDay).where(FileDay.user_id == actor.user_id, FileDay.day == today()).with_for_update()
    ).first()
    if day is None:
        day = FileDay(user_id=actor.user_id, day=today(), size=0)
        db.session.add(day)
        db.session.flush()
    if how_many(place) >= MOST_FILES:
        raise NotAccepted(
            _("There are %(most)s files already. Remove one first, or put several into one PDF", most=MOST_FILES)
        )
    if day.size + size > MOST_A_DAY:
        raise NotAccepted("You have added 200MB today. Add this file tomorrow")
    day.size += size


def how_many(place: Place) -> int:
    return db.session.scalar(select(func.count()).select_from(StoredFile).where(place.files)) or 0


def listed(place: Place) -> list[Line]:
    """The files of a place, oldest first, with their names opened; one statement and one for the keys."""
    columns = (
        StoredFile.id, StoredFile.data_key_id, StoredFile.referral_id, StoredFile.young_person_id, StoredFile.kind,
        StoredFile.size, StoredFile.status, StoredFile.added_at, StoredFile.added_by_id, User.name.label("added_by"),
        sealed_column(StoredFile, "name"),
    )  # fmt: skip
    found = select(*columns).join(User, User.id == StoredFile.added_by_id).where(place.files)
    rows = db.session.execute(found.order_by(StoredFile.added_at, StoredFile.id)).all()
    seen = current()
    seen.load_keys(row.data_key_id for row in rows)
    return [
        Line(
            row.id,
            seen.open_value(
                StoredFile, "name", row.id, row.data_key_id, row.young_person_id or row.referral_id or row.id,
                row.name_sealed,
            ),
            FileKind(row.kind), row.size, FileStatus(row.status), row.added_at, row.added_by_id,
            row.added_by,
        )
        for row in rows
    ]  # fmt: skip


def find(place: Place, file_id: Id) -> StoredFile:
    """Raise NoResultFound where this place has no such file."""
    return db.session.scalars(select(StoredFile).where(place.files, StoredFile.id == file_id)).one()


def number(place: Place, file_id: Id) -> int:
    """Which file of its place this is, counted from 1 in the order of the list."""
    ids = db.session.scalars(
        select(StoredFile.id).where(place.files).order_by(StoredFile.added_at, StoredFile.id)
    ).all()  # fmt: skip
    return ids.index(file_id) + 1


def contents(file: StoredFile) -> bytes:
    """Open a file for whoever looks, noted for the trail. Raise NotThere, SealBroken, StoreUnavailable."""
    cipher = current().open_outside(file, "content")
    kept = store().get(file.kept_as)
    if kept is None:
        raise NotThere
    content = b"".join(sealing.opened(cipher, file.id, file.data_key_id, file.pieces, kept))
    if len(content) != file.size:
        raise SealBroken("A file is longer or shorter than it was")
    return content


def remove(actor: Actor | None, file: StoredFile, *, reason: str = "", also: Iterable[Any] = ()) -> None:
    """Take it away: its key is destroyed with this transaction, its contents by the next tidying."""
    record(Event.FILE_REMOVED, actor, file, also=[*also], reason=reason)
    check = db.session.get(FileCheck, file.id)
    if check is not None:
        db.session.delete(check)
        db.session.flush()
    destroy_after_commit([file.data_key_id])
    db.session.delete(file)


def remove_all(actor: Actor | None, referral_ids: Iterable[Id]) -> int:
    """Take away every file of these drafts; how many."""
    found = db.session.scalars(select(StoredFile).where(StoredFile.referral_id.in_(list(referral_ids)))).all()
    for file in found:
        remove(actor, file)
    return len(found)


def belongs_to(actor: Actor, referral_id: Id, person_id: Id | None, area_id: Id) -> None:
    """The referral is (or is no longer) about this young person: so are its files, and their keys."""
    for file in db.session.scalars(select(StoredFile).where(StoredFile.referral_id == referral_id)).all():
        file.young_person_id = person_id
        record(Event.FILE_CHANGED, actor, file, reason="linked" if person_id else "unlinked")
        db.session.flush()
        owner = ("young_person", person_id) if person_id else ("referral", referral_id)
        keyring().give_to(file.data_key_id, owner[0], owner[1] or "", area_id)


def waiting_since() -> datetime | None:
    """Since when the file that has waited longest waits for its check."""
    found: datetime | None = db.session.scalar(
        select(func.min(StoredFile.added_at)).where(StoredFile.status == FileStatus.CHECKING.value)
    )
    return found
