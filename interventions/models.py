"""What can be offered: the catalogue, with evidence, cost and places."""

from datetime import date

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Record
from core.ids import Id


class Intervention(Record):
    """One kind of support from one provider. Without an area it describes the approach everywhere. No personal data.

    ``places`` is None where nobody has said how many there are: then they are not counted.
    """

    __tablename__ = "intervention"

    code: Mapped[str] = mapped_column(String(60), index=True)
    name: Mapped[str] = mapped_column(String(120))
    category: Mapped[str] = mapped_column(String(40))
    description: Mapped[str] = mapped_column(Text, default="")
    area_id: Mapped[Id | None] = mapped_column(ForeignKey("area.id"), index=True)
    provider_id: Mapped[Id | None] = mapped_column(ForeignKey("agency.id"))
    rating: Mapped[str] = mapped_column(String(40))
    violence_effect: Mapped[str] = mapped_column(String(200), default="")
    confidence: Mapped[str] = mapped_column(String(40), default="")
    cost: Mapped[str] = mapped_column(String(60), default="")
    source: Mapped[str] = mapped_column(String(200), default="")
    as_at: Mapped[date | None]
    is_harmful: Mapped[bool] = mapped_column(default=False)
    warning: Mapped[str] = mapped_column(Text, default="")
    places: Mapped[int | None]
    min_age: Mapped[int] = mapped_column(default=10)
    max_age: Mapped[int] = mapped_column(default=17)
    is_active: Mapped[bool] = mapped_column(default=True)
