"""Rotation: a new version of an area's key, or of the root key, under which everything below is wrapped anew, in batches."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, func, select, text, update

from core.ids import Id
from core.keyring import KeyDestroyed, KeyRing, scope_bound
from core.keystore import WrappedKey, data_key, scope_key
from core.providers import KeyProvider, KeyProviderError

BATCH = 500
_COLUMNS = (data_key.c.id, data_key.c.owner_kind, data_key.c.owner_id, data_key.c.area_id,
            data_key.c.area_key_version, data_key.c.wrapped)  # fmt: skip
# Whoever changed a row since it was read (gave it to another owner, destroyed it) wins: it is looked at again.
_REWRAP = (
    update(data_key)
    .where(data_key.c.id == bindparam("row_id"), data_key.c.wrapped == bindparam("was"))
    .values(wrapped=bindparam("became"), area_key_version=bindparam("version"))
)


@dataclass(slots=True)
class Batch:
    """What one batch did: how many data keys it looked at, and the ids of those that do not open."""

    looked_at: int
    broken: list[Id]


def left_behind(ring: KeyRing, scope: str, version: int) -> int:
    """How many data keys still stand under an older key than ``version``."""
    with ring.store.engine.connect() as connection:
        counted = select(func.count()).where(*_older(scope, version))
        return connection.scalar(counted) or 0


def _older(scope: str, version: int) -> tuple[Any, ...]:
    return data_key.c.area_id == scope, data_key.c.area_key_version < version, data_key.c.wrapped.is_not(None)


def add_version(ring: KeyRing, scope: str) -> int:
    """A new version of a scope's key, under which every process wraps from now on. Raise KeysUnavailable."""
    version = ring.add_scope_version(scope)
    if ring.store.is_postgres:
        # Statements that began before the new version was there may still be adding under the old one: wait for them.
        with ring.store.transaction() as connection:
            connection.execute(text("lock table data_key in share row exclusive mode"))
    return version


def rewrap(ring: KeyRing, scope: str, version: int, size: int = BATCH) -> Iterator[Batch]:
    """Wrap the scope's data keys under ``version``, a batch a transaction, until none is left that opens.

    Each batch counts by itself: killed at any point, it is simply begun again. Readers find either version.
    """
    broken: set[Id] = set()
    while True:
        last, found = "", 0
        while rows := _batch(ring, scope, version, last, size):
            last = rows[-1].id
            fresh = [row for row in rows if row.id not in broken]
            if not fresh:
                continue
            found += len(fresh)
            done = Batch(len(fresh), _rewrap_rows(ring, fresh, version))
            broken |= set(done.broken)
            yield done
        if not found:
            return


def _batch(ring: KeyRing, scope: str, version: int, after: Id, size: int) -> list[WrappedKey]:
    wanted = select(*_COLUMNS).where(*_older(scope, version), data_key.c.id > after).order_by(data_key.c.id).limit(size)
    with ring.store.engine.connect() as connection:
        return [WrappedKey(*row) for row in connection.execute(wanted)]


def _rewrap_rows(ring: KeyRing, rows: list[WrappedKey], version: int) -> list[Id]:
    changes, broken = [], []
    for row in rows:
        try:
            made = ring.rewrapped(row, area_key_version=version)
        except KeyDestroyed:
            broken.append(row.id)
            continue
        changes.append({"row_id": row.id, "was": row.wrapped, "became": made.wrapped, "version": version})
    if changes:
        with ring.store.transaction() as connection:
            connection.execute(_REWRAP, changes)
    return broken


def old_versions(ring: KeyRing) -> list[tuple[str, int]]:
    """Every scope's versions that are not its newest."""
    newest: dict[str, int] = {}
    everything = ring.store.scopes()
    for scope, version in everything:
        newest[scope] = max(version, newest.get(scope, 0))
    return sorted((scope, version) for scope, version in everything if version < newest[scope])


def drop_version(ring: KeyRing, scope: str, version: int) -> bool:
    """Delete an old version of a scope's key; False, and nothing is deleted, while a data key needs it."""
    needed = exists().where(
        data_key.c.area_id == scope, data_key.c.area_key_version == version, data_key.c.wrapped.is_not(None)
    )
    newer = scope_key.alias("newer")
    with ring.store.engine.connect() as connection:
        gone = connection.execute(
            delete(scope_key).where(
                scope_key.c.scope == scope, scope_key.c.version == version, ~needed,
                exists().where(newer.c.scope == scope, newer.c.version > version),
            )
        )  # fmt: skip
        _empty_journal(ring, connection)
    ring.forget(scope)
    return bool(gone.rowcount)


def _empty_journal(ring: KeyRing, connection: Connection) -> None:
    if not ring.store.is_postgres:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def under_old_root(ring: KeyRing) -> list[tuple[str, int]]:
    """The keys of areas, chains and the system that are not wrapped under the provider's newest root key."""
    return sorted((scope, version) for scope, version, raw in _wrapped(ring) if not ring.provider.is_current(raw))


def _wrapped(ring: KeyRing) -> list[tuple[str, int, bytes]]:
    with ring.store.engine.connect() as connection:
        rows = connection.execute(select(scope_key.c.scope, scope_key.c.version, scope_key.c.wrapped))
        return [(scope, version, raw) for scope, version, raw in rows]


def rewrap_roots(ring: KeyRing, old: KeyProvider | None = None) -> Iterator[str | None]:
    """Wrap each key under the newest root key; yields None, or the name of a key that no root key here opens.

    ``old`` opens what the ring's own provider does not: the provider that is moved away from.
    """
    for scope, version, raw in sorted(_wrapped(ring)):
        if ring.provider.is_current(raw):
            continue
        bound = scope_bound(scope, version)
        try:
            became = ring.provider.wrap(_opened(raw, bound, [old, ring.provider] if old else [ring.provider]), bound)
        except KeyProviderError:
            yield f"{scope} {version}"
            continue
        with ring.store.engine.connect() as connection:
            connection.execute(
                update(scope_key)
                .where(scope_key.c.scope == scope, scope_key.c.version == version, scope_key.c.wrapped == raw)
                .values(wrapped=became)
            )
        yield None


def _opened(raw: bytes, bound: bytes, providers: list[KeyProvider]) -> bytes:
    for provider in providers[:-1]:
        with suppress(KeyProviderError):
            return provider.unwrap(raw, bound)
    return providers[-1].unwrap(raw, bound)
