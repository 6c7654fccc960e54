"""A referral beside a record that the area holds: why it is suggested, and what each answer does."""

from sqlalchemy import select

from accounts.roles import Role
from audit.models import Event
from core.db import db
from core.keyring import keyring
from referrals.models import PossibleMatch
from tests.factories.triage import make_referral
from tests.referrals.triaging import compared, entries, fresh, started, subjects_of
from tests.support.client import form_values, text, words


def test_comparing_says_why_and_how_the_records_compare(sign_in, referral, record_held):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    match = db.session.scalars(select(PossibleMatch)).one()
    assert match.reasons == ["sound_dob"]
    page = client.page(f"/triage/{referral}/compare/{match.id}")
    said = text(page.all("main")[0])
    assert "Suggested because: surname sounds alike and same date of birth. You decide." in said
    assert "Possible match 1 of 1" in said
    rows = [row for row in page.all("tr") if row.find("th").get("scope") == "row"]
    tags = {text(row.find("th")): text(row.findall("td")[-1]) for row in rows}
    assert tags["Name"] == "Sounds alike"
    assert tags["Date of birth"] == tags["School"] == "Same"
    assert subjects_of(entries(Event.MATCH_READ)[-1]) == {referral, record_held}


def test_the_same_person_links_and_gives_the_key(sign_in, referral, record_held):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    assert "Answer saved." in words(compared(client, referral, "same"))
    kept = fresh(referral)
    assert kept.young_person_id == record_held
    key = keyring().store.fetch([kept.data_key_id])[0]
    assert (key.owner_kind, key.owner_id) == ("young_person", record_held)
    assert "Kaya" in words(client.get(f"/triage/{referral}"))
    assert subjects_of(entries(Event.MATCH_ANSWERED)[-1]) == {referral, record_held}


def test_a_link_can_be_undone_until_the_decision(sign_in, referral, record_held):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    compared(client, referral, "same")
    compared(client, referral, "different", "The mother says they are cousins.")
    kept = fresh(referral)
    assert kept.young_person_id is None
    assert keyring().store.fetch([kept.data_key_id])[0].owner_id == referral
    client.submit(f"/triage/{referral}", button="Make a new record")
    assert fresh(referral).young_person_id not in (None, record_held)


def test_different_people_who_agree_on_much_need_a_reason(sign_in, referral, record_held):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    answer = compared(client, referral, "different")
    assert "Say why they are different people: 2 or more rows are the same" in words(answer)
    assert db.session.scalars(select(PossibleMatch)).one().answered_at is None


def test_no_answer_is_an_error_in_words(sign_in, referral, record_held):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    assert "Select whether this is the same person" in words(compared(client, referral, None))


def test_someone_else_answered_first(sign_in, referral, record_held):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    match = db.session.scalars(select(PossibleMatch)).one()
    path = f"/triage/{referral}/compare/{match.id}"
    opened = form_values(client.page(path).form())
    compared(client, referral, "same")
    late = client.post(path, data=opened | {"answer": "different", "why": "No"})
    assert late.status_code == 409
    assert "Same person" in words(late)
    assert fresh(referral).young_person_id == record_held


def test_a_match_of_another_referral_is_not_found(sign_in, acting, known, referral, record_held):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    other = make_referral(acting, known, surname="Marsh", forename="Ola")
    match = db.session.scalars(select(PossibleMatch)).one()
    assert client.get(f"/triage/{other}/compare/{match.id}").status_code == 404
