"""What is stored, as counts and as text, so that a test can say that nothing changed."""

from typing import Any

from sqlalchemy import text

from core.db import db

# Every request may add to these.
MOVING = {
    "audit_entry",
    "audit_subject",
    "audit_seal",
    "audit_chain_key",
    "sign_in_session",
    "form_submission",
    "alembic_version",
}


def stored(*, without: set[str] = MOVING) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in plain values; the test's own transaction is ended before and after."""
    db.session.remove()
    found = {
        name: sorted((tuple(map(plain, row)) for row in db.session.execute(text(f'select * from "{name}"'))), key=repr)
        for name in sorted(db.metadata.tables)
        if name not in without
    }
    db.session.remove()
    return found


def plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def counts() -> dict[str, int]:
    return {name: len(rows) for name, rows in stored().items()}


def differs(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The tables that are not as they were."""
    return [name for name in before if before[name] != after[name]]
