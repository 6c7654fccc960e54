"""On what lawful ground: every disclosure made or refused. Agreements with partners belong to their agencies."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.models import Agreement as Agreement
from core.clock import now
from core.crypto import Encrypted
from core.db import Audited, Moment, SealedRecord, id_type
from core.ids import Id


class Disclosure(Audited, SealedRecord):
    """What was shared with whom, why and under which law; refusals are kept too (DOMAIN 3.8)."""

    __tablename__ = "disclosure"

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    young_person_id: Mapped[Id | None] = mapped_column(ForeignKey("young_person.id"), index=True)
    referral_id: Mapped[Id | None] = mapped_column(id_type(), index=True)
    case_id: Mapped[Id | None] = mapped_column(id_type(), index=True)
    from_agency_id: Mapped[Id | None] = mapped_column(ForeignKey("agency.id"))
    to_agency_id: Mapped[Id | None] = mapped_column(ForeignKey("agency.id"))
    data_class: Mapped[str] = mapped_column(String(40))
    gateway: Mapped[str] = mapped_column(String(60))
    purpose: Mapped[str] = mapped_column(String(40))
    outcome: Mapped[str] = mapped_column(String(24))
    statute: Mapped[str | None] = mapped_column(String(200))
    is_emergency: Mapped[bool] = mapped_column(default=False)
    decided_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime] = mapped_column(Moment(), default=now)
    to_whom = Encrypted(max_length=200)
    what = Encrypted(max_length=4000)
    why_needed = Encrypted(max_length=4000)
    reason = Encrypted(max_length=4000)
