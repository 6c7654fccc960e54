"""Searching by name, date of birth and reference, within what one may see, and what the trail says of it."""

from datetime import date, timedelta
from threading import Thread

import pytest
import time_machine
from sqlalchemy import event as sql_event
from sqlalchemy import select, update

from accounts.roles import Role
from audit.models import AuditEntry, AuditSubject, Event
from audit.services import record
from cohort.services import people
from cohort.services.searching import understand
from core import context
from core.clock import now
from core.db import db
from core.ids import new_id
from desk.models import StoredSearch
from referrals.services.references import check_letter
from tests.factories.triage import make_referral
from tests.support.client import text, words

PEOPLE = (
    {"forename": "Kaya", "surname": "Sefton", "date_of_birth": date(2011, 5, 4), "aliases": ["Bird", "KK"]},
    {"forename": "José", "surname": "Smith-Okoro", "date_of_birth": date(2012, 9, 30), "preferred_name": "Joe"},
    {"forename": "Aoife", "surname": "O'Neill", "date_of_birth": date(2010, 1, 12)},
)


@pytest.fixture
def known_people(acting, known):
    """Three in Reading and one in Slough."""
    with acting("coordinator@reading") as actor:
        made = [
            people.create_person(actor, area_id=known.areas["reading"], data=data, created_from="test").id
            for data in PEOPLE
        ]
        made.append(people.create_person(actor, area_id=known.areas["slough"], data=PEOPLE[0], created_from="test").id)
        db.session.commit()
    return made


def look_for(client, typed: str):
    return client.post("/find", data={"q": typed, "csrf_token": csrf(client)}, follow_redirects=True)


def csrf(client) -> str:
    return next(i.get("value") for i in client.page("/find").all("input") if i.get("name") == "csrf_token")


def names(response) -> list[str]:
    from tests.support.client import Page

    rows = [row for row in Page(response.text).all("tr") if row.find("th") is not None and row.find("td") is not None]
    return [text(row.find("th")) for row in rows]


def entries(event: Event) -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.event == event.value).order_by(AuditEntry.seq)))


def subjects_of(entry: AuditEntry) -> set[str]:
    found = select(AuditSubject.subject_id).where(AuditSubject.chain == entry.chain, AuditSubject.seq == entry.seq)
    return set(db.session.scalars(found))


KAYA, JOSE, AOIFE = "Sefton, Kaya", "Smith-Okoro, José", "O'Neill, Aoife"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Sefton", [KAYA]), ("sefton, kaya", [KAYA]), ("Kaya Sefton", [KAYA]), ("Seften", [KAYA]), ("Sef", [KAYA]),
        ("Kaia", [KAYA]), ("bird", [KAYA]), ("okoro", [JOSE]), ("smith okoro", [JOSE]), ("Smith-Okoro", [JOSE]),
        ("Jose", [JOSE]), ("joe", [JOSE]), ("oneill", [AOIFE]), ("O’Neill", [AOIFE]), ("Aoife ONeil", [AOIFE]),
        ("Marsh", []), ("Kaya Okoro", []),
        ("4/5/2011", [KAYA]), ("04 05 2011", [KAYA]), ("2011-05-04", [KAYA]), ("4 May 2011", [KAYA]),
        ("4th may 2011", [KAYA]), ("5/4/2011", [KAYA]), ("4.5.11", [KAYA]), ("Sefton 4/5/2011", [KAYA]),
        ("Sefton 4/5/2012", []),
    ],
)  # fmt: skip
def test_what_is_found(sign_in, known_people, typed, expected):
    assert names(look_for(sign_in(Role.COORDINATOR), typed)) == expected


@pytest.mark.parametrize("typed", ["", "k", "-", "  ' "])
def test_too_little_to_search_for(sign_in, known_people, typed):
    client = sign_in(Role.COORDINATOR)
    assert "Enter at least 2 letters or a reference" in words(look_for(client, typed))
    assert entries(Event.PERSON_SEARCHED) == []


def test_no_match_says_where_we_looked(sign_in, known_people):
    said = words(look_for(sign_in(Role.COORDINATOR), "Nobody"))
    assert "No match in Reading. Check the spelling, or try date of birth" in said


@pytest.mark.catalogue("S1", part="found")
def test_the_closest_come_first(sign_in, acting, known):
    with acting("coordinator@reading") as actor:
        for forename in ("Sean", "Seana", "Shaun"):
            data = {"forename": forename, "surname": "Marsh", "date_of_birth": date(2011, 1, 1)}
            people.create_person(actor, area_id=known.areas["reading"], data=data, created_from="test")
        db.session.commit()
    assert names(look_for(sign_in(Role.COORDINATOR), "Sean"))[:2] == ["Marsh, Sean", "Marsh, Seana"]


def test_the_address_and_the_title_say_nothing(sign_in, known_people):
    client = sign_in(Role.COORDINATOR)
    answer = client.post("/find", data={"q": "Sefton", "csrf_token": csrf(client)})
    assert answer.status_code == 303
    assert "sefton" not in answer.location.lower()
    page = client.page(answer.location)
    assert text(page.all("title")[0]).startswith("Search results")


def test_one_entry_a_search_and_only_the_shown_are_subjects(sign_in, known_people):
    look_for(sign_in(Role.COORDINATOR), "Sefton")
    [entry] = entries(Event.PERSON_SEARCHED)
    assert subjects_of(entry) == {known_people[0]}
    assert b'"examined":3' in entry.body.replace(b" ", b"")
    assert b"efton" not in entry.body
    [read] = entries(Event.SEARCH_READ)
    assert subjects_of(read) == {known_people[0]}


def test_another_area_is_not_searched(sign_in, known_people):
    client = sign_in(Role.COORDINATOR, area="slough")
    assert names(look_for(client, "Sefton")) == [KAYA]
    assert subjects_of(entries(Event.PERSON_SEARCHED)[-1]) == {known_people[3]}
    assert names(look_for(client, "Okoro")) == []


def test_a_referral_that_is_not_linked_is_found_too(sign_in, acting, known):
    reference = f"RDG-26-0417{check_letter('RDG-26-0417')}"
    referral = make_referral(acting, known, reference=reference)
    client = sign_in(Role.COORDINATOR)
    for typed in ("Sefton", reference, reference.lower().replace("-", " ")):
        answer = look_for(client, typed)
        assert names(answer) == [KAYA]
        assert f"/triage/{referral}" in answer.text
    wrong = "A" if reference[-1] != "A" else "B"
    assert "That reference is not valid. Check the last letter" in words(look_for(client, reference[:-1] + wrong))
    assert names(look_for(sign_in(Role.COORDINATOR, area="slough"), reference)) == []


def test_a_lead_finds_only_whose_cases_they_may_open(sign_in, known_people):
    client = sign_in(Role.LEAD)
    assert names(look_for(client, "Sefton")) == []
    assert b'"examined":0' in entries(Event.PERSON_SEARCHED)[-1].body.replace(b" ", b"")


@pytest.mark.catalogue("C8", part="partly")
def test_others_write_while_a_search_looks(app, sign_in, known, known_people):
    """From inside the search, as its names are fetched, another connection writes and commits."""
    client, written = sign_in(Role.COORDINATOR), []
    token = csrf(client)

    def write() -> None:
        with app.app_context(), context.acting_as(job="test"):
            record(Event.CASE_READ, None, area_id=known.areas["reading"])
            db.session.commit()
            written.append(True)
            db.session.remove()

    def meanwhile(conn, cursor, statement, *rest):
        if "FROM young_person" in statement and not written:
            other = Thread(target=write)
            other.start()
            other.join()

    sql_event.listen(db.engine, "after_cursor_execute", meanwhile)
    try:
        answer = client.post("/find", data={"q": "Sefton", "csrf_token": token}, follow_redirects=True)
    finally:
        sql_event.remove(db.engine, "after_cursor_execute", meanwhile)
    assert written
    assert names(answer) == [KAYA]
    in_order = select(AuditEntry.event).where(AuditEntry.chain == known.areas["reading"]).order_by(AuditEntry.seq)
    ours = {Event.CASE_READ.value, Event.PERSON_SEARCHED.value, Event.SEARCH_READ.value}
    assert [event for event in db.session.scalars(in_order) if event in ours] == [
        Event.CASE_READ.value, Event.PERSON_SEARCHED.value, Event.SEARCH_READ.value,
    ]  # fmt: skip


def test_a_search_sent_twice_is_one(sign_in, known_people):
    client = sign_in(Role.COORDINATOR)
    typed = {"q": "Sefton", "csrf_token": csrf(client), "once": new_id()}
    assert client.post("/find", data=typed).location == client.post("/find", data=typed).location
    assert len(entries(Event.PERSON_SEARCHED)) == 1


def test_a_search_is_its_owners_and_kept_half_an_hour(sign_in, known_people):
    client = sign_in(Role.COORDINATOR)
    address = look_for(client, "Sefton").request.path
    assert sign_in(Role.SAFEGUARDING_LEAD).get(address).status_code == 404
    assert client.get(address).status_code == 200
    db.session.scalars(select(StoredSearch)).one().kept_until = now() - timedelta(minutes=1)
    db.session.commit()
    assert client.get(address).status_code == 410


def test_a_new_search_forgets_what_has_run_out_and_leaves_another_tab_alone(sign_in, known_people):
    client = sign_in(Role.COORDINATOR)
    first, second = look_for(client, "Sefton"), look_for(client, "Okoro")
    assert first.request.path != second.request.path
    assert client.get(first.request.path).status_code == 200
    db.session.execute(update(StoredSearch).values(kept_until=now()))
    db.session.commit()
    look_for(client, "Osei")
    assert len(list(db.session.scalars(select(StoredSearch)))) == 1


@pytest.mark.parametrize("role", [Role.REFERRER, Role.PANEL_MEMBER, Role.ANALYST, Role.ADMINISTRATOR, Role.PROVIDER])
def test_who_may_not_search(sign_in, role):
    client = sign_in(role)
    assert client.get("/find").status_code == 403


def test_too_many_records_ask_for_more(sign_in, known_people, monkeypatch):
    monkeypatch.setattr("desk.searching.MOST_SCANNED", 2)
    client = sign_in(Role.COORDINATOR)
    assert "Enter a name and a date of birth" in words(look_for(client, "Sefton"))
    assert names(look_for(client, "Sefton 4/5/2011")) == [KAYA]


def test_the_number_of_statements_does_not_grow(sign_in, acting, known, known_people):
    client = sign_in(Role.COORDINATOR)
    look_for(client, "Sefton")
    few = count_statements(lambda: client.get(look_for(client, "Sefton").request.path))
    with acting("coordinator@reading") as actor:
        for _ in range(12):
            people.create_person(actor, area_id=known.areas["reading"], data=PEOPLE[0], created_from="test")
        db.session.commit()
    many = count_statements(lambda: client.get(look_for(client, "Sefton").request.path))
    assert len(names(look_for(client, "Sefton"))) == 13
    assert many == few


def count_statements(act) -> int:
    from sqlalchemy import event

    seen: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    act()
    return len(seen)


@pytest.mark.parametrize(
    ("typed", "born"),
    [
        ("31/2/2011", None), ("4 5 2011", date(2011, 5, 4)), ("2011/5/4", date(2011, 5, 4)),
        ("4 sept 11", date(2011, 9, 4)), ("1/1/0000", None), ("no date", None),
    ],
)  # fmt: skip
def test_dates_as_people_type_them(typed, born):
    with time_machine.travel("2026-11-22"):
        assert understand(typed).born == born
