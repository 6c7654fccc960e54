"""Counting what a request sends to the databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from core.db import db


@contextmanager
def reads_sent(app: Any) -> Iterator[list[str]]:
    """The SELECT statements that run inside, on the data and the key database, without those of the trail."""
    sent: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip().lower().startswith(("select", "with")) and "audit" not in statement:
            sent.append(statement)

    engines = (db.engine, app.extensions["keyring"].store.engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
