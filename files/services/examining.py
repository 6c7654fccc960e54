"""Before a file is kept: its name, its first bytes and its structure must agree, and it may hold nothing that acts."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from core.codes.files import FileKind
from files.limits import LARGEST, NotAccepted, not_what_it_says, too_big
from files.services import documents, pdfs, pictures

KINDS = {"pdf": FileKind.PDF, "docx": FileKind.DOCX, "jpg": FileKind.JPEG, "jpeg": FileKind.JPEG, "png": FileKind.PNG}
BEGINS = {
    FileKind.PDF: b"%PDF-", FileKind.DOCX: b"PK\x03\x04", FileKind.JPEG: b"\xff\xd8\xff",
    FileKind.PNG: b"\x89PNG\r\n\x1a\n",
}  # fmt: skip
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Examined:
    """A file that may be kept: ``content`` is what is kept, for a picture not the bytes that were sent."""

    name: str
    kind: FileKind
    content: bytes


def examine(name: str, content: bytes) -> Examined:
    """Raise NotAccepted, with what to do, for everything but a sound PDF, DOCX, JPG or PNG."""
    name = clean_name(name)
    kind = KINDS.get(name.rpartition(".")[2].lower())
    if kind is None or not name.rpartition(".")[0].strip():
        raise NotAccepted("Choose a file in PDF, DOCX, JPG or PNG")
    if not content:
        raise NotAccepted("The file is empty. Check that it opens on your computer")
    if len(content) > LARGEST:
        raise too_big()
    if not content.startswith(BEGINS[kind]):
        raise not_what_it_says()
    return Examined(name, kind, _STRUCTURE[kind](content))


_STRUCTURE: dict[FileKind, Callable[[bytes], bytes]] = {
    FileKind.PDF: pdfs.checked, FileKind.DOCX: documents.checked,
    FileKind.JPEG: pictures.jpeg, FileKind.PNG: pictures.png,
}  # fmt: skip


def clean_name(name: str) -> str:
    """The name as it is shown. Raise NotAccepted where it holds a folder; a browser never sends one."""
    name = unicodedata.normalize("NFC", name or "").strip()
    if any(sign in name for sign in ("/", "\\", "\0")) or name.startswith("."):
        raise NotAccepted("The file’s name must not hold a folder or begin with a full stop. Rename it and try again")
    # Signs that are not seen, or that turn the reading round, make "fdp.exe" look like "exe.pdf".
    name = "".join(sign for sign in name if unicodedata.category(sign)[0] != "C")
    stem, dot, extension = name.rpartition(".")
    return f"{stem[: LONGEST_NAME - len(extension) - 1]}{dot}{extension}"[:LONGEST_NAME]
