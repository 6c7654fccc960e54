"""A list that an agency uploaded: its counts, its sealed report, and its fine rows until each became a referral."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.codes.base import Code
from core.crypto import Encrypted
from core.db import Audited, Moment, SealedRecord, id_type
from core.ids import Id


class ImportStatus(Code):
    CHECKED = "checked", "Checked, not sent"
    SENDING = "sending", "Being sent"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"


class RowStatus(Code):
    WAITING = "waiting", "Waiting"
    MADE = "made", "Done"
    NOT_MADE = "not_made", "Not sent"


class Makes(Code):
    """What the rows become."""

    REFERRALS = "referrals", "Send them as referrals now"
    DRAFTS = "drafts", "Make drafts, which I check and send one by one"


_TAKEN = text("status in ('sending', 'done')")


class ReferralImport(Audited, SealedRecord):
    """One list, its owner's alone. ``digest`` is a keyed hash of what it says: the same list is not sent twice."""

    __tablename__ = "referral_import"
    __table_args__ = (
        Index("uq_referral_import_sent", "digest", unique=True, sqlite_where=_TAKEN, postgresql_where=_TAKEN),
        Index("ix_referral_import_status", "status", "created_at"),
    )

    owner_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), index=True)
    membership_id: Mapped[Id] = mapped_column(ForeignKey("membership.id"))
    agency_id: Mapped[Id | None] = mapped_column(ForeignKey("agency.id"))
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    status: Mapped[str] = mapped_column(String(12))
    makes_code: Mapped[str | None] = mapped_column(String(12))
    stopped_code: Mapped[str | None] = mapped_column(String(24))
    digest: Mapped[bytes] = mapped_column(LargeBinary(16))
    rows_read: Mapped[int]
    rows_fine: Mapped[int]
    rows_again: Mapped[int]
    rows_wanted: Mapped[int] = mapped_column(default=0)
    rows_made: Mapped[int] = mapped_column(default=0)
    rows_not_made: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    kept_until: Mapped[datetime] = mapped_column(Moment())
    report = Encrypted(kind="json", max_length=2_000_000)


class ImportRow(Audited, SealedRecord):
    """One fine row under its list's key. Its answers go as soon as the referral (of the id ``referral_id``) has them."""

    __tablename__ = "import_row"
    __table_args__ = (Index("ix_import_row_next", "import_id", "status", "row_number"),)

    import_id: Mapped[Id] = mapped_column(ForeignKey("referral_import.id"))
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    row_number: Mapped[int]
    status: Mapped[str] = mapped_column(String(12))
    reason_code: Mapped[str | None] = mapped_column(String(24))
    is_again: Mapped[bool] = mapped_column(default=False)
    referral_id: Mapped[Id | None] = mapped_column(id_type())
    answers = Encrypted(kind="json", max_length=200_000)
