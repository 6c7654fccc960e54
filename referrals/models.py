"""Why someone is worried: drafts that only their owner opens, referrals, matches, messages and step-ups."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Area
from core.clock import now
from core.crypto import Encrypted
from core.db import Audited, Moment, SealedRecord, id_type
from core.ids import Id


class ReferralDraft(SealedRecord):
    """One sealed blob, its owner's alone, with the id of the later referral. Not audited on each autosave (SETTLED 20)."""

    __tablename__ = "referral_draft"

    owner_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), index=True)
    agency_id: Mapped[Id | None] = mapped_column(ForeignKey("agency.id"))
    area_id: Mapped[Id | None] = mapped_column(ForeignKey("area.id"))
    kept_until: Mapped[date]
    saved_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    answers = Encrypted(kind="json", max_length=200_000)
    # Every page of a draft names its area: one statement brings both.
    area: Mapped[Area | None] = relationship(lazy="joined", viewonly=True)


class Referral(Audited, SealedRecord):
    """A request that a panel consider a young person. Tied to a known young person only at triage."""

    __tablename__ = "referral"
    __table_args__ = (
        Index("ix_referral_queue", "area_id", "status", "sent_at"),
        Index("ix_referral_sent_by", "sent_by_id", "sent_at"),
        Index("ix_referral_agency", "agency_id", "sent_at"),
        # Everything that the area's figures read, so that they never visit the rows with their sealed text.
        Index(
            "ix_referral_figures",
            "area_id",
            "sent_at",
            "acknowledged_at",
            "ready_at",
            "decided_at",
            "status",
            "agency_id",
            "district_id",
            "id",
        ),
    )

    reference: Mapped[str] = mapped_column(String(16), unique=True)
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    district_id: Mapped[Id | None] = mapped_column(ForeignKey("district.id"))
    agency_id: Mapped[Id | None] = mapped_column(ForeignKey("agency.id"))
    sent_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    source_type: Mapped[str] = mapped_column(String(20))
    candidate_id: Mapped[Id | None] = mapped_column(id_type())
    young_person_id: Mapped[Id | None] = mapped_column(ForeignKey("young_person.id"), index=True)
    status: Mapped[str] = mapped_column(String(24))
    owner_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    sent_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    acknowledge_by: Mapped[date]
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment())
    decide_by: Mapped[date]
    decided_at: Mapped[datetime | None] = mapped_column(Moment())
    ready_at: Mapped[datetime | None] = mapped_column(Moment())
    outcome: Mapped[str | None] = mapped_column(String(40))
    outcome_code: Mapped[str | None] = mapped_column(String(40))
    forename = Encrypted(max_length=100)
    surname = Encrypted(max_length=100)
    date_of_birth = Encrypted(kind="date")
    answers = Encrypted(kind="json", max_length=200_000)
    reason_for_referrer = Encrypted(max_length=4000)
    triage_notes = Encrypted(max_length=4000)
    feedback = Encrypted(max_length=4000)


class ReferralMessage(Audited, SealedRecord):
    """A question to the referrer, or their answer."""

    __tablename__ = "referral_message"

    referral_id: Mapped[Id] = mapped_column(ForeignKey("referral.id"), index=True)
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    author_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[str] = mapped_column(String(12))
    answer_by: Mapped[date | None]
    answered_at: Mapped[datetime | None] = mapped_column(Moment())
    text = Encrypted(max_length=4000)


class ReferrerFeedback(Audited, SealedRecord):
    """What the referrer says back, once after the decision and once after the closure."""

    __tablename__ = "referrer_feedback"
    __table_args__ = (Index("uq_referrer_feedback_stage", "referral_id", "stage", unique=True),)

    referral_id: Mapped[Id] = mapped_column(ForeignKey("referral.id"))
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    author_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    stage: Mapped[str] = mapped_column(String(12))
    useful_answer: Mapped[str] = mapped_column(String(12))
    clear_answer: Mapped[str] = mapped_column(String(12))
    words = Encrypted(max_length=1000)


class PossibleMatch(Audited, SealedRecord):
    """A known young person who may be the one referred; ``reasons`` are codes. A coordinator answers."""

    __tablename__ = "possible_match"
    __table_args__ = (Index("uq_possible_match_pair", "referral_id", "young_person_id", unique=True),)

    referral_id: Mapped[Id] = mapped_column(ForeignKey("referral.id"))
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    young_person_id: Mapped[Id] = mapped_column(ForeignKey("young_person.id"))
    reasons: Mapped[list[Any]] = mapped_column(JSON, default=list)
    answer: Mapped[str] = mapped_column(String(12))
    answered_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    answered_at: Mapped[datetime | None] = mapped_column(Moment())
    why = Encrypted(max_length=4000)


class StepUp(Audited, SealedRecord):
    """Sent to children's social care (the front door), chased until answered. Closure waits for it."""

    __tablename__ = "step_up"

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    referral_id: Mapped[Id | None] = mapped_column(ForeignKey("referral.id"), index=True)
    case_id: Mapped[Id | None] = mapped_column(id_type(), index=True)
    young_person_id: Mapped[Id | None] = mapped_column(ForeignKey("young_person.id"))
    status: Mapped[str] = mapped_column(String(16))
    raised_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    called_at: Mapped[datetime] = mapped_column(Moment())
    chase_on: Mapped[date]
    is_nrm: Mapped[bool] = mapped_column(default=False)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment())
    answered_at: Mapped[datetime | None] = mapped_column(Moment())
    outcome: Mapped[str | None] = mapped_column(String(24))
    why = Encrypted(max_length=4000)
    front_door_reference = Encrypted(max_length=60)
    acknowledged_by = Encrypted(max_length=120)
    outcome_note = Encrypted(max_length=4000)
