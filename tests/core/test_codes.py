"""Code lists keep their codes, speak plainly and can fill a form."""

import importlib
import pkgutil
import re
from enum import StrEnum

import pytest
from wtforms import Form, RadioField, SelectField

import core.codes
from core.codes import GroupedCode, Status, choices, grouped, label_of, ordered
from core.codes.agencies import AgencyKind
from core.codes.cases import CaseStage, ClosureReason
from core.codes.concerns import Concern
from core.codes.decisions import PanelDecision
from core.codes.people import ETHNIC_GROUPS, Ethnicity, Sex
from core.codes.referrals import LAWFUL_GROUNDS, LawfulBasisChoice, ReferralStatus

AVOIDED = (
    "offender|perpetrator|suspect|gang|nominal|at-risk|risk score|hard to reach|refused|failed to|DNA|non-compliant|"
    "disengaged|absconded|lifestyle|drug runner|dysfunctional|vulnerable|rejected|break glass|submit|subject"
)
COLOURS = {"grey", "blue", "teal", "green", "yellow", "purple", "orange", "red", "magenta"}


def every_list() -> list[type[StrEnum]]:
    modules = [importlib.import_module(f"core.codes.{m.name}") for m in pkgutil.iter_modules(core.codes.__path__)]
    return [
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, StrEnum)
        and thing.__module__ == module.__name__
        and list(thing)
    ]


@pytest.mark.parametrize("codes", every_list(), ids=lambda c: c.__name__)
def test_every_code_has_plain_words(codes):
    for code in codes:
        assert code.label
        assert not code.label[0].islower()
        assert not code.label.endswith(".")
        assert not re.search(rf"\b({AVOIDED})\b", code.label, re.IGNORECASE), code.label
        assert re.fullmatch(r"[a-z0-9_]+|[WMABON][0-9S]", code.value)
        assert len(code.value) <= 40


@pytest.mark.parametrize("codes", every_list(), ids=lambda c: c.__name__)
def test_labels_are_distinct_within_a_list(codes):
    labels = [(getattr(code, "group", ""), code.label) for code in codes]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("codes", [c for c in every_list() if issubclass(c, Status)], ids=lambda c: c.__name__)
def test_every_status_has_a_tag_in_a_known_colour(codes):
    for code in codes:
        assert code.tag.text == code.label
        assert code.tag.colour in COLOURS


def test_a_family_s_no_is_never_red():
    from core.codes.cases import EngagementStatus

    assert EngagementStatus.CHOSE_NOT_TO.tag.colour == "grey"


def test_a_referrer_never_reads_with_safeguarding():
    assert {status.referrer_tag.text for status in ReferralStatus} == {
        "Draft",
        "Received",
        "Information needed",
        "Going to panel",
        "Being helped",
        "Not taken forward",
        "Closed",
    }


def test_there_are_eighteen_groups_and_not_stated_and_roma_folds_into_other_white():
    assert len({ethnicity.national for ethnicity in Ethnicity}) == 19
    assert Ethnicity.W4.national is Ethnicity.W9
    assert {ethnicity.group for ethnicity in Ethnicity} == set(ETHNIC_GROUPS)


def test_the_thirteen_decisions_are_numbered_as_in_meeting_mode():
    assert [(d.number, d.label) for d in PanelDecision][:3] == [
        (1, "Accept, choose support"),
        (2, "Accept, assess first"),
        (3, "Defer for information"),
    ]
    assert PanelDecision.PLACE_OR_PEER.number == len(PanelDecision) == 13
    assert [d for d in PanelDecision if d.opens_case] == [PanelDecision.ACCEPT_SUPPORT, PanelDecision.ACCEPT_ASSESS]


def test_closure_keeps_the_domain_s_codes_and_says_them_kindly():
    assert ClosureReason.STOPPED.value == "disengaged"
    assert ClosureReason.STOPPED.label == "Stopped taking part"


def test_every_lawful_choice_maps_to_the_law():
    assert set(LAWFUL_GROUNDS) == set(LawfulBasisChoice)


def test_choices_fill_a_select_with_headings_and_a_radio():
    class Example(Form):
        kind = SelectField("Kind", choices=choices(AgencyKind, blank="Choose"))
        sex = RadioField("Sex", choices=choices(Sex))

    form = Example()
    html = form.kind()
    assert '<optgroup label="Police and justice">' in html
    assert 'value="police"' in html
    assert [o.label.text for o in form.sex] == ["Female", "Male", "Not known", "Not specified"]


def test_a_posted_choice_is_checked_against_the_list():
    from werkzeug.datastructures import MultiDict

    class Example(Form):
        sex = RadioField("Sex", choices=choices(Sex))

    assert Example(MultiDict({"sex": "male"})).validate()
    assert not Example(MultiDict({"sex": "M"})).validate()


def test_codes_are_found_by_value_and_kept_in_order():
    assert CaseStage("support") is CaseStage.SUPPORT
    assert str(CaseStage.SUPPORT) == "support"
    assert ordered(Sex, ["male", "female", "unknown to us"]) == [Sex.FEMALE, Sex.MALE]
    assert label_of(Sex, "male") == "Male"
    assert label_of(Sex, None) == "Not asked"
    assert label_of(Sex, "retired_code") == "retired_code"


def test_grouped_keeps_every_code():
    assert sum(len(codes) for codes in grouped(Concern).values()) == len(Concern)
    assert all(issubclass(type(c), GroupedCode) for c in Concern)
