"""What a DOCX may be: a Word document of ordinary size, without macros, files inside it or parts from elsewhere."""

import io
import re
import zipfile

from files.limits import MEGABYTE, MOST_ENTRIES, MOST_SHRUNK, MOST_UNPACKED, NotAccepted, not_what_it_says

MACROS = "This document holds macros or other files. Save it as a plain Word document (.docx) or PDF and try again"
MAIN = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
# Parts that act or carry something, by the folder or ending of their name, and by the type that the package gives them.
ACTS = re.compile(
    r"vba|macro|activex|embeddings/|oleobject|customui|\.(bin|exe|js|vbs|dll|docm|dotm|zip|jar)$", re.IGNORECASE
)
ACTING_TYPES = re.compile(rb"macroEnabled|vbaProject|activeX|oleObject|ms-office\.script", re.IGNORECASE)
_ELSEWHERE = re.compile(rb"<[^<>]*TargetMode\s*=\s*[\"']External[\"'][^<>]*>", re.IGNORECASE)
_LINK = re.compile(rb"Type\s*=\s*[\"'][^\"']*/hyperlink[\"']")
_LAST_RECORD = b"PK\x05\x06"


def checked(content: bytes) -> bytes:
    """Raise NotAccepted for what is not a plain Word document. Returns it as it is."""
    _package(parts_of(content))
    return content


def parts_of(content: bytes, acts: re.Pattern[str] = ACTS, words: str = MACROS) -> dict[str, bytes]:
    """The XML of each part of an Office file that is whole and of ordinary size. Raise NotAccepted.

    ``acts``: names of parts that no such file may hold; ``words`` say what to do then.
    """
    _whole(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            _entries(package, acts, words)
            return {entry.filename: _read(package, entry) for entry in package.infolist()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        if isinstance(error, NotAccepted):
            raise
        raise not_what_it_says() from None
    except Exception as error:  # zlib and lzma have errors of their own
        if type(error).__name__ not in {"error", "LZMAError"}:
            raise
        raise not_what_it_says() from None


def _whole(content: bytes) -> None:
    """The archive begins at the first byte and ends at the last: nothing is hung on either end."""
    last = content.rfind(_LAST_RECORD)
    if last < 0 or last + 22 != len(content) or b"%PDF-" in content[:1024]:
        raise not_what_it_says()
    begins_at = int.from_bytes(content[last + 16 : last + 20], "little")
    length = int.from_bytes(content[last + 12 : last + 16], "little")
    if begins_at + length != last:
        raise not_what_it_says()


def _entries(package: zipfile.ZipFile, acts: re.Pattern[str], words: str) -> None:
    entries = package.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > MOST_ENTRIES or len({name.lower() for name in names}) != len(names):
        raise not_what_it_says()
    for entry in entries:
        outside = entry.filename.startswith(("/", "\\")) or ".." in entry.filename.split("/") or "\\" in entry.filename
        if outside or entry.flag_bits & 0x1 or (entry.external_attr >> 16) & 0o170000 == 0o120000:
            raise not_what_it_says()
        if entry.file_size > MEGABYTE and entry.file_size > MOST_SHRUNK * max(entry.compress_size, 1):
            raise not_what_it_says()
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise not_what_it_says()
    if any(acts.search(name) for name in names):
        raise NotAccepted(words)


def _read(package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """One part, its checksum compared, never more of it than it said of itself. Pictures are read and let go."""
    with package.open(entry) as part:
        content = part.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise not_what_it_says()
    return content if entry.filename.lower().endswith((".xml", ".rels")) else b""


def _package(parts: dict[str, bytes]) -> None:
    types = parts.get("[Content_Types].xml", b"")
    if MAIN not in types or "word/document.xml" not in parts or "_rels/.rels" not in parts:
        raise NotAccepted(MACROS) if ACTING_TYPES.search(types) else not_what_it_says()
    if ACTING_TYPES.search(types):
        raise NotAccepted(MACROS)
    for name, content in parts.items():
        plain_xml(content)
        if name.lower().endswith(".rels") and any(not _LINK.search(found) for found in _ELSEWHERE.findall(content)):
            raise NotAccepted(MACROS)


def plain_xml(content: bytes) -> None:
    """Raise NotAccepted for what no part of an Office file has: it is how XML reads other files or grows without end."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise not_what_it_says()
