"""What the desk keeps: searches for half an hour, and for good who was erased and who must not be."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.crypto import Encrypted
from core.db import Audited, Moment, Record, SealedRecord, id_type
from core.ids import Id

KEPT = timedelta(minutes=30)


class StoredSearch(SealedRecord):
    """What was typed and what was found, so that a name never stands in an address. No area: the system's key."""

    __tablename__ = "stored_search"

    owner_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), index=True)
    membership_id: Mapped[Id] = mapped_column(ForeignKey("membership.id"))
    kept_until: Mapped[datetime] = mapped_column(Moment(), default=lambda: now() + KEPT)
    examined: Mapped[int] = mapped_column(default=0)
    typed = Encrypted(max_length=200)
    found = Encrypted(kind="json", max_length=20_000)


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
