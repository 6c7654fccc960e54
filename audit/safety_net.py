"""Nothing personal changes without an entry: the last check before every commit, whoever calls it."""

from functools import cache
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from audit.chain import append
from audit.models import APPEND_ONLY
from audit.services import COVERED, PENDING, last_changed
from core.db import Audited, Base
from core.ending import LATE
from core.last_records import RECORDS
from core.versions import dated_by

CHANGED = "audit_changed"


class UnrecordedChange(RuntimeError):
    """A record of personal data changed and no entry says so; the transaction is refused. Names tables, never rows."""


class BulkChangeRefused(RuntimeError):
    """A bulk UPDATE, DELETE or INSERT on audited records would pass by the trail; go row by row, or use the loader."""


def _note_changes(session: Session, flush_context: Any) -> None:
    changed = session.info.setdefault(CHANGED, {})
    for item in [*session.new, *session.dirty, *session.deleted]:
        if isinstance(item, Audited) and (item not in session.dirty or session.is_modified(item)):
            changed[id(item)] = item


def _seal(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    changed, covered = session.info.pop(CHANGED, {}), session.info.pop(COVERED, {})
    changed |= {id(item): item for item in session.info.pop(RECORDS, ()) if isinstance(item, Audited)}
    missing = {item.__tablename__ for key, item in changed.items() if key not in covered}
    if missing:
        session.info.pop(PENDING, None)
        raise UnrecordedChange(f"Changed without an audit entry: {', '.join(sorted(missing))}")
    pending = session.info.pop(PENDING, [])
    if pending or session.info.get(LATE):
        append(session, pending)


def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        for key in (CHANGED, COVERED, PENDING, LATE, RECORDS):
            session.info.pop(key, None)


def _refuse_bulk(state: ORMExecuteState) -> None:
    statement: Any = state.statement
    if not getattr(statement, "is_dml", False) or state.execution_options.get("loader"):
        return
    table = getattr(statement, "table", None)
    name = getattr(table, "name", "")
    if name in audited_tables() or (name in APPEND_ONLY and not statement.is_insert):
        raise BulkChangeRefused(f"Bulk change of {name}")


@cache
def audited_tables() -> frozenset[str]:
    """Every table whose records are audited."""
    return frozenset(
        mapper.local_table.name  # type: ignore[attr-defined]
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, Audited)
    )


def install() -> None:
    """Hang on the session, so that a library that commits by itself is held to the same rule (SETTLED 21)."""
    if event.contains(Session, "before_commit", _seal):
        return
    event.listen(Session, "after_flush", _note_changes)
    event.listen(Session, "before_commit", _seal)
    event.listen(Session, "after_soft_rollback", _forget)
    event.listen(Session, "do_orm_execute", _refuse_bulk)
    dated_by(last_changed)
