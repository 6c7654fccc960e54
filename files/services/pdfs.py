"""What a PDF may be: one file from its first byte to its end, without a password, a script or a file inside it."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from files.limits import MOST_UNPACKED, NotAccepted, not_what_it_says

# What opens, runs or carries something (ISO 32000-1: 7.11.4, 12.6.4, 12.7.8); links to web pages stay.
ACTS = frozenset(
    {b"JavaScript", b"JS", b"Launch", b"EmbeddedFile", b"EmbeddedFiles", b"RichMedia", b"XFA", b"ImportData", b"SubmitForm",
     b"GoToE", b"Movie", b"Sound", b"Rendition", b"3D"}
)  # fmt: skip
_NAME = re.compile(rb"/([A-Za-z0-9#]{1,60})")
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_END = re.compile(rb"%%EOF[\s\0]*\Z")
WITH_PASSWORD = "We cannot check a file with a password. Save it without one and try again"  # noqa: S105 (words)
ACTIVE = "This PDF holds a script, a form that sends itself or another file. Print it to a new PDF and try again"


def checked(content: bytes) -> bytes:
    """Raise NotAccepted for what is not a plain PDF. Returns it as it is."""
    if not re.match(rb"%PDF-[12]\.[0-9][\r\n \t%]", content) or not _END.search(content[-1024:]):
        raise not_what_it_says()
    if b"startxref" not in content or zipfile.is_zipfile(io.BytesIO(content)):
        raise not_what_it_says()
    # Long names are looked for everywhere, so that a stream that only pretends to begin hides nothing. Short ones turn
    # up by chance in what is packed.
    found = _names(_outside_streams(content)) | {name for name in _names(content) if len(name) > 4}
    for unpacked in _object_streams(content):
        found |= _names(unpacked)
    if b"Encrypt" in found:
        raise NotAccepted(WITH_PASSWORD)
    if found & ACTS:
        raise NotAccepted(ACTIVE)
    return content


def _names(part: bytes) -> set[bytes]:
    """Every name of a part of the file, with letters that were written as numbers read back."""
    return {_HEX.sub(lambda code: bytes([int(code[1], 16)]), name) for name in _NAME.findall(part)}


def _outside_streams(content: bytes) -> bytes:
    """The objects without their streams: a picture's bytes may spell anything."""
    parts, at = [], 0
    while begin := _STREAM.search(content, at):
        end = content.find(b"endstream", begin.end())
        if end < 0:
            break
        parts.append(content[at : begin.start()])
        at = end
    parts.append(content[at:])
    return b"\n".join(parts)


def _object_streams(content: bytes) -> Iterator[bytes]:
    """Objects that are kept packed. Raise NotAccepted where together they unpack to more than a file may."""
    left = MOST_UNPACKED
    for begin in _STREAM.finditer(content):
        head = content[max(0, begin.start() - 1000) : begin.start()]
        head = head[head.rfind(b" obj") + 1 :]
        if b"ObjStm" not in _names(head):
            continue
        end = content.find(b"endstream", begin.end())
        unpacked = _unpacked(content[begin.end() : end], left)
        left -= len(unpacked)
        yield unpacked


def _unpacked(packed: bytes, most: int) -> bytes:
    """The usual packing alone: objects that we cannot read may hold anything."""
    machine = zlib.decompressobj()
    try:
        unpacked = machine.decompress(packed, most)
    except zlib.error:
        raise not_what_it_says() from None
    if machine.unconsumed_tail:
        raise not_what_it_says()
    return unpacked
