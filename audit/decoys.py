"""Records of nobody, made to be left alone (trip wires): where they are kept, and how lists and figures leave them out."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from core.crypto import Encrypted
from core.db import Audited, Moment, SealedRecord, id_type
from core.ids import Id


class Decoy(Audited, SealedRecord):
    """A record of nobody, agreed by two people, that no work leads to (a trip wire).

    The invented name is sealed; no role but those who read the trail sees this table. ``young_person_id`` and
    ``referral_id`` are set once a second person agreed and the record was made.
    """

    __tablename__ = "decoy"

    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"), index=True)
    asked_by_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[datetime | None] = mapped_column(Moment())
    ended_at: Mapped[datetime | None] = mapped_column(Moment())
    person_id: Mapped[Id | None] = mapped_column(id_type(), unique=True)
    referral_id: Mapped[Id | None] = mapped_column(id_type(), unique=True)
    forename = Encrypted(max_length=100)
    surname = Encrypted(max_length=100)
    date_of_birth = Encrypted(kind="date")

    __is_about_a_child__ = False


def not_a_decoy(referral_id: Any) -> ColumnElement[bool]:
    """For lists of work and for figures: a trip wire is nobody's work and counts nowhere. A search does find it."""
    decoys = select(Decoy.referral_id).where(Decoy.referral_id.is_not(None))
    return referral_id.not_in(decoys)  # type: ignore[no-any-return]
