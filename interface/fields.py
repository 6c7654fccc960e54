"""The referral forms as JSON: which fields a section has, what each takes, and how JSON becomes what a form reads."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, RadioField, SelectMultipleField
from wtforms.fields.choices import SelectFieldBase

from core.codes.concerns import Concern
from core.forms import DateParts, Form
from referrals.forms.sections import ENTRY_FORMS, FORMS
from referrals.forms.story import CONCERN, WorriesForm

TEXT, CODE, CODES, DATE, YES_NO = "text", "code", "codes", "date", "boolean"
MUST_BE = {
    TEXT: "Send text", CODE: "Send one of the codes, as text", CODES: "Send a list of codes",
    DATE: "Send a date, like 2011-03-27", YES_NO: "Send true or false",
}  # fmt: skip
NOT_ASKED = "This is not asked. Leave it out"
UNREADABLE = "Send text without control characters"
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
# Signs that no keyboard types, and halves of signs that cannot be written down.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# What a section of the interface is read by: the same forms as the pages.
SECTION_FORMS: dict[str, type[Form]] = {**FORMS}
LIST_FORMS: dict[str, type[Form]] = {**ENTRY_FORMS}

Errors = list[tuple[str, str]]


def blank(form: type[Form]) -> Form:
    """The form with nothing in it and without what only pages have."""
    return form(formdata=MultiDict(), meta={"csrf": False})


def fields_of(form: type[Form]) -> dict[str, Field]:
    """The fields that a client sends, by name. The concerns of "worries" are one object of codes instead."""
    return {name: item for name, item in blank(form).answer_fields().items() if not name.startswith(CONCERN)}


def kind_of(item: Field) -> str:
    if isinstance(item, DateParts):
        return DATE
    if isinstance(item, BooleanField):
        return YES_NO
    if isinstance(item, SelectMultipleField):
        return CODES
    return CODE if isinstance(item, SelectFieldBase) else TEXT


def offered(item: Any) -> list[str]:
    """The codes of a choice."""
    return [str(choice.value) for choice in item.iter_choices() if choice.value]


def fits(kind: str, value: Any) -> bool:
    if kind == CODES:
        return isinstance(value, list) and len(value) <= 50 and all(isinstance(one, str) for one in value)
    if kind == YES_NO:
        return isinstance(value, bool)
    return isinstance(value, str) and (kind != DATE or value == "" or _DATE.fullmatch(value) is not None)


def readable(value: Any) -> bool:
    texts = value if isinstance(value, list) else [value]
    return not any(isinstance(one, str) and _CONTROL.search(one) for one in texts)


def wrong_types(values: Mapping[str, Any], form: type[Form], where: str) -> Iterator[tuple[str, str]]:
    """What is not even of the right type, each with its JSON pointer."""
    known = fields_of(form)
    for name, value in values.items():
        at = f"{where}/{_pointed(name)}"
        if name == "concerns" and form is WorriesForm:
            yield from _wrong_concerns(value, at)
        elif name not in known:
            yield at, NOT_ASKED
        elif value is not None and not fits(kind_of(known[name]), value):
            yield at, MUST_BE[kind_of(known[name])]
        elif not readable(value):
            yield at, UNREADABLE


def _wrong_concerns(value: Any, at: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield at, "Send an object: a code of a concern, and how sure you are"
        return
    known = {code.value for code in Concern}
    for code, strength in value.items():
        if code not in known:
            yield f"{at}/{_pointed(code)}", NOT_ASKED
        elif not isinstance(strength, str):
            yield f"{at}/{code}", MUST_BE[CODE]


def _pointed(name: str) -> str:
    """One part of a JSON pointer. A name that nobody asked for is repeated only as far as it can be a name."""
    plain = re.sub(r"[^\w.-]", "_", name)[:40]
    return plain or "_"


def filled(form: type[Form], values: Mapping[str, Any]) -> Form:
    """The form as a browser would have sent these answers."""
    flat = form.opened(values) if hasattr(form, "opened") else dict(values)
    return form(formdata=_as_sent(blank(form), flat), meta={"csrf": False})


def _as_sent(empty: Form, values: Mapping[str, Any]) -> MultiDict[str, str]:
    sent: MultiDict[str, str] = MultiDict()
    for name, item in empty.answer_fields().items():
        value = values.get(name)
        if isinstance(item, DateParts):
            _add_date(sent, name, value)
        elif isinstance(item, SelectMultipleField):
            sent.setlist(name, value or [])
        elif isinstance(item, BooleanField):
            sent.update({name: "y"} if value else {})
        elif isinstance(item, RadioField):
            sent.update({name: value} if value else {})
        else:
            sent[name] = value or ""
    return sent


def _add_date(sent: MultiDict[str, str], name: str, value: Any) -> None:
    found = _DATE.fullmatch(value or "")
    for part, number in zip(("year", "month", "day"), found.groups() if found else (), strict=False):
        sent[f"{name}-{part}"] = number


def errors_of(form: Form, where: str) -> Errors:
    """The form's own words, each with its JSON pointer."""
    found = []
    for name, words in form.errors.items():
        place = f"concerns/{name.removeprefix(CONCERN)}" if name and name.startswith(CONCERN) else name
        found += [(f"{where}/{place}" if place else where, str(word)) for word in words]
    return found
