"""Records written or deleted among the last statements of a transaction: no trip of their own, no unit of work for one row.

For what people do most, where the session's bookkeeping cost more than the rest of the page. The trail holds them to the
same rule as the session's own changes: without an entry they do not commit.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import Dialect, inspect
from sqlalchemy.orm import Mapper

from core.crypto import seal_record
from core.db import Record, db
from core.ending import at_commit, insert_at_commit

RECORDS = "last_records"


def add_at_commit(item: Record) -> None:
    """Write a new record. It never joins the session, so what is set on it after this is not kept."""
    seal_record(item)
    given = vars(item)
    row = {}
    for key, column, default, bound in _columns(inspect(type(item)), db.engine.dialect):
        value = given[key] if key in given else default()
        row[column] = bound(value) if bound is not None and value is not None else value
    _remember(item)
    insert_at_commit(item.__tablename__, row)


def delete_at_commit(item: Record) -> None:
    """Delete a record as it was read; whoever changed it in between makes the commit fail with StaleDataError."""
    _remember(item)
    db.session.expunge(item)
    statement = f"delete from {item.__tablename__} where id = :id and row_version = :version"  # noqa: S608 (our own names)
    at_commit(statement, {"id": item.id, "version": item.row_version}, must_change=True)


def _remember(item: Record) -> None:
    db.session().info.setdefault(RECORDS, []).append(item)


@cache
def _columns(mapper: Mapper[Any], dialect: Dialect) -> list[tuple[str, str, Callable[[], Any], Any]]:
    """For each column: the attribute, its name, what stands there when nothing was given, and how the driver wants it."""
    return [
        (
            mapper.get_property_by_column(column).key,
            column.name,
            _default(column.default),
            column.type.dialect_impl(dialect).bind_processor(dialect),
        )
        for column in mapper.local_table.columns
    ]


def _default(default: Any) -> Callable[[], Any]:
    if default is None:
        return lambda: None
    if default.is_scalar:
        return lambda: default.arg
    return lambda: default.arg(None)
