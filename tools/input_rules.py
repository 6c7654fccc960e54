"""Writes `docs/input-rules.md` from the forms: what each field takes, and in which format."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from wtforms.fields.core import UnboundField

ROOT = Path(__file__).resolve().parent.parent
NOT_PRODUCT = {"tests", "bench", "demo", "tools", ".venv", ".venv-security"}
INTRODUCTION = """# Rules for input

Written from the forms by `make docs`; a test fails when it is not current. Do not edit it by hand: the words before the
tables stand in `tools/input_rules.py`.

Everything typed is checked on the server, whatever the browser did. Text is stored as typed and escaped where it is shown.
A form takes its own fields alone: others that are sent with it do nothing.

## Formats

| What | Rule | Where |
|---|---|---|
| Date | day, month and year as numbers, or the month's name; a day that exists; past or future as said | `core/forms.py` |
| Email address | one address, at most 254 characters; compared without capitals | `accounts/forms.py` |
| Unique pupil number | a letter, eleven digits and a letter or digit | `cohort/sources.py` |
| Postcode | the shape of a United Kingdom one, in any capitals | `referrals/forms/person.py`, `cohort/sources.py` |
| Password | 12 to 128 characters, not common, not made of the person's or the service's words | `accounts/services/passwords.py` |
| Security code | 6 digits | `accounts/services/totp.py` |
| A choice | one of the codes in its list, nothing else | `core/codes/__init__.py` |
| A file | its kind by name, first bytes and structure; 10 MB | `files/services/examining.py` |
| An id in an address | 26 letters and digits of base 32 | `core/ids.py` |
| Text | the length below, never longer than its field in the [data dictionary](data-dictionary.md) | `core/crypto.py` |

## Fields of each form

"Codes" is a choice among a list of `core/codes/`, or of records that the person may see.
"""
KINDS = {
    "SelectField": "codes", "RadioField": "codes", "SelectMultipleField": "codes, several", "BooleanField": "yes or no",
    "StringField": "text", "TextAreaField": "text, several lines", "PasswordField": "text, hidden", "EmailField": "email address",
    "WholeNumber": "whole number", "IntegerField": "whole number", "DateParts": "date", "TimeText": "time of day",
    "FileField": "file",
}  # fmt: skip
NEEDED = {"DataRequired", "InputRequired", "Needed", "FileRequired"}
HIDDEN = {"HiddenField", "CSRFTokenField"}


def input_rules_page() -> str:
    """The whole page. Imports every module of the product that holds forms."""
    return INTRODUCTION + "".join(_form(form) for form in _forms())


def _forms() -> list[type]:
    from core.forms import Form

    for path in sorted({*ROOT.glob("*/**/*.py")}):
        place = path.relative_to(ROOT)
        if place.parts[0] in NOT_PRODUCT:
            continue
        # Wherever they stand, so that the page is the same whatever was imported before.
        if any(part.startswith("forms") for part in place.parts) or "Form):" in path.read_text(encoding="utf-8"):
            import_module(".".join(place.with_suffix("").parts).removesuffix(".__init__"))
    found = {form for form in _below(Form) if form.__module__.split(".")[0] not in NOT_PRODUCT}
    return sorted(found, key=lambda form: (form.__module__, form.__name__))


def _below(form: type) -> Iterator[type]:
    for one in form.__subclasses__():
        yield one
        yield from _below(one)


def _form(form: type) -> str:
    fields = [(name, one) for name, one in inspect.getmembers(form, lambda one: isinstance(one, UnboundField))
              if one.field_class.__name__ not in HIDDEN]  # fmt: skip
    if not fields:
        return ""
    lines = [_field(name, one) for name, one in sorted(fields, key=lambda pair: pair[1].creation_counter)]
    place = form.__module__.replace(".", "/")
    head = [
        "",
        f"### {form.__name__}",
        "",
        f"`{place}.py`",
        "",
        "| Field | Takes | Needed | Limits |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *lines, ""])


def _field(name: str, unbound: Any) -> str:
    validators = _validators(unbound)
    needed = "yes" if unbound.kwargs.get("required") or any(type(one).__name__ in NEEDED for one in validators) else ""
    limits = [words for one in validators if (words := _limit(one))]
    limits += [word for word in ("past", "future") if unbound.kwargs.get(word)]
    takes = KINDS.get(unbound.field_class.__name__, unbound.field_class.__name__)
    return f"| `{name}` | {takes} | {needed} | {', '.join(limits)} |"


def _validators(unbound: Any) -> list[Any]:
    places = [unbound.kwargs.get("validators"), *unbound.args[1:2]]
    return [one for place in places if isinstance(place, list | tuple) for one in place]


def _limit(validator: Any) -> str:
    """A length or a range in words; the other validators say themselves what they ask for, on the page."""
    least, most = getattr(validator, "min", None), getattr(validator, "max", None)
    if least in {None, -1} and most in {None, -1}:
        return ""
    what = "" if type(validator).__name__ in {"NumberRange", "Within"} else " characters"
    if least in {None, -1, 0} and what:
        return f"at most {most:,}{what}"
    return f"at least {least}{what}" if most in {None, -1} else f"{least} to {most:,}{what}"
