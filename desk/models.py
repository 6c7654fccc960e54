"""What the desk keeps: searches, for half an hour."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.crypto import Encrypted
from core.db import Moment, SealedRecord
from core.ids import Id

KEPT = timedelta(minutes=30)


class StoredSearch(SealedRecord):
    """What was typed and what was found, so that a name never stands in an address. No area: the system's key."""

    __tablename__ = "stored_search"

    owner_id: Mapped[Id] = mapped_column(ForeignKey("user_account.id"), index=True)
    membership_id: Mapped[Id] = mapped_column(ForeignKey("membership.id"))
    kept_until: Mapped[datetime] = mapped_column(Moment(), default=lambda: now() + KEPT)
    examined: Mapped[int] = mapped_column(default=0)
    typed = Encrypted(max_length=200)
    found = Encrypted(kind="json", max_length=20_000)
