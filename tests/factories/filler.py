"""A row in every table, however little it says: for tests of the schema with something in it."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Connection, Table, func, select

from core.db import Moment, db
from core.ids import new_id

PLAIN: dict[type, Any] = {
    int: 1, bool: True, bytes: b"sealed", float: 1.0, dict: {}, list: [],
    date: date(2026, 3, 2),
}  # fmt: skip
# What a check of a table asks for: a file belongs to a referral or a case, a message goes to a user or an address.
ASKED = {"stored_file": ("referral_id",), "removed_file": ("referral_id",), "message": ("user_id",)}
STATED = {"stored_file": {"status": "safe"}, "message": {"status": "waiting"}}


def empty_tables(connection: Connection) -> list[Table]:
    """In the order of their references."""
    return [
        table for table in db.metadata.sorted_tables if not connection.scalar(select(func.count()).select_from(table))
    ]


def fill_empty_tables(connection: Connection) -> None:
    """One row in each table that has none; what must be there is, and refers to rows that exist."""
    for table in empty_tables(connection):
        needed = [c for c in table.columns if not c.nullable or c.name in ASKED.get(table.name, ())]
        row = {c.name: _value(connection, c, number) for number, c in enumerate(needed)}
        connection.execute(table.insert().values(row | STATED.get(table.name, {})))


def _value(connection: Connection, column: Column[Any], number: int) -> Any:
    for key in column.foreign_keys:
        # Another row for each column: who reviews is not who is reviewed.
        found = connection.scalars(select(key.column).order_by(key.column).limit(20)).all()
        return found[number % len(found)]
    if column.name == "data_key_id":
        return connection.scalar(select(db.metadata.tables["young_person"].c.data_key_id).limit(1))
    if isinstance(column.type, Moment):
        return datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    if isinstance(column.type, JSON):
        return {}
    if column.type.python_type is str:
        length = getattr(column.type, "length", None) or 26
        return new_id()[:length]
    return PLAIN[column.type.python_type]
