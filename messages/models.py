"""The outbox, the notices inside the service, and who turned the daily e-mail off. None of it is about a young person."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.db import Moment, Record, db, id_type
from core.ids import Id

WAITING, SENDING, SENT, FAILED = "waiting", "sending", "sent", "failed"
_OPEN = text("status in ('waiting', 'sending')")
_UNREAD = text("read_at is null")


class Message(Record):
    """An e-mail to send, written in the transaction of what it tells about. Says whom and what kind, never about whom.

    While it is being sent ``next_at`` is the end of the lease: a worker that died loses it by then.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("(user_id is null) <> (address is null)", name="one_recipient"),
        CheckConstraint("status in ('waiting', 'sending', 'sent', 'failed')", name="status"),
        Index("ix_message_due", "next_at", postgresql_where=_OPEN, sqlite_where=_OPEN),
    )

    user_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    address: Mapped[str | None] = mapped_column(String(254))
    kind: Mapped[str] = mapped_column(String(24))
    area_id: Mapped[Id | None] = mapped_column(ForeignKey("area.id"))
    by_on: Mapped[date | None]
    number: Mapped[int | None]
    overdue: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(8), default=WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    lease: Mapped[str | None] = mapped_column(String(26))
    once_key: Mapped[str] = mapped_column(String(80), unique=True)
    settled_at: Mapped[datetime | None] = mapped_column(Moment())
    error: Mapped[str | None] = mapped_column(String(80))


class Notice(Record):
    """One line of one person's "What's new". ``object_id`` is opaque; what it leads to asks its own permission."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_unread", "user_id", postgresql_where=_UNREAD, sqlite_where=_UNREAD),
        Index("ix_notice_newest", "user_id", "created_at"),
    )

    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[str] = mapped_column(String(24))
    area_id: Mapped[Id | None] = mapped_column(ForeignKey("area.id"))
    object_type: Mapped[str | None] = mapped_column(String(40))
    object_id: Mapped[Id | None] = mapped_column(id_type())
    by_on: Mapped[date | None]
    read_at: Mapped[datetime | None] = mapped_column(Moment())
    once_key: Mapped[str] = mapped_column(String(80), unique=True)


class MessageChoice(db.Model):  # type: ignore[name-defined]
    """Who does not want the daily e-mail. Urgent ones cannot be turned off (PAGES 5.6)."""

    __tablename__ = "message_choice"

    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    daily: Mapped[bool] = mapped_column(default=True)
