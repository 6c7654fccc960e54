"""A panel meeting, who is asked to it, its agenda with a decision for each item, and actions."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.crypto import Encrypted
from core.db import Audited, Moment, Record, SealedRecord
from core.ids import Id


class Meeting(Audited, Record):
    """One meeting of an area's panel. Its own row holds nothing about a young person."""

    __tablename__ = "meeting"

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(Moment(), index=True)
    place: Mapped[str] = mapped_column(String(200), default="")
    status: Mapped[str] = mapped_column(String(16))
    quorum: Mapped[int] = mapped_column(default=4)
    chair_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment())
    confirmed_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))


class MeetingMember(Audited, Record):
    """Someone asked to a meeting for an agency, and whether they came. Quorum counts agencies."""

    __tablename__ = "meeting_member"
    __table_args__ = (Index("uq_meeting_member_person", "meeting_id", "user_id", unique=True),)

    meeting_id: Mapped[Id] = mapped_column(ForeignKey("meeting.id"))
    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), index=True)
    agency_id: Mapped[Id | None] = mapped_column(ForeignKey("agency.id"))
    attendance: Mapped[str | None] = mapped_column(String(16))


class AgendaItem(Audited, SealedRecord):
    """One young person on one agenda, and what the panel decided. Sealed under the young person's key.

    The lead and the chosen support wait here: nothing takes effect before the meeting's list is confirmed.
    """

    __tablename__ = "agenda_item"
    __table_args__ = (Index("uq_agenda_item_pair", "meeting_id", "referral_id", unique=True),)

    meeting_id: Mapped[Id] = mapped_column(ForeignKey("meeting.id"))
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    referral_id: Mapped[Id] = mapped_column(ForeignKey("referral.id"), index=True)
    young_person_id: Mapped[Id] = mapped_column(ForeignKey("young_person.id"))
    position: Mapped[int]
    minutes: Mapped[int] = mapped_column(default=10)
    status: Mapped[str] = mapped_column(String(16))
    decision: Mapped[str | None] = mapped_column(String(40))
    decided_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment())
    case_id: Mapped[Id | None] = mapped_column(ForeignKey("case_record.id"))
    lead_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    provider_id: Mapped[Id | None] = mapped_column(ForeignKey("agency.id"))
    intervention_ids: Mapped[list[Any]] = mapped_column(JSON, default=list)
    rationale = Encrypted(max_length=4000)
    dissent = Encrypted(max_length=4000)
    text_for_referrer = Encrypted(max_length=4000)
    harm_reason = Encrypted(max_length=1000)


class Conflict(Audited, SealedRecord):
    """A member's conflict of interest on one item: they take no part in its decision."""

    __tablename__ = "conflict"
    __table_args__ = (Index("uq_conflict_person", "item_id", "user_id", unique=True),)

    item_id: Mapped[Id] = mapped_column(ForeignKey("agenda_item.id"))
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    young_person_id: Mapped[Id] = mapped_column(ForeignKey("young_person.id"))
    user_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[str] = mapped_column(String(20))
    note = Encrypted(max_length=1000)


class PanelAction(Audited, SealedRecord):
    """Something somebody does by a day, from a panel item or a case. Proposed until the meeting is confirmed."""

    __tablename__ = "panel_action"
    __table_args__ = (Index("ix_panel_action_owner", "owner_id", "done_at", "due_on"),)

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    young_person_id: Mapped[Id] = mapped_column(ForeignKey("young_person.id"))
    meeting_id: Mapped[Id | None] = mapped_column(ForeignKey("meeting.id"), index=True)
    item_id: Mapped[Id | None] = mapped_column(ForeignKey("agenda_item.id"))
    case_id: Mapped[Id | None] = mapped_column(ForeignKey("case_record.id"), index=True)
    owner_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    due_on: Mapped[date]
    is_proposed: Mapped[bool] = mapped_column(default=False)
    done_at: Mapped[datetime | None] = mapped_column(Moment())
    done_by_id: Mapped[Id | None] = mapped_column(ForeignKey("user_account.id"))
    what = Encrypted(max_length=1000)
    done_note = Encrypted(max_length=1000)
