"""How a transaction ends: statements whose answer nobody waits for, the seal, and the commit, in two trips to the server."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import date, datetime
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import Date, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from core.db import Moment, db

LATE = "late_statements"
# Takes SQL with names written ``:name`` and their values; returns the statement's first row where ``answers`` is set.
Run = Callable[..., Any]


def at_commit(statement: str, values: Mapping[str, Any]) -> None:
    """Run ``statement`` (names written ``:name``) among the last of this transaction. Nothing learns its result.

    Not for audited tables: the safety net looks at the session's own changes.
    """
    db.session().info.setdefault(LATE, []).append((statement, dict(values)))


def insert_at_commit(table: str, values: Mapping[str, Any], *, once: str = "") -> None:
    """Insert one row among the last statements: no trip of its own. ``once``: a row with this column's value stays."""
    at_commit(_insertion(table, tuple(values), once), values)


@cache
def _insertion(table: str, columns: tuple[str, ...], once: str) -> str:
    names, places = ", ".join(columns), ", ".join(f":{column}" for column in columns)
    unless = f" on conflict ({once}) do nothing" if once else ""
    return f"insert into {table} ({names}) values ({places}){unless}"  # noqa: S608 (our own names)


@contextmanager
def ending(session: Session) -> Iterator[Run]:
    """Run the late statements, then whatever the caller runs, by the driver itself; on PostgreSQL in one pipeline that
    ends with COMMIT.

    The caller has flushed and checked everything, for nothing can refuse the commit after this. SQLAlchemy's own commit
    then finds nothing left to do. Raise what SQLAlchemy would raise.
    """
    late = session.info.pop(LATE, [])
    connection = session.connection()
    driver: Any = connection.connection.driver_connection
    is_postgres = connection.dialect.name == "postgresql"
    try:
        with driver.pipeline() if is_postgres else nullcontext():
            run = _piped(driver) if is_postgres else _plain(driver, connection.dialect)
            for statement, values in late:
                run(statement, values)
            yield run
            if is_postgres:
                driver.execute("COMMIT")
    except (psycopg.Error, sqlite3.Error) as error:
        if is_postgres and driver.closed:
            connection.invalidate(error)
        raise DBAPIError.instance(
            "the end of a transaction", None, error, psycopg.Error if is_postgres else sqlite3.Error,
            hide_parameters=True, dialect=connection.dialect,
        ) from error  # fmt: skip


def _plain(driver: Any, dialect: Dialect) -> Run:
    def run(statement: str, values: Any, answers: bool = False) -> Any:
        cursor = driver.execute(statement, {name: _for_sqlite(value, dialect) for name, value in values.items()})
        return cursor.fetchone() if answers else None

    return run


def _for_sqlite(value: Any, dialect: Dialect) -> Any:
    """Dates and moments as SQLAlchemy keeps them there, a list as JSON; the driver knows everything else."""
    if not isinstance(value, date):
        return json.dumps(value) if isinstance(value, list) else value
    stored: Any = _stored(isinstance(value, datetime), dialect)
    return stored(value)


@cache
def _stored(is_moment: bool, dialect: Dialect) -> Any:
    kind: TypeEngine[Any] = Moment() if is_moment else Date()
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _piped(driver: Any) -> Run:
    def run(statement: str, values: Any, answers: bool = False) -> Any:
        cursor = driver.execute(_for_driver(statement), values)
        return cursor.fetchone() if answers else None

    return run


@cache
def _for_driver(statement: str) -> str:
    """``:name`` as psycopg writes it; a cast (``::text``) is left alone."""
    return re.sub(r"(?<![:\w]):(\w+)", r"%(\1)s", statement)
