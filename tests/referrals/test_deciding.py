"""Deciding in the browser: the text is shown before it is sent, and each outcome keeps what it needs."""

import pytest
from sqlalchemy import select

from accounts.roles import Role
from audit.models import Event
from core.db import db
from referrals.models import PossibleMatch, ReferralMessage
from tests.factories.referrals import send_referral
from tests.referrals.triaging import compared, decide, entries, fresh, send_from, started
from tests.support.client import Page, form_values, words


def test_deciding_waits_for_every_match_and_for_a_record(sign_in, referral, record_held):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    assert "Answer every possible match first" in words(client.get(f"/triage/{referral}/decide", follow_redirects=True))
    compared(client, referral, "not_sure")
    answer = decide(client, referral, "ready_for_panel")
    assert "Link the referral to a young person’s record, or make a new one" in words(answer)
    assert fresh(referral).status == "in_triage"


def test_nothing_is_decided_before_the_text_was_shown(sign_in, referral):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    path = f"/triage/{referral}/decide"
    given = {"outcome": "signposted", "signpost_to": "hub", "words": "They want somewhere to play football."}
    shown = client.submit(path, given)
    assert "Check what the referrer will read" in words(shown)
    assert "Other help fits better: Young Futures Hub. They want somewhere to play football." in words(shown)
    assert fresh(referral).status == "in_triage"
    changed = client.submit(path, given | {"seen": "0" * 64})
    assert "Check what the referrer will read" in words(changed)
    assert fresh(referral).status == "in_triage"
    send_from(client, path, shown)
    kept = fresh(referral)
    assert (kept.status, kept.outcome_code, kept.decided_at is not None) == ("signposted", "hub", True)
    assert entries(Event.TRIAGE_DECIDED)[-1].object_id == referral


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, "Select what happens next"),
        ({"outcome": "ready_for_panel"}, "Give a reason the referrer can read"),
        ({"outcome": "awaiting_info"}, "Enter your question"),
        ({"outcome": "signposted", "words": "x"}, "Select where the referrer should go"),
        ({"outcome": "not_eligible", "words": "x"}, "Select a reason for your decision"),
    ],
)
def test_a_decision_that_lacks_something(sign_in, referral, given, error):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    assert error in words(client.submit(f"/triage/{referral}/decide", given))


def test_not_eligible_has_its_code(sign_in, referral):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    decide(client, referral, "not_eligible", "They turned 18 in May.", not_eligible="age", notes="Told the school too")
    kept = fresh(referral)
    assert (kept.status, kept.outcome_code) == ("not_eligible", "age")
    assert "Told the school too" in words(client.get(f"/triage/{referral}"))


def test_already_open_tells_the_referrer_so_and_nothing_of_the_other(sign_in, referral, record_held):
    client = sign_in(Role.COORDINATOR)
    client.submit(f"/triage/{referral}", button="Start triage")
    match = db.session.scalars(select(PossibleMatch.id)).one()
    client.submit(f"/triage/{referral}/compare/{match}", {"answer": "same"})
    given = {"outcome": "duplicate", "words": "Their worker has what you told us."}
    shown = client.submit(f"/triage/{referral}/decide", given, button="Check what the referrer will read")
    assert "We already have an open referral or case about this young person." in words(shown)
    assert fresh(referral).decided_at is None, "the text is shown before it is sent"
    form = form_values(Page(shown.text).form(button="Save decision"))
    client.post(f"/triage/{referral}/decide", data=form)
    kept = fresh(referral)
    assert (kept.status, kept.outcome) == ("already_open", "duplicate")
    assert kept.young_person_id == record_held
    told = words(sign_in(Role.REFERRER).get(f"/referrals/{referral}"))
    assert "Their worker has what you told us." in told
    assert "Kaia" not in told


def test_asking_for_information_keeps_a_question(sign_in, referral, acting):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    client.submit(f"/triage/{referral}", button="Make a new record")
    answer = decide(client, referral, "awaiting_info", "Which school do they go to now?")
    assert "Next: the referrer answers your question, or you decide without it" in words(answer)
    assert "Question sent to the referrer." in words(answer)
    assert "Which school do they go to now?" in words(answer)
    message = db.session.scalars(select(ReferralMessage)).one()
    assert (message.kind, message.answer_by is not None) == ("question", True)
    kept = fresh(referral)
    assert (kept.status, kept.decided_at) == ("information_needed", None)
    assert message.data_key_id == kept.data_key_id


def test_stepping_up_from_the_decision_leads_to_the_call(sign_in, referral):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    answer = client.submit(f"/triage/{referral}/decide", {"outcome": "step_up"}, follow=False)
    assert answer.location.endswith(f"/triage/{referral}/step-up")
    typed = {"outcome": "step_up", "words": "He owes them money.", "notes": "His aunt rang."}
    form = Page(client.submit(f"/triage/{referral}/decide", typed).text).form()
    assert form.get("action") == f"/triage/{referral}/step-up"
    filled = form_values(form)
    assert filled["why"] == "He owes them money.\n\nHis aunt rang."
    assert "Select yes if a referral to the National" in words(client.post(form.get("action"), data=filled))
    assert fresh(referral).status == "in_triage"


def test_already_decided_by_someone_else(sign_in, referral):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    path = f"/triage/{referral}/decide"
    late = form_values(
        Page(client.submit(path, {"outcome": "signposted", "signpost_to": "hub", "words": "Late"}).text).form()
    )
    decide(client, referral, "duplicate")
    answer = client.post(path, data=late)
    assert answer.status_code == 409
    assert fresh(referral).status == "already_open"
    assert "has been decided" in words(client.get(path, follow_redirects=True))


def test_the_referrer_reads_the_decision(sign_in, acting, known):
    with acting("referrer@reading") as actor:
        referral = send_referral(actor).id
        db.session.commit()
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    client.submit(f"/triage/{referral}", button="Make a new record")
    decide(client, referral, "ready_for_panel", "The panel can help with this.", notes="Only for the team")
    said = words(sign_in(Role.REFERRER).get(f"/referrals/{referral}"))
    assert "The panel can help with this." in said
    assert "Only for the team" not in said
