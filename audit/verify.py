"""The verifier: streams each chain and names the first entry that is not as it was sealed, and in what way."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import func, select

from audit.chain import GENESIS, chain_key, leaf_of, mac_of
from audit.models import AuditEntry, AuditSeal, AuditSubject
from core.clock import in_utc
from core.db import db

BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """One chain's result. ``kind`` is None when it verifies, else changed, missing, inserted, reordered, forked, index."""

    chain: str
    entries: int
    kind: str | None = None
    seq: int | None = None


@dataclass(slots=True)
class Place:
    """One sequence number: its seal, its entry and its subjects, whichever of them exist."""

    seq: int
    leaf: bytes | None
    mac: bytes | None
    entry: Any
    subjects: frozenset[str]


def chains() -> list[str]:
    """Every chain that has entries or seals."""
    found = set(db.session.scalars(select(AuditSeal.chain).distinct()))
    return sorted(found | set(db.session.scalars(select(AuditEntry.chain).distinct())))


def verify(chain: str, progress: Callable[[int], None] | None = None) -> Verdict:
    """Check one chain from its first entry. ``progress`` is called with how many more entries were checked."""
    key, previous, expected = chain_key(chain), GENESIS, 1
    places = _places(chain)
    place = next(places, None)
    while place is not None:
        following = next(places, None)
        kind = _fault(key, previous, expected, place, following, chain)
        if kind:
            return Verdict(chain, expected - 1, kind, expected if kind == "missing" else place.seq)
        previous, expected = place.mac or GENESIS, expected + 1
        if progress and place.seq % BATCH == 0:
            progress(BATCH)
        place = following
    return Verdict(chain, expected - 1)


def verify_all(only: str | None = None, progress: Callable[[int], None] | None = None) -> list[Verdict]:
    return [verify(chain, progress) for chain in ([only] if only else chains())]


def count_entries() -> int:
    return db.session.scalar(select(func.count()).select_from(AuditSeal)) or 0


def _fault(key: bytes, previous: bytes, expected: int, place: Place, following: Place | None, chain: str) -> str | None:
    if place.seq != expected or (place.entry is None and place.mac is not None):
        return "missing"
    if place.leaf is None or place.mac is None:
        return "inserted"
    body = bytes(place.entry.body)
    said = said_in(body)
    if leaf_of(body) == place.leaf and (said.get("seq"), said.get("chain")) != (place.seq, chain):
        return "reordered"
    if mac_of(key, previous, leaf_of(body)) != place.mac:
        return _broken_link(key, previous, place, following, chain)
    if place.leaf != leaf_of(body) or not _columns_agree(place.entry, said):
        return "changed"
    return None if place.subjects == frozenset(said.get("subjects", ())) else "index"


def said_in(body: bytes) -> dict[str, Any]:
    """What an entry's bytes say; nothing where they were changed into something that cannot be read."""
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _broken_link(key: bytes, previous: bytes, place: Place, following: Place | None, chain: str) -> str:
    """A seal that does not follow: added without the key, sealed onto an older head (a fork), or changed."""
    if place.leaf and mac_of(key, previous, place.leaf) == place.mac:
        return "changed"
    if place.leaf != leaf_of(bytes(place.entry.body)):
        return "changed"
    if following and following.leaf and following.mac == mac_of(key, previous, following.leaf):
        return "inserted"
    for mac in db.session.scalars(
        select(AuditSeal.mac)
        .where(AuditSeal.chain == chain, AuditSeal.seq < place.seq)
        .execution_options(yield_per=BATCH)
    ):
        if place.leaf and mac_of(key, bytes(mac), place.leaf) == place.mac:
            return "forked"
    return "changed"


def _columns_agree(entry: Any, said: dict[str, Any]) -> bool:
    """The columns that searches use repeat the sealed bytes; a changed column would hide an entry from a search."""
    return (
        entry.event == said.get("event")
        and entry.outcome == said.get("outcome")
        and entry.actor_id == said.get("actor")
        and entry.object_type == said.get("object_type")
        and entry.object_id == said.get("object_id")
        and in_utc(entry.at).isoformat() == said.get("at")
    )


def _places(chain: str) -> Iterator[Place]:
    """Merge seals, entries and subjects by sequence, a batch at a time, so that memory stays small."""
    last = 0
    while True:
        numbers = _next_numbers(chain, last)
        if not numbers:
            return
        seals = _rows(AuditSeal, chain, last, numbers[-1])
        entries = _rows(AuditEntry, chain, last, numbers[-1])
        subjects: dict[int, set[str]] = {}
        for row in _query(AuditSubject, chain, last, numbers[-1]):
            subjects.setdefault(row.seq, set()).add(row.subject_id)
        for seq in numbers:
            seal = seals.get(seq)
            yield Place(
                seq, bytes(seal.leaf) if seal else None, bytes(seal.mac) if seal else None, entries.get(seq),
                frozenset(subjects.get(seq, ())),
            )  # fmt: skip
        last = numbers[-1]


def _next_numbers(chain: str, last: int) -> list[int]:
    numbers: set[int] = set()
    for model in (AuditSeal, AuditEntry):
        numbers |= set(
            db.session.scalars(
                select(model.seq).where(model.chain == chain, model.seq > last).order_by(model.seq).limit(BATCH)
            )
        )
    return list(islice(sorted(numbers), BATCH))


def _query(model: Any, chain: str, after: int, up_to: int) -> Any:
    table = model.__table__
    return db.session.execute(select(table).where(table.c.chain == chain, table.c.seq > after, table.c.seq <= up_to))


def _rows(model: Any, chain: str, after: int, up_to: int) -> dict[int, Any]:
    return {row.seq: row for row in _query(model, chain, after, up_to)}
