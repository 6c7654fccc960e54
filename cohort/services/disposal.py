"""Destroying the keys of what is discarded, once the transaction that discards it is kept (SETTLED 11)."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import event

from core.db import db
from core.ids import Id
from core.keyring import keyring


def destroy_after_commit(key_ids: Iterable[Id]) -> None:
    """A key goes only when what it opens is gone; a transaction that fails keeps both."""
    store, unused = keyring().store, list(key_ids)
    if not unused:
        return

    @event.listens_for(db.session(), "after_commit", once=True)
    def destroy(session: Any) -> None:
        store.destroy(unused)
