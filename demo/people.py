"""Fictional young people of every community: names, homes, schools, carers; one seed, always the same people.

Nobody here is real. Telephone numbers come from the ranges kept for drama, NHS numbers from the 999 test range, and
UPN-like numbers carry a council code (999) that no council has.
"""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random

from core.codes.people import (
    AttendanceBand,
    CarerRelation,
    ContactMethod,
    EducationStatus,
    Ethnicity,
    SendStatus,
    Sex,
)
from demo import names

_OUTWARD: dict[str, tuple[str, ...]] = {
    "bracknell-forest": ("RG12", "RG42", "GU47"), "west-berkshire": ("RG14", "RG18", "RG19", "RG7"),
    "reading": ("RG1", "RG2", "RG4", "RG30", "RG31"), "slough": ("SL1", "SL2", "SL3"),
    "windsor-and-maidenhead": ("SL4", "SL6", "SL5"), "wokingham": ("RG40", "RG41", "RG5", "RG6"),
    "milton-keynes": ("MK2", "MK3", "MK6", "MK9", "MK13", "MK14"),
    "buckinghamshire": ("HP11", "HP13", "HP19", "HP20", "HP21", "HP5"),
    "oxfordshire": ("OX1", "OX4"), "cherwell": ("OX15", "OX16", "OX26"), "oxford": ("OX1", "OX2", "OX3", "OX4"),
    "south-oxfordshire": ("OX10", "OX11", "OX49"), "vale-of-white-horse": ("OX12", "OX13", "OX14"),
    "west-oxfordshire": ("OX28", "OX29", "OX18"),
}  # fmt: skip
_SCHOOLS = (
    "Northbrook Academy", "Kennet Bank School", "Millstream School", "Ridgeway Park Academy", "St Frideswide's School",
    "Holloway Lane School", "Abbey Fields Academy", "Kingsmead Vale School", "Swanbrook Academy", "The Orchard School",
)  # fmt: skip
_STREETS = (
    "Alder Close", "Brunel Way", "Chestnut Walk", "Dovecote Road", "Elm Grove", "Foundry Lane", "Gasworks Road",
    "Hazel Avenue", "Ivy Court", "Jubilee Terrace", "Kestrel Drive", "Larch Road", "Mill Green", "Nightingale Rise",
    "Orchard Street", "Poplar Row", "Quarry Lane", "Rowan Place", "Station Approach", "Tanners Yard", "Weavers Lane",
)  # fmt: skip
_AGES = {10: 4, 11: 7, 12: 14, 13: 18, 14: 20, 15: 18, 16: 13, 17: 6}
_SAFE_NOTES = {
    ContactMethod.TEXT: ("Text only. Shared phone: do not leave voicemail.", "Text after 4pm. Not during lessons.",
                         "Text first, then call. Will not pick up unknown numbers."),
    ContactMethod.CALL: ("Call after school. Someone at home may answer, and knows.", "Call between 4pm and 7pm."),
    ContactMethod.CARER: ("Through {carer}, by text, on weekdays.", "Ring {carer} first.",
                          "Through {carer} only. Nobody else at home knows."),
    ContactMethod.SCHOOL: ("Through the head of year. No letters home.", "Through school. Do not use the home address.",
                           "Ask at reception for the pastoral team."),
    ContactMethod.VISIT: ("Often no credit on the phone, so visit. Two workers.", "Visit after 4pm. Friendly dog."),
}  # fmt: skip
_NEEDS = (
    "Needs short sentences and time to answer", "Finds reading hard; read letters aloud", "Hearing aid in left ear",
    "Likes to know the plan before a meeting", "Finds noisy rooms hard", "Has a communication passport at school",
)  # fmt: skip


@dataclass(frozen=True)
class Carer:
    forename: str
    surname: str
    relation: CarerRelation
    has_parental_responsibility: bool
    phone: str

    @property
    def called(self) -> str:
        return _CALLED.get(self.relation, self.forename)


_CALLED = {CarerRelation.MOTHER: "mum", CarerRelation.FATHER: "dad"}


@dataclass(frozen=True)
class FictionalPerson:
    forename: str
    surname: str
    preferred_name: str | None
    other_names: tuple[str, ...]
    date_of_birth: datetime.date
    sex: Sex
    pronouns: str
    ethnicity: Ethnicity
    first_language: str
    interpreter_needed: bool
    address: str
    postcode: str
    phone: str | None
    contact_method: ContactMethod
    safe_to_contact: str
    school: str | None
    education_status: EducationStatus
    attendance: AttendanceBand
    send: SendStatus
    communication_needs: str | None
    upn: str
    nhs_number: str
    area_slug: str
    district_slug: str | None
    carers: tuple[Carer, ...] = ()
    siblings: tuple[str, ...] = field(default=())

    @property
    def known_as(self) -> str:
        return self.preferred_name or self.forename

    def age_on(self, day: datetime.date) -> int:
        born = self.date_of_birth
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def people(
    seed: int,
    count: int,
    *,
    on: datetime.date,
    area_slug: str,
    districts: Sequence[str] = (),
    schools: Sequence[str] = (),
) -> Iterator[FictionalPerson]:
    """That many young people of one area, aged 10 to 17 on the day; the area is part of the seed."""
    rng = Random(f"{seed}:{area_slug}")
    for _ in range(count):
        yield person(rng, on=on, area_slug=area_slug, districts=districts, schools=schools)


SUPPORTED = 4


def known_people(*, on: datetime.date, area_slug: str) -> list[FictionalPerson]:
    """Seven of an area who are the same from January to December, whatever the seed and the day: in each sample extract.

    The first ``SUPPORTED`` have a case in the demonstration; the others come up in the run that it has made already.
    """
    new_year = datetime.date(on.year, 1, 1)
    found = (found for found in people(0, 200, on=new_year, area_slug=area_slug) if 11 <= found.age_on(new_year) <= 15)
    return list(islice(found, 7))


def person(
    rng: Random, *, on: datetime.date, area_slug: str, districts: Sequence[str] = (), schools: Sequence[str] = ()
) -> FictionalPerson:
    ethnicity = names.draw_ethnicity(rng)
    book = names.book_of(rng, ethnicity)
    sex = rng.choices([Sex.MALE, Sex.FEMALE, Sex.NOT_SPECIFIED], [62, 36, 2])[0]
    forename, surname = names.forename(rng, book, sex), rng.choice(book.surnames)
    nickname = names.nickname(rng, forename)
    born = birthday(rng, on)
    language = rng.choice(book.languages)
    district = rng.choice(districts) if districts else None
    status = _education(rng, on, born)
    carers = _carers(rng, book, surname)
    phone = mobile(rng) if rng.random() < 0.8 else None
    method = _contact_method(rng, phone, status)
    return FictionalPerson(
        forename=forename,
        surname=surname,
        preferred_name=nickname,
        other_names=_other_names(rng, book, surname),
        date_of_birth=born,
        sex=sex,
        pronouns={Sex.MALE: "he/him", Sex.FEMALE: "she/her"}.get(sex, "they/them"),
        ethnicity=ethnicity,
        first_language=language,
        interpreter_needed=language != "English" and rng.random() < 0.25,
        address=f"{rng.randint(1, 180)} {rng.choice(_STREETS)}",
        postcode=postcode(rng, district or area_slug),
        phone=phone,
        contact_method=method,
        safe_to_contact=rng.choice(_SAFE_NOTES[method]).format(carer=carers[0].called),
        school=rng.choice(schools or _SCHOOLS) if status in _WITH_SCHOOL else None,
        education_status=status,
        attendance=rng.choices(list(AttendanceBand), [22, 20, 38, 14, 6])[0],
        send=rng.choices(list(SendStatus), [52, 28, 14, 6])[0],
        communication_needs=rng.choice(_NEEDS) if rng.random() < 0.22 else None,
        upn=upn(rng),
        nhs_number=nhs_number(rng),
        area_slug=area_slug,
        district_slug=district,
        carers=carers,
        siblings=_siblings(rng, book, forename),
    )


_WITH_SCHOOL = frozenset({EducationStatus.SCHOOL, EducationStatus.PRU, EducationStatus.ALTERNATIVE_PROVISION})


def birthday(rng: Random, on: datetime.date) -> datetime.date:
    """A day that makes someone 10 to 17 on the given day, most of them 12 to 16."""
    age = rng.choices(list(_AGES), list(_AGES.values()))[0]
    # 29 February never comes up: the latest birthday for an age is counted from a day that every year has.
    latest = datetime.date(on.year - age, on.month, min(on.day, 28))
    return latest - datetime.timedelta(days=rng.randrange(362))


def postcode(rng: Random, place: str) -> str:
    outward = rng.choice(_OUTWARD.get(place, ("ZZ1", "ZZ2")))
    return f"{outward} {rng.randint(1, 9)}{''.join(rng.choices('ABDEFGHJLNPQRSTUWXYZ', k=2))}"


def mobile(rng: Random) -> str:
    return f"07700 900{rng.randint(0, 999):03}"


def nhs_number(rng: Random) -> str:
    """From the test range that begins with 999, with a valid check digit."""
    while True:
        digits = f"999{rng.randrange(1_000_000):06}"
        check = 11 - sum(int(d) * (10 - i) for i, d in enumerate(digits)) % 11
        if check != 10:
            return digits + str(check % 11)


def upn(rng: Random) -> str:
    """Shaped like a unique pupil number, check letter first, with a council code that no council has."""
    digits = f"999{rng.randrange(1_000_000_000):09}"
    return "ABCDEFGHJKLMNPQRTUVWXYZ"[sum(int(d) * (i + 2) for i, d in enumerate(digits)) % 23] + digits


def _education(rng: Random, on: datetime.date, born: datetime.date) -> EducationStatus:
    if (on - born).days > 16.6 * 365.25:
        older = [EducationStatus.COLLEGE, EducationStatus.NEET, EducationStatus.EMPLOYED, EducationStatus.SCHOOL]
        return rng.choices(older, [50, 25, 10, 15])[0]
    younger = [EducationStatus.SCHOOL, EducationStatus.ALTERNATIVE_PROVISION, EducationStatus.PRU,
               EducationStatus.HOME_EDUCATED, EducationStatus.MISSING_EDUCATION]  # fmt: skip
    return rng.choices(younger, [80, 8, 6, 4, 2])[0]


def _contact_method(rng: Random, phone: str | None, status: EducationStatus) -> ContactMethod:
    ways = [ContactMethod.CARER, ContactMethod.VISIT]
    if phone:
        ways += [ContactMethod.TEXT, ContactMethod.TEXT, ContactMethod.CALL]
    if status in _WITH_SCHOOL:
        ways.append(ContactMethod.SCHOOL)
    return rng.choice(ways)


def _other_names(rng: Random, book: names.NameBook, surname: str) -> tuple[str, ...]:
    if "-" in surname and rng.random() < 0.5:
        return (surname.split("-")[-1],)
    return (rng.choice(book.surnames),) if rng.random() < 0.08 else ()


def _carers(rng: Random, book: names.NameBook, surname: str) -> tuple[Carer, ...]:
    relations = rng.choice(_HOUSEHOLDS)
    return tuple(_carer(rng, book, surname, relation) for relation in relations)


_R = CarerRelation
_HOUSEHOLDS = (
    (_R.MOTHER,), (_R.MOTHER,), (_R.MOTHER, _R.FATHER), (_R.MOTHER, _R.FATHER), (_R.FATHER,),
    (_R.MOTHER, _R.STEP_PARENT), (_R.GRANDPARENT,), (_R.MOTHER, _R.GRANDPARENT), (_R.AUNT_UNCLE,), (_R.FOSTER_CARER,),
    (_R.SIBLING,),
)  # fmt: skip
_RESPONSIBLE = frozenset({_R.MOTHER, _R.FATHER})


def _carer(rng: Random, book: names.NameBook, surname: str, relation: CarerRelation) -> Carer:
    sex = {_R.MOTHER: Sex.FEMALE, _R.FATHER: Sex.MALE}.get(relation, rng.choice([Sex.FEMALE, Sex.MALE]))
    own_surname = rng.random() < 0.3 or relation in {_R.STEP_PARENT, _R.FOSTER_CARER}
    responsible = relation in _RESPONSIBLE or (relation is _R.GRANDPARENT and rng.random() < 0.4)
    family_name = rng.choice(book.surnames) if own_surname else surname
    return Carer(book.adult(rng, sex), family_name, relation, responsible, mobile(rng))


def _siblings(rng: Random, book: names.NameBook, forename: str) -> tuple[str, ...]:
    count = rng.choices([0, 1, 2, 3], [35, 38, 20, 7])[0]
    pool = [name for name in book.girls + book.boys if name != forename]
    return tuple(rng.sample(pool, count))
