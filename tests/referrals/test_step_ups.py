"""Step-ups: recording the call, chasing, who has it, the answer, and bringing the work back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from accounts.roles import Role
from audit.models import AuditEntry, Event
from core.clock import in_london, now, today
from core.codes.decisions import PanelDecision
from core.db import db
from core.working_days import add_working_days
from referrals.forms.triage import parse_clock
from referrals.models import Referral, StepUp
from referrals.services import outcomes, step_ups
from tests.factories.triage import make_referral
from tests.support.client import form_values, words


@pytest.fixture
def referral(acting, known):
    return make_referral(acting, known, status="in_triage")


def call_fields(**changes):
    yesterday = today() - timedelta(days=1)
    return {
        "called_on-day": yesterday.day, "called_on-month": yesterday.month, "called_on-year": yesterday.year,
        "called_time": "10:30am", "why": "They told their tutor that they are made to carry things.",
        "is_nrm": "yes", "front_door_reference": "FD-1",
    } | changes  # fmt: skip


def record_call(client, referral_id: str, **changes):
    return client.submit(f"/triage/{referral_id}/step-up", call_fields(**changes))


def the_step_up() -> StepUp:
    db.session.expire_all()
    return db.session.scalars(select(StepUp)).one()


def status_of(referral_id: str) -> str:
    db.session.expire_all()
    return db.session.get_one(Referral, referral_id).status


def test_recording_a_call_pauses_the_panels_work(sign_in, referral):
    client = sign_in(Role.COORDINATOR)
    assert "This page sends nothing." in words(client.get(f"/triage/{referral}/step-up"))
    assert "Step-up recorded." in words(record_call(client, referral))
    kept = the_step_up()
    assert (kept.status, kept.is_nrm, kept.referral_id) == ("raised", True, referral)
    assert in_london(kept.called_at).strftime("%H:%M") == "10:30"
    assert kept.chase_on == add_working_days(today() - timedelta(days=1), 1)
    assert kept.data_key_id == db.session.get_one(Referral, referral).data_key_id
    assert status_of(referral) == "stepped_up"
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.STEPPED_UP_CASE.value)).one()
    assert entry.object_id == kept.id
    assert step_ups.has_open(referral_id=referral)
    assert "Sefton, Kaya" in words(client.get("/step-ups"))
    assert "Sefton, Kaya" in words(client.get("/triage?tab=safeguarding"))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"called_on-day": "", "called_on-month": "", "called_on-year": ""}, "Enter the date and time you called"),
        ({"called_time": "soon"}, "Enter the time you called, like 10:30am"),
        ({"called_on-year": "2999"}, "The date of the call must be today or in the past"),
        ({"why": ""}, "Enter what you told the front door"),
        ({"is_nrm": None}, "Select yes if a referral to the National Referral Mechanism is being made"),
    ],
)
def test_what_a_call_lacks(sign_in, referral, changes, error):
    answer = record_call(sign_in(Role.COORDINATOR), referral, **changes)
    assert error in words(answer)
    assert status_of(referral) == "in_triage"


def test_pressing_record_twice_is_one_step_up(sign_in, referral):
    client = sign_in(Role.COORDINATOR)
    path = f"/triage/{referral}/step-up"
    values = form_values(client.page(path).form()) | call_fields()
    first, second = client.post(path, data=values), client.post(path, data=values)
    assert first.location == second.location
    assert the_step_up()
    assert client.get(path).status_code == 303


def test_the_answer_comes_after_somebody_has_it(sign_in, referral):
    client = sign_in(Role.COORDINATOR)
    record_call(client, referral)
    path = f"/step-ups/{the_step_up().id}"
    early = form_values(client.page(path).form(button="Record who has it")) | {
        "outcome": "advice", "outcome_note": "Too early",
    }  # fmt: skip
    assert "Record who at the front door has it before" in words(client.post(path, data=early))
    client.submit(path, {"acknowledged_by": "Duty social worker"}, button="Record who has it")
    assert the_step_up().status == "acknowledged"
    given = {"outcome": "section_47", "outcome_note": "They will meet her today."}
    client.submit(path, given, button="Record the answer")
    assert (the_step_up().status, the_step_up().outcome) == ("answered", "section_47")
    assert status_of(referral) == "stepped_up"
    assert not step_ups.has_open(referral_id=referral)
    assert "Returned to the panel’s work." in words(client.submit(path, button="Return to the panel"))
    assert status_of(referral) == "in_triage"


def test_the_national_referral_mechanism_is_named_from_the_call_to_the_answer(sign_in, referral):
    client = sign_in(Role.SAFEGUARDING_LEAD)
    record_call(client, referral, is_nrm="yes")
    assert "National Referral Mechanism" in words(client.get("/step-ups"))
    path = f"/step-ups/{the_step_up().id}"
    assert "A referral is being made" in words(client.get(path))
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.STEPPED_UP_CASE.value)).one()
    assert b'"nrm":true' in entry.body
    client.submit(path, {"acknowledged_by": "Duty social worker"}, button="Record who has it")
    client.submit(path, {"outcome": "nrm", "outcome_note": "Sent today."}, button="Record the answer")
    assert the_step_up().outcome == "nrm"
    assert status_of(referral) == "stepped_up", "a person returns it to the panel, or decides"


@pytest.mark.parametrize(("was_ready", "back"), [(True, "ready_for_panel"), (False, "in_triage")])
def test_advice_brings_the_work_back_where_it_was(sign_in, acting, known, was_ready, back):
    referral = make_referral(acting, known, status="ready_for_panel" if was_ready else "in_triage")
    if was_ready:
        from audit.services import record

        with acting("coordinator@reading") as actor:
            kept = db.session.get_one(Referral, referral)
            kept.ready_at = now()
            record(Event.REFERRAL_CHANGED, actor, kept)
            db.session.commit()
    client = sign_in(Role.SAFEGUARDING_LEAD)
    record_call(client, referral)
    path = f"/step-ups/{the_step_up().id}"
    client.submit(path, {"acknowledged_by": "Duty social worker"}, button="Record who has it")
    client.submit(path, {"outcome": "advice", "outcome_note": "Stay with the panel."}, button="Record the answer")
    assert status_of(referral) == back


def test_chasing_moves_the_clock_and_says_no_answer(sign_in, referral):
    client = sign_in(Role.COORDINATOR)
    record_call(client, referral)
    client.submit(f"/step-ups/{the_step_up().id}", button="Record that you chased")
    assert the_step_up().status == "no_answer"
    assert the_step_up().chase_on == add_working_days(today(), 1)
    assert step_ups.has_open(referral_id=referral)


def test_an_answer_is_not_given_twice(sign_in, referral):
    client = sign_in(Role.COORDINATOR)
    record_call(client, referral)
    path = f"/step-ups/{the_step_up().id}"
    client.submit(path, {"acknowledged_by": "Duty social worker"}, button="Record who has it")
    late = form_values(client.page(path).form(button="Record the answer")) | {"outcome": "nrm", "outcome_note": "Late"}
    client.submit(path, {"outcome": "advice", "outcome_note": "First."}, button="Record the answer")
    assert client.post(path, data=late).status_code == 409
    assert the_step_up().outcome == "advice"
    assert "First." in words(client.get(path))
    assert "No step-ups are open" in words(client.get("/step-ups"))
    assert "Sefton, Kaya" in words(client.get("/step-ups?show=answered"))


def test_who_may_not(sign_in, referral):
    record_call(sign_in(Role.COORDINATOR), referral)
    path = f"/step-ups/{the_step_up().id}"
    for role in (Role.REFERRER, Role.PANEL_CHAIR, Role.PANEL_MEMBER, Role.ANALYST):
        client = sign_in(role)
        assert client.get("/step-ups").status_code == 403
        assert client.get(path).status_code == 404
    assert sign_in(Role.LEAD).get(path).status_code == 404
    slough = sign_in(Role.SAFEGUARDING_LEAD, area="slough")
    assert slough.get(path).status_code == 404
    assert slough.get(f"/triage/{referral}/step-up").status_code == 404
    assert "No step-ups are open" in words(slough.get("/step-ups"))


def test_panel_decisions_reach_the_referral(acting, known):
    for decision in PanelDecision:
        referral_id = make_referral(acting, known, status="ready_for_panel", surname=f"Marsh{decision.number}")
        with acting("panel_chair@reading") as actor:
            referral = db.session.get_one(Referral, referral_id)
            outcomes.panel_decided(actor, referral, decision=decision, text_for_referrer="Thank you.")
            db.session.commit()
            assert referral.outcome == decision.value
            assert referral.reason_for_referrer == "Thank you."
            assert (referral.decided_at is None) == (decision is PanelDecision.DEFER)
            assert (referral.status == "accepted") == decision.opens_case


def test_a_closed_case_gives_feedback(acting, known):
    referral_id = make_referral(acting, known, status="accepted")
    with acting("coordinator@reading") as actor:
        outcomes.case_closed(actor, referral_id, "She finished the drama course.")
        db.session.commit()
        referral = db.session.get_one(Referral, referral_id)
        assert (referral.status, referral.feedback) == ("closed", "She finished the drama course.")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("10:30am", "10:30"), ("2pm", "14:00"), ("14.05", "14:05"), ("1430", "14:30"), ("12am", "00:00"),
     ("12pm", "12:00"),
     ("25:00", None), ("10", None), ("13pm", None), ("0am", None), ("", None)],
)  # fmt: skip
def test_times_as_people_type_them(typed, expected):
    found = parse_clock(typed)
    assert (found and found.strftime("%H:%M")) == expected
