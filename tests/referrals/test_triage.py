"""Triage in the browser: the queue, starting, making a record, and who may read."""

from datetime import date

import pytest
import time_machine
from sqlalchemy import event, func, select

from accounts.models import Area
from accounts.roles import Role
from audit.models import Event
from cohort.models import BlindIndex, YoungPerson
from core.db import db
from core.keyring import keyring
from referrals.models import PossibleMatch
from tests.factories.triage import make_referral
from tests.referrals.triaging import decide, entries, fresh, started, subjects_of
from tests.support.client import form_values, text, words


def test_the_thin_path_from_queue_to_panel(sign_in, referral):
    client = sign_in(Role.COORDINATOR)
    assert "Sefton, Kaya" in words(client.get("/triage"))
    assert "None found" not in words(client.get(f"/triage/{referral}"))
    assert "Triage started." in words(started(client, referral))
    assert "No possible matches found." in words(client.get(f"/triage/{referral}"))
    assert "New record made and linked." in words(client.submit(f"/triage/{referral}", button="Make a new record"))
    decided = words(decide(client, referral, "ready_for_panel"))
    assert "Decision saved." in decided
    assert "Next: a panel meeting decides" in decided
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
    for _ in range(2):
        client.post(form.get("action"), data=form_values(form))
    assert db.session.scalar(select(func.count()).select_from(PossibleMatch)) == 1


def test_the_checklist_says_what_needs_a_look(sign_in, acting, known):
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


def test_the_queue_needs_as_many_statements_for_one_as_for_many(sign_in, acting, known, referral):
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
