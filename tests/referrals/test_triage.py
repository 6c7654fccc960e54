"""Triage in the browser: the queue, starting, comparing, making a record, deciding."""

from datetime import date

import pytest
from sqlalchemy import func, select

from accounts.roles import Role
from audit.models import AuditEntry, AuditSubject, Event
from cohort.models import BlindIndex, YoungPerson
from cohort.services import people
from core.db import db
from core.keyring import keyring
from referrals.models import PossibleMatch, Referral, ReferralMessage
from tests.factories.triage import make_referral
from tests.support.client import Page, form_values, text, words

KAYA = {"forename": "Kaia", "surname": "Seften", "date_of_birth": date(2011, 5, 4), "school": "Northbrook Academy"}


@pytest.fixture
def referral(acting, known):
    return make_referral(acting, known)


@pytest.fixture
def record_held(acting, known):
    """A young person whom the area knows already, under a slightly different spelling."""
    with acting("coordinator@reading") as actor:
        person = people.create_person(actor, area_id=known.areas["reading"], data=KAYA, created_from="referral")
        db.session.commit()
        return person.id


def fresh(referral_id: str) -> Referral:
    db.session.expire_all()
    return db.session.get_one(Referral, referral_id)


def entries(event: Event) -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.event == event.value).order_by(AuditEntry.seq)))


def subjects_of(entry: AuditEntry) -> set[str]:
    found = select(AuditSubject.subject_id).where(AuditSubject.chain == entry.chain, AuditSubject.seq == entry.seq)
    return set(db.session.scalars(found))


def started(client, referral_id: str):
    return client.submit(f"/triage/{referral_id}", button="Start triage")


def decide(client, referral_id: str, outcome: str, reason: str = "We have what we need.", **more):
    """Both steps: read what the referrer will read, then send it."""
    path = f"/triage/{referral_id}/decide"
    shown = client.submit(path, {"outcome": outcome, "words": reason, **more})
    assert shown.status_code == 200, shown.status_code
    return send_from(client, path, shown)


def send_from(client, path: str, shown):
    """Press the first button of a page that was answered, as a browser would."""
    from tests.support.client import Page, form_values

    return client.post(path, data=form_values(Page(shown.text).form()), follow_redirects=True)


def test_the_thin_path_from_queue_to_panel(sign_in, referral):
    client = sign_in(Role.COORDINATOR)
    assert "Sefton, Kaya" in words(client.get("/triage"))
    assert "Triage started." in words(started(client, referral))
    assert "No possible matches found." in words(client.get(f"/triage/{referral}"))
    assert "New record made and linked." in words(client.submit(f"/triage/{referral}", button="Make a new record"))
    assert "Decision saved." in words(decide(client, referral, "ready_for_panel"))
    kept = fresh(referral)
    assert (kept.status, kept.outcome, kept.ready_at is not None) == ("ready_for_panel", "ready_for_panel", True)
    assert "Sefton, Kaya" in words(client.get("/triage?tab=ready"))


def test_a_new_record_shares_the_referrals_key_and_is_indexed(sign_in, referral, acting):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    client.submit(f"/triage/{referral}", button="Make a new record")
    kept = fresh(referral)
    person = db.session.get_one(YoungPerson, kept.young_person_id)
    assert person.data_key_id == kept.data_key_id
    key = keyring().store.fetch([kept.data_key_id])[0]
    assert (key.owner_kind, key.owner_id) == ("young_person", person.id)
    assert db.session.scalar(select(func.count()).select_from(BlindIndex)) > 3
    with acting("coordinator@reading"):
        assert (person.forename, person.school) == ("Kaya", "Northbrook Academy")
        assert kept.forename == "Kaya"
    assert [e.object_id for e in entries(Event.PERSON_CREATED)] == [person.id]
    assert len(entries(Event.PERSON_LINKED)) == 1


def test_looking_writes_nothing_but_says_who_looked(sign_in, referral):
    client = sign_in(Role.COORDINATOR)
    client.page(f"/triage/{referral}")
    assert db.session.scalar(select(func.count()).select_from(PossibleMatch)) == 0
    [entry] = entries(Event.TRIAGE_READ)
    assert entry.object_id == referral
    assert subjects_of(entry) == {referral}
    client.page("/triage")
    assert subjects_of(entries(Event.REFERRALS_LISTED)[-1]) == {referral}


def test_acknowledging_is_one_click_and_happens_once(sign_in, referral):
    client = sign_in(Role.COORDINATOR)
    assert "nobody’s yet" in words(client.get("/triage"))
    answer = client.submit(f"/triage/{referral}", button="Acknowledge")
    assert "Referral acknowledged." in words(answer)
    kept = fresh(referral)
    assert kept.owner_id == client.actor.user_id
    assert kept.status == "new"
    assert len(entries(Event.REFERRAL_ACKNOWLEDGED)) == 1


def test_pressing_start_twice_is_starting_once(sign_in, referral, record_held):
    client = sign_in(Role.COORDINATOR)
    form = client.page(f"/triage/{referral}").form(button="Start triage")
    from tests.support.client import form_values

    for _ in range(2):
        client.post(form.get("action"), data=form_values(form))
    assert db.session.scalar(select(func.count()).select_from(PossibleMatch)) == 1


def compared(client, referral_id: str, answer: str, why: str = "") -> object:
    match = db.session.scalars(select(PossibleMatch).where(PossibleMatch.referral_id == referral_id)).one()
    return client.submit(f"/triage/{referral_id}/compare/{match.id}", {"answer": answer, "why": why})


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
    from tests.support.client import form_values

    opened = form_values(client.page(path).form())
    compared(client, referral, "same")
    late = client.post(path, data=opened | {"answer": "different", "why": "No"})
    assert late.status_code == 409
    assert "Same person" in words(late)
    assert fresh(referral).young_person_id == record_held


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
        ({"outcome": "not_eligible", "words": "x"}, "Select why the panel cannot take this"),
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
    answer = decide(client, referral, "awaiting_info", "Which school do they go to now?")
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
    assert fresh(referral).status == "in_triage"


def test_already_decided_by_someone_else(sign_in, referral):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    path = f"/triage/{referral}/decide"
    from tests.support.client import Page, form_values

    late = form_values(
        Page(client.submit(path, {"outcome": "signposted", "signpost_to": "hub", "words": "Late"}).text).form()
    )
    decide(client, referral, "duplicate")
    answer = client.post(path, data=late)
    assert answer.status_code == 409
    assert fresh(referral).status == "already_open"
    assert "has been decided" in words(client.get(path, follow_redirects=True))


def test_the_checklist_says_what_needs_a_look(sign_in, acting, known):
    from accounts.models import Area

    db.session.get_one(Area, known.areas["reading"]).exclusions = ["statutory_order", "before"]
    referral = make_referral(
        acting, known, date_of_birth=date(2004, 1, 1), tried={"statutory": ["yjs_order"]}, start={"danger": "harm"}
    )
    client = sign_in(Role.COORDINATOR)
    said = words(client.get(f"/triage/{referral}"))
    assert "This area does not take: " in said
    assert "I think they are being harmed or exploited" in said
    assert said.count("Check this") >= 3
    assert said.index("What is going well") < said.index("What is worrying the referrer")


@pytest.mark.parametrize("role", [Role.PANEL_CHAIR, Role.SAFEGUARDING_LEAD])
def test_those_who_only_read(sign_in, referral, role):
    client = sign_in(role)
    assert "Sefton, Kaya" in words(client.get("/triage"))
    page = client.page(f"/triage/{referral}")
    assert "Start triage" not in {text(button) for button in page.all("button")}
    assert client.get(f"/triage/{referral}/decide").status_code == 404
    for act in ("acknowledge", "start", "take", "record"):
        assert client.post(f"/triage/{referral}/{act}").status_code in (400, 404)
    assert fresh(referral).status == "new"


@pytest.mark.parametrize("role", [Role.REFERRER, Role.PROVIDER, Role.PANEL_MEMBER, Role.ANALYST, Role.ADMINISTRATOR])
def test_who_may_not_read(sign_in, referral, role):
    client = sign_in(role)
    assert client.get("/triage").status_code == 403
    assert client.get(f"/triage/{referral}").status_code == 404


def test_another_area_sees_nothing(sign_in, referral, record_held):
    started(sign_in(Role.COORDINATOR), referral)
    match = db.session.scalars(select(PossibleMatch)).one()
    client = sign_in(Role.COORDINATOR, area="slough")
    assert "No new referrals" in words(client.get("/triage"))
    for page in ("", "/decide", "/step-up", f"/compare/{match.id}"):
        assert client.get(f"/triage/{referral}{page}").status_code == 404
    assert entries(Event.DENIED)[-1].object_id in (referral, match.id)


def test_a_match_of_another_referral_is_not_found(sign_in, acting, known, referral, record_held):
    client = sign_in(Role.COORDINATOR)
    started(client, referral)
    other = make_referral(acting, known, surname="Marsh", forename="Ola")
    match = db.session.scalars(select(PossibleMatch)).one()
    assert client.get(f"/triage/{other}/compare/{match.id}").status_code == 404


def test_the_queue_needs_as_many_statements_for_one_as_for_many(sign_in, acting, known, referral):
    from sqlalchemy import event

    client = sign_in(Role.COORDINATOR)
    seen: list[str] = []

    def statements() -> int:
        seen.clear()
        client.get("/triage")
        return len(seen)

    event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    statements()
    one = statements()
    for number in range(8):
        make_referral(acting, known, surname=f"Marsh{number}")
    assert statements() == one


def test_the_clock_of_the_queue(sign_in, acting, known):
    import time_machine

    with time_machine.travel("2026-11-16 09:00"):
        make_referral(acting, known)
    with time_machine.travel("2026-11-19 09:00"):
        client = sign_in(Role.COORDINATOR)
        assert "Overdue by 2 days" in words(client.get("/triage"))


def test_only_what_is_nobodys_and_only_mine(sign_in, acting, known, referral):
    other = make_referral(acting, known, surname="Marsh", forename="Ola")
    client = sign_in(Role.COORDINATOR)
    client.submit(f"/triage/{other}", button="Acknowledge")
    assert "Sefton, Kaya" in words(client.get("/triage?whose=nobody"))
    assert "Marsh, Ola" not in words(client.get("/triage?whose=nobody"))
    assert "Marsh, Ola" in words(client.get("/triage?whose=mine"))
    assert "Sefton, Kaya" not in words(client.get("/triage?whose=mine"))


def test_making_it_mine(sign_in, referral):
    client = sign_in(Role.COORDINATOR)
    client.submit(f"/triage/{referral}", button="Make it mine")
    assert fresh(referral).owner_id == client.actor.user_id


def test_the_referrer_reads_the_decision(sign_in, acting, known):
    from tests.factories.referrals import send_referral

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
