"""The one way to insert many records at once (demonstration, bench, cohort uploads): it writes its own entries."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import insert

from audit.models import Event
from audit.services import record
from core.access import Actor
from core.db import db
from core.ids import Id


def load(
    rows: Mapping[Any, list[dict[str, Any]]],
    *,
    area_id: Id | None,
    subjects: Iterable[Id] = (),
    actor: Actor | None = None,
    event: Event = Event.LOADED,
    thing: Any = None,
) -> None:
    """Insert rows by model, in the order given, with one entry that names every subject and counts each table.

    ``thing`` is the record that they belong to, where the entry should name one.
    Rows are dictionaries of columns; sealed columns hold sealed bytes already (``core.crypto.seal_value``).
    """
    for model, values in rows.items():
        if values:
            db.session.execute(insert(model.__table__), values, execution_options={"loader": True})
    counts = {model.__tablename__: len(values) for model, values in rows.items() if values}
    record(event, actor, thing, subjects=subjects, area_id=area_id, detail=counts)
