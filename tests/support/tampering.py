"""What somebody who owns the database could do to the trail: take the protection down, change it, put it up again."""

import json
from typing import Any

from flask import current_app
from sqlalchemy import create_engine, select, text

from audit.models import APPEND_ONLY, AuditEntry
from core.db import db


def as_owner(*statements: str) -> None:
    """Run statements without triggers and policies, in one transaction at the owner's address."""
    db.session.remove()
    engine = create_engine(current_app.extensions["owner_address"])
    postgres = engine.dialect.name == "postgresql"
    with engine.begin() as connection:
        saved: list[Any] = []
        if postgres:
            _protect(connection, "disable trigger user", "no force row level security", "disable row level security")
        else:
            saved = list(connection.execute(text("select name, sql from sqlite_master where type = 'trigger'")))
            for name, _ in saved:
                connection.execute(text(f"drop trigger {name}"))
        for statement in statements:
            connection.exec_driver_sql(statement)
        if postgres:
            _protect(connection, "enable trigger user", "enable row level security", "force row level security")
        for _, sql in saved:
            connection.execute(text(sql))
    engine.dispose()


def _protect(connection: Any, *acts: str) -> None:
    guarded = set(
        connection.execute(text("select relname from pg_class where relname = any(:t) and relrowsecurity"),
                           {"t": list(APPEND_ONLY)}).scalars()
    )  # fmt: skip
    for table in APPEND_ONLY:
        for act in acts:
            # Signed checkpoints stand behind no policy, and must not get one here.
            if "row level" not in act or table in guarded or table in _guarded:
                connection.execute(text(f"alter table {table} {act}"))
    _guarded.update(guarded)


_guarded: set[str] = set()


def where(chain: str, seq: int) -> str:
    return f"where chain = '{chain}' and seq = {seq}"


def literal(data: bytes) -> str:
    return f"'\\x{data.hex()}'" if db.engine.dialect.name == "postgresql" else f"x'{data.hex()}'"


def body_of(chain: str, seq: int) -> bytes:
    found = db.session.scalar(select(AuditEntry.body).where(AuditEntry.chain == chain, AuditEntry.seq == seq))
    return bytes(found)  # type: ignore[arg-type]


def reworded(chain: str, seq: int, **said: Any) -> bytes:
    """An entry's bytes that say something else, written as the service writes them."""
    body = json.loads(body_of(chain, seq)) | said
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
