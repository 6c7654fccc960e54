"""Contents without a row go a day later: of files that were taken away, and of transactions that failed."""

from datetime import timedelta

from sqlalchemy import Select, delete, func, or_, select

from core.clock import now, today
from core.context import acting_as
from core.db import db
from core.ids import Id
from files.models import FileDay, StoredFile
from files.services.keeping import store

# Contents are put before their row is committed; younger ones may only be waiting for it.
SETTLED_AFTER = timedelta(hours=24)


def _named(ids: list[Id]) -> Select[Id]:
    """Those of these ids under which contents of a file lie; what was sealed anew lies under another than before."""
    lies_at = func.coalesce(StoredFile.content_id, StoredFile.id)
    return select(lies_at).where(or_(StoredFile.id.in_(ids), StoredFile.content_id.in_(ids)), lies_at.in_(ids))


def tidy() -> int:
    """Delete contents that no row names; how many. Commits."""
    with acting_as(job="files"):
        old = [file_id for file_id, put_at in store().kept() if put_at < now() - SETTLED_AFTER]
        known: set[Id] = set()
        for at in range(0, len(old), 500):
            known |= set(db.session.scalars(_named(old[at : at + 500])))
        gone = [file_id for file_id in old if file_id not in known]
        for file_id in gone:
            store().delete(file_id)
        db.session.execute(delete(FileDay).where(FileDay.day < today() - timedelta(days=7)))
        db.session.commit()
    return len(gone)
