"""A file's contents in pieces, each sealed for its own place: cut, swapped, added or moved, and nothing opens."""

from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.crypto import SealBroken, seal, unseal
from core.ids import Id

PIECE = 64 * 1024
# Two bytes of form, a nonce and a tag (core.crypto.seal).
SEALED_PIECE = PIECE + 2 + 12 + 16


def _bound(file_id: Id, key_id: Id, number: int, is_last: bool) -> bytes:
    return f"stored_file|content|{file_id}|{key_id}|{number}|{'last' if is_last else 'more'}".encode()


def sealed(cipher: AESGCM, file_id: Id, key_id: Id, content: bytes) -> tuple[bytes, int]:
    """All pieces one after the other, and how many they are. The last one says that it is the last."""
    parts = [content[at : at + PIECE] for at in range(0, len(content), PIECE)] or [b""]
    last = len(parts) - 1
    pieces = [seal(cipher, part, _bound(file_id, key_id, n, n == last)) for n, part in enumerate(parts)]
    return b"".join(pieces), len(pieces)


def opened(cipher: AESGCM, file_id: Id, key_id: Id, pieces: int, kept: bytes) -> Iterator[bytes]:
    """The contents, piece by piece. Raise SealBroken for anything but the very bytes that were kept."""
    if -(-len(kept) // SEALED_PIECE) != pieces:
        raise SealBroken("A file is longer or shorter than it was")
    for number in range(pieces):
        part = kept[number * SEALED_PIECE : (number + 1) * SEALED_PIECE]
        yield unseal(cipher, part, _bound(file_id, key_id, number, number == pieces - 1))
