"""Names are found however they were typed, and nothing is indexed that could name people by itself."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort import matching
from cohort.matching import MatchReason, normalise, parts, sound, swapped

PAIRS = [
    ("José", "Jose"), ("JOSÉ", "jose"), ("Jose\u0301", "Jos\u00e9"), ("O'Neill", "O’Neill"), ("O'Neill", "ONeill"),
    ("De  Souza", "de souza"), ("Anne-Marie", "Anne Marie"), ("Straße", "STRASSE"), ("Łukasz", "Lukasz"),
    ("Ｋａｙａ", "Kaya"), ("Sørensen", "Sorensen"), ("  Khan ", "Khan"), ("Nguyễn", "Nguyen"), ("İbrahim", "ibrahim"),
]  # fmt: skip


@pytest.mark.catalogue("S1", part="spellings")
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_spellings_that_mean_the_same_are_the_same(one, other):
    assert normalise(one) == normalise(other) != ""


@pytest.mark.catalogue("S1", part="normal form")
@given(st.text(max_size=60))
def test_a_normal_form_is_its_own_normal_form(text):
    once = normalise(text)
    assert normalise(once) == once


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_a_plain_name_is_the_same_alone_and_beside_an_accent(text):
    assert normalise(f"{text}é") == f"{normalise(text)}e"


@given(st.text(max_size=60))
def test_no_name_can_break_the_sound(text):
    assert isinstance(sound(normalise(text)), str)


@pytest.mark.parametrize("name", ["Smith-Jones", "Smith‐Jones", "Smith–Jones", "Smith Jones"])
def test_each_part_of_a_double_surname_counts(name):
    assert parts(name) == ["smithjones", "smith", "jones"]


def test_a_name_that_is_one_letter_still_counts():
    assert parts("Ng") == ["ng"]
    assert parts("O") == ["o"]
    assert parts(None) == parts("'-") == []


@pytest.mark.catalogue("S1", part="swapped")
def test_day_and_month_the_other_way_round():
    assert swapped(date(2011, 5, 4)) == date(2011, 4, 5)
    assert swapped(date(2011, 5, 13)) is None
    assert swapped(date(2011, 5, 5)) is None


def test_nothing_is_indexed_by_one_name_or_one_date_alone():
    found = list(matching.compounds({"surname": "Sefton", "forename": "Kaya"}))
    assert found == []
    assert list(matching.compounds({"date_of_birth": date(2011, 5, 4)})) == []


def test_what_is_indexed_of_one_person():
    person = {"forename": "Kaya", "surname": "Sefton", "date_of_birth": date(2011, 5, 4), "nhs_number": "485 777 3456"}
    assert {reason: value for reason, value in matching.compounds(person)} == {
        MatchReason.SURNAME: "sefton|20110504",
        MatchReason.FORENAME: "kaya|20110504",
        MatchReason.SOUND: "SFTN|20110504",
        MatchReason.SWAPPED: "sefton|20110405",
        MatchReason.NHS_NUMBER: "4857773456",
    }


@pytest.mark.catalogue("S2", part="partly")
def test_the_same_person_has_other_tokens_in_another_area(app, known):
    person = {"surname": "Sefton", "date_of_birth": date(2011, 5, 4), "upn": "A820200012345"}
    here, there = (matching.tokens(known.areas[slug], matching.compounds(person), 1) for slug in ("reading", "slough"))
    assert len(here) == len(there) == 4
    assert not {token for _, token in here} & {token for _, token in there}
    assert all(len(token) == 16 for _, token in here)
