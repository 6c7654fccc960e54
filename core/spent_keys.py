"""Destroying the keys of what is discarded, once the transaction that discards it is kept (SETTLED 11)."""

import contextlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from core.db import db
from core.ids import Id
from core.keyring import keyring

_WAITING, _TO_BURY, _LISTENS = "keys_to_destroy", "people_to_bury", "destroys_keys"


def destroy_after_commit(key_ids: Iterable[Id]) -> None:
    """A key goes only when what it opens is gone; a transaction that fails keeps both."""
    unused = list(key_ids)
    if not unused:
        return
    session = db.session()
    session.info.setdefault(_WAITING, set()).update(unused)
    if not session.info.get(_LISTENS):
        session.info[_LISTENS] = True
        event.listen(session, "after_commit", _destroy)
        event.listen(session, "after_rollback", _forget)


def bury_after_commit(person_id: Id, area_id: Id, key_ids: Iterable[Id]) -> None:
    """As ``destroy_after_commit``, for a young person who is erased: the database of keys keeps a tombstone too."""
    keys = sorted(key_ids)
    destroy_after_commit(keys)
    db.session().info.setdefault(_TO_BURY, []).append((person_id, area_id, keys))


def _destroy(session: Any) -> None:
    for burial in session.info.pop(_TO_BURY, ()):
        # The tombstone in the data stands: what could not be destroyed now is replayed at the next start.
        with contextlib.suppress(SQLAlchemyError):
            keyring().store.bury(*burial)
    unused = session.info.pop(_WAITING, None)
    if unused:
        # The rows are gone and the answer stands; a key that could not be destroyed now is found by `flask drafts sweep`.
        with contextlib.suppress(SQLAlchemyError):
            keyring().store.destroy(sorted(unused))


def _forget(session: Any) -> None:
    """What was not kept is not destroyed by the next commit of the same session either."""
    session.info.pop(_WAITING, None)
    session.info.pop(_TO_BURY, None)
