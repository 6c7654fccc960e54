"""Dropping old bodies: month by month, by the owner of the tables alone; leaves and seals stay, and the chain verifies.

The web role has no right to delete, and the trigger lets none but the tables' owner pass (`audit.triggers`). SQLite
has no roles: whoever may write the file could take the trigger away, as this does for one transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import Connection, create_engine, delete, func, select, text

from audit.chain import chain_key
from audit.models import DROPPED_WITH_AGE, AuditEntry, AuditSeal, Event
from audit.services import record
from audit.triggers import sqlite_trigger
from audit.verify import chains, dropped_to
from core import context
from core.clock import LONDON, in_london
from core.db import db, engine_options, prepare_sqlite

JOB = "retention"
# A transaction each, so that whoever writes meanwhile waits for none of them (SQLite has one writer).
AT_ONCE = 20_000


class NotTheOwner(RuntimeError):
    """The address given may not delete from the trail."""


@dataclass(frozen=True, slots=True)
class Part:
    """The bodies of one chain that are old enough: those from ``first`` to ``last``, by month of the newest."""

    chain: str
    first: int
    last: int
    count: int
    months: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """What the entry about the dropping names: the chain as a record of its own."""

    id: str
    __tablename__ = "audit_chain"


def months_before(at: datetime, months: int) -> datetime:
    """The first moment of the month so many whole months before the one of ``at``, in London."""
    here = in_london(at)
    count = here.year * 12 + here.month - 1 - months
    return datetime(count // 12, count % 12 + 1, 1, tzinfo=LONDON)


def plan(before: datetime) -> list[Part]:
    """Whole months only, and only from the beginning of a chain: up to the first entry that is not old enough."""
    return [part for chain in chains() if (part := _part(chain, before)) is not None]


def _part(chain: str, before: datetime) -> Part | None:
    young = select(func.min(AuditEntry.seq)).where(AuditEntry.chain == chain, AuditEntry.at >= before)
    end = select(func.max(AuditSeal.seq) + 1).where(AuditSeal.chain == chain)
    limit = db.session.scalar(select(func.coalesce(young.scalar_subquery(), end.scalar_subquery())))
    old = (AuditEntry.chain == chain, AuditEntry.seq < (limit or 0))
    first, last, count = db.session.execute(
        select(func.min(AuditEntry.seq), func.max(AuditEntry.seq), func.count()).where(*old)
    ).one()
    if not count:
        return None
    span = db.session.execute(select(func.min(AuditEntry.at), func.max(AuditEntry.at)).where(*old)).one()
    return Part(chain, first, last, count, tuple(f"{in_london(moment):%Y-%m}" for moment in span))


def drop(parts: list[Part], at_once: int = AT_ONCE) -> int:
    """Say it in each chain first, then delete, as the owner. Returns how many bodies went. Raise NotTheOwner.

    If the deleting fails, the entry stands and what is left of the bodies too: the chain verifies either way, and the
    next run deletes.
    """
    _is_owner()
    for part in parts:
        chain_key(part.chain)
        with context.acting_as(job=JOB):
            detail: dict[str, Any] = {"first": part.first, "last": max(part.last, dropped_to(part.chain))}
            detail |= {"entries": part.count, "from": part.months[0], "to": part.months[-1]}
            record(Event.AUDIT_BODIES_DROPPED, None, Chain(part.chain), area_id=part.chain, detail=detail, reason=JOB)
            db.session.commit()
    db.session.remove()
    return sum(_delete(part, last) for part in parts for last in _steps(part, at_once))


def _steps(part: Part, at_once: int) -> list[int]:
    return [*range(part.first + at_once - 1, part.last, at_once), part.last]


def _delete(part: Part, last: int) -> int:
    """How many bodies of the chain went with this step, the index beside them."""
    gone = 0
    with _as_owner() as connection:
        for name in DROPPED_WITH_AGE:
            table = db.metadata.tables[name]
            count = connection.execute(delete(table).where(table.c.chain == part.chain, table.c.seq <= last)).rowcount
            gone += count if table is AuditEntry.__table__ else 0
    return gone


def _owner_url() -> str:
    """The owner's address; tests keep theirs apart from the environment."""
    extensions = current_app.extensions
    url: str = extensions.get("owner_address") or extensions["settings"].owner_url
    return url


def _is_owner() -> None:
    if db.engine.dialect.name != "postgresql":
        return
    query = "select pg_get_userbyid(relowner) = current_user from pg_class where oid = 'audit_entry'::regclass"
    with _as_owner() as connection:
        if not connection.scalar(text(query)):
            raise NotTheOwner("DATABASE_OWNER_URL is not the address of the owner of the tables")


@contextmanager
def _as_owner() -> Iterator[Connection]:
    """One transaction in which old bodies may be deleted, at the owner's address."""
    url = _owner_url()
    engine = create_engine(url, **engine_options(url, owner=True))
    is_sqlite = engine.dialect.name == "sqlite"
    if is_sqlite:
        prepare_sqlite(engine)
    try:
        with engine.begin() as connection:
            if is_sqlite:
                for table in DROPPED_WITH_AGE:
                    connection.execute(text(f"drop trigger {table}_append_only_delete"))
            else:
                for setting, value in (("audit.retention", "on"), ("app.job", "all")):
                    connection.execute(
                        text("select set_config(:name, :value, true)"), {"name": setting, "value": value}
                    )
            yield connection
            for table in DROPPED_WITH_AGE if is_sqlite else ():
                connection.execute(text(sqlite_trigger(table, "delete")))
    finally:
        engine.dispose()
