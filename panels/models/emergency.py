"""A case opened in an emergency: by whom, why, until when, and how it was reviewed."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.crypto import Encrypted
from core.db import Audited, Moment
from core.ids import Id
from panels.models.cases import OfCase


class EmergencyAccess(Audited, OfCase):
    """One person may read one case, and nothing more, until ``ends_at`` or until they end it themselves.

    ``review_by`` is two working days after it began (SECURITY-DESIGN 5); ``escalated_at`` says that it was missed.
    """

    __tablename__ = "emergency_access"
    __table_args__ = (
        CheckConstraint("reviewed_by_id is null or reviewed_by_id <> user_id", name="two_people"),
        Index("ix_emergency_access_review", "area_id", "outcome", "review_by"),
        Index("ix_emergency_access_user", "user_id", "ends_at"),
    )

    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    membership_id: Mapped[Id] = mapped_column(ForeignKey("membership.id"))
    reason_code: Mapped[str] = mapped_column(String(24))
    started_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    ends_at: Mapped[datetime] = mapped_column(Moment())
    ended_at: Mapped[datetime | None] = mapped_column(Moment())
    review_by: Mapped[date]
    escalated_at: Mapped[datetime | None] = mapped_column(Moment())
    reviewed_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    reviewed_at: Mapped[datetime | None] = mapped_column(Moment())
    outcome: Mapped[str | None] = mapped_column(String(16))
    reason = Encrypted(max_length=2000)
    review_words = Encrypted(max_length=4000)

    def is_open(self, moment: datetime) -> bool:
        return self.ended_at is None and moment < self.ends_at
