"""Looking for the same young person in another area: what waits to be indexed or looked for, and whom to contact."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.db import Audited, Moment, Record, id_type
from core.ids import Id

_WAITING = text("state = 'waiting'")


class MatchingTask(Audited, Record):
    """Work of the matching step, which alone reads the global index. ``answer`` is all that an asker learns.

    ``object_id`` is a young person (publish, forget) or a referral (look).
    """

    __tablename__ = "matching_task"
    __table_args__ = (
        Index("ix_matching_task_waiting", "attempts", "asked_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_matching_task_asker", "asked_by_id", "asked_at"),
    )

    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    object_id: Mapped[Id] = mapped_column(id_type(), index=True)
    asked_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    answer: Mapped[str | None] = mapped_column(String(12))
    done_at: Mapped[datetime | None] = mapped_column(Moment())


class OtherPanelContact(Audited, Record):
    """A task of the area that knows the young person: contact the panel that asked. ``reference`` is that panel's.

    For a hidden young person only the safeguarding lead and the people named see it, as they see the record.
    """

    __tablename__ = "other_panel_contact"
    __table_args__ = (
        UniqueConstraint("referral_id", "young_person_id"),
        Index("ix_other_panel_contact_open", "area_id", "outcome", "due_on"),
    )

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    young_person_id: Mapped[Id] = mapped_column(ForeignKey("young_person.id"), index=True)
    asking_area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    referral_id: Mapped[Id] = mapped_column(id_type())
    reference: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    due_on: Mapped[date]
    outcome: Mapped[str | None] = mapped_column(String(12))
    done_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    done_at: Mapped[datetime | None] = mapped_column(Moment())
