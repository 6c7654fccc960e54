"""Signed checkpoints: when one is due, what is signed, where it goes. Runs in a process of its own, never in the web's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from audit import notes
from audit.anchors import Anchor, AnchorFailed
from audit.models import AuditAnchored, AuditCheckpoint, AuditEntry, AuditSeal
from audit.notes import Note, NoteBroken
from audit.tree import Tree, TreeBroken
from audit.verify import chains, last_of
from core import mail
from core.clock import in_utc, now
from core.db import begin_writing, db, reading

log = structlog.get_logger()
EVERY = timedelta(minutes=15)
AT_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Standing:
    """A chain as it is now, and its last checkpoint (size 0 where it has none)."""

    chain: str
    entries: int
    size: int
    at: datetime | None

    def is_due(self, at: datetime) -> bool:
        """After 1,000 entries, or 15 minutes where there is anything new."""
        new = self.entries - self.size
        if new <= 0:
            return False
        return new >= AT_MOST or self.at is None or at - self.at >= EVERY

    @property
    def is_cut(self) -> bool:
        return self.entries < self.size


class Refused(RuntimeError):
    """A chain does not go on from its last checkpoint; nothing is signed over it, and it must be checked."""


def origin_of(public_url: str, chain: str) -> str:
    """The log's name in the first line of its checkpoints: the service's host, and the chain."""
    return f"{urlsplit(public_url).hostname or 'localhost'}/audit/{chain}"


def standings() -> list[Standing]:
    """Every chain that has seals, or had some when it was last signed. Entries are not read: they are not needed."""
    signed: dict[str, Any] = {row.chain: row for row in db.session.execute(_newest())}
    return [
        Standing(chain, last_of(chain, AuditSeal), row.size if row else 0, in_utc(row.at) if row else None)
        for chain in sorted({*chains("audit_seal"), *signed})
        for row in (signed.get(chain),)
    ]


def _newest() -> Any:
    last = select(AuditCheckpoint.chain, func.max(AuditCheckpoint.size).label("size")).group_by(AuditCheckpoint.chain)
    newest = last.subquery()
    return (
        select(AuditCheckpoint)
        .with_only_columns(
            AuditCheckpoint.chain, AuditCheckpoint.size, AuditCheckpoint.at, AuditCheckpoint.root, AuditCheckpoint.note
        )
        .join(newest, (newest.c.chain == AuditCheckpoint.chain) & (newest.c.size == AuditCheckpoint.size))
    )


def newest(chain: str, at_least: int = 1) -> Note | None:
    """The newest checkpoint of a chain that covers so many entries."""
    said = db.session.scalar(
        select(AuditCheckpoint.note)
        .where(AuditCheckpoint.chain == chain, AuditCheckpoint.size >= at_least)
        .order_by(AuditCheckpoint.size.desc())
        .limit(1)
    )
    return notes.parsed(said) if said else None


def of_size(chain: str, size: int) -> Note | None:
    said = db.session.scalar(
        select(AuditCheckpoint.note).where(AuditCheckpoint.chain == chain, AuditCheckpoint.size == size)
    )
    return notes.parsed(said) if said else None


def sign_due(key: Ed25519PrivateKey, public_url: str, *, at_once: bool = False) -> tuple[list[Note], list[str]]:
    """Sign every chain that is due (``at_once``: that has anything new), each in its own transaction.

    Returns the new checkpoints, and the chains that were refused because they do not go on from their last one.
    """
    with reading():
        found = standings()
        db.session.rollback()
    made: list[Note] = []
    refused: list[str] = []
    for standing in found:
        wanted = standing.entries > standing.size if at_once else standing.is_due(now())
        if not wanted and not standing.is_cut:
            continue
        try:
            made.append(sign(key, public_url, standing))
        except IntegrityError:  # another process signed the same size first
            db.session.rollback()
        except (Refused, TreeBroken, NoteBroken) as error:
            db.session.rollback()
            log.error("checkpoint_refused", chain=standing.chain, error=type(error).__name__)
            refused.append(standing.chain)
    return made, refused


def sign(key: Ed25519PrivateKey, public_url: str, standing: Standing) -> Note:
    """Sign the chain as it is. Raise Refused unless it begins with what was signed before."""
    begin_writing()
    tree = Tree(standing.chain)
    before = newest(standing.chain)
    if before is not None:
        _goes_on(tree, before, standing)
    tree.grow(standing.entries)
    note = notes.signed(key, origin_of(public_url, standing.chain), standing.entries, tree.root(standing.entries))
    db.session.execute(
        insert(AuditCheckpoint.__table__),
        {"chain": note.chain, "size": note.size, "at": now(), "root": note.root, "note": note.text},
    )
    db.session.commit()
    return note


def _goes_on(tree: Tree, before: Note, standing: Standing) -> None:
    if standing.entries < before.size:
        raise Refused("The chain is shorter than when it was last signed")
    if tree.root(before.size) != before.root:
        raise Refused("The chain's beginning is not what was signed")


def deliver(anchors: Sequence[Anchor], *, at_once: bool = False) -> list[str]:
    """Bring every anchor what it has not had; returns the names of those that failed and will be tried again."""
    failed = []
    for anchor in anchors:
        with reading():
            waiting = list(_waiting(anchor)) if at_once or _is_time(anchor) else []
            db.session.rollback()
        if not waiting:
            continue
        try:
            begin_writing()
            anchor.put(waiting)
            rows = [
                {"anchor": anchor.name, "chain": n.chain, "size": n.size, "at": now()} for n in _last_of_each(waiting)
            ]
            db.session.execute(insert(AuditAnchored.__table__), rows)
            db.session.commit()
            mail.wait()
        except (AnchorFailed, OSError) as error:
            db.session.rollback()
            log.error("anchor_failed", anchor=anchor.name, error=type(error).__name__)
            failed.append(anchor.name)
    return failed


def _is_time(anchor: Anchor) -> bool:
    last = db.session.scalar(select(func.max(AuditAnchored.at)).where(AuditAnchored.anchor == anchor.name))
    return last is None or now() - in_utc(last) >= anchor.every


def _waiting(anchor: Anchor) -> Iterator[Note]:
    """What the anchor has not had: for each chain everything beyond the largest that it took."""
    had = (
        select(AuditAnchored.chain, func.max(AuditAnchored.size).label("size"))
        .where(AuditAnchored.anchor == anchor.name)
        .group_by(AuditAnchored.chain)
        .subquery()
    )
    said = db.session.scalars(
        select(AuditCheckpoint.note)
        .outerjoin(had, had.c.chain == AuditCheckpoint.chain)
        .where(AuditCheckpoint.size > func.coalesce(had.c.size, 0))
        .order_by(AuditCheckpoint.chain, AuditCheckpoint.size)
    )
    return (notes.parsed(text) for text in said)


def _last_of_each(waiting: Sequence[Note]) -> list[Note]:
    return list({note.chain: note for note in waiting}.values())


def trouble(anchors: Sequence[Anchor]) -> str | None:
    """What `flask doctor` says: entries that no checkpoint covers for an hour, or an anchor that is behind."""
    late = now() - timedelta(hours=1)
    for standing in standings():
        first_new = db.session.scalar(
            select(AuditEntry.at).where(AuditEntry.chain == standing.chain, AuditEntry.seq == standing.size + 1)
        )
        if first_new is not None and in_utc(first_new) < late:
            return "Entries of the last hour and more are in no signed checkpoint. Run: flask audit checkpoint --watch"
    behind = [anchor.name for anchor in anchors if any(True for _ in _waiting(anchor)) and _is_behind(anchor)]
    return f"Checkpoints do not reach an anchor: {', '.join(behind)}" if behind else None


def _is_behind(anchor: Anchor) -> bool:
    last = db.session.scalar(select(func.max(AuditAnchored.at)).where(AuditAnchored.anchor == anchor.name))
    return last is None or now() - in_utc(last) > anchor.every + timedelta(hours=2)
