"""A list as rows of text, whatever file it came in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.languages import gettext as _
from imports.limits import MOST_COLUMNS, MOST_LINES, MOST_ROWS, FileProblem, too_many_rows

# Whole sentences, so that each can be said in another language.
NOT_AS_NAMED = (
    "This file is not what its name says. Save it as CSV UTF-8 or as an Excel workbook (.xlsx), and choose that file"
)
UNREADABLE = "We cannot read the letters in this file. Save it as CSV UTF-8 or as an Excel workbook (.xlsx), and choose that file"
NO_ROWS = (
    "The rows of this file cannot be told apart. "
    "Save it as CSV UTF-8 or as an Excel workbook (.xlsx), and choose that file"
)
FORMULA = "formula"
_SPACES = re.compile(r"[ \t\u00a0]+")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list, numbered as its spreadsheet does. ``wrong``: places of cells that are no plain values."""

    number: int
    cells: tuple[str, ...]
    wrong: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet:
    headings: tuple[str, ...]
    rows: list[Row]


def sheet_of(rows: Iterable[Row]) -> Sheet:
    """The first row names the columns; rows without anything in them are left out."""
    lines = iter(rows)
    first = next(lines, None)
    if first is None or not any(first.cells):
        raise FileProblem("The first row must name the columns. Use the template")
    if len(first.cells) > MOST_COLUMNS:
        raise FileProblem(_("The list must have %(most)s columns or fewer. Use the template", most=MOST_COLUMNS))
    found: list[Row] = []
    for row in lines:
        if row.number > MOST_LINES or len(found) > MOST_ROWS:
            raise too_many_rows()
        if any(row.cells) or row.wrong:
            found.append(row)
    if len(found) > MOST_ROWS:
        raise too_many_rows()
    return Sheet(first.cells, found)


def row_of(number: int, texts: Iterable[str], wrong: dict[int, str] | None = None) -> Row:
    """Without the empty cells at its end, so that the same list is the same whatever kind of file it was."""
    cells, wrong = list(texts), wrong or {}
    while cells and not cells[-1] and len(cells) - 1 not in wrong:
        cells.pop()
    return Row(number, tuple(cells), wrong)


def tidy(text: str) -> str:
    """Line breaks in one form, and no spaces that only look like some. What was typed is otherwise left as it is."""
    return _SPACES.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
