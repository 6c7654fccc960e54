"""Excel workbooks: reading one without working anything out, and writing the template.

The library is loaded with the first workbook: it takes 6 MB, and most processes never see one.
"""

import io
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from files.limits import NotAccepted
from files.services import documents
from imports.cells import FORMULA, NOT_AS_NAMED, Row, row_of, tidy
from imports.columns import COLUMNS, legend
from imports.limits import MOST_COLUMNS, MOST_LINES, FileProblem, too_many_rows

SHEET, LEGEND = "Referrals", "Codes"
MACROS = "This workbook holds macros or other files. Save it as a plain Excel workbook (.xlsx) or CSV and try again"
MAIN = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
# As of a Word document; but Excel writes the settings of printers as ``.bin``, which nothing here opens.
ACTS = re.compile(
    r"vba|macro|activex|embeddings/|oleobject|customui|(?<!printerSettings\d)(?<!printerSettings\d\d)\.bin$"
    r"|\.(exe|js|vbs|dll|xlsm|xltm|zip|jar)$",
    re.IGNORECASE,
)


def rows_of(raw: bytes) -> Iterator[Row]:
    """The rows of the sheet "Referrals", or of the first one. Raise FileProblem. Formulas are never worked out."""
    import openpyxl

    _check(raw)
    try:
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=False, keep_links=False)
        sheet = book[SHEET] if SHEET in book.sheetnames else book.worksheets[0]
        # What it says of its own size is not believed: rows beyond it would be left out without a word.
        sheet.reset_dimensions()
        lines = sheet.iter_rows(max_col=MOST_COLUMNS + 1)
        for number, cells in enumerate(lines, 1):
            if number > MOST_LINES:
                raise too_many_rows()
            yield _row(number, cells)
    except FileProblem:
        raise
    except Exception:  # a damaged workbook raises whatever its parser meets first; none of it is for the page
        raise FileProblem(NOT_AS_NAMED) from None


def _check(raw: bytes) -> None:
    """Ordinary in size, whole, a workbook and nothing that acts (SECURITY-DESIGN 7)."""
    try:
        parts = documents.parts_of(raw, ACTS, MACROS)
        for content in parts.values():
            documents.plain_xml(content)
    except NotAccepted as reason:
        raise FileProblem(MACROS if str(reason) == MACROS else NOT_AS_NAMED) from None
    types = parts.get("[Content_Types].xml", b"")
    if documents.ACTING_TYPES.search(types):
        raise FileProblem(MACROS)
    if MAIN not in types:
        raise FileProblem(NOT_AS_NAMED)


def _row(number: int, cells: Any) -> Row:
    texts: list[str] = []
    wrong: dict[int, str] = {}
    for place, cell in enumerate(cells):
        if cell.data_type in ("f", "e"):
            wrong[place] = FORMULA
            texts.append("")
        else:
            texts.append(_text(cell.value))
    return row_of(number, texts, wrong)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return tidy(str(value))


def template() -> bytes:
    """A workbook with the headings, every column of it text, and a second sheet with what each may hold."""
    import openpyxl
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook()
    sheet, codes = book.worksheets[0], book.create_sheet(LEGEND)
    sheet.title = SHEET
    for place, column in enumerate(COLUMNS, 1):
        sheet.cell(1, place, column.heading).font = Font(bold=True)
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = max(14, len(column.heading) + 2)
        # Text, so that a telephone number keeps its 0 and a date is not turned round.
        sheet.column_dimensions[letter].number_format = "@"
    sheet.freeze_panes = "A2"
    for number, line in enumerate(legend(), 1):
        for place, words in enumerate(line, 1):
            cell = codes.cell(number, place, words)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = Font(bold=number == 1)
    for letter, width in (("A", 30), ("B", 12), ("C", 24), ("D", 60)):
        codes.column_dimensions[letter].width = width
    codes.freeze_panes = "A2"
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
