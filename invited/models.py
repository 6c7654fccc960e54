"""One-time links to refer by, and what came from people without an account until a coordinator takes it in."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.codes.invited import LinkState
from core.crypto import Encrypted
from core.db import Audited, Moment, Record, SealedRecord, id_type
from core.ids import Id

# The pages of the form in their order: each is a sealed column of its own, which its sender writes and cannot read.
PARTS = ("start", "about", "needs", "story", "help", "you")


class ReferralLink(Record):
    """A link by e-mail to one address at an agency with an agreement: 72 hours, one referral. Its token is kept hashed.

    Each act with it leaves an entry of its own; tries and times do not. ``visit_hash``: the browser that confirmed the
    address last. ``code_hash``: keyed, because six figures can be guessed from a plain hash.
    """

    __tablename__ = "referral_link"
    __table_args__ = (Index("ix_referral_link_sent", "area_id", "created_at"),)

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    agency_id: Mapped[Id] = mapped_column(ForeignKey("agency.id"))
    email: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    sent_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    expires_at: Mapped[datetime] = mapped_column(Moment())
    opened_at: Mapped[datetime | None] = mapped_column(Moment())
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment())
    used_at: Mapped[datetime | None] = mapped_column(Moment())
    ended_at: Mapped[datetime | None] = mapped_column(Moment())
    ended_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    code_hash: Mapped[str | None] = mapped_column(String(64))
    code_until: Mapped[datetime | None] = mapped_column(Moment())
    code_tries: Mapped[int] = mapped_column(default=0)
    visit_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    visit_seen_at: Mapped[datetime | None] = mapped_column(Moment())

    @property
    def state(self) -> LinkState:
        if self.used_at:
            return LinkState.USED
        if self.ended_at:
            return LinkState.ENDED
        if self.expires_at <= now():
            return LinkState.RUN_OUT
        return LinkState.OPENED if self.opened_at else LinkState.SENT

    @property
    def works(self) -> bool:
        return self.state in {LinkState.SENT, LinkState.OPENED}


class Arrival(Audited, SealedRecord):
    """What somebody without an account sent, apart from all referrals. Accepted, it becomes one under the same id and key.

    ``visit_id``: the link's id, or for the public page the random number of the form that was sent: whoever writes sees
    this row alone. ``receipt`` is for the sender to quote, and finds nothing on any page of theirs.
    """

    __tablename__ = "arrival"
    __table_args__ = (Index("ix_arrival_waiting", "area_id", "status", "received_at"),)

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    visit_id: Mapped[Id] = mapped_column(id_type(), unique=True)
    link_id: Mapped[Id | None] = mapped_column(ForeignKey("referral_link.id"), index=True)
    agency_id: Mapped[Id | None] = mapped_column(ForeignKey("agency.id"))
    source_type: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(12))
    receipt: Mapped[str] = mapped_column(String(12), unique=True)
    is_urgent: Mapped[bool] = mapped_column(default=False)
    received_at: Mapped[datetime | None] = mapped_column(Moment())
    settled_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    settled_at: Mapped[datetime | None] = mapped_column(Moment())
    reason: Mapped[str | None] = mapped_column(String(20))
    kept_until: Mapped[date | None]
    danger = Encrypted(max_length=20)
    called = Encrypted(kind="json", max_length=2_000)
    start = Encrypted(kind="json", max_length=2_000)
    about = Encrypted(kind="json", max_length=20_000)
    needs = Encrypted(kind="json", max_length=20_000)
    story = Encrypted(kind="json", max_length=60_000)
    help = Encrypted(kind="json", max_length=40_000)
    you = Encrypted(kind="json", max_length=10_000)
    why = Encrypted(max_length=2_000)

    @property
    def written(self) -> list[str]:
        """Which pages are there, by name. Opens nothing."""
        return [name for name in PARTS if getattr(self, f"{name}_sealed") is not None]

    @property
    def is_finished(self) -> bool:
        return len(self.written) == len(PARTS)
