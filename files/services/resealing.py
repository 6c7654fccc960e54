"""A file's contents under a new key: put beside the old ones first, and named in the transaction that changes its row."""

from sqlalchemy import select, update

from core.context import AccessContext
from core.db import db
from core.ids import Id, new_id
from files.models import StoredFile
from files.services import sealing
from files.services.keeping import store

Copies = list[tuple[Id, Id]]


def copy(job: AccessContext, old_key: Id, new_key: Id) -> Copies:
    """Put the contents of every file under ``old_key`` anew, outside of any transaction; file and new place of each.

    What was taken away or lost has none. Until ``point_to`` counts, readers find the old ones; if it never does, the
    tidying takes the new ones. Raise SealBroken, StoreUnavailable.
    """
    wanted = select(StoredFile.id, StoredFile.content_id, StoredFile.pieces).where(StoredFile.data_key_id == old_key)
    rows = db.session.execute(wanted).all()
    db.session.rollback()
    copies: Copies = []
    for row in rows:
        kept = store().get(row.content_id or row.id)
        if kept is None:
            continue
        content = b"".join(sealing.opened(job.cipher(old_key), row.id, old_key, row.pieces, kept))
        place = new_id()
        store().put(place, sealing.sealed(job.cipher(new_key), row.id, new_key, content)[0])
        copies.append((row.id, place))
    return copies


def point_to(copies: Copies) -> None:
    """In the transaction that seals the rows anew. The old contents, under a key that goes, are tidied a day later."""
    table = StoredFile.__table__
    for file_id, place in copies:
        db.session.execute(
            update(table).where(table.c.id == file_id).values(content_id=place), execution_options={"loader": True}
        )
