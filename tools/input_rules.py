"""Writes `docs/input-rules.md` from the forms: what each field takes, and in which format."""

import inspect
import re
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
| Postcode | the shape of a United Kingdom one, in any capitals | `core/formats.py`, `cohort/sources.py` |
| Password | 12 to 128 characters, not common, not made of the person's or the service's words | `accounts/services/passwords.py` |
| Security code | 6 digits | `accounts/services/totp.py` |
| A choice | one of the codes in its list, nothing else | `core/codes/__init__.py` |
| A file | its kind by name, first bytes and structure; 10 MB | `files/services/examining.py` |
| An id in an address | 26 letters and digits of base 32 | `core/ids.py` |
| Text | the length below, never longer than its field in the [data dictionary](data-dictionary.md) | `core/crypto.py` |

## Fields that belong together

What one field asks for because of another, besides day, month and year being one date that exists.

| Form | Rule |
|---|---|
{together}

## Fields of each form

"Codes" is a choice among a list of `core/codes/`, or of records that the person may see.
"""
# Where, and what. `tests/house/test_docs.py` names a form that lacks its line.
TOGETHER = {
    "accounts/forms_approvals.py DecideForm": "not agreeing needs words",
    "accounts/forms_people.py AgreementForm": "the end is not before the beginning",
    "cohort/forms.py AgreementForm": "the end is not before the beginning",
    "audit/forms.py SearchForm": "the last day is not before the first",
    "audit/views/forms_watch.py SeenForm": "the last day is not before the first",
    "interventions/forms.py AddForm": "support that may do harm says which; the oldest age is not below the youngest",
    "invited/forms.py InviteForm": "the address is one of the agency's; it is typed twice alike",
    "panels/forms/meetings.py MeetingForm": "a weekend or bank holiday needs the box ticked",
    "panels/forms/meetings.py DecisionForm": "a number and a choice say the same; disagreement, support, a provider, harm and each"
    " action need what belongs to them",
    "panels/forms/sensitivity.py SensitivityForm": "fewer or more people need their reason; a closed record needs named people, and"
    " whom to ask is one of them",
    "panels/forms/support.py AnswerForm": "taking somebody on needs a day within 12 months, declining a reason",
    "panels/forms/support.py EndForm": "an early end needs its reason",
    "panels/forms/support.py RecordForm": "what did not happen needs a reason, what did its words; a worry needs words; a next day"
    " needs time and place",
    "referrals/forms/helping.py FamilyForm": "a family that does not know needs a reason",
    "referrals/forms/nominating.py NominateForm": "a family that does not know needs a reason",
    "referrals/forms/person.py ContactForm": "a postcode, or no fixed address",
    "referrals/forms/person.py NeedsForm": "an ethnic group needs who said so",
    "referrals/forms/starting.py EligibleForm": "the district is one of the area's",
    "referrals/forms/triage.py AnswerMatchForm": "different people with two or more equal rows need words",
    "referrals/forms/triage.py DecideForm": "each outcome needs its code, and words for the referrer",
    "referrals/forms/triage.py CallForm": "day and time are not in the future",
    "rights/forms.py DecideForm": "keeping, holding and disposing need their reason",
    "rights/forms.py EraseForm": "erasing and holding need their reason",
    "rights/forms_transfers.py TransferForm": "somebody who prefers not to, or was not asked, needs words",
    "rights/forms_transfers.py AnswerForm": "declining needs words",
    "sharing/forms.py SharingForm": "what the register does not know needs a reason, but in an emergency",
    "imports/forms.py SendForm": "rows that may be about somebody referred before need an answer",
}
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
    together = "\n".join(f"| `{place}` | {rule} |" for place, rule in TOGETHER.items())
    return INTRODUCTION.replace("{together}", together) + "".join(_form(form) for form in forms())


def asks_of_others(form: type) -> bool:
    """Whether one of its rules looks at a field other than its own."""
    rules = [(name, one) for name, one in vars(form).items() if name.startswith(("validate", "_check", "_missing"))]
    return any(
        set(re.findall(r"self\.(\w+)\.data", inspect.getsource(rule))) - {name.removeprefix("validate_")}
        for name, rule in rules
    )


def place_of(form: type) -> str:
    return f"{form.__module__.replace('.', '/')}.py {form.__name__}"


def forms() -> list[type]:
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
    what = "" if type(validator).__name__ == "NumberRange" else " characters"
    if least in {None, -1, 0} and what:
        return f"at most {most:,}{what}"
    return f"at least {least}{what}" if most in {None, -1} else f"{least} to {most:,}{what}"
