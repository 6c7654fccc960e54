"""A case: who leads it, what is due next, taking part, offers of support, sessions, notes, reviews, its timeline."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.crypto import Encrypted
from core.db import Audited, Moment, SealedRecord, id_type
from core.ids import Id


class OfCase(SealedRecord):
    """What hangs on a case: sealed under the young person's key, in the case's area."""

    __abstract__ = True

    case_id: Mapped[Id] = mapped_column(ForeignKey("case_record.id"), index=True)
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    young_person_id: Mapped[Id] = mapped_column(ForeignKey("young_person.id"))


class Case(Audited, SealedRecord):
    """One episode of support. The services keep ``next_step`` and ``next_due_on``, so that lists need no join."""

    __tablename__ = "case_record"
    __table_args__ = (
        Index("ix_case_due", "area_id", "next_due_on", "id", sqlite_where=text("is_open = 1"),
              postgresql_where=text("is_open")),
        Index("ix_case_lead", "lead_id", "is_open"),
        Index("ix_case_person", "young_person_id"),
        Index("ix_case_figures", "area_id", "is_open", "stage", "lead_id", "next_due_on", "review_due_on"),
        Index("ix_case_referral_figures", "referral_id", "engagement", "is_open", "id"),
    )  # fmt: skip

    reference: Mapped[str] = mapped_column(String(16), unique=True)
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    district_id: Mapped[Id | None] = mapped_column(ForeignKey("district.id"))
    young_person_id: Mapped[Id] = mapped_column(ForeignKey("young_person.id"))
    referral_id: Mapped[Id] = mapped_column(ForeignKey("referral.id"), index=True)
    episode: Mapped[int] = mapped_column(default=1)
    stage: Mapped[str] = mapped_column(String(16))
    is_open: Mapped[bool] = mapped_column(default=True)
    engagement: Mapped[str] = mapped_column(String(16))
    lead_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    next_step: Mapped[str] = mapped_column(String(24))
    next_due_on: Mapped[date]
    review_due_on: Mapped[date | None]
    last_contact_on: Mapped[date | None]
    opened_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    closed_at: Mapped[datetime | None] = mapped_column(Moment())
    closed_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    closure_asked_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    closure_asked_on: Mapped[date | None]
    closure_reason: Mapped[str | None] = mapped_column(String(24))
    going_well = Encrypted(max_length=4000)
    worries = Encrypted(max_length=4000)
    closure_note = Encrypted(max_length=4000)
    exit_plan = Encrypted(max_length=4000)
    closure_feedback = Encrypted(max_length=4000)
    reopen_reason = Encrypted(max_length=4000)


class Offer(Audited, OfCase):
    """Support offered to a provider for a case: accepted, waiting, or not possible."""

    __tablename__ = "offer"
    __table_args__ = (Index("ix_offer_provider", "provider_id", "status"),)

    intervention_id: Mapped[Id] = mapped_column(ForeignKey("intervention.id"))
    provider_id: Mapped[Id] = mapped_column(ForeignKey("agency.id"))
    practitioner_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    status: Mapped[str] = mapped_column(String(16))
    answer_by: Mapped[date]
    answered_at: Mapped[datetime | None] = mapped_column(Moment())
    start_on: Mapped[date | None]
    planned_sessions: Mapped[int] = mapped_column(default=12)
    decline_code: Mapped[str | None] = mapped_column(String(24))
    goal = Encrypted(max_length=1000)
    safety = Encrypted(max_length=2000)
    harm_reason = Encrypted(max_length=2000)
    note = Encrypted(max_length=4000)


class EngagementAttempt(Audited, OfCase):
    """One time somebody asked the young person or family to take part. Not the ground for processing (DOMAIN 3.8)."""

    __tablename__ = "engagement_attempt"

    made_on: Mapped[date]
    made_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    method: Mapped[str] = mapped_column(String(16))
    answer: Mapped[str] = mapped_column(String(16))
    given_by: Mapped[str | None] = mapped_column(String(24))
    notice_version: Mapped[str | None] = mapped_column(String(12))
    notice_language: Mapped[str | None] = mapped_column(String(40))
    competence_note = Encrypted(max_length=1000)
    their_words = Encrypted(max_length=2000)


class SupportSession(Audited, OfCase):
    """One planned meeting with the young person and what happened. Missing one counts against nobody."""

    __tablename__ = "support_session"
    __table_args__ = (Index("ix_support_session_day", "worker_id", "status", "starts_at"),)

    offer_id: Mapped[Id | None] = mapped_column(ForeignKey("offer.id"), index=True)
    worker_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    starts_at: Mapped[datetime] = mapped_column(Moment())
    mode: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    attendance: Mapped[str | None] = mapped_column(String(8))
    no_session_code: Mapped[str | None] = mapped_column(String(24))
    rescheduled_by: Mapped[str | None] = mapped_column(String(16))
    minutes: Mapped[int | None]
    concern: Mapped[str | None] = mapped_column(String(16))
    goal_ids: Mapped[list[Any]] = mapped_column(JSON, default=list)
    recorded_at: Mapped[datetime | None] = mapped_column(Moment())
    recorded_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    place = Encrypted(max_length=200)
    what_happened = Encrypted(max_length=4000)
    their_words = Encrypted(max_length=2000)
    concern_words = Encrypted(max_length=4000)


class CaseNote(Audited, OfCase):
    """A note: what was seen, said or decided. Editable by its author for 24 hours, then only corrected."""

    __tablename__ = "case_note"

    kind: Mapped[str] = mapped_column(String(16))
    happened_on: Mapped[date]
    author_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    corrects_id: Mapped[Id | None] = mapped_column(ForeignKey("case_note.id"))
    text = Encrypted(max_length=8000)


class Review(Audited, OfCase):
    """A look back with the young person: what changed, their view, keep or change or close."""

    __tablename__ = "review"

    held_on: Mapped[date]
    author_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    decision: Mapped[str] = mapped_column(String(12))
    next_on: Mapped[date | None]
    what_changed = Encrypted(max_length=4000)
    their_view = Encrypted(max_length=4000)


class TimelineEntry(OfCase):
    """One line of the timeline, written with the change it tells of (which has the audit entry). Append only."""

    __tablename__ = "timeline_entry"
    __table_args__ = (Index("ix_timeline_entry_newest", "case_id", "at"),)

    at: Mapped[datetime] = mapped_column(Moment(), default=now)
    kind: Mapped[str] = mapped_column(String(24))
    actor_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    agency_id: Mapped[Id | None] = mapped_column(ForeignKey("agency.id"))
    object_id: Mapped[Id | None] = mapped_column(id_type())
    summary = Encrypted(max_length=500)
