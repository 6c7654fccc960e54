"""A referral that came as JSON, read by the forms of the pages: the same questions, limits and words, no second set."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.access import Actor, Limit
from core.codes.referrals import DangerAnswer
from core.ids import Id, new_id
from interface.fields import (
    LIST_FORMS,
    MUST_BE,
    NOT_ASKED,
    SECTION_FORMS,
    TEXT,
    Errors,
    errors_of,
    filled,
    fits,
    readable,
    wrong_types,
)
from referrals.forms.helping import CheckForm
from referrals.forms.starting import NOT_KNOWN_DISTRICT, CalledForm, DangerForm, EligibleForm
from referrals.services import drafts, sending

MOST_ENTRIES = 30
OBJECT, LIST = "Send an object", f"Send a list of at most {MOST_ENTRIES} objects"
START = ("danger", "area", "district", "reason")
_ID = re.compile(r"[a-z2-7]{26}")


@dataclass(slots=True)
class Read:
    """What was read: answers by section as drafts keep them, or what must be put right (JSON pointer, words)."""

    start: dict[str, Any] = field(default_factory=dict)
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    not_duplicates: list[Id] = field(default_factory=list)
    errors: Errors = field(default_factory=list)
    is_held_back: bool = False

    @property
    def needs_call(self) -> bool:
        """Someone may be in danger, and nothing says who was called."""
        return any(where.startswith("/start/called") for where, _ in self.errors)


def read(actor: Actor, body: Mapping[str, Any]) -> Read:
    """Every mistake at once, so that nobody sends ten times to learn of ten."""
    found = Read()
    known = {"start", "declared", "not_duplicates", *SECTION_FORMS, *LIST_FORMS}
    found.errors += [(f"/{re.sub(r'[^A-Za-z0-9_]', '_', name)[:40]}", NOT_ASKED) for name in body if name not in known]
    _start(actor, found, _object(found, body, "start"), _object(found, body, "person").get("date_of_birth"))
    for key in SECTION_FORMS:
        _section(actor, found, key, _object(found, body, key))
    for key in LIST_FORMS:
        _entries(found, key, body.get(key))
    _declared(found, body.get("declared"))
    _others(found, body.get("not_duplicates"))
    return found


def _object(found: Read, body: Mapping[str, Any], key: str) -> dict[str, Any]:
    given = body.get(key)
    if isinstance(given, dict):
        return given
    if given is not None and (f"/{key}", OBJECT) not in found.errors:
        found.errors.append((f"/{key}", OBJECT))
    return {}


def _start(actor: Actor, found: Read, given: dict[str, Any], born: Any) -> None:
    """Is anyone in danger; who was called; and is this the right place."""
    wrong = [
        (f"/start/{re.sub(r'[^A-Za-z0-9_]', '_', n)[:40]}", NOT_ASKED) for n in given if n not in (*START, "called")
    ]
    wrong += [
        (f"/start/{name}", MUST_BE[TEXT]) for name in START
        if given.get(name) is not None and not (fits(TEXT, given[name]) and readable(given[name]))
    ]  # fmt: skip
    if wrong:
        found.errors += wrong
        return
    danger = filled(DangerForm, {"danger": given.get("danger")})
    if not danger.validate():
        found.errors += errors_of(danger, "/start")
    else:
        found.start = {"danger": danger["danger"].data}
        found.is_held_back = found.start["danger"] == DangerAnswer.NO and Limit.AGREEMENT in actor.limits
        if found.start["danger"] != DangerAnswer.NO:
            _called(actor, found, given.get("called"))
    _place(found, given, born)


def _called(actor: Actor, found: Read, given: Any) -> None:
    """As on the pages, the call comes first and the referral says of it."""
    if given is not None and not isinstance(given, dict):
        found.errors.append(("/start/called", OBJECT))
        return
    wrong = list(wrong_types(given or {}, CalledForm, "/start/called"))
    form = filled(CalledForm, {} if wrong else given or {})
    if wrong or not form.validate():
        found.errors += wrong or errors_of(form, "/start/called")
        return
    found.start["called"] = drafts.called(actor, form.kept())


def _place(found: Read, given: dict[str, Any], born: Any) -> None:
    """Areas and districts by their short names. The date of birth is asked once, and answered for by its own section."""
    areas, districts = sending.areas(), sending.districts()
    by_name = {area.slug: area.id for area in areas}
    by_district = {one.slug: one.id for one in districts} | {NOT_KNOWN_DISTRICT: NOT_KNOWN_DISTRICT}
    named = given.get("district") or ""
    values = {
        "area_id": by_name.get(given.get("area") or "", ""), "district_id": by_district.get(named, named),
        "reason": given.get("reason"), "date_of_birth": born if isinstance(born, str) else "",
    }  # fmt: skip
    form = filled(EligibleForm, values)
    form.offer(areas, districts)
    form.validate()
    names = {"/start/area_id": "/start/area", "/start/district_id": "/start/district"}
    found.errors += [
        (names.get(at, at), words) for at, words in errors_of(form, "/start") if at != "/start/date_of_birth"
    ]
    found.start |= form.kept()


def _section(actor: Actor, found: Read, key: str, given: dict[str, Any]) -> None:
    where, form_of = f"/{key}", SECTION_FORMS[key]
    if key == "you" and not given.get("agency"):
        given = given | {"agency": actor.agency_name}
    wrong = list(wrong_types(given, form_of, where))
    if wrong:
        found.errors += wrong
        return
    form = filled(form_of, given)
    if not form.validate():
        found.errors += errors_of(form, where)
        return
    if key == "sharing" and (why := sending.not_lawful(actor.agency_kind, form["basis"].data)):
        found.errors.append((f"{where}/basis", why))
    found.sections[key] = form.kept()


def _entries(found: Read, key: str, given: Any) -> None:
    """Things listed one by one; each gets an id, as on its page."""
    if given is not None and not (isinstance(given, list) and len(given) <= MOST_ENTRIES):
        found.errors.append((f"/{key}", LIST))
        return
    kept = []
    for number, entry in enumerate(given or []):
        where = f"/{key}/{number}"
        wrong = list(wrong_types(entry, LIST_FORMS[key], where)) if isinstance(entry, dict) else [(where, OBJECT)]
        if wrong:
            found.errors += wrong
            continue
        form = filled(LIST_FORMS[key], entry)
        if not form.validate():
            found.errors += errors_of(form, where)
            continue
        kept.append(form.kept() | {"id": new_id()})
    found.sections[key] = {"list": kept}


def _declared(found: Read, given: Any) -> None:
    form = filled(CheckForm, {"declared": given is True})
    if not form.validate():
        found.errors += [("/declared", words) for _, words in errors_of(form, "")]


def _others(found: Read, given: Any) -> None:
    """Earlier referrals that are said to be about somebody else."""
    if given is None:
        return
    if not isinstance(given, list) or len(given) > MOST_ENTRIES:
        found.errors.append(("/not_duplicates", "Send a list of ids of referrals"))
        return
    for number, one in enumerate(given):
        if not (isinstance(one, str) and _ID.fullmatch(one)):
            found.errors.append((f"/not_duplicates/{number}", "Send the id of a referral"))
        else:
            found.not_duplicates.append(one)
