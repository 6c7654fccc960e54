"""Files of referrals and cases. Their contents lie in the file store, sealed in pieces under the key named here."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.crypto import Encrypted
from core.db import Audited, Moment, Record, SealedRecord, db, id_type
from core.ids import Id


class StoredFile(Audited, SealedRecord):
    """One file. It has a key of its own, which belongs to the young person as soon as they are known.

    ``referral_id`` is the id of a draft as well: the referral that it becomes has the same.
    """

    __tablename__ = "stored_file"
    __table_args__ = (
        CheckConstraint("(referral_id is null) <> (case_id is null)", name="one_place"),
        CheckConstraint("status in ('checking', 'safe', 'blocked')", name="status"),
    )

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    referral_id: Mapped[Id | None] = mapped_column(id_type(), index=True)
    case_id: Mapped[Id | None] = mapped_column(id_type(), index=True)
    young_person_id: Mapped[Id | None] = mapped_column(ForeignKey("young_person.id"), index=True)
    added_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    added_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    kind: Mapped[str] = mapped_column(String(8))
    size: Mapped[int]
    pieces: Mapped[int]
    # Where the contents lie, once they were sealed anew; before that, under the file's own id.
    content_id: Mapped[Id | None] = mapped_column(id_type(), index=True)
    status: Mapped[str] = mapped_column(String(12))
    checked_at: Mapped[datetime | None] = mapped_column(Moment())
    name = Encrypted(max_length=120)

    @property
    def kept_as(self) -> Id:
        """The id of the contents in the file store."""
        return self.content_id or self.id

    @property
    def subject_id(self) -> Id:
        """A draft's files are found under the referral that it may become."""
        return self.young_person_id or self.referral_id or self.id


class RemovedFile(Audited, Record):
    """What stays of a file that was taken away from a referral or case: what it was, who, when and a coded reason.

    Its name and contents went with its key; nothing here is about the young person.
    """

    __tablename__ = "removed_file"
    __table_args__ = (CheckConstraint("(referral_id is null) <> (case_id is null)", name="one_place"),)

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    referral_id: Mapped[Id | None] = mapped_column(id_type(), index=True)
    case_id: Mapped[Id | None] = mapped_column(id_type(), index=True)
    added_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    added_at: Mapped[datetime] = mapped_column(Moment())
    kind: Mapped[str] = mapped_column(String(8))
    size: Mapped[int]
    removed_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    removed_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    reason: Mapped[str] = mapped_column(String(16))


class FileCheck(db.Model):  # type: ignore[name-defined]
    """A file that waits for its check. While it is being checked ``next_at`` is the end of the worker's lease."""

    __tablename__ = "file_check"

    file_id: Mapped[Id] = mapped_column(ForeignKey("stored_file.id", ondelete="CASCADE"), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(Moment(), default=now, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[str | None] = mapped_column(String(26))


class FileDay(db.Model):  # type: ignore[name-defined]
    """How many bytes one person added on one day: what is deleted again counts too."""

    __tablename__ = "file_day"

    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(default=0)
