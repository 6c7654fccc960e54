"""The hash tree of RFC 9162 (2.1) over a chain's leaves: roots, proofs and their checks. Standard library alone."""

import hashlib
import hmac
from collections.abc import Callable, Sequence

Node = Callable[[int, int], bytes]
EMPTY = hashlib.sha256(b"").digest()


class ProofBroken(ValueError):
    """The proof does not lead to the root; the message says which, and holds no data."""


def leaf_of(body: bytes) -> bytes:
    """The leaf hash of RFC 9162 (2.1.1)."""
    return hashlib.sha256(b"\x00" + body).digest()


def parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def combined(hashes: Sequence[bytes]) -> bytes:
    """The root over a complete subtree's nodes: their number is a power of two."""
    row = list(hashes)
    while len(row) > 1:
        row = [parent(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


class Frontier:
    """The right edge of a growing tree: at most one complete subtree of each height, so its memory is a few hashes."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[tuple[int, bytes]] = []

    def push(self, leaf: bytes) -> None:
        height, node, edge = 0, leaf, self._edge
        while edge and edge[-1][0] == height:
            node = parent(edge.pop()[1], node)
            height += 1
        edge.append((height, node))
        self.size += 1

    def root(self) -> bytes:
        if not self._edge:
            return EMPTY
        found = self._edge[-1][1]
        for _, node in reversed(self._edge[:-1]):
            found = parent(node, found)
        return found


def _split(width: int) -> int:
    """The largest power of two below ``width``."""
    return 1 << ((width - 1).bit_length() - 1)


def range_root(node: Node, start: int, end: int) -> bytes:
    """The root over leaves ``start`` to ``end`` (from 0, end left out). ``node(level, position)`` gives complete subtrees."""
    width = end - start
    if width == 0:
        return EMPTY
    if width & (width - 1) == 0:
        return node(width.bit_length() - 1, start // width)
    middle = start + _split(width)
    return parent(range_root(node, start, middle), range_root(node, middle, end))


def inclusion(node: Node, index: int, size: int) -> list[bytes]:
    """The path that shows that leaf ``index`` (from 0) is in the tree of ``size`` leaves (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ProofBroken("There is no such leaf in a tree of this size")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, start, middle))
            start = middle
    return path[::-1]


def consistency(node: Node, first: int, second: int) -> list[bytes]:
    """The path that shows that the tree of ``second`` leaves begins with that of ``first`` (RFC 9162, 2.1.4.1)."""
    if not 0 < first <= second:
        raise ProofBroken("The first tree must hold something, and the second as much or more")
    path: list[bytes] = []
    start, end, whole, wanted = 0, second, True, first
    while wanted != end:
        middle = start + _split(end - start)
        if wanted <= middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(range_root(node, start, end))
    return path[::-1]


def _turns(place: int, last: int, count: int) -> list[bool]:
    """Of each step of a path, whether it stands on the left. Raise ProofBroken where the path has another length."""
    turns = []
    for _ in range(count):
        if last == 0:
            raise ProofBroken("The path is too long")
        turns.append(bool(place & 1) or place == last)
        if turns[-1]:
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    if last:
        raise ProofBroken("The path is too short")
    return turns


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Raise ProofBroken unless the path leads from the leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise ProofBroken("There is no such leaf in a tree of this size")
    found = leaf
    for step, is_left in zip(path, _turns(index, size - 1, len(path)), strict=True):
        found = parent(step, found) if is_left else parent(found, step)
    if not hmac.compare_digest(found, root):
        raise ProofBroken("The entry does not lead to the root of the checkpoint")


def check_consistency(first: int, old: bytes, second: int, new: bytes, path: Sequence[bytes]) -> None:
    """Raise ProofBroken unless the newer tree begins with the older one (RFC 9162, 2.1.4.2)."""
    if first == second:
        if path or not hmac.compare_digest(old, new):
            raise ProofBroken("Two checkpoints of the same size differ")
        return
    if not 0 < first < second or not path:
        raise ProofBroken("The sizes or the path are not those of a proof")
    start, *steps = [old, *path] if first & (first - 1) == 0 else path
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    earlier = later = start
    for step, is_left in zip(steps, _turns(place, last, len(steps)), strict=True):
        earlier = parent(step, earlier) if is_left else earlier
        later = parent(step, later) if is_left else parent(later, step)
    if not (hmac.compare_digest(earlier, old) and hmac.compare_digest(later, new)):
        raise ProofBroken("The newer checkpoint does not begin with the older one")
