"""The key database: wrapped keys only, on its own engine, so that an old data backup cannot bring an erased child back."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    delete,
    event,
    exists,
    insert,
    make_url,
    select,
    update,
)

from core.clock import now
from core.db import NAMING, Moment, engine_options, forget_after_fork
from core.ids import type_length
from core.statements import numbered, walk

metadata = MetaData(naming_convention=NAMING)

scope_key = Table(
    "scope_key",
    metadata,
    Column("scope", String(64), primary_key=True, comment="an area's id, 'system', or 'audit:' and a chain"),
    Column("version", Integer, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False, comment="under the provider's root key"),
    Column("created_at", Moment(), nullable=False, default=now),
)
data_key = Table(
    "data_key",
    metadata,
    Column("id", String(type_length), primary_key=True),
    Column("owner_kind", String(40), nullable=False),
    Column("owner_id", String(type_length), nullable=False, index=True),
    Column("area_id", String(64), nullable=False, index=True),
    Column("area_key_version", Integer, nullable=False),
    Column("wrapped", LargeBinary, nullable=True, comment="under the area key; empty once destroyed"),
    Column("created_at", Moment(), nullable=False, default=now),
    Column("destroyed_at", Moment(), nullable=True),
)
tombstone = Table(
    "tombstone",
    metadata,
    Column("young_person_id", String(type_length), primary_key=True),
    Column("area_id", String(64), nullable=False),
    Column("key_ids", JSON, nullable=False, comment="the data keys that were destroyed with them"),
    Column("erased_at", Moment(), nullable=False),
)

# One statement however many are asked for; a search asks for every key of an area.
_BY_IDS = {
    "postgresql": "select id, owner_kind, owner_id, area_id, area_key_version, wrapped from data_key"
    " where id = any(string_to_array(:ids, ','))",
    "sqlite": "select id, owner_kind, owner_id, area_id, area_key_version, wrapped from data_key"
    " where id in (select value from json_each(?))",
}


def bound_to(key_id: str, owner_kind: str, owner_id: str, area_id: str, version: int) -> bytes:
    """What a wrap is bound to: a key moved to another owner or area does not open."""
    return f"data-key|{key_id}|{owner_kind}|{owner_id}|{area_id}|{version}".encode()


class NewerKeyExists(RuntimeError):
    """The area was given a newer key since this was wrapped, or the row was changed meanwhile: wrap it anew."""


def _newer_than(scope: Any, version: Any) -> ColumnElement[bool]:
    return exists().where(scope_key.c.scope == scope, scope_key.c.version > version)


_NEW = ("id", "owner_kind", "owner_id", "area_id", "area_key_version", "wrapped", "created_at")
# Nothing is added under an area key that is being replaced, so that a rotation ends with nothing left behind.
_ADD = (
    insert(data_key)
    .from_select(
        _NEW,
        select(*(bindparam(name, type_=data_key.c[name].type).label(name) for name in _NEW)).where(
            ~_newer_than(bindparam("area_id"), bindparam("area_key_version"))
        ),
    )
    .execution_options(preserve_rowcount=True)
)


@dataclass(frozen=True, slots=True)
class WrappedKey:
    id: str
    owner_kind: str
    owner_id: str
    area_id: str
    area_key_version: int
    wrapped: bytes | None

    @property
    def bound(self) -> bytes:
        return bound_to(self.id, self.owner_kind, self.owner_id, self.area_id, self.area_key_version)


def open_engine(url: str) -> Engine:
    """An AUTOCOMMIT engine: each statement on keys stands by itself and costs one round trip."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", **engine_options(url))
    forget_after_fork(engine)
    if make_url(url).get_backend_name() == "sqlite":

        @event.listens_for(engine, "connect")
        def connected(connection: Any, record: Any) -> None:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "busy_timeout=5000"):
                connection.execute(f"PRAGMA {pragma}")

    return engine


class KeyStore:
    """Reads and writes of wrapped keys; knows nothing about what they open."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = open_engine(url)
        self.is_postgres = self.engine.dialect.name == "postgresql"

    def scope_keys(self, scope: str) -> dict[int, bytes]:
        with self.engine.connect() as connection:
            rows = connection.execute(
                select(scope_key.c.version, scope_key.c.wrapped).where(scope_key.c.scope == scope)
            )
            return {row.version: row.wrapped for row in rows}

    def add_scope_key(self, scope: str, version: int, wrapped: bytes) -> None:
        """Raise IntegrityError when another process made this version first."""
        with self.engine.connect() as connection:
            connection.execute(insert(scope_key).values(scope=scope, version=version, wrapped=wrapped))

    def scopes(self) -> list[tuple[str, int]]:
        with self.engine.connect() as connection:
            rows = connection.execute(select(scope_key.c.scope, scope_key.c.version).order_by(scope_key.c.scope))
            return [(row.scope, row.version) for row in rows]

    def fetch(self, ids: Iterable[str]) -> list[WrappedKey]:
        return [WrappedKey(*row) for row in self.rows(ids)]

    def rows(self, ids: Iterable[str]) -> Iterable[Any]:
        """The columns of ``WrappedKey`` as plain rows, for opening thousands at once; each is made as it is walked to."""
        wanted = list(ids)
        given = ",".join(wanted) if self.is_postgres else json.dumps(wanted)
        with self.engine.connect() as connection:
            if self.is_postgres:
                found: Iterable[Any] = walk(connection, numbered(_BY_IDS["postgresql"]), {"ids": given})
                return found
            return list(connection.exec_driver_sql(_BY_IDS["sqlite"], (given,)).all())

    def versions(self, scope: str) -> list[int]:
        """The versions of a scope's key that are still kept, oldest first; asked anew each time."""
        with self.engine.connect() as connection:
            wanted = select(scope_key.c.version).where(scope_key.c.scope == scope).order_by(scope_key.c.version)
            return list(connection.scalars(wanted))

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Several statements that count together or not at all."""
        level = "READ COMMITTED" if self.is_postgres else "SERIALIZABLE"
        with self.engine.connect().execution_options(isolation_level=level) as connection, connection.begin():
            yield connection

    def add(self, keys: list[WrappedKey]) -> None:
        """Raise NewerKeyExists, and add none, where an area was given a newer key since."""
        made = now()
        values = [{name: getattr(key, name, made) for name in _NEW} for key in keys]
        with self.engine.connect() if len(values) == 1 else self.transaction() as connection:
            if connection.execute(_ADD, values).rowcount != len(values):
                raise NewerKeyExists

    def rewrap(self, key: WrappedKey, was: WrappedKey) -> None:
        """Raise NewerKeyExists where the row is no longer as it was, or its area was given a newer key."""
        with self.engine.connect() as connection:
            done = connection.execute(
                update(data_key)
                .where(
                    data_key.c.id == key.id, data_key.c.wrapped == was.wrapped,
                    ~_newer_than(key.area_id, key.area_key_version),
                )
                .values(
                    owner_kind=key.owner_kind, owner_id=key.owner_id, area_id=key.area_id,
                    area_key_version=key.area_key_version, wrapped=key.wrapped,
                )
            )  # fmt: skip
        if not done.rowcount:
            raise NewerKeyExists

    def destroy(self, ids: Iterable[str]) -> None:
        """Empty the wrapped bytes: what they opened is gone. The row stays, to say that it was destroyed and when."""
        with self.engine.connect() as connection:
            connection.execute(
                update(data_key).where(data_key.c.id.in_(list(ids))).values(wrapped=None, destroyed_at=now())
            )
            if not self.is_postgres:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def bury(self, person_id: str, area_id: str, key_ids: Iterable[str]) -> None:
        """Destroy a young person's keys, with a tombstone that an old copy of the data can be compared with."""
        ids = sorted(key_ids)
        with self.transaction() as connection:
            connection.execute(delete(tombstone).where(tombstone.c.young_person_id == person_id))
            connection.execute(
                insert(tombstone).values(young_person_id=person_id, area_id=area_id, key_ids=ids, erased_at=now())
            )
        self.destroy(ids)

    def tombstones(self) -> dict[str, tuple[str, list[str]]]:
        """Area and destroyed keys of each young person who was erased."""
        with self.engine.connect() as connection:
            return {row.young_person_id: (row.area_id, row.key_ids) for row in connection.execute(select(tombstone))}

    def standing_before(self, moment: datetime) -> set[str]:
        """The ids of data keys that were made before then and are not destroyed."""
        with self.engine.connect() as connection:
            rows = connection.execute(
                select(data_key.c.id).where(data_key.c.wrapped.is_not(None), data_key.c.created_at < moment)
            )
            return {row.id for row in rows}

    def counts(self) -> list[tuple[str, int, int]]:
        """Area, area-key version and how many data keys are wrapped under it."""
        from sqlalchemy import func

        with self.engine.connect() as connection:
            rows = connection.execute(
                select(data_key.c.area_id, data_key.c.area_key_version, func.count())
                .where(data_key.c.wrapped.is_not(None))
                .group_by(data_key.c.area_id, data_key.c.area_key_version)
                .order_by(data_key.c.area_id)
            )
            return [(area, version, count) for area, version, count in rows]
