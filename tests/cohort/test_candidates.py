"""Young people to consider: in date order, decided by a person with a reason, and nominated into the triage queue."""

import io

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import select

from accounts.roles import Role
from audit.models import AuditEntry, Event
from audit.services import record
from cohort.models import Candidate, CohortRun
from cohort.services import candidates
from core.clock import today
from core.codes.decisions import NotNominatedReason
from core.db import db
from core.working_days import add_working_days
from referrals.models import Referral
from tests.factories import cohort as make
from tests.support.client import form_values, text, words

WHY = "You have been stopped twice and we would like to offer you something good to do."
NOMINATE = {"words": WHY, "informed": "yes", "basis": "prevent_offending"}


def twice(**more):
    return [make.event(ago=20, **more), make.event(ago=100, **more), make.event(ago=50, role="victim", **more)]


@pytest.fixture
def candidate_id(acting, known):
    make.make_released(acting, known, twice(), pupils=[make.pupil()])
    return db.session.scalars(select(Candidate.id)).one()


def test_from_upload_to_the_triage_queue(acting, known, sign_in):
    with acting("analyst@reading") as actor:
        make.make_agreement(actor, known.agencies["police@reading"])
        db.session.commit()
    analyst = sign_in(Role.ANALYST)
    raw = make.as_csv([*twice(), *[make.event("Vic", "Hurtley", ago=n, role="victim") for n in (9, 19, 29)]])
    answer = analyst.submit(
        "/cohort/uploads",
        {"kind": "police", "agency": known.agencies["police@reading"], "file": (io.BytesIO(raw), "x.csv")},
        button="Check this file",
    )
    analyst.submit(answer.request.path, button="Accept upload")
    extract_id = answer.request.path.rsplit("/", 1)[1]
    run_page = analyst.submit("/cohort/runs", {"extracts": [extract_id]}, button="Start run").request.path
    analyst.submit(run_page, button="Release")
    coordinator = sign_in(Role.COORDINATOR)
    listed = words(coordinator.get("/cohort/candidates"))
    assert "Sefton, Kaya" in listed
    assert "Hurtley" not in listed
    found = db.session.scalars(select(Candidate)).one()
    page = words(coordinator.get(f"/cohort/candidates/{found.id}"))
    assert "theft Suspected Reading police Yes" in page
    assert "theft Victim Reading police No" in page
    done = coordinator.submit(f"/refer/candidates/{found.id}", NOMINATE, button="Nominate")
    referral = db.session.scalars(select(Referral)).one()
    assert referral.reference in words(done)
    assert (referral.status, referral.source_type, referral.candidate_id) == ("new", "cohort", found.id)
    assert (referral.sent_by_id, referral.young_person_id) == (known.users["coordinator@reading"], None)
    db.session.refresh(found)
    assert (found.status, found.referral_id) == ("nominated", referral.id)
    assert referral.data_key_id != found.data_key_id
    assert coordinator.get("/triage").status_code == 200
    assert referral.reference in words(coordinator.get("/triage"))
    trail = [entry.event for entry in db.session.scalars(select(AuditEntry))]
    for event in ("create:extract", "update:extract", "create:run", "update:run", "list:candidates",
                  "read:candidate", "update:candidate", "create:nomination"):  # fmt: skip
        assert event in trail


def test_the_referral_holds_the_events_with_their_part(acting, candidate_id, sign_in):
    sign_in(Role.COORDINATOR).submit(f"/refer/candidates/{candidate_id}", NOMINATE, button="Nominate")
    with acting("coordinator@reading"):
        answers = db.session.scalars(select(Referral)).one().answers
    assert [event["part"] for event in answers["events"]["list"]] == ["suspected", "victim", "suspected"]
    assert answers["events"]["list"][2]["type"] == "second_suspect_12m"
    assert answers["worries"]["text"] == WHY
    assert answers["family"] == {"informed": "yes"}
    assert answers["education"] == {"school": "Northbrook Academy"}


def test_nominating_needs_words_and_says_why_the_family_does_not_know(candidate_id, sign_in):
    coordinator = sign_in(Role.COORDINATOR)
    path = f"/refer/candidates/{candidate_id}"
    said = words(coordinator.submit(path, {"words": "", "informed": "no", "going_well": "Loves football"}))
    assert "Write why, in words you could say to the family" in said
    assert "Select why the family does not know" in said
    assert "Select why this may be shared" in said
    assert "Loves football" in said
    assert db.session.scalars(select(Referral)).all() == []


def test_not_nominating_keeps_the_reason(acting, candidate_id, sign_in):
    coordinator = sign_in(Role.COORDINATOR)
    path = f"/cohort/candidates/{candidate_id}/do-not-nominate"
    assert "Select the main reason" in words(coordinator.submit(path, {"words": "Doing well"}))
    coordinator.submit(path, {"code": "not_needed", "words": "Doing well, and school is on their side."})
    page = words(coordinator.get(f"/cohort/candidates/{candidate_id}"))
    assert "Doing well, and school is on their side." in page
    assert "Nothing suggests that support is needed" in page
    assert "Panel coordinator Reading" in page
    assert "Sefton" in words(coordinator.get("/cohort/candidates?show=decided"))
    assert "No one to consider" in words(coordinator.get("/cohort/candidates"))


def test_a_later_run_of_the_same_day_comes_after_the_first(acting, known, sign_in):
    def suspected(forename, *ago):
        return [make.event(forename, f"{forename}son", ago=days) for days in ago]

    make.make_released(acting, known, [*suspected("Ada", 40, 90), *suspected("Bo", 20, 80)])
    make.make_released(acting, known, [*suspected("Cy", 50, 95), *suspected("Di", 10, 70)])
    rows = sign_in(Role.COORDINATOR).page("/cohort/candidates").all("table")[0].iter("tr")
    assert [text(row[0]).split(", ")[-1] for row in rows][1:] == ["Ada", "Bo", "Cy", "Di"]


def test_a_second_decision_is_a_conflict(acting, candidate_id, sign_in):
    coordinator = sign_in(Role.COORDINATOR)
    form_page = f"/refer/candidates/{candidate_id}"
    values = form_values(coordinator.page(form_page).form(button="Nominate"))
    with acting("coordinator@reading") as actor:
        found = candidates.find_candidate(actor, candidate_id)
        candidates.do_not_nominate(actor, found, code=NotNominatedReason.MOVED, words="Moved away.")
        db.session.commit()
    late = coordinator.post(form_page, data=values | NOMINATE)
    assert late.status_code == 409
    assert WHY in words(late)
    again = coordinator.get(f"/cohort/candidates/{candidate_id}/do-not-nominate")
    assert again.status_code == 409
    assert "It was changed or decided after you opened the page" in words(again)
    assert db.session.scalars(select(Referral)).all() == []


def test_a_double_click_nominates_once(candidate_id, sign_in):
    coordinator = sign_in(Role.COORDINATOR)
    path = f"/refer/candidates/{candidate_id}"
    values = form_values(coordinator.page(path).form(button="Nominate")) | NOMINATE
    first, second = coordinator.post(path, data=values), coordinator.post(path, data=values)
    assert first.status_code == second.status_code == 302
    assert first.location == second.location
    assert len(db.session.scalars(select(Referral)).all()) == 1


@pytest.mark.parametrize("role", [Role.ANALYST, Role.REFERRER, Role.LEAD, Role.OVERSIGHT_VIEWER, Role.PANEL_CHAIR])
def test_other_roles_see_no_candidates(candidate_id, sign_in, role):
    client = sign_in(role)
    assert client.get("/cohort/candidates").status_code == 403
    assert client.get(f"/cohort/candidates/{candidate_id}").status_code == 404
    assert client.get(f"/refer/candidates/{candidate_id}").status_code == 404


def test_another_area_and_an_unreleased_run_are_not_there(acting, known, candidate_id, sign_in):
    assert sign_in(Role.COORDINATOR, area="slough").get(f"/cohort/candidates/{candidate_id}").status_code == 404
    with acting("analyst@reading") as actor:
        run = db.session.scalars(select(CohortRun)).one()
        run.status = "review"
        record(Event.RUN_STARTED, actor, run)
        db.session.commit()
    coordinator = sign_in(Role.COORDINATOR)
    assert coordinator.get(f"/cohort/candidates/{candidate_id}").status_code == 404
    assert "No one to consider" in words(coordinator.get("/cohort/candidates"))


def test_the_clock_is_ten_working_days_from_release(acting, candidate_id):
    with acting("coordinator@reading") as actor:
        rows, paging = candidates.listed(actor, decided=False, page=1)
    assert rows[0].due.date == add_working_days(today(), 10)
    assert (paging.total, candidates.waiting(actor)) == (1, 1)
    assert rows[0].why.startswith("Suspected 2 times, last on ")


def test_the_list_takes_three_statements_however_long(acting, known, app):
    names = ["Ada", "Bea", "Cid", "Dot", "Eli", "Fay", "Gus", "Hal"]
    make.make_released(acting, known, [row for name in names for row in twice(forename=name, surname=f"{name}son")])
    seen = []
    listener = lambda *given: seen.append(given[2])  # noqa: E731
    with acting("coordinator@reading") as actor:
        sqlalchemy_event.listen(db.engine, "before_cursor_execute", listener)
        rows, _ = candidates.listed(actor, decided=False, page=1)
        sqlalchemy_event.remove(db.engine, "before_cursor_execute", listener)
    assert len(rows) == 8
    assert len([statement for statement in seen if statement.lstrip().lower().startswith("select")]) <= 3
