"""The register answers every combination of agency, data and gateway, and never allows what section 16(4) forbids."""

from itertools import product

import pytest

from config.gateways import ANY
from core.codes.agencies import AgencyKind
from core.codes.referrals import LAWFUL_GROUNDS
from core.codes.sharing import SharingOutcome
from sharing.register import check, data_classes, gateways

DATA = [data.slug for data in data_classes()]
GATEWAYS = [gateway.slug for gateway in gateways()]
MATRIX = list(product(AgencyKind, DATA, GATEWAYS))
PERSONAL = [data for data in DATA if data != "figures"]
ALLOWED, REFUSED, NOT_IN_REGISTER = SharingOutcome


def test_the_register_holds_the_cited_gateways_only():
    assert GATEWAYS == [
        "crime-and-disorder-1998-s37",
        "crime-and-disorder-1998-s115",
        "children-act-2004-s10",
        "children-act-2004-s11",
        "pcsc-2022-s16",
        "pcsc-2022-s17",
    ]


def test_every_combination_has_an_answer_with_a_reason_and_a_statute():
    for agency, data, gateway in MATRIX:
        answer = check(agency, data, gateway)
        assert answer.reason
        assert "Act" in answer.statute
        assert answer.may_share == (answer.outcome is ALLOWED)


def test_an_emergency_is_never_stopped():
    for agency, data, gateway in [*MATRIX, ("police", "identity", "no-such-gateway")]:
        answer = check(agency, data, gateway, emergency=True)
        assert answer.may_share
        assert answer.emergency
        assert answer.needs_reason


def test_nothing_is_allowed_that_no_rule_allows():
    for agency, data, gateway in MATRIX:
        rules = next(g.rules for g in gateways() if g.slug == gateway)
        written = [r for r in rules if r.allowed and (agency in r.agencies or ANY in r.agencies) and data in r.data]
        assert check(agency, data, gateway).may_share <= bool(written)


def test_a_refusal_always_wins():
    for agency, data, gateway in MATRIX:
        rules = next(g.rules for g in gateways() if g.slug == gateway)
        if any(not r.allowed and r.covers(agency, data) for r in rules):
            assert check(agency, data, gateway).outcome is REFUSED


@pytest.mark.parametrize("agency", AgencyKind)
def test_section_16_never_carries_patient_information(agency):
    answer = check(agency, "health_patient", "pcsc-2022-s16")
    assert answer.outcome is REFUSED
    assert answer.statute == "Police, Crime, Sentencing and Courts Act 2022, section 16(4)"


@pytest.mark.parametrize("agency", ["childrens_social_care", "mash", "school_nursing", "camhs", "hospital", "gp"])
@pytest.mark.parametrize("data", PERSONAL)
def test_section_16_never_carries_personal_information_from_health_or_social_care(agency, data):
    assert check(agency, data, "pcsc-2022-s16").outcome is REFUSED


@pytest.mark.parametrize("agency", ["voluntary", "fire", "hub"])
@pytest.mark.parametrize("data", [d for d in DATA if d != "health_patient"])
def test_voluntary_and_fire_bodies_are_not_automatically_in_section_16(agency, data):
    answer = check(agency, data, "pcsc-2022-s16")
    assert answer.outcome is NOT_IN_REGISTER
    assert answer.needs_reason


def test_section_17_carries_figures_only():
    for agency, data in product(AgencyKind, PERSONAL):
        assert not check(agency, data, "pcsc-2022-s17").may_share


def test_patient_information_is_allowed_under_no_gateway():
    assert not any(
        check(agency, "health_patient", gateway).may_share for agency, gateway in product(AgencyKind, GATEWAYS)
    )


@pytest.mark.parametrize("agency", ["police", "school", "youth_justice"])
def test_police_schools_and_youth_justice_may_share_identity_under_section_16(agency):
    assert check(agency, "identity", "pcsc-2022-s16").may_share


def test_a_gateway_we_do_not_know_is_not_in_the_register():
    assert check("police", "identity", "education-act-1996-s13").outcome is NOT_IN_REGISTER
    assert check("police", "no_such_data", "pcsc-2022-s16").outcome is NOT_IN_REGISTER
    assert check("unheard_of", "identity", "pcsc-2022-s16").outcome is NOT_IN_REGISTER


def test_every_lawful_choice_of_the_referral_form_points_at_a_gateway():
    assert {gateway for gateway, _ in LAWFUL_GROUNDS.values() if gateway} <= set(GATEWAYS)
