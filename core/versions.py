"""Two people, one record: the second is told, sees both texts, and loses nothing."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from core.formats import day
from core.forms import Form


class StaleRecord(Exception):
    """The record changed since its form was opened. Holds both texts for the page that shows them side by side."""

    def __init__(
        self, theirs: list[dict[str, str]], yours: list[dict[str, str]], what: str = "page", at: datetime | None = None
    ) -> None:
        super().__init__("Someone else changed this record")
        self.theirs, self.yours, self.what, self.at = theirs, yours, what, at


# What the page calls a record that changed meanwhile.
WHAT = {
    "plan": "plan", "goal": "goal", "case_note": "note", "referral": "referral", "support_session": "session",
    "case_record": "case", "offer": "offer", "meeting": "meeting", "step_up": "step-up", "agenda_item": "decision",
}  # fmt: skip
_last_changed: list[Callable[[Any], datetime | None]] = []


def dated_by(finder: Callable[[Any], datetime | None]) -> None:
    """Say who knows when a record changed last: the trail does, which is above this package."""
    _last_changed[:] = [finder]


def expect_version(record: Any, form: Form, saved: Mapping[str, Any] | None = None) -> None:
    """Raise StaleRecord unless the form was opened on the version that is stored now.

    ``saved``: the stored values by field name; without it they are read from the record by the form's field names.
    """
    given = form.row_version.data
    if str(record.row_version) == str(given):
        return
    fields = form.answer_fields()
    theirs = [
        {"label": f.label.text, "value": _shown(f, (saved or {}).get(n) if saved else getattr(record, n, ""))}
        for n, f in fields.items()
    ]
    yours = [{"label": f.label.text, "value": _shown(f, f.data)} for f in fields.values()]
    at = _last_changed[0](record) if _last_changed else None
    raise StaleRecord(theirs, yours, WHAT.get(getattr(record, "__tablename__", ""), "page"), at)


def _shown(field: Any, value: Any) -> str:
    """As the form's page says it: the words of a choice, a day in words, yes or no."""
    words = _words_of(field)
    if isinstance(value, list | tuple):
        return ", ".join(words.get(str(item), _text(item)) for item in value)
    # Nothing chosen has its words as well: "Nobody yet".
    return words.get("" if value is None else str(value), _text(value))


def _words_of(field: Any) -> dict[str, str]:
    """The label of each choice by its value, for a field that offers choices."""
    given = getattr(field, "iter_choices", None)
    if given is None or not getattr(field, "choices", None):
        return {}
    choices = field.choices
    groups = choices.values() if isinstance(choices, dict) else [choices]
    return dict(_choice(choice) for group in groups for choice in group)


def _choice(choice: Any) -> tuple[str, str]:
    """A choice is a pair, or one that knows its group."""
    value, label = (choice.value, choice.label) if hasattr(choice, "label") else choice[:2]
    return str(value), str(label)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, date):
        return day(value)
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return "" if value is None else str(value)
