"""The hash tree of one chain in the database: leaves are the seals', and every eighth level is kept once it is complete."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select

from audit.merkle import combined, consistency, inclusion, range_root
from audit.models import AuditSeal, AuditTree
from core.db import db

LEVELS = 8
WIDTH = 1 << LEVELS


class TreeBroken(RuntimeError):
    """A leaf or a kept hash is not there: the chain must be checked before anything is signed over it."""


class Tree:
    """Reads tiles of 256 hashes; a root of a million leaves reads three of them at most for each height."""

    def __init__(self, chain: str) -> None:
        self.chain = chain
        self._tiles: dict[tuple[int, int], Sequence[bytes]] = {}

    def root(self, size: int) -> bytes:
        return range_root(self.node, 0, size)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return inclusion(self.node, index, size)

    def consistency(self, first: int, second: int) -> list[bytes]:
        return consistency(self.node, first, second)

    def node(self, level: int, position: int) -> bytes:
        """The root of the complete subtree at ``position`` of ``level``. Raise TreeBroken."""
        kept = level - level % LEVELS
        width = 1 << (level - kept)
        first = position * width
        tile = self._tile(kept, first // WIDTH)[first % WIDTH : first % WIDTH + width]
        if len(tile) != width:
            raise TreeBroken("The tree is shorter than what was asked of it")
        return combined(tile)

    def _tile(self, level: int, number: int) -> Sequence[bytes]:
        found = self._tiles.get((level, number))
        if found is None:
            found = self._tiles[(level, number)] = self._read(level, number * WIDTH)
        return found

    def _read(self, level: int, first: int) -> list[bytes]:
        if level == 0:
            statement = select(AuditSeal.seq - 1, AuditSeal.leaf).where(
                AuditSeal.chain == self.chain, AuditSeal.seq > first, AuditSeal.seq <= first + WIDTH
            )
        else:
            statement = select(AuditTree.position, AuditTree.hash).where(
                AuditTree.chain == self.chain, AuditTree.level == level, AuditTree.position >= first,
                AuditTree.position < first + WIDTH,
            )  # fmt: skip
        rows = sorted((place, bytes(value)) for place, value in db.session.execute(statement))
        if [place for place, _ in rows] != list(range(first, first + len(rows))):
            raise TreeBroken("A leaf or a kept hash is missing")
        return [value for _, value in rows]

    def grow(self, size: int) -> int:
        """Keep the subtrees that are complete at ``size`` leaves and not kept yet; returns how many were added."""
        added, level, below = 0, LEVELS, size
        while below >= WIDTH:
            below //= WIDTH
            kept = db.session.scalar(
                select(func.max(AuditTree.position)).where(AuditTree.chain == self.chain, AuditTree.level == level)
            )
            start = 0 if kept is None else kept + 1
            for position in range(start, below):
                tile = self._read(level - LEVELS, position * WIDTH)
                if len(tile) != WIDTH:
                    raise TreeBroken("A leaf or a kept hash is missing")
                row = {"chain": self.chain, "level": level, "position": position, "hash": combined(tile)}
                db.session.execute(insert(AuditTree.__table__), row)
                added += 1
            level += LEVELS
        self._tiles.clear()
        return added
