"""Checking the chains of this database: each is streamed through the engine, with the checkpoints that speak of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, or_, select, text

from audit import notes
from audit.chain import chain_keys
from audit.engine import Check, Place, Total, Verdict, Witness, block_of, dropped_said, said_in
from audit.models import AuditChainKey, AuditCheckpoint, AuditEntry, AuditSeal, AuditSubject, Event
from audit.notes import Note, NoteBroken
from core.clock import in_utc
from core.db import db
from core.row_security import everything

__all__ = ["Verdict", "chains", "count_entries", "said_in", "spoken_of", "verify", "verify_all"]
BATCH = 2_000
# One step of the primary key for each chain, not a walk through every row of it.
_CHAINS = (
    "with recursive found(chain) as (select min(chain) from {0} union all"
    " select (select min(t.chain) from {0} t where t.chain > found.chain) from found where found.chain is not null)"
    " select chain from found where chain is not null"
)


@everything()
def chains(*tables: str) -> list[str]:
    """Every chain that has seals or entries (or rows of the tables named)."""
    found: set[str] = set()
    for table in tables or ("audit_seal", "audit_entry"):
        found.update(db.session.scalars(text(_CHAINS.format(table))))
    return sorted(found)


def last_of(chain: str, *models: Any) -> int:
    """The last sequence number of a chain; 0 where it is empty."""
    numbers = (
        db.session.scalar(select(func.max(model.seq)).where(model.chain == chain))
        for model in models or (AuditSeal, AuditEntry)
    )
    return max(number or 0 for number in numbers)


@everything()
def count_entries(only: str | None = None) -> int:
    return sum(last_of(chain) for chain in ([only] if only else chains()))


@everything()
def verify(
    chain: str,
    progress: Callable[[int], None] | None = None,
    *,
    since: datetime | None = None,
    notes_elsewhere: Sequence[Note] = (),
    keys: Sequence[Ed25519PublicKey] = (),
) -> Verdict:
    """Check one chain from its first entry.

    ``progress`` is called with how many more entries were checked. ``since``: of earlier entries only seals and
    leaves are checked. ``notes_elsewhere`` are checkpoints kept outside the database; with no ``keys`` checkpoints
    cannot be checked and are left out.
    """
    last = last_of(chain)
    source = Stored(chain, last)
    said = [*_stored_notes(chain), *(note for note in notes_elsewhere if note.chain == chain)] if keys else []
    return Check(
        source, chain_keys(chain), witnesses(said, keys), whole_from=_first_since(chain, since),
        dropped_to=dropped_to(chain), progress=progress,
    ).run()  # fmt: skip


def verify_all(only: str | None = None, progress: Callable[[int], None] | None = None, **how: Any) -> list[Verdict]:
    """Check every chain, or one. ``how`` is passed on to ``verify``."""
    elsewhere = {note.chain for note in how.get("notes_elsewhere", ())}
    return [verify(chain, progress, **how) for chain in ([only] if only else sorted({*spoken_of(), *elsewhere}))]


def spoken_of() -> list[str]:
    """Every chain that anything here speaks of: one of which only checkpoints or the index are left was cut off whole."""
    found: list[str] = chains("audit_seal", "audit_entry", "audit_subject", "audit_checkpoint")
    return found


def witnesses(said: Iterable[Note], keys: Sequence[Ed25519PublicKey]) -> list[Witness]:
    """Each distinct checkpoint with whether a known key signed it."""
    distinct = {note.text: note for note in said}
    return [Witness(note.size, note.root, _is_signed(note, keys)) for note in distinct.values()]


def _is_signed(note: Note, keys: Sequence[Ed25519PublicKey]) -> bool:
    try:
        notes.check(note, keys)
    except NoteBroken:
        return False
    return True


def _stored_notes(chain: str) -> Iterator[Note]:
    """The checkpoints of the database; one whose text was changed into none at all is unsigned."""
    rows = db.session.execute(
        select(AuditCheckpoint.size, AuditCheckpoint.root, AuditCheckpoint.note).where(AuditCheckpoint.chain == chain)
    )
    for size, root, said in rows:
        try:
            note = notes.parsed(said)
        except NoteBroken:
            note = Note("", size, bytes(root), said)
        is_same = (note.size, note.root, note.chain) == (size, bytes(root), chain)
        yield note if is_same else Note("", size, bytes(root), said)


def read_keys(path: Path) -> list[Ed25519PublicKey]:
    """The public keys of a file; none where there is no file."""
    return notes.public_keys(path.read_text(encoding="utf-8")) if path.exists() else []


def _first_since(chain: str, since: datetime | None) -> int:
    if since is None:
        return 1
    first = db.session.scalar(select(func.min(AuditEntry.seq)).where(AuditEntry.chain == chain, AuditEntry.at >= since))
    return first or last_of(chain) + 1


def dropped_to(chain: str) -> int:
    """Up to which entry the chain itself says that bodies were dropped with age. The walk checks that entry too."""
    body = db.session.scalar(
        select(AuditEntry.body)
        .where(AuditEntry.chain == chain, AuditEntry.event == Event.AUDIT_BODIES_DROPPED.value)
        .order_by(AuditEntry.seq.desc())
        .limit(1)
    )
    return dropped_said(chain, said_in(bytes(body))) if body else 0


class Stored:
    """One chain of the database, up to the entry that was its last when the check began."""

    def __init__(self, chain: str, last: int) -> None:
        self.chain, self.last = chain, last

    def places(self, whole_from: int) -> Iterator[Place]:
        """Merge seals and entries by sequence, a batch at a time, so that memory stays small."""
        first = 1
        while first <= self.last:
            until = min(first + BATCH - 1, self.last)
            seals = {row[0]: row for row in self._rows(AuditSeal, ("seq", "leaf", "mac"), first, until)}
            entries = self._entries(max(first, whole_from), until)
            for seq in sorted(seals.keys() | entries.keys()):
                _, leaf, mac = seals.get(seq, (seq, None, None))
                body, columns = entries.get(seq, (None, None))
                yield Place(
                    seq, bytes(leaf) if leaf is not None else None, bytes(mac) if mac is not None else None, body,
                    columns, skipped=seq < whole_from,
                )  # fmt: skip
            first = until + 1

    def _entries(self, first: int, until: int) -> dict[int, tuple[bytes, tuple[str | None, ...]]]:
        names = ("seq", "body", "at", "event", "outcome", "actor_id", "object_type", "object_id")
        return {
            seq: (bytes(body), (in_utc(at).isoformat(), *repeated))
            for seq, body, at, *repeated in self._rows(AuditEntry, names, first, until)
        }

    def _rows(self, model: Any, names: Sequence[str], first: int, until: int) -> Iterable[Any]:
        table = model.__table__
        return db.session.execute(
            select(*(table.c[name] for name in names)).where(
                table.c.chain == self.chain, table.c.seq >= first, table.c.seq <= until
            )
        )

    def seal(self, seq: int) -> tuple[bytes, bytes] | None:
        found = next(iter(self._rows(AuditSeal, ("leaf", "mac"), seq, seq)), None)
        return (bytes(found[0]), bytes(found[1])) if found else None

    def macs(self, before: int) -> Iterator[bytes]:
        for first in range(1, before, BATCH):
            for (mac,) in self._rows(AuditSeal, ("mac",), first, min(first + BATCH, before) - 1):
                yield bytes(mac)

    def key_changes(self) -> Mapping[int, int]:
        return {seq: version for seq, version in self._rows(AuditChainKey, ("seq", "version"), 1, self.last)}

    def index_totals(self, total: Total) -> Mapping[int, int]:
        """One pass over the index in the order it is stored in: it has no order by entry, and needs none here."""
        found: dict[int, int] = {}
        rows = db.session.execute(
            select(AuditSubject.subject_id, AuditSubject.seq)
            .where(AuditSubject.chain == self.chain, AuditSubject.seq <= self.last)
            .execution_options(yield_per=BATCH)
        )
        for subject, seq in rows:
            block = block_of(seq)
            found[block] = found.get(block, 0) + total(subject, seq)
        return found

    def index_of(self, first: int, last: int) -> Mapping[int, set[str]]:
        found: dict[int, set[str]] = {}
        for subject, seq in self._rows(AuditSubject, ("subject_id", "seq"), first, min(last, self.last)):
            found.setdefault(seq, set()).add(subject)
        return found

    def index_astray(self) -> int | None:
        """Entries that were added since the check began have a seal, and are not astray."""
        rows = AuditSubject.chain == self.chain, or_(AuditSubject.seq < 1, AuditSubject.seq > self.last)
        sealed = select(AuditSeal.seq).where(AuditSeal.chain == self.chain, AuditSeal.seq == AuditSubject.seq)
        return db.session.scalar(select(func.min(AuditSubject.seq)).where(*rows, ~sealed.exists()))

    def bodies(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        for seq, body in self._rows(AuditEntry, ("seq", "body"), first, min(last, self.last)):
            yield seq, bytes(body)
