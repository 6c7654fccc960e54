"""How names and dates of birth are made comparable: normal forms, sounds, and the compounds that are indexed blind."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import jellyfish

from core.codes.base import Code
from core.ids import Id
from core.keyring import keyring

# Letters that no Unicode form takes apart, as British forms usually write them.
_PLAIN = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t",
})  # fmt: skip
_BETWEEN_PARTS = re.compile(r"[\s\u002d\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d/]+")


class MatchReason(Code):
    """Why a record is suggested. The value is the kind of blind index that agreed."""

    SURNAME = "surname_dob", "same surname and date of birth"
    FORENAME = "forename_dob", "same first name and date of birth"
    SOUND = "sound_dob", "surname sounds alike and same date of birth"
    SWAPPED = "surname_swapped", "same surname, and day and month of birth the other way round"
    UPN = "upn", "same unique pupil number (UPN)"
    NHS_NUMBER = "nhs_number", "same NHS number"


def normalise(text: str | None) -> str:
    """The same letters however they were typed: no case, accents, punctuation, spaces or Unicode forms."""
    found = text or ""
    if found.isascii():  # Nine names of ten, and a search reads thousands: every form of these is the same.
        return "".join(filter(str.isalnum, found.lower()))
    while (plainer := _plainer(found)) != found:
        found = plainer
    return found


def _plainer(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_PLAIN)
    return "".join(letter for letter in unicodedata.normalize("NFKD", folded) if letter.isalnum())


def parts(name: str | None) -> list[str]:
    """The whole name, and each part of a double-barrelled one, in normal form."""
    whole = normalise(name)
    pieces = [normalise(piece) for piece in _BETWEEN_PARTS.split(name or "")]
    return list(dict.fromkeys(form for form in (whole, *pieces) if len(form) > 1 or (form == whole and form)))


def sound(name: str) -> str:
    """How a normalised name sounds; empty where the letters are not ones that English rules can say."""
    return jellyfish.metaphone(name) if name.isascii() and name.isalpha() else ""


def swapped(born: date) -> date | None:
    """The day and month the other way round, where that is another real date."""
    if born.day > 12 or born.day == born.month:
        return None
    return date(born.year, born.day, born.month)


def _identifier(text: str | None) -> str:
    return normalise(text).upper()


def compounds(values: Mapping[str, Any]) -> Iterator[tuple[MatchReason, str]]:
    """What is indexed of one person: never a single name and never a date of birth alone (SECURITY-DESIGN 3)."""
    born: date | None = values.get("date_of_birth")
    surnames = parts(values.get("surname"))
    if born:
        given = [*parts(values.get("forename")), *parts(values.get("preferred_name"))]
        yield from ((MatchReason.SURNAME, f"{name}|{born:%Y%m%d}") for name in surnames)
        yield from ((MatchReason.FORENAME, f"{name}|{born:%Y%m%d}") for name in dict.fromkeys(given))
        sounds = dict.fromkeys(said for name in surnames if (said := sound(name)))
        yield from ((MatchReason.SOUND, f"{said}|{born:%Y%m%d}") for said in sounds)
        if other := swapped(born):
            yield from ((MatchReason.SWAPPED, f"{name}|{other:%Y%m%d}") for name in surnames)
    for reason in (MatchReason.UPN, MatchReason.NHS_NUMBER):
        if number := _identifier(values.get(reason.value)):
            yield reason, number


def look_ups(values: Mapping[str, Any]) -> Iterator[tuple[MatchReason, str]]:
    """What to ask the index for: the same compounds, but a swapped record is found under the date as it was typed."""
    for reason, value in compounds(values):
        if reason is not MatchReason.SWAPPED:
            yield reason, value
        if reason is MatchReason.SURNAME and swapped(values["date_of_birth"]):
            yield MatchReason.SWAPPED, value


def tokens(area_id: Id, found: Iterator[tuple[MatchReason, str]], version: int) -> list[tuple[str, bytes]]:
    """Kind and blind token of each compound under one version of this area's key: another area's tokens never agree."""
    ring = keyring()
    return list(
        dict.fromkeys((reason.value, ring.token(area_id, reason.value, value, version)) for reason, value in found)
    )


def nearly(one: str, other: str) -> bool:
    """Two normalised names that a listener or a typist would take for each other: same sound, or one or two slips."""
    if one == other or ((said := sound(one)) and said == sound(other)):
        return True
    slips = slips_allowed(min(len(one), len(other)))
    return abs(len(one) - len(other)) <= slips and jellyfish.damerau_levenshtein_distance(one, other) <= slips


def slips_allowed(length: int) -> int:
    """A short name that differs in one letter is mostly another name."""
    return 0 if length < 4 else 1 if length < 7 else 2
