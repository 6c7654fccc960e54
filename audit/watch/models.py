"""Unusual access that was noticed, how it was reviewed, and each person's days."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.crypto import Encrypted
from core.db import Audited, Moment, Record, SealedRecord, db, id_type
from core.ids import Id


class AccessAlert(Audited, Record):
    """What one person did that somebody else should look at: the rule, the entry that shows it, counts; no names.

    ``person_id`` is the young person whose record it was, where it was one. ``once`` is the same for the same thing, so
    that live and nightly rules raise it once. ``outcome`` repeats its review's.
    """

    __tablename__ = "access_alert"
    __table_args__ = (
        Index("ix_access_alert_waiting", "area_id", "outcome", "noticed_at"),
        Index("ix_access_alert_once", "once"),
    )

    area_id: Mapped[Id | None] = mapped_column(ForeignKey("area.id"))
    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), index=True)
    rule: Mapped[str] = mapped_column(String(24))
    noticed_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    on_day: Mapped[date]
    person_id: Mapped[Id | None] = mapped_column(id_type())
    chain: Mapped[str | None] = mapped_column(String(26))
    seq: Mapped[int | None] = mapped_column(BigInteger)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    once: Mapped[str] = mapped_column(String(120))
    outcome: Mapped[str | None] = mapped_column(String(16))


class AlertReview(Audited, SealedRecord):
    """What somebody else found: never the person whom the alert is about."""

    __tablename__ = "alert_review"
    __table_args__ = (CheckConstraint("reviewed_by_id <> user_id", name="two_people"),)

    alert_id: Mapped[Id] = mapped_column(ForeignKey("access_alert.id"), unique=True)
    area_id: Mapped[Id | None] = mapped_column(ForeignKey("area.id"))
    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    reviewed_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    reviewed_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    outcome: Mapped[str] = mapped_column(String(16))
    words = Encrypted(max_length=4000)

    __is_about_a_child__ = False


class AccessDay(db.Model):  # type: ignore[name-defined]
    """How much one person did on one day, so that the next nights need not count it again. Counts alone."""

    __tablename__ = "access_day"

    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    on_day: Mapped[date] = mapped_column(primary_key=True)
    people: Mapped[int] = mapped_column(default=0)
    hours: Mapped[list[int]] = mapped_column(JSON, default=list)


class WatchedDay(Record):
    """A day that the nightly look has finished."""

    __tablename__ = "watched_day"

    on_day: Mapped[date] = mapped_column(unique=True)
