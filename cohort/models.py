"""Who the young people are, what partners' extracts said, and who came up to be considered."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.crypto import Encrypted
from core.db import Audited, Moment, Record, SealedRecord, db, id_type
from core.ids import Id

_CLOSED = text("sensitivity <> 'normal'")


class YoungPerson(Audited, SealedRecord):
    """A young person known to one area. Everything about them is sealed under their own key."""

    __tablename__ = "young_person"
    __table_args__ = (
        Index("ix_young_person_closed", "area_id", "sensitivity", sqlite_where=_CLOSED, postgresql_where=_CLOSED),
        CheckConstraint("sensitivity in ('normal', 'restricted', 'hidden')", name="sensitivity"),
    )

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    merged_into_id: Mapped[Id | None] = mapped_column(ForeignKey("young_person.id"))
    created_from: Mapped[str] = mapped_column(String(20))
    sensitivity: Mapped[str] = mapped_column(String(12), default="normal", server_default="normal")
    sensitivity_code: Mapped[str | None] = mapped_column(String(24))
    sensitivity_at: Mapped[datetime | None] = mapped_column(Moment())
    sensitivity_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    ask_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    sensitivity_words = Encrypted(max_length=2000)
    forename = Encrypted(max_length=100)
    surname = Encrypted(max_length=100)
    preferred_name = Encrypted(max_length=100)
    aliases = Encrypted(kind="json", max_length=2000)
    date_of_birth = Encrypted(kind="date")
    sex = Encrypted(max_length=20)
    ethnicity = Encrypted(max_length=20)
    postcode = Encrypted(max_length=10)
    school = Encrypted(max_length=150)
    safe_contact = Encrypted(max_length=500)
    upn = Encrypted(max_length=20)
    nhs_number = Encrypted(max_length=20)
    details = Encrypted(kind="json", max_length=60_000)

    @property
    def subject_id(self) -> Id:
        return self.id


class NamedPerson(Audited, Record):
    """Someone who may open a closed record, or know of a hidden one (SETTLED 3)."""

    __tablename__ = "named_person"
    __table_args__ = (Index("uq_named_person_pair", "young_person_id", "user_id", unique=True),)

    young_person_id: Mapped[Id] = mapped_column(ForeignKey("young_person.id"))
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), index=True)
    named_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))


class BlindIndex(db.Model):  # type: ignore[name-defined]
    """Compound blind indexes of one young person (SECURITY-DESIGN 3): keyed, per area, never of a single name."""

    __tablename__ = "blind_index"
    __table_args__ = (Index("ix_blind_index_look_up", "area_id", "kind", "token"),)

    young_person_id: Mapped[Id] = mapped_column(ForeignKey("young_person.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    token: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    area_id: Mapped[Id] = mapped_column(id_type())
    key_version: Mapped[int]


class SourceExtract(Audited, Record):
    """One upload of a partner's list. ``report`` holds counts and row numbers by column, never a value."""

    __tablename__ = "source_extract"

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    agency_id: Mapped[Id | None] = mapped_column(ForeignKey("agency.id"))
    kind: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default="checked")
    uploaded_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    rows_read: Mapped[int] = mapped_column(default=0)
    rows_kept: Mapped[int] = mapped_column(default=0)
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    agreement_id: Mapped[Id | None] = mapped_column(ForeignKey("agreement.id"))
    key_id: Mapped[Id | None] = mapped_column(id_type())


class SourceRecord(Audited, SealedRecord):
    """One row of an extract, sealed under the upload's own key."""

    __tablename__ = "source_record"

    extract_id: Mapped[Id] = mapped_column(ForeignKey("source_extract.id"), index=True)
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    row_number: Mapped[int]
    row = Encrypted(kind="json", max_length=4000)


class CohortRun(Audited, Record):
    """One run of the starting criterion over accepted extracts; ``counts`` per step, ``criterion`` as it was frozen."""

    __tablename__ = "cohort_run"

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    status: Mapped[str] = mapped_column(String(20))
    started_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    criterion: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    extract_ids: Mapped[list[str]] = mapped_column(JSON, default=list)
    released_at: Mapped[datetime | None] = mapped_column(Moment())


class Candidate(Audited, SealedRecord):
    """A young person to consider, decided by a named person with a reason.

    ``came_up_on`` starts the clock; ``place`` keeps a run's date order (the day the rule was met), which is no ranking.
    """

    __tablename__ = "candidate"
    __table_args__ = (Index("ix_candidate_queue", "area_id", "status", "came_up_on"),)

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    run_id: Mapped[Id] = mapped_column(ForeignKey("cohort_run.id"), index=True)
    came_up_on: Mapped[date]
    place: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(20))
    decided_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment())
    decision_code: Mapped[str | None] = mapped_column(String(40))
    young_person_id: Mapped[Id | None] = mapped_column(ForeignKey("young_person.id"))
    referral_id: Mapped[Id | None] = mapped_column(id_type())
    forename = Encrypted(max_length=100)
    surname = Encrypted(max_length=100)
    date_of_birth = Encrypted(kind="date")
    details = Encrypted(kind="json", max_length=20_000)
    reasons = Encrypted(kind="json", max_length=20_000)
    decision_words = Encrypted(max_length=4000)

    @property
    def subject_id(self) -> Id:
        return self.young_person_id or self.id


# The tables of matching between areas have a file of their own; whoever loads the models loads them too.
from cohort.elsewhere_models import MatchingTask as MatchingTask  # noqa: E402
from cohort.elsewhere_models import OtherPanelContact as OtherPanelContact  # noqa: E402
