"""How an office might write somebody down: mostly right, sometimes with a typing slip."""

import datetime
import unicodedata
from dataclasses import dataclass, replace
from random import Random

from demo.people import FictionalPerson


@dataclass(frozen=True)
class Known:
    forename: str
    surname: str
    date_of_birth: datetime.date
    postcode: str


def slipped(rng: Random, person: FictionalPerson) -> Known:
    """The person as one partner's record has them; about one in five differs from the truth somewhere."""
    known = Known(person.forename, person.surname, person.date_of_birth, person.postcode)
    if rng.random() > 0.2:
        return known
    ways = [_surname_typed, _forename_typed, _accents_lost, _day_and_month_swapped, _half_the_surname, _postcode_closed]
    known = rng.choice(ways)(rng, known)
    if person.preferred_name and rng.random() < 0.3:
        known = replace(known, forename=person.preferred_name)
    return known


def mistyped(rng: Random, word: str) -> str:
    """Two letters the wrong way round, one left out, or one twice; never the first."""
    if len(word) < 4:
        return word
    at = rng.randrange(1, len(word) - 1)
    return rng.choice(
        [
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
        ]
    )


def without_accents(word: str) -> str:
    """As an old system stores it: ł and ș have no decomposed form everywhere, so they are spelt out."""
    plain = word.translate(str.maketrans("łŁı", "lLi"))
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))


def _surname_typed(rng: Random, known: Known) -> Known:
    return replace(known, surname=mistyped(rng, known.surname))


def _forename_typed(rng: Random, known: Known) -> Known:
    return replace(known, forename=mistyped(rng, known.forename))


def _accents_lost(_rng: Random, known: Known) -> Known:
    forename, surname = without_accents(known.forename), without_accents(known.surname)
    return replace(known, forename=forename, surname=surname.replace("'", ""))


def _day_and_month_swapped(_rng: Random, known: Known) -> Known:
    born = known.date_of_birth
    return replace(known, date_of_birth=born.replace(day=born.month, month=born.day)) if born.day <= 12 else known


def _half_the_surname(rng: Random, known: Known) -> Known:
    return replace(known, surname=rng.choice(known.surname.split("-")))


def _postcode_closed(_rng: Random, known: Known) -> Known:
    return replace(known, postcode=known.postcode.replace(" ", "").lower())
