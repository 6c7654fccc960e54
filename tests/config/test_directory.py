"""The shipped configuration is whole, and a mistake in a new force's file is named in plain words."""

import re
from datetime import date
from pathlib import Path

import pytest

from config.catalogue import INTERVENTIONS_FILE, load_interventions
from config.directory import AREAS_FILE, ConfigError, load
from config.gateways import GATEWAYS_FILE, load_gateways
from core.codes.agencies import AgencyKind
from core.codes.decisions import NotEligibleReason
from core.codes.offers import CostBand, EvidenceConfidence, EvidenceRating

DRAMA = re.compile(r"0118 496 0\d{3}|01632 960\d{3}|020 7946 0\d{3}|999")


def shipped():
    return load(agency_kinds=list(AgencyKind), exclusions=list(NotEligibleReason))


def changed(tmp_path: Path, source: Path, *swaps: tuple[str, str]) -> Path:
    text = source.read_text()
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / source.name
    path.write_text(text)
    return path


def problems(path: Path, loader=load, **codes) -> str:
    with pytest.raises(ConfigError) as caught:
        loader(path, **codes)
    assert str(path) in str(caught.value)
    return "\n".join(caught.value.problems)


def test_the_nine_areas_with_their_codes_and_prefixes():
    assert {area.prefix: area.gss for area in shipped().areas} == {
        "BRF": "E06000036",
        "WBK": "E06000037",
        "RDG": "E06000038",
        "SLO": "E06000039",
        "WAM": "E06000040",
        "WOK": "E06000041",
        "MKN": "E06000042",
        "BUC": "E06000060",
        "OXF": "E10000025",
    }


def test_oxfordshire_has_five_districts_and_buckinghamshire_its_predecessors():
    directory = shipped()
    assert [d.gss for d in directory.area("oxfordshire").districts] == [f"E0700017{n}" for n in (7, 8, 9)] + [
        "E07000180",
        "E07000181",
    ]
    assert directory.area("buckinghamshire").valid_from == date(2020, 4, 1)
    assert [f.gss for f in directory.former_areas] == ["E07000004", "E07000005", "E07000006", "E07000007"]


def test_every_telephone_number_is_kept_for_drama():
    directory = shipped()
    numbers = [directory.service.contact_phone, directory.service.emergency_number]
    for area in directory.areas:
        numbers += [area.front_door.day_number, area.front_door.out_of_hours_number]
    assert all(DRAMA.fullmatch(number) for number in numbers)


def test_every_area_has_the_agencies_a_panel_needs():
    needed = {"police", "youth_justice", "childrens_social_care", "school", "school_nursing", "voluntary", "housing"}
    for area in shipped().areas:
        assert needed <= {agency.kind for agency in area.agencies}


def test_an_area_may_set_its_own_targets_and_exclusions():
    directory = shipped()
    assert (directory.area("reading").targets.panel_wait, directory.area("slough").targets.panel_wait) == (15, 10)
    assert directory.area("reading").eligibility.exclusions == ("statutory_order",)
    assert "protection_plan" in directory.area("slough").eligibility.exclusions
    assert directory.area("slough").eligibility.age_max == 17


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('prefix = "RDG"', 'prefix = "rdg"', "areas[3] (reading): 'prefix' must be three capital letters"),
        ('prefix = "RDG"', 'prefix = "SLO"', "the reference prefix 'SLO' is used more than once"),
        ('gss = "E06000038"', 'gss = "6000038"', "areas[3] (reading): 'gss' must be a GSS code like E06000038"),
        ('day_number = "0118 496 0230"', 'day_number = ""', "an area cannot start without it"),
        ('panel_name = "Reading Prevention Panel"\n', "", "areas[3] (reading): 'panel_name' is missing"),
        ('slug = "reading"\n', 'slug = "reading"\ncolour = "red"\n', "'colour' is not a setting we know"),
        ("triage = 5 ", "triage = true ", "targets: 'triage' must be a whole number"),
        ("review_weeks_min = 6 ", "review_weeks_min = 20 ", "'review_weeks_min' must not be more than"),
        ("valid_from = 2020-04-01", 'valid_from = "2020-04-01"', "'valid_from' must be a date like 2020-04-01"),
        ("valid_from = 2020-04-01", "valid_from = 2020-04-01\nvalid_to = 2028-03-31", "needs 'successors'"),
        ('kind = "housing"', 'kind = "houseing"', "'houseing' is not a kind of agency we know"),
        ('exclusions = ["statutory_order"]', 'exclusions = ["bad"]', "'bad' is not a reason"),
        (
            'successor_gss = "E06000060"',
            'successor_gss = "E06000099"',
            "'successor_gss' must be the GSS code of an area",
        ),
        ("age_min = 10", "age_min = 17\nage_max = 16 #", "'age_min' must not be more than 'age_max'"),
    ],
)
def test_a_mistake_is_named(tmp_path, old, new, words):
    swaps = [(old, new)] + ([("age_max = 17", "")] if "age_max = 16" in new else [])
    path = changed(tmp_path, AREAS_FILE, *swaps)
    assert words in problems(path, agency_kinds=list(AgencyKind), exclusions=list(NotEligibleReason))


def test_all_mistakes_are_named_at_once(tmp_path):
    path = changed(tmp_path, AREAS_FILE, ('prefix = "RDG"', 'prefix = "R"'), ('prefix = "SLO"', 'prefix = "S"'))
    assert len(problems(path).splitlines()) == 2


def test_an_area_that_ends_names_its_successors(tmp_path):
    new = 'valid_from = 2020-04-01\nvalid_to = 2028-03-31\nsuccessors = ["milton-keynes"]'
    area = load(changed(tmp_path, AREAS_FILE, ("valid_from = 2020-04-01", new))).area("buckinghamshire")
    assert area.successors == ("milton-keynes",)


def test_a_missing_or_broken_file_is_said_plainly(tmp_path):
    assert "does not exist" in problems(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[service")
    assert "cannot be read as TOML" in problems(broken)


def test_the_catalogue_uses_the_codes_and_marks_what_harms():
    entries = load_interventions()
    assert {e.rating for e in entries} <= set(EvidenceRating)
    assert {e.confidence for e in entries} <= set(EvidenceConfidence)
    assert {e.cost for e in entries} <= set(CostBand)
    assert {e.slug for e in entries if e.harmful} == {"prison-awareness", "boot-camps"}
    unrated = [e for e in entries if e.rating == "unrated"]
    assert len(unrated) == 11
    assert all(e.violence_effect == "Unrated, check toolkit" for e in unrated)


def test_a_harmful_rating_without_its_warning_is_a_mistake(tmp_path):
    path = changed(tmp_path, INTERVENTIONS_FILE, ("harmful = true\n", ""))
    assert "go together, so that the page warns" in problems(path, load_interventions)


def test_a_gateway_rule_about_unknown_things_is_a_mistake(tmp_path):
    path = changed(tmp_path, GATEWAYS_FILE, ('data = ["health_patient"]', 'data = ["health"]'), ('"gp"', '"doctor"'))
    found = problems(path, load_gateways, agency_kinds=list(AgencyKind))
    assert "'health' is not a data class in this file" in found
    assert "'doctor' is not a kind of agency we know" in found
