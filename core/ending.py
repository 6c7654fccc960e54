"""How a transaction ends: statements whose answer nobody waits for, the seal, and the commit, in two trips to the server."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Date, Dialect
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.types import TypeEngine

from core.db import Moment, db
from core.statements import NAME, Asked, as_sqlalchemy_raises, ask, numbered

LATE = "late_statements"
# Takes SQL with names written ``:name`` and their values; returns the statement's first row where ``answers`` is set.
Run = Callable[..., Any]


def at_commit(statement: str, values: Mapping[str, Any], *, must_change: bool = False) -> None:
    """Run ``statement`` (names written ``:name``) among the last of this transaction. Nothing learns its result.

    ``must_change``: where it finds not exactly one row, the commit fails with StaleDataError.
    Not for audited tables (``core.last_records`` is): the safety net looks at the session's own changes.
    """
    db.session().info.setdefault(LATE, []).append((statement, dict(values), must_change))


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
    with as_sqlalchemy_raises(connection, "the end of a transaction"):
        if is_postgres:
            with driver.pipeline() as pipeline:
                must_change = _ask_together(driver, late)
                yield _run(lambda statement, values: ask(driver, numbered(statement), values))
                # The answers of all that was asked before the caller's last question have come with its own.
                if any(cursor.rowcount < 0 for cursor in must_change):
                    pipeline.sync()
                _check(must_change)
                driver.execute("COMMIT")
        else:
            ask_plainly = _plain(driver, connection.dialect)
            _check([done for statement, values, must in late if (done := ask_plainly(statement, values)) and must])
            yield _run(ask_plainly)


def _run(ask: Callable[[str, Any], Any]) -> Run:
    def run(statement: str, values: Any, answers: bool = False) -> Any:
        done = ask(statement, values)
        return done.fetchone() if answers else None

    return run


def _check(must_change: list[Any]) -> None:
    if any(done.rowcount != 1 for done in must_change):
        raise StaleDataError("A record that the last statements meant is not as it was read")


def _plain(driver: Any, dialect: Dialect) -> Callable[[str, Any], Any]:
    def ask(statement: str, values: Any) -> Any:
        return driver.execute(statement, {name: _for_sqlite(value, dialect) for name, value in values.items()})

    return ask


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


def _ask_together(driver: Any, late: list[Any]) -> list[Any]:
    """Send them all; returns the cursors of those that must change their row."""
    must_change = [ask(driver, numbered(statement), values) for statement, values, must in late if must]
    others = [(statement, values) for statement, values, must in late if not must]
    if others:
        ask(driver, _together(tuple(statement for statement, _ in others)), _values_of(others))
    return must_change


@cache
def _together(statements: tuple[str, ...]) -> Asked:
    """One statement that runs all of these, for the driver: a name ends in the number of its statement.

    They run in no order, and none sees what another did: late statements are about rows of their own.
    """
    *first, last = (NAME.sub(rf":\1_{n}", statement) for n, statement in enumerate(statements))
    together = f"with {', '.join(f'late_{n} as ({statement})' for n, statement in enumerate(first))} " if first else ""
    return numbered(together + last)


def _values_of(statements: list[tuple[str, Any]]) -> dict[str, Any]:
    return {f"{name}_{n}": value for n, (_, values) in enumerate(statements) for name, value in values.items()}
