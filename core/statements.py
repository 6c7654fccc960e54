"""Statements that are made once and run on nearly every page, by the database's driver itself where that is quicker."""

import re
import sqlite3
from collections import namedtuple
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, cast
from weakref import WeakKeyDictionary

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError, MultipleResultsFound, NoResultFound
from sqlalchemy.orm import make_transient_to_detached

from core.db import db

# What the driver is given: SQL with places written ``$1``, and the names whose values stand there, in that order.
Asked = tuple[str, tuple[str, ...]]
NAME = re.compile(r"(?<![:\w]):(\w+)")
_COMPILED = re.compile(r"%\((\w+)\)s|%%")


def fetch(statement: Any, values: Mapping[str, Any]) -> Sequence[Any]:
    """The rows of a statement that is made once and runs on many pages; columns by name or place, no records.

    PostgreSQL's driver gives every type as we want it, so there SQLAlchemy's part of the work, more than half of the
    statement's price, is left out. Raise what SQLAlchemy would raise.
    """
    connection = db.session.connection()
    if connection.dialect.name != "postgresql":
        return db.session.execute(statement, dict(values)).all()
    known = _known.get(statement)
    if known is None:
        known = _known[statement] = _Known.of(statement, values)
    return run(connection, known.asked, {**known.fixed, **values} if known.fixed else values, known.row_of)


def fetch_one(statement: Any, values: Mapping[str, Any]) -> Any:
    """Its only row. Raise NoResultFound or MultipleResultsFound."""
    rows = fetch(statement, values)
    if len(rows) == 1:
        return rows[0]
    raise MultipleResultsFound("Several rows where one was asked for") if rows else NoResultFound("No row was found")


class Rows(Collection[Any]):
    """The rows of a long list of columns, made one at a time each time that they are walked through, in this transaction.

    As they came from PostgreSQL ten thousand take 3 MB; as Python's objects, all of them at once, 8 MB more.
    """

    def __init__(self, statement: Any) -> None:
        connection = db.session.connection()
        self._result = connection.execute(statement)
        self._held = None if connection.dialect.name == "postgresql" else self._result.all()

    def __len__(self) -> int:
        cursor: Any = self._result.cursor
        return int(cursor.rowcount) if self._held is None else len(self._held)

    def __iter__(self) -> Iterator[Any]:
        if self._held is not None:
            return iter(self._held)
        cursor: Any = self._result.cursor
        if len(self):
            cursor.scroll(0, mode="absolute")
        # Not the cursor itself: who hands its rows on and stops halfway would close it with them.
        return (row for row in cursor)

    def __contains__(self, row: object) -> bool:
        return any(one == row for one in self)


def columns_of(*models: Any) -> list[Any]:
    """Every column of these tables, in the order in which ``records_in`` reads them."""
    return [column for model in models for column in model.__table__.c]


def records_in(row: Sequence[Any], *models: Any) -> list[Any]:
    """The records of a row of ``columns_of(*models)``, held by the session as if it had loaded them.

    None where an outer join found none; one that the session holds already stays as it is there. For one record of a
    page that people open all day: the session's own way to it costs three times as much.
    """
    found, place = [], 0
    for model in models:
        names = _attributes(model)
        found.append(_held(model, dict(zip(names, row[place : place + len(names)], strict=True))))
        place += len(names)
    return found


@cache
def _attributes(model: Any) -> list[str]:
    mapper: Any = inspect(model)
    return [mapper.get_property_by_column(column).key for column in columns_of(model)]


def _held(model: Any, values: dict[str, Any]) -> Any:
    if values["id"] is None:
        return None
    session, mapper = db.session(), cast(Any, inspect(model))
    held = session.identity_map.get(mapper.identity_key_from_primary_key((values["id"],)))
    if held is None:
        held = mapper.class_manager.new_instance()
        vars(held).update(values)
        make_transient_to_detached(held)
        session.add(held)
    return held


def run(connection: Connection, asked: Asked, values: Mapping[str, Any], row_of: Any = tuple_row) -> list[Any]:
    """All rows of one statement on a connection to PostgreSQL that has begun."""
    rows: list[Any] = walk(connection, asked, values, row_of).fetchall()
    return rows


def walk(connection: Connection, asked: Asked, values: Mapping[str, Any], row_of: Any = tuple_row) -> Any:
    """The driver's cursor with the answer, which makes each row when it is asked for; whoever listens to the engine hears
    the statement. The connection is free again."""
    driver: Any = connection.connection.driver_connection
    cursor: Any = psycopg.RawCursor(driver, row_factory=row_of)
    for listener in connection.engine.dispatch.before_cursor_execute:
        listener(connection, cursor, asked[0], values, None, False)
    with as_sqlalchemy_raises(connection, "a statement that is made once"):
        cursor.execute(asked[0], [values[name] for name in asked[1]])
    return cursor


def ask(driver: Any, asked: Asked, values: Mapping[str, Any]) -> Any:
    """Send one statement; the cursor has its answer. As the server itself writes places: names would be looked for anew
    in each text with more than fifty of them."""
    text, names = asked
    return psycopg.RawCursor(driver).execute(text, [values[name] for name in names])


@cache
def numbered(statement: str) -> Asked:
    """``:name`` as PostgreSQL writes it, and the names in the order of their numbers; a cast (``::text``) is left alone."""
    return _numbered(statement, NAME)


def _numbered(statement: str, name: re.Pattern[str]) -> Asked:
    names: dict[str, int] = {}
    text = name.sub(lambda found: f"${names.setdefault(found[1], len(names) + 1)}" if found[1] else "%", statement)
    return text, tuple(names)


@contextmanager
def as_sqlalchemy_raises(connection: Connection, what: str) -> Iterator[None]:
    """The driver's errors as SQLAlchemy's, without the values.

    A connection that was lost is not used again, nor are those that wait beside it: a server that was restarted costs
    one page, not one for each of them.
    """
    try:
        yield
    except (psycopg.Error, sqlite3.Error) as error:
        is_postgres = connection.dialect.name == "postgresql"
        driver: Any = connection.connection.driver_connection
        if is_postgres and driver.closed:
            connection.invalidate(error)
            connection.engine.dispose()
        raise DBAPIError.instance(
            what, None, error, psycopg.Error if is_postgres else sqlite3.Error, hide_parameters=True,
            dialect=connection.dialect,
        ) from error  # fmt: skip


@dataclass(slots=True)
class _Known:
    """A statement as the driver is given it, the values that never change, and what its rows are made with."""

    asked: Asked
    fixed: Mapping[str, Any]
    make: Any = None

    @classmethod
    def of(cls, statement: Any, values: Mapping[str, Any]) -> "_Known":
        whole = statement.compile(dialect=db.engine.dialect).construct_expanded_state(dict(values))
        fixed = {name: value for name, value in whole.parameters.items() if name not in values}
        return cls(_numbered(whole.statement, _COMPILED), fixed)

    def row_of(self, cursor: Any) -> Any:
        """The driver asks with every answer; the names are the same each time."""
        if self.make is None and cursor.description:
            names = [column.name for column in cursor.description]
            self.make = partial(tuple.__new__, namedtuple("Row", names, rename=True))
        return self.make


_known: WeakKeyDictionary[Any, _Known] = WeakKeyDictionary()
