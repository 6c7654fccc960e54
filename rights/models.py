"""Who was erased, who must not be, and what was decided about records whose time is over."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.crypto import Encrypted
from core.db import Audited, Moment, Record, SealedRecord, id_type
from core.ids import Id


class Tombstone(Audited, Record):
    """A young person who was erased: an opaque id that stands for nobody, kept so that no old copy brings them back."""

    __tablename__ = "tombstone"

    young_person_id: Mapped[Id] = mapped_column(id_type(), unique=True)
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    key_ids: Mapped[list[Any]] = mapped_column(JSON, default=list)
    rows: Mapped[int] = mapped_column(default=0)
    approval_id: Mapped[Id | None] = mapped_column(id_type())
    erased_at: Mapped[datetime] = mapped_column(Moment(), default=now)


class LegalHold(Audited, Record):
    """While it stands, nobody may erase this young person. ``reason`` is a code."""

    __tablename__ = "legal_hold"

    young_person_id: Mapped[Id] = mapped_column(ForeignKey("young_person.id"), index=True)
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    reason: Mapped[str] = mapped_column(String(24))
    ended_at: Mapped[datetime | None] = mapped_column(Moment())


class RetentionReview(Audited, Record):
    """A young person's record whose time is over, and what was decided. Once disposed of, it is the certificate.

    ``young_person_id`` is no foreign key, and ``reference`` is repeated: both outlast the record.
    """

    __tablename__ = "retention_review"
    __table_args__ = (
        CheckConstraint("agreed_by_id is null or agreed_by_id <> decided_by_id", name="two_people"),
        Index("ix_retention_review_due", "area_id", "state", "due_on"),
    )

    young_person_id: Mapped[Id] = mapped_column(id_type(), unique=True)
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    reference: Mapped[str] = mapped_column(String(16))
    rule: Mapped[str] = mapped_column(String(12))
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(12))
    keep_reason: Mapped[str | None] = mapped_column(String(24))
    decided_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment())
    agreed_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    approval_id: Mapped[Id | None] = mapped_column(id_type())
    disposed_at: Mapped[datetime | None] = mapped_column(Moment())


class Transfer(Audited, SealedRecord):
    """A young person's record that moves to another area: asked by one coordinator, accepted or not by the other.

    Once accepted it is the stub that the first area keeps: reference, dates, and which area. Ids are no foreign keys
    and the reference is repeated, because it outlasts what the first area may see. Its words are sealed under the young
    person's key.
    """

    __tablename__ = "transfer"
    __table_args__ = (
        CheckConstraint("decided_by_id is null or decided_by_id <> asked_by_id", name="two_people"),
        CheckConstraint("to_area_id <> area_id", name="two_areas"),
        Index("ix_transfer_waiting", "to_area_id", "state"),
    )

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    to_area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    young_person_id: Mapped[Id] = mapped_column(id_type(), index=True)
    case_id: Mapped[Id] = mapped_column(id_type())
    reference: Mapped[str] = mapped_column(String(16))
    opened_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(12))
    said: Mapped[str] = mapped_column(String(12))
    asked_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    decided_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment())
    reason = Encrypted(max_length=2000)
    words = Encrypted(max_length=2000)
    answer = Encrypted(max_length=2000)


class Merge(Audited, SealedRecord):
    """Two records of one young person that became one, with what it takes to undo that.

    ``moved``: by table, the ids of rows that hung on the record that went. ``before`` and ``after``: values of the kept
    record that the merge changed, sealed under its key. ``closed_id``: the case that gave way to the other.
    """

    __tablename__ = "person_merge"
    __table_args__ = (CheckConstraint("kept_id <> gone_id", name="two_records"),)

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    kept_id: Mapped[Id] = mapped_column(ForeignKey("young_person.id"), index=True)
    gone_id: Mapped[Id] = mapped_column(id_type())
    closed_id: Mapped[Id | None] = mapped_column(id_type())
    merged_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    merged_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    undone_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    undone_at: Mapped[datetime | None] = mapped_column(Moment())
    moved: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    before = Encrypted(kind="json", max_length=70_000)
    after = Encrypted(kind="json", max_length=70_000)

    @property
    def subject_id(self) -> Id:
        return self.kept_id
