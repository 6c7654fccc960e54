"""Who may send by a system: credentials of agencies, their short-lived tokens, and what was sent once already."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.db import Audited, Moment, Record, db
from core.ids import Id


class SystemCredential(Audited, Record):
    """One system of one agency in one area. Its secret is kept as a hash; 256 random bits need no slow one.

    All credentials of an agency in an area act as one service user (``user_id``), so that a new credential sees what
    the one before it sent. Nobody can sign in as that user.
    """

    __tablename__ = "system_credential"

    agency_id: Mapped[Id] = mapped_column(ForeignKey("agency.id"), index=True)
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str] = mapped_column(String(80))
    client_id: Mapped[str] = mapped_column(String(40), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    made_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    valid_to: Mapped[date]
    ended_at: Mapped[datetime | None] = mapped_column(Moment())
    ended_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    last_used_on: Mapped[date | None]


class SystemToken(db.Model):  # type: ignore[name-defined]
    """An access token, kept as a hash, for half an hour."""

    __tablename__ = "system_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    credential_id: Mapped[Id] = mapped_column(ForeignKey("system_credential.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(Moment(), index=True)


class SystemRequest(db.Model):  # type: ignore[name-defined]
    """What was sent under an idempotency key, as keyed hashes, and what was answered: ids, a reference and dates."""

    __tablename__ = "system_request"

    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime] = mapped_column(Moment(), default=now, index=True)
