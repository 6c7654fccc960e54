"""CSV for spreadsheets: no cell of it is ever run as a formula, whoever typed it."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

# What spreadsheets take as the start of a formula, plain and full-width, and the characters that hide it.
STARTERS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where a spreadsheet of another country, whose files have semicolons or tabs, would take a new cell or line to begin:
# it reads our commas as text and our quotes as no quotes. Spaces and quotes before the formula do not stop it.
_INSIDE = re.compile(r'([;\t\r\n][\s"]*)(?=[=+\-@＝＋－＠])')


def safe(cell: Any) -> str:
    """The cell's text; an apostrophe before a formula makes a spreadsheet show it and not work it out."""
    text = "" if cell is None else str(cell)
    text = text.replace("\x00", "")
    begins = text.lstrip(" \u00a0\u3000\ufeff").startswith(STARTERS)
    return ("'" if begins else "") + _INSIDE.sub(r"\1'", text)


def write(rows: Iterable[Sequence[Any]]) -> bytes:
    """All rows as CSV, every cell quoted, in UTF-8 with the mark that spreadsheets look for."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")
