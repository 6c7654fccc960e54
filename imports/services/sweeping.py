"""Lists whose time is over: not sent within a day, or worked through four weeks ago."""

from datetime import timedelta

from sqlalchemy import select

from core import context
from core.clock import now
from core.db import db
from imports.models import ImportStatus, ReferralImport
from imports.services.uploading import throw_away

EVERY = timedelta(hours=1)


def sweep() -> int:
    """Delete them with their keys; returns how many. Commits after each: one that fails holds up no other."""
    with context.acting_as(job="imports-sweep"):
        ended = select(ReferralImport).where(
            ReferralImport.kept_until < now(), ReferralImport.status != ImportStatus.SENDING.value
        )
        count = 0
        while (made := db.session.scalars(ended.limit(1)).first()) is not None:
            throw_away(None, made, reason="time")
            db.session.commit()
            count += 1
        db.session.rollback()
    return count
