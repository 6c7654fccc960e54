"""Checks a partner's file against the agreement: which rows to keep, and a report of columns and row numbers only."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cohort.sources import (
    COLUMNS,
    FORMULA_STARTS,
    LONGEST_CELL,
    BadCell,
    Column,
    FileProblem,
    Problem,
    Reading,
    SourceKind,
    column_called,
    decoded,
    table_of,
)
from core.languages import gettext as _

SHOWN_ROWS = 20
# A heading is repeated on a page only when it looks like one: a file without headings begins with somebody's data.
_PLAIN_HEADING = re.compile(r"[A-Za-z][A-Za-z _()-]{0,39}")


@dataclass
class Checked:
    """What would be kept: the spreadsheet's row number and the values of each row, and the report."""

    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    rows_read: int = 0
    columns: list[dict[str, str]] = field(default_factory=list)
    problems: dict[tuple[str, Problem], list[int]] = field(default_factory=dict)

    def note(self, column: str, problem: Problem, row: int) -> None:
        self.problems.setdefault((column, problem), []).append(row)

    def report(self) -> dict[str, Any]:
        """Counts and row numbers by column, never a value."""
        found = [
            {"column": column, "problem": problem.value, "count": len(rows), "rows": rows[:SHOWN_ROWS]}
            for (column, problem), rows in self.problems.items()
        ]
        return {"columns": self.columns, "problems": sorted(found, key=lambda p: (p["column"], p["problem"]))}


def allowed_names(kind: SourceKind, fields: Iterable[str]) -> set[str]:
    """The columns that an agreement's fields name, in our names or the partner's."""
    return {column.name for name in fields if (column := column_called(kind, name))}


def check_file(kind: SourceKind, raw: bytes, *, fields: Iterable[str], reading: Reading) -> Checked:
    """Raise FileProblem where the file as a whole cannot be used."""
    headings, rows = _table(raw)
    checked = Checked()
    places = _places(kind, headings, allowed_names(kind, fields), checked)
    seen: set[tuple[str, ...]] = set()
    for number, cells in enumerate(rows, start=2):
        if not any(cells):
            continue
        checked.rows_read += 1
        taken = tuple(cells[place] if place < len(cells) else "" for place, _ in places)
        # The partner's own row number makes every row different: the same event twice still counts once.
        same = tuple(text for text, (_, column) in zip(taken, places, strict=True) if column.name != "reference")
        if same in seen:
            checked.note("", Problem.TWICE, number)
            continue
        seen.add(same)
        values = _read_row(places, taken, number, reading, checked)
        if values is not None:
            checked.rows.append((number, values))
    return checked


def _table(raw: bytes) -> Any:
    try:
        return table_of(decoded(raw))
    except StopIteration:
        raise FileProblem("The file is empty. Choose a file with rows in it") from None


def _places(kind: SourceKind, headings: list[str], allowed: set[str], checked: Checked) -> list[tuple[int, Column]]:
    """Which cell holds which column. Raise FileProblem when a needed column is not there or not allowed."""
    known = [(place, column_called(kind, heading)) for place, heading in enumerate(headings)]
    needed = [column for column in COLUMNS[kind] if column.required]
    found = {column.name for _, column in known if column}
    missing = [column.label for column in needed if column.name not in found]
    if missing:
        raise FileProblem(
            _("The first row must name the columns. We cannot find: %(missing)s", missing=", ".join(missing))
        )
    barred = [column.label for column in needed if column.name not in allowed]
    if barred:
        raise FileProblem(
            _("The agreement does not allow: %(barred)s. It must, for this kind of list", barred=", ".join(barred))
        )
    places: dict[str, tuple[int, Column]] = {}
    for place, column in known:
        # An area is only compared, never kept, so no agreement needs to allow it.
        keeps = column is not None and (column.name in allowed or column.name == "area") and column.name not in places
        checked.columns.append(_said(headings[place], place, column, keeps))
        if column is not None and keeps:
            places[column.name] = (place, column)
    return list(places.values())


def _said(heading: str, place: int, column: Column | None, keeps: bool) -> dict[str, str]:
    shown = heading if _PLAIN_HEADING.fullmatch(heading) else _("number %(place)s", place=place + 1)
    return {"heading": shown, "name": column.name if column else "", "kept": "yes" if keeps else "no"}


def _read_row(
    places: list[tuple[int, Column]], cells: tuple[str, ...], number: int, reading: Reading, checked: Checked
) -> dict[str, Any] | None:
    values: dict[str, Any] = {}
    keeps = True
    for text, (_place, column) in zip(cells, places, strict=True):
        try:
            value = _read_cell(column, text, number, reading, checked)
        except BadCell as bad:
            checked.note(column.name, bad.problem, number)
            keeps = keeps and not bad.problem.loses_row
            value = "not_known" if bad.problem is Problem.PART_NOT_KNOWN else None
        if value is not None:
            values[column.name] = value
    return values if keeps else None


def _read_cell(column: Column, text: str, number: int, reading: Reading, checked: Checked) -> Any:
    if not text:
        if column.name == "part":
            raise BadCell(Problem.PART_NOT_KNOWN)
        if column.required:
            raise BadCell(Problem.MISSING)
        return None
    if len(text) > LONGEST_CELL:
        raise BadCell(Problem.TOO_LONG)
    value = column.read(text, reading)
    if text.startswith(FORMULA_STARTS):
        checked.note(column.name, Problem.FORMULA, number)
    return value
