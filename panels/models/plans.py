"""The plan: goals in the child's words first, then ours; agreed with them, in versions."""

from datetime import date

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.codes.base import Tag
from core.codes.cases import GoalOutcome
from core.crypto import Encrypted
from core.db import Audited
from core.ids import Id
from panels.models.cases import OfCase


class Plan(Audited, OfCase):
    """One version of a case's plan."""

    __tablename__ = "plan"
    __table_args__ = (Index("uq_plan_number", "case_id", "number", unique=True),)

    number: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(String(12))
    agreed_on: Mapped[date | None]
    agreed_with: Mapped[str | None] = mapped_column(String(24))
    author_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    what_they_want = Encrypted(max_length=2000)


class Goal(Audited, OfCase):
    """A goal, scored 0 to 10 with the young person at the start and now."""

    __tablename__ = "goal"

    plan_id: Mapped[Id] = mapped_column(ForeignKey("plan.id"), index=True)
    position: Mapped[int] = mapped_column(default=1)
    score_at_start: Mapped[int | None]
    score_now: Mapped[int | None]
    due_on: Mapped[date | None]
    outcome: Mapped[str | None] = mapped_column(String(16))
    their_words = Encrypted(max_length=1000)
    our_words = Encrypted(max_length=1000)
    why = Encrypted(max_length=2000)
    who = Encrypted(max_length=300)
    steps = Encrypted(max_length=4000)
    outcome_note = Encrypted(max_length=2000)

    @property
    def ending(self) -> Tag | None:
        """What became of it, once the case was closed or closing was asked for."""
        return GoalOutcome(self.outcome).tag if self.outcome else None
