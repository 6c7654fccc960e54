"""Two people, one record: the second is told, sees both texts, and loses nothing."""

from collections.abc import Mapping
from typing import Any

from core.forms import Form


class StaleRecord(Exception):
    """The record changed since its form was opened. Holds both texts for the page that shows them side by side."""

    def __init__(self, theirs: list[dict[str, str]], yours: list[dict[str, str]]) -> None:
        super().__init__("Someone else changed this record")
        self.theirs, self.yours = theirs, yours


def expect_version(record: Any, form: Form, saved: Mapping[str, Any] | None = None) -> None:
    """Raise StaleRecord unless the form was opened on the version that is stored now.

    ``saved``: the stored values by field name; without it they are read from the record by the form's field names.
    """
    given = form.row_version.data
    if str(record.row_version) == str(given):
        return
    fields = form.answer_fields()
    theirs = [
        {"label": f.label.text, "value": _text((saved or {}).get(n) if saved else getattr(record, n, ""))}
        for n, f in fields.items()
    ]
    yours = [{"label": f.label.text, "value": _text(f.data)} for f in fields.values()]
    raise StaleRecord(theirs, yours)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return "" if value is None else str(value)
