"""Contents without a row go a day later: of files that were taken away, and of transactions that failed."""

from datetime import timedelta

from sqlalchemy import delete, select

from core.clock import now, today
from core.context import acting_as
from core.db import db
from core.ids import Id
from files.models import FileDay, StoredFile
from files.services.keeping import store

# Contents are put before their row is committed; younger ones may only be waiting for it.
SETTLED_AFTER = timedelta(hours=24)


def tidy() -> int:
    """Delete contents that no row names; how many. Commits."""
    with acting_as(job="files"):
        old = [file_id for file_id, put_at in store().kept() if put_at < now() - SETTLED_AFTER]
        known: set[Id] = set()
        for at in range(0, len(old), 500):
            known |= set(db.session.scalars(select(StoredFile.id).where(StoredFile.id.in_(old[at : at + 500]))))
        gone = [file_id for file_id in old if file_id not in known]
        for file_id in gone:
            store().delete(file_id)
        db.session.execute(delete(FileDay).where(FileDay.day < today() - timedelta(days=7)))
        db.session.commit()
    return len(gone)
