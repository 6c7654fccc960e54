"""Step-ups of cases: who raises and opens them, the case's page and timeline, and the call of a meeting's step-up."""

from datetime import timedelta

import pytest

from accounts.roles import Role
from core.clock import in_london, now, today
from core.db import db
from core.working_days import add_working_days
from panels.models import Case
from panels.services import case_step_ups
from referrals.models import StepUp
from referrals.services import step_ups
from tests.factories.cases import open_case
from tests.factories.triage import make_referral
from tests.support.client import form_values, words


@pytest.fixture
def case_id(acting, known):
    return open_case(acting, known)


def call(**changes):
    yesterday = today() - timedelta(days=1)
    return {
        "called_on-day": yesterday.day, "called_on-month": yesterday.month, "called_on-year": yesterday.year,
        "called_time": "10:30am", "why": "New marks on both arms.", "is_nrm": "no", "front_door_reference": "FD-7",
    } | changes  # fmt: skip


def the_step_up() -> StepUp:
    db.session.expire_all()
    return db.session.query(StepUp).one()


@pytest.mark.parametrize("role", [Role.LEAD, Role.COORDINATOR, Role.SAFEGUARDING_LEAD])
def test_a_case_is_sent_to_the_front_door(sign_in, case_id, role):
    client, path = sign_in(role), f"/cases/{case_id}"
    assert f"{path}/step-up" in client.get(path).text
    assert "This page sends nothing." in words(client.get(f"{path}/step-up"))
    page = client.submit(f"{path}/step-up", call())
    assert page.request.path == f"/step-ups/{the_step_up().id}"
    found, case = the_step_up(), db.session.get_one(Case, case_id)
    assert (found.case_id, found.status, found.referral_id) == (case_id, "raised", None)
    assert (found.young_person_id, found.data_key_id) == (case.young_person_id, case.data_key_id)
    overview = client.get(path)
    assert "The case cannot close until there is one." in words(overview)
    assert f"/step-ups/{found.id}" in overview.text
    assert "Sent to the front door" in words(client.get(f"{path}/timeline"))
    assert "Open that step-up" in words(client.get(f"{path}/step-up"))
    listed = words(client.get("/step-ups"))
    assert "Sefton, Kaya" in listed
    assert case.reference in listed


def test_the_answer_is_on_the_timeline(sign_in, case_id):
    client = sign_in(Role.COORDINATOR)
    client.submit(f"/cases/{case_id}/step-up", call())
    path = f"/step-ups/{the_step_up().id}"
    assert "Kaya Sefton" in words(client.get(path))
    client.submit(path, {"acknowledged_by": "Duty social worker"}, button="Record who has it")
    client.submit(path, {"outcome": "advice", "outcome_note": "Go on with the plan."}, button="Record the answer")
    assert "Front door answered" in words(client.get(f"/cases/{case_id}/timeline"))
    assert not step_ups.has_open(case_id=case_id)
    assert "No step-up open" in words(client.get(f"/cases/{case_id}"))


def test_a_lead_opens_the_step_ups_of_their_cases(sign_in, acting, known, case_id):
    sign_in(Role.COORDINATOR).submit(f"/cases/{case_id}/step-up", call())
    path = f"/step-ups/{the_step_up().id}"
    lead = sign_in(Role.LEAD)
    assert "Kaya Sefton" in words(lead.get(path))
    assert "Sefton, Kaya" in words(lead.get("/step-ups"))
    with acting("coordinator@reading") as actor:
        nobodys = db.session.get_one(Case, open_case(acting, known, lead=None, surname="Marsh"))
        other = case_step_ups.raise_for(actor, nobodys, why="Missing again.", called_at=now()).id
        db.session.commit()
    assert lead.get(f"/step-ups/{other}").status_code == 404
    assert "Marsh" not in words(lead.get("/step-ups"))


def test_who_may_not_send_a_case(sign_in, case_id):
    path = f"/cases/{case_id}/step-up"
    for role in (Role.PROVIDER, Role.PANEL_CHAIR, Role.REFERRER, Role.ANALYST):
        assert sign_in(role).get(path).status_code in {403, 404}
    assert sign_in(Role.COORDINATOR, area="slough").get(path).status_code == 404


def test_what_a_call_about_a_case_lacks(sign_in, case_id):
    page = sign_in(Role.LEAD).submit(f"/cases/{case_id}/step-up", call(why="", called_time="soon"))
    assert "Enter what you told the front door" in words(page)
    assert "Enter the time you called, like 10:30am" in words(page)
    assert "soon" in page.text
    assert not step_ups.has_open(case_id=case_id)


def test_pressing_twice_is_one_step_up(sign_in, case_id):
    client, path = sign_in(Role.LEAD), f"/cases/{case_id}/step-up"
    values = form_values(client.page(path).form(button="Record step-up")) | call()
    assert client.post(path, data=values).location == client.post(path, data=values).location
    assert the_step_up()


def test_nobody_has_called_until_the_call_is_recorded(sign_in, acting, known):
    with acting("panel_chair@reading") as actor:
        from referrals.models import Referral

        referral = db.session.get_one(Referral, make_referral(acting, known, status="ready_for_panel"))
        step_ups.raise_step_up(actor, area_id=referral.area_id, why="Panel.", called_at=None, referral=referral)
        db.session.commit()
    client, path = sign_in(Role.COORDINATOR), f"/step-ups/{the_step_up().id}"
    assert "Call the front door now" in words(client.get("/"))
    assert "Not yet" in words(client.get("/step-ups"))
    page = words(client.get(path))
    assert "Nobody has recorded a call yet" in page
    assert "Record who has it" not in page
    sent = form_values(client.page("/account").form(action="/sign-out")) | {
        "acknowledged_by": "Duty",
        "row_version": "1",
    }
    assert client.post(path, data=sent).status_code == 409
    assert client.post(f"{path}/chase", data=sent).status_code == 409
    stale = form_values(client.page(f"{path}/call").form(button="Save the call"))
    day = today() - timedelta(days=3)
    given = {"called_on-day": day.day, "called_on-month": day.month, "called_on-year": day.year,
             "called_time": "4:05pm", "front_door_reference": "FD-99"}  # fmt: skip
    assert "Call recorded." in words(client.submit(f"{path}/call", given, button="Save the call"))
    found = the_step_up()
    assert f"{in_london(found.called_at):%d %H:%M}" == f"{day:%d} 16:05"
    assert found.chase_on == add_working_days(day, 1)
    assert "FD-99" in words(client.get(path))
    assert client.post(f"{path}/call", data=stale | given).status_code == 409
    client.submit(path, {"acknowledged_by": "Duty social worker"}, button="Record who has it")
    assert "Record the call" not in words(client.get(path))
    assert client.get(f"{path}/call").status_code == 409


def test_the_time_of_a_call_is_checked(sign_in, case_id):
    client = sign_in(Role.LEAD)
    client.submit(f"/cases/{case_id}/step-up", call())
    path = f"/step-ups/{the_step_up().id}/call"
    page = client.submit(path, {"called_time": "later"}, button="Save the call")
    assert "Enter the time you called, like 10:30am" in words(page)
    assert sign_in(Role.COORDINATOR, area="slough").get(path).status_code == 404
