"""Files for tests: sound ones of each kind, and ways to spoil them."""

import io
import zipfile
import zlib

from PIL import Image

TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType="'
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>{more}</Types>'
)
RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}'
    "</Relationships>"
)
BODY = '<?xml version="1.0"?><w:document xmlns:w="w"><w:body><w:p><w:t>{}</w:t></w:p></w:body></w:document>'


def pdf(words: bytes = b"A plan", *, more: bytes = b"") -> bytes:
    packed = zlib.compress(b"BT /F1 12 Tf (" + words + b") Tj ET")
    return (
        b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\n"
        b"endobj\n3 0 obj\n<< /Filter /FlateDecode /Length " + str(len(packed)).encode() + b" >>\nstream\n" + packed
        + b"\nendstream\nendobj\n" + more + b"\nxref\n0 1\ntrailer << /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"
    )  # fmt: skip


def docx(
    words: str = "A plan", *, types: str = "", relations: str = "", parts: dict[str, bytes] | None = None
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", TYPES.format(more=types))
        package.writestr("_rels/.rels", RELATIONS.format(""))
        package.writestr("word/document.xml", BODY.format(words))
        package.writestr("word/_rels/document.xml.rels", RELATIONS.format(relations))
        for name, content in (parts or {}).items():
            package.writestr(name, content)
    return out.getvalue()


def picture(form: str = "JPEG", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (20, 120, 90)).save(out, form, **options)
    return out.getvalue()


def located() -> bytes:
    """A photograph that says where it was taken, and by what."""
    exif = Image.Exif()
    exif[0x010F] = "Canary Camera"
    exif[0x8825] = {1: "N", 2: (51.0, 27.0, 15.0)}
    return picture(exif=exif, comment=b"Canary comment")
