"""How a transaction ends: statements whose answer nobody waits for, the seal, and the commit, in two trips to the server."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import bindparam, text
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
        typed = [bindparam(name, type_=Moment()) for name, value in values.items() if isinstance(value, datetime)]
        done = session.execute(text(statement).bindparams(*typed), values)
        return done.first() if answers else None

    return run


def _piped(driver: Any) -> Run:
    def run(statement: str, values: Any, answers: bool = False) -> Any:
        cursor = driver.execute(_for_driver(statement), values)
        return cursor.fetchone() if answers else None

    return run


@cache
def _for_driver(statement: str) -> str:
    """``:name`` as psycopg writes it; a cast (``::text``) is left alone."""
    return re.sub(r"(?<![:\w]):(\w+)", r"%(\1)s", statement)
