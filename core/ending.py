"""How a transaction ends: statements whose answer nobody waits for, the seal, and the commit, in two trips to the server."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import Date, bindparam, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

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
    """Run the late statements, then whatever the caller runs, then, on PostgreSQL, COMMIT: in one pipeline.

    The caller has flushed and checked everything, for nothing can refuse the commit after this. SQLAlchemy's own commit
    then finds nothing left to do. Raise what SQLAlchemy would raise.
    """
    late = session.info.pop(LATE, [])
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        run = _plain(session)
        for statement, values in late:
            run(statement, values)
        yield run
        return
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            run = _piped(driver)
            for statement, values in late:
                run(statement, values)
            yield run
            driver.execute("COMMIT")
    except psycopg.Error as error:
        if driver.closed:
            connection.invalidate(error)
        raise DBAPIError.instance(
            "the end of a transaction", None, error, psycopg.Error, hide_parameters=True, dialect=connection.dialect
        ) from error


def _plain(session: Session) -> Run:
    def run(statement: str, values: Any, answers: bool = False) -> Any:
        typed = [bindparam(name, type_=_type_of(value)) for name, value in values.items() if isinstance(value, date)]
        done = session.execute(text(statement).bindparams(*typed), values)
        return done.first() if answers else None

    return run


def _type_of(value: date) -> Any:
    return Moment() if isinstance(value, datetime) else Date()


def _piped(driver: Any) -> Run:
    def run(statement: str, values: Any, answers: bool = False) -> Any:
        cursor = driver.execute(_for_driver(statement), values)
        return cursor.fetchone() if answers else None

    return run


@cache
def _for_driver(statement: str) -> str:
    """``:name`` as psycopg writes it; a cast (``::text``) is left alone."""
    return re.sub(r"(?<![:\w]):(\w+)", r"%(\1)s", statement)
