"""Reads an uploaded list: its name, its first bytes and its content must agree; every cell comes out as text."""

import csv
import io
import re
from collections.abc import Iterator

from imports.cells import NO_ROWS, NOT_AS_NAMED, UNREADABLE, Row, Sheet, row_of, sheet_of, tidy
from imports.limits import MOST_BYTES, FileProblem
from imports.workbooks import rows_of

_ZIP = b"PK\x03\x04"
# Other kinds of file that people rename: old Excel, PDF, pictures, rich text, pages.
_OTHERS = (_ZIP, b"PK", b"\xd0\xcf\x11\xe0", b"%PDF", b"\xff\xd8\xff", b"\x89PNG", b"{\\rtf", b"\x1f\x8b", b"<")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


def read_list(name: str, raw: bytes) -> Sheet:
    """Raise FileProblem where this is not a list that can be read."""
    _, dot, ending = (name or "").lower().rpartition(".")
    if not dot or ending not in {"csv", "xlsx"}:
        raise FileProblem("Choose a file in CSV or XLSX. Its name ends in .csv or .xlsx")
    if not raw.strip():
        raise FileProblem("The file is empty. Choose a file with rows in it")
    if len(raw) > MOST_BYTES:
        raise FileProblem("The file must be smaller than 10MB. Split it and upload the parts")
    if ending == "csv":
        return sheet_of(_csv_rows(_decoded(raw)))
    if not raw.startswith(_ZIP):
        raise FileProblem(NOT_AS_NAMED)
    return sheet_of(rows_of(raw))


def _decoded(raw: bytes) -> str:
    """The text, by its mark, as UTF-8, or as Windows writes Western Europe. Raise FileProblem, never guess further."""
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    marked = next((encoding for mark, encoding in marks.items() if raw.startswith(mark)), None)
    if marked is None and raw.lstrip().startswith(_OTHERS):
        raise FileProblem(NOT_AS_NAMED)
    for encoding in (marked,) if marked else ("utf-8", "cp1252"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _CONTROL.search(text):
            break
        return text
    raise FileProblem(UNREADABLE)


def _csv_rows(text: str) -> Iterator[Row]:
    """Separated by whatever separates the headings: a comma, a semicolon or a tab."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 1):
            yield row_of(number, map(tidy, cells))
    except csv.Error:
        raise FileProblem(NO_ROWS) from None
