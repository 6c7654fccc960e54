"""Signed checkpoints as text: the C2SP forms ``tlog-checkpoint`` and ``signed-note`` with Ed25519."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

ED25519 = b"\x01"
_FORM = re.compile(r"\A([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n((?:[^\n]+\n)*)\n((?:\u2014 [^\n]+\n)+)\Z")
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)


class NoteBroken(ValueError):
    """The text is not a checkpoint, or no signature of a known key verifies."""


@dataclass(frozen=True, slots=True)
class Note:
    """One checkpoint as it was signed. ``origin`` names the log (its last part is the chain), ``text`` is all of it."""

    origin: str
    size: int
    root: bytes
    text: str

    @property
    def chain(self) -> str:
        return self.origin.rpartition("/")[2]


def raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_hash(name: str, key: Ed25519PublicKey) -> bytes:
    """The four bytes by which a signature says whose it is (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + raw(key)).digest()[:4]


def signed(key: Ed25519PrivateKey, origin: str, size: int, root: bytes) -> Note:
    """Sign a root under the log's own name."""
    body = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    mark = key_hash(origin, key.public_key()) + key.sign(body.encode())
    return Note(origin, size, root, f"{body}\n\u2014 {origin} {base64.b64encode(mark).decode()}\n")


def parsed(text: str) -> Note:
    """Read a checkpoint without believing it. Raise NoteBroken."""
    found = _FORM.match(text)
    if found is None:
        raise NoteBroken("This is not a checkpoint")
    return Note(found[1], int(found[2]), base64.b64decode(found[3]), text)


def check(note: Note, keys: Iterable[Ed25519PublicKey]) -> Ed25519PublicKey:
    """The known key whose signature verifies. Raise NoteBroken where none does."""
    body, _, marks = note.text.rpartition("\n\n")
    marked = [line.rpartition(" ")[2] for line in marks.splitlines() if line.startswith(f"\u2014 {note.origin} ")]
    for key in keys:
        for mark in marked:
            if _verifies(key, note.origin, mark, f"{body}\n".encode()):
                return key
    raise NoteBroken("No known key has signed this checkpoint")


def _verifies(key: Ed25519PublicKey, name: str, mark: str, body: bytes) -> bool:
    try:
        told = base64.b64decode(mark, validate=True)
        if base64.b64encode(told).decode() != mark or told[:4] != key_hash(name, key):
            return False
        key.verify(told[4:], body)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_keys(text: str) -> list[Ed25519PublicKey]:
    """Every key of a file of PEM blocks: the newest last, older ones kept so that old checkpoints verify."""
    found = [load_pem_public_key(block.encode()) for block in _PEM.findall(text)]
    return [key for key in found if isinstance(key, Ed25519PublicKey)]


def fingerprint(key: Ed25519PublicKey) -> str:
    """What people read to each other over the telephone: the SHA-256 of the key in groups of four."""
    digest = hashlib.sha256(raw(key)).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, 64, 4))


def in_folder(folder: Path) -> Iterator[tuple[Path, Note | None]]:
    """Each ``*.txt`` under a folder as a checkpoint; None for one that cannot be read as such."""
    for path in sorted(folder.rglob("*.txt")):
        try:
            yield path, parsed(path.read_text(encoding="utf-8"))
        except (NoteBroken, UnicodeDecodeError):
            yield path, None


def by_chain(notes: Iterable[Note]) -> Mapping[str, list[Note]]:
    found: dict[str, list[Note]] = {}
    for note in notes:
        found.setdefault(note.chain, []).append(note)
    return {chain: sorted(of, key=lambda note: note.size) for chain, of in found.items()}
