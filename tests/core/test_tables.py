"""The rows of a list: what somebody typed never becomes markup, whatever stands in the other cells."""

from markupsafe import Markup

from core.tables import Linked, table_rows

EVIL = "<script>\"&'"
SAFE = "&lt;script&gt;&quot;&amp;&#x27;"


def rows(app, *lines, **options):
    given = {"heads": ["Name", "Age"], "select": None, "row_header": None, "form": None} | options
    with app.test_request_context("/"):
        return str(table_rows(list(lines), **given))


def test_every_kind_of_cell_is_escaped_but_markup(app):
    written = rows(app, [EVIL, Linked(EVIL, "/cases/a"), 12, None, Markup("<b>tag</b>")])
    assert EVIL not in written
    assert written.count(SAFE) == 2
    assert f'<a class="govuk-link" href="/cases/a">{SAFE}</a>' in written
    assert all(cell in written for cell in (">12<", ">–<", "><b>tag</b><"))


def test_a_cell_that_holds_the_sign_between_texts_stays_in_its_own_cell(app):
    written = rows(app, ["before\0" + EVIL, "after"], ["third", "fourth"])
    cells = [part.split("</td>")[0] for part in written.split('<td class="govuk-table__cell">')[1:]]
    assert cells == ["before\0" + SAFE, "after", "third", "fourth"]


def test_a_ticked_row_is_named_and_its_name_escaped(app):
    written = rows(
        app, {"id": "abc", "label": EVIL, "checked": True, "cells": ["x"]}, {"id": 'a"b', "label": "y", "cells": ["z"]},
        {"cells": ["not to be ticked"]}, select="cases",
    )  # fmt: skip
    assert f"Select {SAFE}" in written
    assert 'value="abc" checked>' in written
    assert 'value="a&quot;b">' in written
    assert written.count('type="checkbox"') == 2
