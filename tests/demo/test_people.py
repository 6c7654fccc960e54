"""Fictional people are repeatable, of the right age, of every community, and reachable by nobody real."""

import datetime
import re

from hypothesis import given
from hypothesis import strategies as st

from accounts.roles import Role
from config.directory import load
from core.codes.people import Ethnicity, Sex
from demo.people import FictionalPerson, mobile, nhs_number, people, postcode, upn
from demo.staff import staff

ON = datetime.date(2026, 11, 22)


def some(seed: int = 1, count: int = 600, on: datetime.date = ON, area: str = "reading") -> list[FictionalPerson]:
    return list(people(seed, count, on=on, area_slug=area))


def test_the_same_seed_gives_the_same_people_and_another_gives_others():
    assert some() == some()
    assert some(seed=2) != some()
    assert some(area="slough") != some()


@given(st.dates(datetime.date(2024, 1, 1), datetime.date(2032, 12, 31)), st.integers(0, 10_000))
def test_everyone_is_ten_to_seventeen_on_the_day(on, seed):
    assert all(10 <= person.age_on(on) <= 17 for person in some(seed, 5, on))


def test_every_community_is_there_and_most_are_twelve_to_sixteen():
    found = some(count=2000)
    assert {person.ethnicity for person in found} == set(Ethnicity)
    assert {person.sex for person in found} == {Sex.FEMALE, Sex.MALE, Sex.NOT_SPECIFIED}
    assert sum(12 <= person.age_on(ON) <= 16 for person in found) > 1500
    assert any(not person.surname.isascii() for person in found)
    assert any("-" in person.surname for person in found)
    assert any("'" in person.surname for person in found)


def test_six_hundred_people_are_rarely_namesakes():
    assert len({(person.forename, person.surname) for person in some()}) > 500


def test_everyone_has_a_carer_and_a_safe_way_to_be_reached():
    for person in some():
        assert person.carers
        assert person.safe_to_contact
        assert "{" not in person.safe_to_contact


def test_numbers_belong_to_nobody():
    for person in some(count=200):
        assert re.fullmatch(r"999\d{7}", person.nhs_number)
        assert re.fullmatch(r"[A-Z]999\d{9}", person.upn)
        for phone in filter(None, [person.phone, *(carer.phone for carer in person.carers)]):
            assert re.fullmatch(r"07700 900\d{3}", phone)


def test_an_nhs_number_has_a_valid_check_digit():
    import random

    import nhs_number as library

    rng = random.Random(3)
    assert all(library.is_valid(nhs_number(rng)) for _ in range(300))
    assert upn(rng) != upn(rng)
    assert mobile(rng) != mobile(rng)


def test_postcodes_are_of_the_area_and_well_formed():
    import random

    rng = random.Random(4)
    assert postcode(rng, "reading").startswith("RG")
    assert postcode(rng, "west-oxfordshire").startswith("OX")
    assert re.fullmatch(r"[A-Z]{1,2}\d{1,2} \d[A-Z]{2}", postcode(rng, "a-new-force"))


def test_districts_and_schools_of_the_area_are_used():
    found = list(
        people(1, 50, on=ON, area_slug="oxfordshire", districts=["oxford", "cherwell"], schools=["Isis School"])
    )
    assert {person.district_slug for person in found} == {"oxford", "cherwell"}
    assert {person.school for person in found} <= {"Isis School", None}


def test_the_staff_hold_every_role_in_agencies_that_exist():
    directory = load()
    everyone = staff(directory)
    assert len(everyone) == 40
    assert len({person.email for person in everyone}) == 40
    memberships = [m for person in everyone for m in person.memberships]
    assert {m.role for m in memberships} == set(Role)
    agencies = {agency.slug: agency for agency in directory.agencies}
    for membership in memberships:
        assert agencies[membership.agency_slug].area_slug in {membership.area_slug, None}


def test_every_area_has_a_coordinator_chair_lead_provider_and_safeguarding_lead():
    everyone = staff(load())
    for area in load().areas:
        roles = {m.role for person in everyone for m in person.memberships if m.area_slug == area.slug}
        assert {
            "coordinator",
            "panel_chair",
            "lead_practitioner",
            "provider_practitioner",
            "safeguarding_lead",
        } <= roles


def test_work_addresses_are_of_the_agency_and_undeliverable():
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+@[a-z0-9-]+\.example", person.email) for person in staff(load()))
