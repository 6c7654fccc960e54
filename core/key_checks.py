"""Checks of what is sealed: every key opens, fields open, no key without a row and no row without a key."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Table, func, select

from core.clock import now
from core.context import AccessContext
from core.crypto import SealBroken
from core.db import Base, SealedRecord, db
from core.ids import Id, new_id
from core.keyring import KeyDestroyed, KeyRing, KeysUnavailable
from core.keystore import data_key

# A key is made and kept before the rows that it seals (SETTLED 11), so a young one may only be waiting for them.
SETTLED_AFTER = timedelta(hours=24)
KEY_COLUMNS = ("data_key_id", "key_id")
BATCH = 1000
Progress = Callable[[int], Any]


@dataclass(slots=True)
class Found:
    """What a check found. Lists hold ids and names of scopes, tables and columns; never a value."""

    closed_scopes: list[tuple[str, int]] = field(default_factory=list)
    keys: int = 0
    broken_keys: list[Id] = field(default_factory=list)
    unused_keys: int = 0
    without_key: dict[str, int] = field(default_factory=dict)
    destroyed_key: dict[str, int] = field(default_factory=dict)
    fields: int = 0
    broken_fields: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Unused keys are swept in time, and rows of an erased person may stay for a while: neither is a fault."""
        return not (self.closed_scopes or self.broken_keys or self.without_key or self.broken_fields)


def sealed_models() -> list[Any]:
    """Every kind of record with sealed fields, by name of its table."""
    found = {mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, SealedRecord)}
    return sorted(found, key=lambda model: model.__tablename__)


def key_columns() -> Iterator[Any]:
    """The columns, of any table, that name a data key."""
    for table in db.metadata.tables.values():
        yield from (table.c[name] for name in KEY_COLUMNS if name in table.c)


def keys_in_use() -> set[Id]:
    """The keys named in any row of any table."""
    return {
        key for column in key_columns() for key in db.session.scalars(select(column).distinct()) if key is not None
    }  # fmt: skip


def count_without_key(ring: KeyRing) -> int:
    """How many keys are named in rows and are nowhere, not even as destroyed. A key is kept before the rows that it seals."""
    used = keys_in_use()
    known = {row[0] for row in ring.store.rows(used)}
    # What was deleted, with its key, while they were compared is no loss.
    return len(keys_in_use() & (used - known)) if used - known else 0


def check_scopes(ring: KeyRing, found: Found) -> None:
    """Whether the provider opens the key of each area, of each chain of the trail, and the system's."""
    for scope, version in ring.store.scopes():
        try:
            ring.scope_key(scope, version)
        except KeysUnavailable:
            found.closed_scopes.append((scope, version))


def count_keys(ring: KeyRing) -> int:
    with ring.store.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(data_key)) or 0


def check_keys(ring: KeyRing, found: Found, progress: Progress) -> None:
    """Unwrap every data key, then compare keys with rows, both ways."""
    standing: set[Id] = set()
    destroyed: set[Id] = set()
    for ids in _all_ids(ring):
        for row in ring.store.fetch(ids):
            if row.wrapped is None:
                destroyed.add(row.id)
                continue
            standing.add(row.id)
        found.broken_keys += _broken(ring, ids)
        progress(len(ids))
    found.keys = len(standing)
    used = keys_in_use()
    found.unused_keys = len((standing & ring.store.standing_before(now() - SETTLED_AFTER)) - used)
    # A row may have been added, with its key, while the keys were read.
    unknown = used - standing - destroyed
    unknown -= {row.id for row in ring.store.fetch(unknown)} if unknown else set()
    _count_rows(found.without_key, unknown)
    _count_rows(found.destroyed_key, used & destroyed)


def _all_ids(ring: KeyRing) -> Iterator[list[Id]]:
    last = ""
    while True:
        with ring.store.engine.connect() as connection:
            wanted = select(data_key.c.id).where(data_key.c.id > last).order_by(data_key.c.id).limit(BATCH)
            ids = list(connection.scalars(wanted))
        if not ids:
            return
        yield ids
        last = ids[-1]


def _broken(ring: KeyRing, ids: list[Id]) -> list[Id]:
    """All at once where all open; else one by one, to name those that do not."""
    try:
        ring.unwrap(ids)
    except (KeyDestroyed, KeysUnavailable):
        return [key_id for key_id in ids if not _opens(ring, key_id)]
    return []


def _opens(ring: KeyRing, key_id: Id) -> bool:
    try:
        ring.unwrap([key_id])
    except (KeyDestroyed, KeysUnavailable):
        return False
    return True


def _count_rows(counts: dict[str, int], keys: set[Id]) -> None:
    """Add to ``counts``, by table, how many rows name one of the keys."""
    for column in key_columns() if keys else ():
        rows = db.session.execute(select(column, func.count()).where(column.is_not(None)).group_by(column))
        if number := sum(count for key, count in rows if key in keys):
            counts[column.table.name] = counts.get(column.table.name, 0) + number


def count_rows(sample: int | None) -> int:
    """How many rows a check of fields will open."""
    tables: list[Table] = [model.__table__ for model in sealed_models()]
    counts = [db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]
    return sum(min(count, sample) if sample else count for count in counts)


def check_fields(job: AccessContext, found: Found, sample: int | None, progress: Progress) -> None:
    """Open all sealed fields of every row, or of ``sample`` rows of each table, drawn at random."""
    with job.examining("key check"):
        for model in sealed_models():
            for rows in _rows(model, sample):
                with suppress(KeyDestroyed, KeysUnavailable):  # found again below, row by row
                    job.load_keys(row[1] for row in rows)
                for row in rows:
                    _check_row(job, model, row, found)
                progress(len(rows))


def _rows(model: Any, sample: int | None) -> Iterator[list[Any]]:
    """Batches by id. Ids are random, so the rows after a random id, and then the first ones, are a random sample."""
    columns = [model.id, model.data_key_id, *(getattr(model, f.column) for f in model.__sealed_fields__.values())]
    start, left = (new_id(), sample) if sample else ("", None)
    for low, high in ((start, None), ("", start)) if sample else (("", None),):
        last = low
        while left is None or left > 0:
            wanted = select(*columns).where(model.id > last).order_by(model.id).limit(min(BATCH, left or BATCH))
            rows = db.session.execute(wanted.where(model.id <= high) if high else wanted).all()
            if not rows:
                break
            yield list(rows)
            last, left = rows[-1][0], None if left is None else left - len(rows)


def _check_row(job: AccessContext, model: Any, row: Any, found: Found) -> None:
    for name, sealed in zip(model.__sealed_fields__, row[2:], strict=True):
        if sealed is None:
            continue
        try:
            opened = list(job.open_many(model, [name], [(row[0], row[1], sealed)]))
        except (SealBroken, KeyDestroyed, KeysUnavailable, ValueError):
            opened = None
        if opened is None:
            found.broken_fields.append(f"{model.__tablename__}.{name} of {row[0]}")
        else:
            found.fields += len(opened)
            job.examined += len(opened)
