"""Runs: who is one person, the rule on suspected events alone, who is set aside, and what the trail says."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from accounts.roles import Role
from audit.models import AuditEntry
from cohort.criterion import Criterion, months_before
from cohort.linking import Identity, group
from cohort.matching import MatchReason
from cohort.models import Candidate, CohortRun, YoungPerson
from cohort.services import candidates, runs
from cohort.services.people import update_indexes
from core.clock import today
from core.codes.decisions import NotNominatedReason
from core.db import db
from panels.models import Case
from tests.factories import cases
from tests.factories import cohort as make
from tests.support.client import words

BORN = date(2012, 5, 4)


def who(forename="Kaya", surname="Sefton", born=BORN, upn=""):
    return Identity.of({"forename": forename, "surname": surname, "date_of_birth": born, "upn": upn})


def is_one(one, other):
    return len(group([one, other])) == 1


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (who("KAYA ", "Séfton"), None), (who("Kayah"), MatchReason.SURNAME), (who("Kay"), MatchReason.SURNAME),
        (who(surname="Sefton-Okoye"), MatchReason.SURNAME), (who(surname="Seftun"), MatchReason.FORENAME),
        (who(born=date(2012, 4, 5)), MatchReason.SWAPPED),
    ],
)  # fmt: skip
def test_rows_written_differently_are_one_person(other, reason):
    found = group([who(), other])
    assert len(found) == 1
    assert found[0].reasons == ({reason} if reason else set())


def test_a_pupil_number_ties_rows_together_and_keeps_others_apart():
    assert is_one(who(upn="A1"), who("Other", "Name", date(2011, 1, 1), upn="A1"))
    assert not is_one(who(upn="A1"), who(upn="B2"))


@pytest.mark.parametrize("other", [who("Amara"), who(born=date(2012, 5, 5)), who("Kaya", "Pritchard")])
def test_twins_and_namesakes_stay_two_people(other):
    assert not is_one(who(), other)


def test_two_pupil_numbers_are_not_joined_through_a_third_row():
    groups = group([who(upn="A1"), who(), who(upn="B2")])
    assert len(groups) == 2


def test_a_group_keeps_to_the_order_of_its_rows():
    assert [found.places for found in group([who("Amara"), who(), who("Amara"), who()])] == [[0, 2], [1, 3]]


def test_the_rule_is_the_second_day_within_twelve_months():
    on, rule = date(2026, 11, 22), Criterion()
    assert rule.met_on([date(2026, 3, 1), date(2025, 12, 1)], on) == date(2026, 3, 1)
    assert rule.met_on([date(2026, 3, 1), date(2026, 3, 1)], on) is None
    assert rule.met_on([date(2026, 3, 1), date(2025, 11, 22)], on) is None
    assert rule.met_on([date(2026, 3, 1), date(2025, 11, 23)], on) == date(2026, 3, 1)
    assert rule.words == "Suspected of any crime for the second time within 12 months, aged 10 to 17"
    assert Criterion.of_area({"criterion": {"within_months": 6}}).since(on) == date(2026, 5, 22)
    assert months_before(date(2024, 2, 29), 12) == date(2023, 2, 28)


@pytest.mark.parametrize("part", ["victim", "witness", "with_others", "", "person of interest"])
def test_only_the_suspected_part_is_counted(acting, known, part):
    rows = [make.event(ago=20), make.event(ago=40, role=part), make.event(ago=60, role=part)]
    make.make_released(acting, known, rows)
    assert db.session.scalars(select(Candidate)).all() == []


def run_over(acting, known, rows, **options):
    run = db.session.get(CohortRun, make.make_released(acting, known, rows, **options))
    return run.counts


def twice(**more):
    return [make.event(ago=20, **more), make.event(ago=100, **more)]


def test_each_step_is_counted_and_the_rule_is_frozen(acting, known):
    rows = [*twice(), *twice(forename="Amara", dob=make.born(9.2)), make.event(forename="Ola", surname="Brandt")]
    counts = run_over(acting, known, rows)
    assert counts == {"rows": 5, "people": 3, "of_age": 2, "met": 1, "left": 1, "before": 0, "supported": 0}
    run = db.session.scalars(select(CohortRun)).one()
    assert run.criterion["part"] == "suspected"
    assert run.criterion["on"] == today().isoformat()


def test_candidates_come_in_date_order_with_their_reasons(acting, known):
    rows = [*twice(forename="Late", surname="Early"),
            make.event("Amara", "Diallo", ago=50), make.event("Amara", "Diallo", ago=70),
            make.event("Amara", "Diallo", ago=10, role="victim")]  # fmt: skip
    make.make_released(acting, known, rows, pupils=[make.pupil("Amara", "Diallo")])
    with acting("coordinator@reading"):
        first, second = db.session.scalars(select(Candidate).order_by(Candidate.place)).all()
        assert (first.forename, second.forename) == ("Amara", "Late")
        assert [(e["part"], e["counted"]) for e in first.reasons] == [
            ("suspected", True), ("suspected", True), ("victim", False),
        ]  # fmt: skip
        assert {e["agency"] for e in first.reasons} == {"Reading police"}
        assert first.details["education"][0]["attendance"] == "under_50"
        assert first.details["upn"] == "A999123456789"


def supported(acting, known, forename, dob):
    """Someone with an open case, found by their blind indexes."""
    case_id = cases.open_case(acting, known, forename=forename, surname="Sefton", born=dob)
    with acting("coordinator@reading"):
        person = db.session.get(YoungPerson, db.session.get(Case, case_id).young_person_id)
        update_indexes(person, {})
        db.session.commit()


def test_a_supported_young_person_is_set_aside(acting, known):
    dob = make.born()
    supported(acting, known, "Kaya", dob)
    assert run_over(acting, known, twice(dob=dob))["supported"] == 1
    assert db.session.scalars(select(Candidate)).all() == []


def test_a_likely_match_is_shown_not_set_aside(acting, known):
    dob = make.born()
    supported(acting, known, "Amara", dob)
    assert run_over(acting, known, twice(dob=dob))["left"] == 1
    with acting("coordinator@reading"):
        assert db.session.scalars(select(Candidate)).one().details["known"] == [
            {"open_case": True, "reasons": ["surname_dob"]}
        ]


def test_who_came_up_before_comes_up_again_only_for_something_new(acting, known):
    make.make_released(acting, known, twice())
    assert run_over(acting, known, twice())["before"] == 1
    with acting("coordinator@reading") as actor:
        candidate = db.session.scalars(select(Candidate)).one()
        candidates.do_not_nominate(actor, candidate, code=NotNominatedReason.NOT_NEEDED, words="Doing well.")
        db.session.commit()
    assert run_over(acting, known, twice())["before"] == 1
    assert run_over(acting, known, [make.event(ago=5), *twice()])["left"] == 1


def test_a_new_run_replaces_one_that_nobody_released(acting, known):
    with acting("analyst@reading") as actor:
        make.make_agreement(actor, known.agencies["police@reading"])
        extract = make.make_upload(actor, known.agencies["police@reading"], twice())
        first = runs.start_run(actor, [extract.id])
        db.session.commit()
        runs.start_run(actor, [extract.id])
        db.session.commit()
        assert first.status == "archived"
        assert len(db.session.scalars(select(Candidate)).all()) == 1


def test_the_analyst_runs_and_releases_and_sees_counts_only(acting, known, sign_in):
    with acting("analyst@reading") as actor:
        make.make_agreement(actor, known.agencies["police@reading"])
        extract_id = make.make_upload(actor, known.agencies["police@reading"], twice()).id
        db.session.commit()
    analyst = sign_in(Role.ANALYST)
    assert "Select at least one list" in words(analyst.submit("/cohort/runs", button="Start run"))
    answer = analyst.submit("/cohort/runs", {"extracts": [extract_id]}, button="Start run")
    said = words(answer)
    assert "Met the rule 1" in said
    assert "Sefton" not in said
    run = db.session.scalars(select(CohortRun)).one()
    assert "examined" in last_entry("read:extract")
    assert '"candidate":1' in last_entry("create:extract") or '"left":1' in last_entry("create:run")
    assert "Released" in words(analyst.submit(f"/cohort/runs/{run.id}", button="Release"))
    assert analyst.get("/cohort/candidates").status_code == 403
    assert sign_in(Role.ANALYST, area="slough").get(f"/cohort/runs/{run.id}").status_code == 404


def last_entry(event):
    found = select(AuditEntry.body).where(AuditEntry.event == event).order_by(AuditEntry.seq.desc())
    return db.session.scalars(found).first().decode()


def test_an_agreement_that_ran_out_blocks_the_run(acting, known, sign_in):
    with acting("analyst@reading") as actor:
        agreement = make.make_agreement(actor, known.agencies["police@reading"])
        extract_id = make.make_upload(actor, known.agencies["police@reading"], twice()).id
        agreement.valid_to = today() - timedelta(days=1)
        db.session.commit()
    said = words(sign_in(Role.ANALYST).submit("/cohort/runs", {"extracts": [extract_id]}, button="Start run"))
    assert "The agreement with Reading police is not in date" in said
    assert db.session.scalars(select(CohortRun)).all() == []


def test_a_list_of_another_area_is_not_run(acting, known):
    with acting("analyst@reading") as actor:
        make.make_agreement(actor, known.agencies["police@reading"])
        extract_id = make.make_upload(actor, known.agencies["police@reading"], twice()).id
        db.session.commit()
    with acting("analyst@slough") as actor, pytest.raises(runs.CannotRun):
        runs.start_run(actor, [extract_id])
