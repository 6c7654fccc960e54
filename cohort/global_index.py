"""The global index: compounds of every accepted young person under one key for all areas, in a database of its own.

Only the matching step opens it, in the worker. Where it has an address of its own (``MATCHING_DATABASE_URL``) the web
process cannot read one token (SECURITY-DESIGN 3). It holds nothing that is not in the data: ``flask matching rebuild``
makes it anew, so it needs no backup.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import (
    Column,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    and_,
    create_engine,
    delete,
    func,
    insert,
    make_url,
    or_,
    select,
)

from cohort import matching
from core.db import NAMING, engine_options, forget_after_fork
from core.ids import Id, type_length
from core.keyring import keyring

SCOPE = "matching"
metadata = MetaData(naming_convention=NAMING)
entry = Table(
    "global_index",
    metadata,
    Column("young_person_id", String(type_length), primary_key=True),
    Column("kind", String(24), primary_key=True),
    Column("token", LargeBinary(16), primary_key=True, comment="under the key that serves all areas"),
    Column("area_id", String(type_length), nullable=False),
    Column("key_version", Integer, nullable=False),
    Index("ix_global_index_look_up", "kind", "token"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A young person of another area who may be the same: opaque ids and nothing else."""

    young_person_id: Id
    area_id: Id


class GlobalIndex:
    """Reads and writes of tokens; knows nothing about whom they stand for."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        self.is_ready = False

    def ready(self) -> Engine:
        """The engine, with its one table and the key for it there."""
        if not self.is_ready:
            metadata.create_all(self.engine)
            keyring().ensure_scope(SCOPE)
            self.is_ready = True
        return self.engine

    def put(self, person_id: Id, area_id: Id, values: Mapping[str, Any]) -> None:
        """Replace what stands for this young person."""
        with self.ready().begin() as connection:
            version = keyring().index_versions(SCOPE)[-1]
            rows = [
                {"young_person_id": person_id, "area_id": area_id, "kind": kind, "token": token, "key_version": version}
                for kind, token in matching.tokens(SCOPE, matching.compounds(values), version)
            ]
            connection.execute(delete(entry).where(entry.c.young_person_id == person_id))
            if rows:
                connection.execute(insert(entry), rows)

    def remove(self, person_ids: Iterable[Id]) -> None:
        with self.ready().begin() as connection:
            connection.execute(delete(entry).where(entry.c.young_person_id.in_(list(person_ids))))

    def find(self, values: Mapping[str, Any], *, outside: Id, most: int = 10) -> list[Found]:
        """Young people of areas other than ``outside`` with a compound in common."""
        engine, wanted = self.ready(), dict[str, list[bytes]]()
        for version in keyring().index_versions(SCOPE):
            for kind, token in matching.tokens(SCOPE, matching.look_ups(values), version):
                wanted.setdefault(kind, []).append(token)
        if not wanted:
            return []
        agrees = or_(*(and_(entry.c.kind == kind, entry.c.token.in_(tokens)) for kind, tokens in wanted.items()))
        columns = entry.c.young_person_id, entry.c.area_id
        with engine.connect() as connection:
            rows = connection.execute(
                select(*columns)
                .where(entry.c.area_id != outside, agrees)
                .group_by(*columns)
                .order_by(*columns)
                .limit(most)
            )
            return [Found(*row) for row in rows]

    def people(self) -> int:
        with self.ready().connect() as connection:
            return connection.scalar(select(func.count(entry.c.young_person_id.distinct()))) or 0

    def keep_only(self, person_ids: Iterable[Id]) -> int:
        """Remove everybody else; returns how many."""
        kept = set(person_ids)
        with self.ready().connect() as connection:
            known = set(connection.scalars(select(entry.c.young_person_id).distinct()))
        self.remove(known - kept)
        return len(known - kept)


def open_engine(url: str) -> Engine:
    engine = create_engine(url, **engine_options(url))
    forget_after_fork(engine)
    if make_url(url).get_backend_name() == "sqlite":
        from sqlalchemy import event

        @event.listens_for(engine, "connect")
        def connected(connection: Any, record: Any) -> None:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "busy_timeout=5000"):
                connection.execute(f"PRAGMA {pragma}")

    return engine


def global_index() -> GlobalIndex:
    """The application's, opened when the matching step first asks for it."""
    found: GlobalIndex | None = current_app.extensions.get("global_index")
    if found is None:
        found = current_app.extensions["global_index"] = GlobalIndex(current_app.extensions["settings"].matching_url)
    return found
