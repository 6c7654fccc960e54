"""The check itself: walks one chain from any source and names the first entry that is wrong, and how. No database here."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from audit.merkle import Frontier, leaf_of

GENESIS = bytes(32)
BLOCK = 1_000
STEP = 2_000
KEY_CHANGED = "key:chain"
BODIES_DROPPED = "delete:audit_bodies"
_SAYS_KEY_CHANGED = b'"event":"key:chain"'
Total = Callable[[str, int], int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One chain's result. ``entries`` verify before the first that does not; ``covered`` of them by a checkpoint.

    ``kind`` is None when all verify, else changed, missing, inserted, reordered, forked, index, truncated, signature
    or checkpoint; ``seq`` is then the first entry that is wrong (for a checkpoint: the first that it speaks for).
    """

    chain: str
    entries: int
    kind: str | None = None
    seq: int | None = None
    agreed: int = 0
    covered: int = 0


@dataclass(slots=True)
class Place:
    """One sequence number: its seal and its entry, whichever exist. ``columns`` repeat the bytes for searching.

    ``skipped``: the bytes were not read, because only later entries were asked for.
    """

    seq: int
    leaf: bytes | None
    mac: bytes | None
    body: bytes | None
    columns: tuple[str | None, ...] | None
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Witness:
    """What a checkpoint says of a chain, and whether its signature verifies."""

    size: int
    root: bytes
    signed: bool


class Source(Protocol):
    """Where a chain is read from: the database, or an export."""

    chain: str

    def places(self, whole_from: int) -> Iterator[Place]: ...
    def seal(self, seq: int) -> tuple[bytes, bytes] | None: ...
    def macs(self, before: int) -> Iterable[bytes]: ...
    def key_changes(self) -> Mapping[int, int]:
        """Version of the chain's key from the next entry on, by the entry that changed it."""
        ...

    def index_totals(self, total: Total) -> Mapping[int, int]: ...
    def index_of(self, first: int, last: int) -> Mapping[int, set[str]]: ...
    def index_astray(self) -> int | None:
        """The first place that the index speaks of and where no entry is; None where there is none."""
        ...

    def bodies(self, first: int, last: int) -> Iterator[tuple[int, bytes]]: ...


def mac_of(key: bytes, previous: bytes, leaf: bytes) -> bytes:
    """The seal of an entry onto the one before it."""
    return hmac.digest(key, previous + leaf, "sha256")


def next_version(said: Mapping[str, Any]) -> int | None:
    """Under which version of the chain's key the next entry is sealed, where this one changes it."""
    if said.get("event") != KEY_CHANGED:
        return None
    version = (said.get("detail") or {}).get("version")
    return version if isinstance(version, int) else None


def block_of(seq: int) -> int:
    return (seq - 1) // BLOCK


def said_in(body: bytes) -> dict[str, Any]:
    """What an entry's bytes say; nothing where they were changed into something that cannot be read."""
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def dropped_said(chain: str, said: Mapping[str, Any]) -> int:
    """Up to which entry bodies were dropped with age, where this entry of the chain says so; else 0."""
    if (said.get("event"), said.get("chain")) != (BODIES_DROPPED, chain):
        return 0
    last = (said.get("detail") or {}).get("last", 0)
    return last if isinstance(last, int) else 0


def _total() -> Total:
    """A sum over a block's pairs (young person, entry) is the same in any order; the key stops made-up equal sums."""
    key = secrets.token_bytes(16)

    def total(subject: str, seq: int) -> int:
        told = hashlib.blake2b(f"{subject}|{seq}".encode(), digest_size=16, key=key)
        return int.from_bytes(told.digest(), "big")

    return total


@dataclass(slots=True)
class Check:
    """One walk. Without the chain's ``keys`` (by version) seals are not checked (an export), leaves and checkpoints are.

    ``whole_from``: entries before it have only their seals checked. Bodies up to ``dropped_to`` may be gone, because
    an entry of the chain says so.
    """

    source: Source
    keys: Mapping[int, bytes] | None
    witnesses: Sequence[Witness] = ()
    whole_from: int = 1
    dropped_to: int = 0
    progress: Callable[[int], None] | None = None
    _version: int = 1
    _changes: Mapping[int, int] = field(default_factory=dict)
    _tree: Frontier = field(default_factory=Frontier)
    _at_size: dict[int, list[Witness]] = field(default_factory=dict)
    _agreed: int = 0
    _covered: int = 0
    _total: Total = field(default_factory=_total)
    _found: int = 0
    _totals: Mapping[int, int] = field(default_factory=dict)

    def run(self) -> Verdict:
        """Walk to the first fault, or to the end."""
        for witness in self.witnesses:
            self._at_size.setdefault(witness.size, []).append(witness)
        self.whole_from = block_of(max(self.whole_from, 1)) * BLOCK + 1
        self._changes = self.source.key_changes()
        self._totals = self.source.index_totals(self._total)
        fault = self._walk() or self._after_the_end()
        count = self._tree.size
        if fault is None:
            return Verdict(self.source.chain, count, agreed=self._agreed, covered=self._covered)
        kind, seq = fault
        return Verdict(self.source.chain, max(0, min(count, seq - 1)), kind, seq, self._agreed, self._covered)

    def _walk(self) -> tuple[str, int] | None:
        previous = GENESIS
        for place in self.source.places(self.whole_from):
            expected = self._tree.size + 1
            kind = self._fault(previous, expected, place) or self._key_fault(place)
            if kind is not None:
                wrong = expected if kind == "missing" else place.seq
                return self._index_fault(block_of(wrong) * BLOCK + 1, wrong - 1) or (kind, wrong)
            previous = place.mac or GENESIS
            self._tree.push(place.leaf or b"")
            fault = self._block_ends(place.seq) or self._disagrees(place.seq)
            if fault is not None:
                return fault
            if self.progress and place.seq % STEP == 0:
                self.progress(STEP)
        # The block that is not full, and rows of the index about entries that do not exist.
        astray = self.source.index_astray()
        beside = None if astray is None else ("index", astray)
        return self._index_fault(self._tree.size // BLOCK * BLOCK + 1, None) or beside

    @property
    def _key(self) -> bytes | None:
        """The key of the entry that is looked at; one of which nobody knows seals nothing."""
        return None if self.keys is None else self.keys.get(self._version, b"")

    def _key_fault(self, place: Place) -> str | None:
        """A new key holds from the next entry on, if an entry sealed under the old one says so, and never an older one."""
        noted = self._changes.get(place.seq)
        says = place.body is not None and (noted is not None or _SAYS_KEY_CHANGED in place.body)
        if says and noted != next_version(said_in(place.body or b"")):
            return "changed"
        if noted is not None:
            if noted <= self._version:
                return "changed"
            self._version = noted
        return None

    def _fault(self, previous: bytes, expected: int, place: Place) -> str | None:
        gone = place.body is None and (place.skipped or place.seq <= self.dropped_to)
        if place.seq != expected or (place.body is None and place.mac is not None and not gone):
            return "missing"
        if place.leaf is None or place.mac is None:
            return "inserted"
        return self._link_fault(previous, place) if place.body is None else self._entry_fault(previous, place)

    def _link_fault(self, previous: bytes, place: Place) -> str | None:
        key = self._key
        if key is None or mac_of(key, previous, place.leaf or b"") == place.mac:
            return None
        return self._broken_link(key, previous, place, place.leaf or b"")

    def _entry_fault(self, previous: bytes, place: Place) -> str | None:
        body = place.body or b""
        leaf, said = leaf_of(body), said_in(body)
        if leaf == place.leaf and (said.get("seq"), said.get("chain")) != (place.seq, self.source.chain):
            return "reordered"
        key = self._key
        if key is not None and mac_of(key, previous, leaf) != place.mac:
            return self._broken_link(key, previous, place, leaf)
        if leaf != place.leaf or place.columns != columns_of(said):
            return "changed"
        for subject in said.get("subjects", ()):
            self._found += self._total(subject, place.seq)
        return None

    def _broken_link(self, key: bytes, previous: bytes, place: Place, leaf: bytes) -> str:
        """A seal that does not follow: added without the key, sealed onto an older head (a fork), or changed."""
        if place.leaf != leaf or mac_of(key, previous, leaf) == place.mac:
            return "changed"
        following = self.source.seal(place.seq + 1)
        if following and following[1] == mac_of(key, previous, following[0]):
            return "inserted"
        keys = {key, *(self.keys or {}).values()}
        forked = any(mac_of(one, mac, leaf) == place.mac for mac in self.source.macs(place.seq) for one in keys)
        return "forked" if forked else "changed"

    def _block_ends(self, seq: int) -> tuple[str, int] | None:
        if seq % BLOCK:
            return None
        found, self._found = self._found, 0
        block = block_of(seq)
        if seq < self.whole_from or found % 2**128 == self._totals.get(block, 0) % 2**128:
            return None
        return self._index_fault(block * BLOCK + 1, seq)

    def _index_fault(self, first: int, last: int | None) -> tuple[str, int] | None:
        """The first entry from ``first`` on whose young people are not those of the index."""
        if first < self.whole_from or (last is not None and last < first):
            return None
        indexed = self.source.index_of(first, last or 2**62)
        said = {seq: set(said_in(body).get("subjects", ())) for seq, body in self.source.bodies(first, last or 2**62)}
        wrong = [seq for seq in indexed.keys() | said.keys() if indexed.get(seq, set()) != said.get(seq, set())]
        return ("index", min(wrong)) if wrong else None

    def _disagrees(self, size: int) -> tuple[str, int] | None:
        for witness in self._at_size.get(size, ()):
            if not witness.signed:
                return "signature", size
            if witness.root != self._tree.root():
                return "checkpoint", self._covered + 1
            self._agreed += 1
        if size in self._at_size:
            self._covered = size
        return None

    def _after_the_end(self) -> tuple[str, int] | None:
        """Checkpoints of more entries than there are: the end was cut off."""
        beyond = [witness for witness in self.witnesses if witness.size > self._tree.size]
        if any(witness.signed for witness in beyond):
            return "truncated", self._tree.size + 1
        return ("signature", min(witness.size for witness in beyond)) if beyond else None


def columns_of(said: Mapping[str, Any]) -> tuple[str | None, ...]:
    """The parts of an entry's bytes that columns repeat; a changed column would hide an entry from a search."""
    return (
        said.get("at"), said.get("event"), said.get("outcome"), said.get("actor"), said.get("object_type"),
        said.get("object_id"),
    )  # fmt: skip
