"""What proves who somebody is, besides a password: passkeys, authenticator apps, recovery codes, organisations' accounts."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.db import Audited, Moment, Record, db
from core.ids import Id


class FactorKind(StrEnum):
    PASSKEY = "passkey"
    APP = "app"


class Proof(StrEnum):
    """What a session rests on. FIRST is a password (or an organisation's account) without a second factor."""

    FIRST = "first"
    CODE = "code"
    RECOVERY = "recovery"
    PASSKEY = "passkey"
    ORGANISATION = "organisation"
    DEMONSTRATION = "demonstration"


class Factor(Audited, Record):
    """A passkey (its public key and signature counter) or an authenticator app (its seed, sealed by the system key)."""

    __tablename__ = "factor"

    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(60))
    last_used_at: Mapped[datetime | None] = mapped_column(Moment())
    # Of a passkey
    credential_id: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    signature_count: Mapped[int] = mapped_column(BigInteger, default=0)
    # Of an app: the seed, and the last 30-second step whose code was taken, so that each code works once
    seed_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Record):
    """One of ten codes for a lost device. Only its hash is kept: a code has 120 random bits, so no salt is needed."""

    __tablename__ = "recovery_code"

    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(Moment())


class Identity(Audited, Record):
    """An account at an organisation's sign-in service, known by issuer and subject and never by an e-mail address."""

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), index=True)
    provider: Mapped[str] = mapped_column(String(40))
    issuer: Mapped[str] = mapped_column(String(300))
    subject: Mapped[str] = mapped_column(String(255))
    last_used_at: Mapped[datetime | None] = mapped_column(Moment())


class Spent(db.Model):  # type: ignore[name-defined]
    """What works once (a passkey's challenge, the state of a trip to an organisation) and has been used, as a hash."""

    __tablename__ = "spent"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment(), default=now, index=True)
