"""The columns of a list: which question of the referral each answers, and what may stand in it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from wtforms import BooleanField, SelectMultipleField

from core.codes.referrals import DangerAnswer, ReferralReason
from core.forms import DateParts
from core.languages import gettext as _
from referrals.forms.base import SectionForm
from referrals.forms.sections import FORMS
from referrals.forms.starting import EligibleForm

START = "start"
_DATE = (re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"), re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})"))
_HEADING = re.compile(r"[\s_]+")
_SHORT_OF_A_ZERO = re.compile(r"[1-9]\d{9}")
_YES, _NO = {"yes", "y", "true", "1"}, {"", "no", "n", "false", "0"}


class BadCell(ValueError):
    """A cell that its question does not take; the message says what to do, and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Column:
    """``section`` and ``field``: the question on the referral's pages. ``is_needed``: the list must have the column."""

    heading: str
    section: str
    field: str
    is_needed: bool = False
    hint: str = ""


C = Column
COLUMNS: tuple[Column, ...] = (
    C("In danger now", START, "danger", True, "Must be no. If someone is in danger, call 999, then refer by the page"),
    C("First name", "person", "forename", True),
    C("Last name", "person", "surname", True),
    C("Date of birth", "person", "date_of_birth", True, "DD/MM/YYYY or YYYY-MM-DD. They must be 10 to 17"),
    C("Likes to be called", "person", "preferred_name"),
    C("Other names", "person", "other_names"),
    C("Area", START, "area_id", hint="Where they live. Empty: your own area"),
    C("District", START, "district_id", hint="Only where the area has districts. Empty: not known"),
    C("Main reason", START, "reason", True),
    C("Safe ways to contact", "contact", "methods", True, "Several, with ; between them"),
    C("Phone", "contact", "phone"),
    C("Email", "contact", "email"),
    C("When it is safe", "contact", "safe_when"),
    C("Who must not know", "contact", "must_not_know"),
    C("Address", "contact", "address"),
    C("Postcode", "contact", "postcode", True, "Empty only with yes under No fixed address"),
    C("No fixed address", "contact", "no_fixed_address"),
    C("Sex", "needs", "sex", True),
    C("Ethnic group", "needs", "ethnicity", True),
    C("Who told you their ethnic group", "needs", "ethnicity_source", hint="Needed unless it is not stated"),
    C("First language", "needs", "first_language"),
    C("Interpreter needed", "needs", "interpreter", True),
    C("Special educational needs", "needs", "send", True),
    C("Helps them understand", "needs", "communication"),
    C("Needs to take part", "needs", "accessibility"),
    C("Learning or working", "education", "status", True),
    C("School, college or employer", "education", "school"),
    C("Attendance", "education", "attendance"),
    C("What is going well", "strengths", "text", True),
    C("What they have", "strengths", "factors", hint="Several, with ; between them"),
    C("What they say", "strengths", "child"),
    C("What their family says", "strengths", "family"),
    C("What is worrying you", "worries", "text", True),
    C("What you hope will change", "worries", "hopes"),
    C("Before visiting", "worries", "worker_safety"),
    C("Help already tried", "tried", "text"),
    C("Did it help", "tried", "outcome"),
    C("Worker or plan now", "tried", "statutory", True, "Several, with ; between them"),
    C("Family knows", "family", "informed", True),
    C("Why the family does not know", "family", "why_not", hint="Needed where the family does not know"),
    C("Before contacting the family", "family", "why_not_text"),
    C("Young person knows", "family", "young_person_knows"),
    C("Why you can share this", "sharing", "basis", True),
    C("About sharing", "sharing", "note"),
)
HEADINGS = tuple(column.heading for column in COLUMNS)


def _plain(heading: str) -> str:
    return _HEADING.sub(" ", heading).strip().casefold()


@cache
def _by_heading() -> Mapping[str, Column]:
    """By the heading, and by the names of section and field, as other systems may write them."""
    names = {_plain(f"{column.section}.{column.field}"): column for column in COLUMNS}
    return names | {_plain(column.heading): column for column in COLUMNS}


def column_called(heading: str) -> Column | None:
    return _by_heading().get(_plain(heading))


def bare_form(section: str) -> Any:
    """The page's own form with only what a list asks. One serves all rows of a list: making a form takes long."""
    made: Any = EligibleForm if section == START else FORMS[section]
    form = made(None, meta={"csrf": False})
    asked = {column.field for column in COLUMNS if column.section == section}
    for name in [item.name for item in form if item.name not in asked]:
        del form[name]
    return form


def kept(form: SectionForm) -> dict[str, Any]:
    """The answers as the page keeps them; of the concerns, which a list does not ask, nothing."""
    return SectionForm.kept(form) if form.__class__.__name__ == "WorriesForm" else form.kept()


def values_for(form: Any, column: Column, text: str) -> Iterator[tuple[str, str]]:
    """What a browser would send for this cell. Raise BadCell where no answer of the form says it."""
    item = form[column.field]
    if isinstance(item, DateParts):
        yield from _date(column, text)
    elif isinstance(item, BooleanField):
        if text.casefold() not in _YES | _NO:
            raise BadCell(_("Write yes or no"))
        if text.casefold() in _YES:
            yield column.field, "y"
    elif hasattr(item, "iter_choices"):
        yield from ((column.field, value) for value in _chosen(item, text))
    else:
        if column.field == "phone" and _SHORT_OF_A_ZERO.fullmatch(text):
            raise BadCell(_("The first 0 is missing. Make the column text, and enter the number again"))
        yield column.field, text


def _date(column: Column, text: str) -> Iterator[tuple[str, str]]:
    found = _DATE[0].fullmatch(text), _DATE[1].fullmatch(text)
    if not any(found):
        raise BadCell(_("Write the date as DD/MM/YYYY, like 27/03/2011"))
    year, month, day = found[0].groups() if found[0] else reversed(found[1].groups())  # type: ignore[union-attr]
    for part, value in (("day", day), ("month", month), ("year", year)):
        yield f"{column.field}-{part}", value


def _chosen(item: Any, text: str) -> list[str]:
    """The codes that a cell names, by code or by words."""
    known = _known(item)
    whole = known.get(_plain(text))
    if whole is not None:
        return [whole]
    parts = [_plain(part) for part in re.split(r"[;|\n]", text) if part.strip()]
    if not isinstance(item, SelectMultipleField) or not all(part in known for part in parts):
        raise BadCell(_("Use one of the codes. They are in the list of codes, under this column"))
    return [known[part] for part in parts]


def _known(item: Any) -> dict[str, str]:
    """The codes of a field by code and by words, worked out once for all rows."""
    if "known_codes" not in item.__dict__:
        offered = [choice for choice in item.iter_choices() if choice.value]
        item.known_codes = {_plain(str(c.label)): str(c.value) for c in offered} | {
            _plain(str(c.value)): str(c.value) for c in offered
        }
    found: dict[str, str] = item.known_codes
    return found


def legend() -> Iterator[tuple[str, str, str, str]]:
    """Heading, whether it must be filled, code, and what the code means or what to write."""
    yield "Column", "Needed", "Code", "What it means"
    forms = {section: bare_form(section) for section in {column.section for column in COLUMNS} - {START}}
    for column in COLUMNS:
        needed = "Yes" if column.is_needed else "No"
        yield column.heading, needed, "", column.hint
        yield from ((column.heading, needed, value, words) for value, words in _codes(forms, column))


def _codes(forms: Mapping[str, Any], column: Column) -> Iterator[tuple[str, str]]:
    if column.field == "danger":
        yield DangerAnswer.NO.value, DangerAnswer.NO.label
    elif column.field == "reason":
        yield from ((code.value, code.label) for code in ReferralReason)
    elif column.section != START:
        item = forms[column.section][column.field]
        if isinstance(item, BooleanField):
            yield from (("yes", "Yes"), ("no", "No"))
        elif hasattr(item, "iter_choices"):
            yield from ((str(c.value), str(c.label)) for c in item.iter_choices() if c.value)
