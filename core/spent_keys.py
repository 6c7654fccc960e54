"""Destroying the keys of what is discarded, once the transaction that discards it is kept (SETTLED 11)."""

import contextlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from core.db import db
from core.ids import Id
from core.keyring import keyring

_WAITING, _LISTENS = "keys_to_destroy", "destroys_keys"


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


def _destroy(session: Any) -> None:
    unused = session.info.pop(_WAITING, None)
    if unused:
        # The rows are gone and the answer stands; a key that could not be destroyed now is found by `flask drafts sweep`.
        with contextlib.suppress(SQLAlchemyError):
            keyring().store.destroy(sorted(unused))


def _forget(session: Any) -> None:
    """What was not kept is not destroyed by the next commit of the same session either."""
    session.info.pop(_WAITING, None)
