"""Sending a referral: what it becomes, its number, and that twice is once."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from accounts.models import Area
from accounts.roles import Role
from audit.models import AuditEntry, Event
from core.clock import now, today
from core.codes.referrals import LawfulBasisChoice
from core.db import db
from core.formats import day
from core.ids import new_id
from core.working_days import add_working_days
from referrals.models import Referral, ReferralDraft
from referrals.services import references, sending
from tests.factories.referrals import a_draft, birthday, send_referral
from tests.support.client import form_values, words


def test_a_sent_draft_becomes_a_referral_of_the_same_id(acting, known):
    with acting("referrer@reading") as actor:
        draft = a_draft(actor)
        db.session.commit()
        draft_id = draft.id
        sending.send_referral(actor, draft=draft)
        db.session.commit()
        referral = db.session.get_one(Referral, draft_id)
        assert referral.forename == "Kaya"
        assert referral.area_id == known.areas["reading"]
        assert references.is_reference(referral.reference)
        assert db.session.get(ReferralDraft, draft_id) is None


def test_it_goes_to_the_area_chosen_not_the_senders(acting, known):
    with acting("referrer@reading") as actor:
        referral = send_referral(actor, area_id=known.areas["slough"])
        db.session.commit()
        assert referral.area_id == known.areas["slough"]
        assert referral.reference.startswith("SLO-")


@pytest.mark.catalogue("R1", part="partly")
def test_two_presses_make_one_referral_and_the_same_receipt(sign_in, acting):
    draft_id = _draft(acting)
    client = sign_in(Role.REFERRER)
    form = form_values(client.page(f"/referrals/{draft_id}/check").form()) | {"declared": "y"}
    first = client.post(f"/referrals/{draft_id}/check", data=form)
    second = client.post(f"/referrals/{draft_id}/check", data=form)
    assert first.location == second.location == f"/referrals/{draft_id}/sent"
    other_tab = client.post(f"/referrals/{draft_id}/check", data=form | {"once": new_id()})
    assert other_tab.location == first.location
    assert len(db.session.scalars(select(Referral)).all()) == 1
    assert len(db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.REFERRAL_SENT.value)).all()) == 1


def test_the_receipt_says_the_reference_and_when(sign_in, acting):
    draft_id = _draft(acting)
    client = sign_in(Role.REFERRER)
    page = client.submit(f"/referrals/{draft_id}/check", {})
    assert "Confirm that what you have written is true" in words(page)
    page = client.submit(f"/referrals/{draft_id}/check", {"declared": "y"})
    referral = db.session.get_one(Referral, draft_id)
    assert referral.reference in words(page)
    assert day(referral.decide_by) in words(page)
    assert referral.acknowledge_by == add_working_days(today(), 1)


@pytest.mark.parametrize("page", ["tasks", "check", "delete", "duplicate", "worries", "events", "you"])
def test_going_back_after_sending_leads_to_the_referral(sign_in, acting, page):
    with acting("referrer@reading") as actor:
        sent = send_referral(actor)
        db.session.commit()
        address = f"/referrals/{sent.id}"
    client = sign_in(Role.REFERRER)
    assert client.get(f"{address}/{page}").location == address
    assert "You have already sent this referral." in words(client.get(address))
    assert "already sent" not in words(client.get(address))
    for stranger in (sign_in(Role.REFERRER, "slough"), sign_in(Role.COORDINATOR)):
        assert stranger.get(f"{address}/{page}").status_code == 404


def test_a_page_typed_into_after_sending_says_so(sign_in, acting):
    draft_id = _draft(acting)
    client = sign_in(Role.REFERRER)
    form = form_values(client.page(f"/referrals/{draft_id}/worries").form()) | {"text": "Something more"}
    client.submit(f"/referrals/{draft_id}/check", {"declared": "y"})
    assert "already sent" in words(client.post(f"/referrals/{draft_id}/worries", data=form, follow_redirects=True))
    autosave = client.post(f"/referrals/{draft_id}/autosave/worries", data=form | {"once": ""})
    assert autosave.status_code == 302


def test_a_check_page_overtaken_by_another_tab_is_shown_again(sign_in, acting):
    draft_id = _draft(acting)
    client = sign_in(Role.REFERRER)
    form = form_values(client.page(f"/referrals/{draft_id}/check").form()) | {"declared": "y"}
    client.submit(f"/referrals/{draft_id}/strengths", {"text": "Sings"})
    response = client.post(f"/referrals/{draft_id}/check", data=form)
    assert response.status_code == 409
    assert "This referral changed in another tab" in words(response)
    assert not db.session.scalars(select(Referral)).all()


def test_an_unfinished_draft_cannot_be_sent(sign_in, acting):
    with acting("referrer@reading") as actor:
        draft_id = a_draft(actor, sections={"worries": {}, "strengths": {}}).id
        db.session.commit()
    client = sign_in(Role.REFERRER)
    page = client.get(f"/referrals/{draft_id}/check")
    assert "You need to finish 2 more sections" in words(page)
    assert "Send referral" not in words(page)
    with acting("referrer@reading") as actor, pytest.raises(sending.NotReady):
        sending.send_referral(actor, draft=db.session.get_one(ReferralDraft, draft_id))


def test_someone_who_turned_eighteen_meanwhile_cannot_be_sent(sign_in, acting):
    with acting("referrer@reading") as actor:
        draft_id = a_draft(actor, date_of_birth=birthday(18)).id
        db.session.commit()
    page = sign_in(Role.REFERRER).submit(f"/referrals/{draft_id}/check", {"declared": "y"})
    assert "They must be 10 to 17 on the day you refer" in words(page)
    assert not db.session.scalars(select(Referral)).all()


def test_the_entry_of_sending_holds_codes_and_no_answers(acting):
    with acting("referrer@reading") as actor:
        send_referral(actor)
        db.session.commit()
    body = db.session.scalars(select(AuditEntry.body).where(AuditEntry.event == Event.REFERRAL_SENT.value)).one()
    assert b'"basis":"safeguard"' in body
    for value in (b"Kaya", b"Sefton", b"drama", b"RG1", birthday().encode()):
        assert value not in body


def test_a_health_agency_is_told_that_the_serious_violence_duty_does_not_let_it_share(acting):
    refused = sending.lawful_answer("camhs", LawfulBasisChoice.PREVENT_VIOLENCE)
    assert not refused.may_share
    assert not refused.needs_reason
    assert sending.lawful_answer("school", LawfulBasisChoice.EMERGENCY).may_share


def test_references_are_not_a_sequence_and_their_letter_finds_slips():
    given = "RDG-26-0417"
    letter = references.check_letter(given)
    assert references.is_reference(f"rdg 26 0417{letter.lower()}")
    for slip in ("RDG-26-0471", "RDG-26-0418", "RDG-62-0417", "RGD-26-0417", "SLO-26-0417"):
        assert references.check_letter(slip) != letter
    assert not references.is_reference("RDG-26-0417")
    assert not references.is_reference("")
    for longer in ("RDG-26-10417", "RDG-26-100417"):
        assert references.is_reference(longer + references.check_letter(longer))


def test_a_fifth_digit_comes_when_half_of_the_numbers_are_used(app, acting, known, monkeypatch):
    """Chance alone is replaced: the short numbers that it draws are the few that are used."""
    used, real = [], references._drawn
    with acting("referrer@reading") as actor:
        for _ in range(3):
            used.append(send_referral(actor).reference)
            db.session.commit()
    monkeypatch.setattr(
        references, "_drawn", lambda stem, digits, count: used if digits == 4 else real(stem, digits, count)
    )
    with acting("referrer@reading"):
        area = db.session.get_one(Area, known.areas["reading"])
        assert [len(reference) for reference in (used[0], references.new_reference(area))] == [12, 13]
        monkeypatch.undo()
        assert len(references.new_reference(area)) == 13
        with time_machine.travel(now() + timedelta(minutes=2)):
            assert len(references.new_reference(area)) == 12  # the sample may have been unlucky


def _draft(acting) -> str:
    with acting("referrer@reading") as actor:
        draft_id = a_draft(actor).id
        db.session.commit()
        return draft_id
