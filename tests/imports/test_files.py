"""What may be a list: name, first bytes and content agree, letters are known, sizes are bounded, nothing is worked out."""

import io
import re
import zipfile
from datetime import date

import openpyxl
import pytest

from imports.cells import FORMULA
from imports.columns import HEADINGS
from imports.limits import FileProblem
from imports.reading import read_list
from tests.factories.imports import as_csv, as_xlsx, row

NAME = "Zoë O’Hara-Łuczak"
WINDOWS = "Zoë O’Hara"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_list_is_read_whatever_program_wrote_it(delimiter, encoding):
    name = WINDOWS if encoding == "cp1252" else NAME
    raw = as_csv([row(First_name=name, Address="1 High Street\nReading"), {}, row(1)], delimiter, encoding)
    sheet = read_list("List.CSV", raw)
    assert sheet.headings == HEADINGS
    # An empty row is left out and counted: the numbers are the spreadsheet's.
    assert [one.number for one in sheet.rows] == [2, 4]
    assert sheet.rows[0].cells[HEADINGS.index("First name")] == name
    assert sheet.rows[0].cells[HEADINGS.index("Address")] == "1 High Street\nReading"


def test_a_workbook_is_read_as_it_shows_and_never_worked_out():
    def change(sheet):
        sheet["B2"] = "=CONCAT(A1,A2)"
        sheet["C2"] = "+44 is no formula here"
        sheet["C2"].data_type = "s"
        sheet["D2"] = date(2012, 3, 27)
        sheet["E2"] = 7.0
        sheet["Q2"] = True

    sheet = read_list("list.xlsx", as_xlsx([row()], change=change))
    cells, wrong = sheet.rows[0].cells, sheet.rows[0].wrong
    assert wrong == {1: FORMULA}
    assert cells[1:5] == ("", "+44 is no formula here", "2012-03-27", "7")
    assert cells[16] == "yes"


def repacked(raw, change):
    """The workbook with one part changed or added."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        parts = {name: old.read(name) for name in old.namelist()}
        for name, content in change(parts).items():
            new.writestr(name, content)
    return made.getvalue()


def with_part(name, content):
    return repacked(as_xlsx([row()]), lambda parts: parts | {name: content})


def entity_bomb(parts):
    name = "xl/worksheets/sheet1.xml"
    return parts | {name: b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>' + parts[name]}


def far_row(parts):
    """A workbook that says its last row is the millionth: everything between is empty."""
    name = "xl/worksheets/sheet1.xml"
    return parts | {name: re.sub(rb'r="([A-Z]*)2"', rb'r="\g<1>1048000"', parts[name])}


REFUSED = {
    "another ending": ("list.xls", lambda: as_csv([row()]), "Its name ends in .csv or .xlsx"),
    "no ending": ("list", lambda: as_csv([row()]), "Its name ends in .csv or .xlsx"),
    "nothing": ("list.csv", lambda: b" \r\n", "is empty"),
    "a workbook called csv": ("list.csv", lambda: as_xlsx([row()]), "not what its name says"),
    "csv called a workbook": ("list.xlsx", lambda: as_csv([row()]), "not what its name says"),
    "a page": ("list.csv", lambda: b"<html><table>", "not what its name says"),
    "old Excel": ("list.csv", lambda: b"\xd0\xcf\x11\xe0" + b"x" * 99, "not what its name says"),
    "another archive": ("list.xlsx", lambda: repacked(as_xlsx([]), lambda parts: {"a.xml": b"<a/>"}), "not what its name"),
    "a cut workbook": ("list.xlsx", lambda: as_xlsx([row()])[:-30], "not what its name says"),
    "macros": ("list.xlsx", lambda: with_part("xl/vbaProject.bin", b"x"), "holds macros"),
    "an embedded file": ("list.xlsx", lambda: with_part("xl/embeddings/a.docx", b"x"), "holds macros"),
    "entities": ("list.xlsx", lambda: repacked(as_xlsx([row()]), entity_bomb), "not what its name says"),
    "a part that shrinks to nothing": ("list.xlsx", lambda: with_part("xl/a.xml", b" " * 30_000_000), "not what its"),
    "a row far away": ("list.xlsx", lambda: repacked(as_xlsx([row()]), far_row), "5,000 rows or fewer"),
    "too many rows": ("list.csv", lambda: b"First name\n" + b"A\n" * 5_001, "5,000 rows or fewer"),
    "too many columns": ("list.csv", lambda: b"a," * 101 + b"\nA\n", "100 columns or fewer"),
    "too big": ("list.csv", lambda: b"First name\n" + b"A" * 11_000_000, "smaller than 10MB"),
    "no headings": ("list.csv", lambda: b",,\nA,B,C\n", "must name the columns"),
    "no letters": ("list.csv", lambda: b"First name\nA\x81\x8d\n", "cannot read the letters"),
    "UTF-16 without its mark": ("list.csv", lambda: "First name\nA\n".encode("utf-16-le"), "cannot read the letters"),
    "a NUL": ("list.csv", lambda: b"First name\nA\x00B\n", "cannot read the letters"),
    "UTF-32": ("list.csv", lambda: "First name\nA\n".encode("utf-32"), "cannot read the letters"),
    "a cell without an end": ("list.csv", lambda: b'First name\n"A\n', "cannot be told apart"),
    "a cell of a megabyte": ("list.csv", lambda: b"First name\n" + b"A" * 1_000_000, "cannot be told apart"),
}  # fmt: skip


@pytest.mark.catalogue("W6", part="partly")
@pytest.mark.parametrize("what", REFUSED)
def test_anything_else_is_refused_with_what_to_do(what):
    name, make, words = REFUSED[what]
    with pytest.raises(FileProblem, match=re.escape(words)):
        read_list(name, make())


def test_settings_of_a_printer_are_no_macro():
    """Excel writes them into most workbooks that were ever printed."""
    raw = with_part("xl/printerSettings/printerSettings12.bin", b"printer")
    assert len(read_list("list.xlsx", raw).rows) == 1
    assert openpyxl.load_workbook(io.BytesIO(raw)) is not None
