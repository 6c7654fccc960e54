"""Referring by a one-time link: the whole way, what ends it, and that nothing comes back to its sender."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from structlog.testing import capture_logs

from accounts.models import Agreement
from accounts.roles import Role
from audit.models import AuditEntry, Event
from audit.services import record
from core import context
from core.access import Door, requirement_of
from core.clock import now, today
from core.codes.invited import ArrivalStatus
from core.context import UndeclaredRead
from core.db import db
from core.keyring import keyring
from invited.models import Arrival, ReferralLink
from invited.services import accepting
from referrals.models import PossibleMatch, Referral
from tests.invited.conftest import (
    HERE,
    PARTS,
    SENDER,
    SURNAME,
    begin,
    code,
    confirm,
    entries,
    letters,
    receipt_of,
    send,
    write,
)
from tests.support.client import form_values, words


def test_a_worker_without_an_account_refers_and_a_coordinator_accepts(link, known, sign_in, another):
    for _ in range(3):
        assert "Send me a code" in link.visitor.get(link.path).text
    assert link.visitor.head(link.path).status_code == 200
    with capture_logs() as logs:
        page = send(link)
    assert "Your receipt number is" in words(page)
    for said in (*letters(link.post), *map(str, logs)):
        assert SURNAME not in said
        assert "Ottilie" not in said
        assert receipt_of(page) not in said
    row = db.session.scalars(select(Arrival)).one()
    arrival_id, link_id, key_id = row.id, row.link_id, row.data_key_id
    db.session.rollback()
    quarantined(link, arrival_id)
    strangers(link, arrival_id, sign_in)
    shown = link.coordinator.get(f"/triage/arrivals/{arrival_id}")
    assert SURNAME in shown.text
    assert "<script>alert" not in shown.text
    assert SENDER in words(shown)
    assert entries("read:arrival")[0].object_id == arrival_id
    accept(link, arrival_id)
    referral = db.session.get_one(Referral, arrival_id)
    assert (referral.agency_id, referral.sent_by_id) == (
        known.agencies["school@reading"],
        known.users["coordinator@reading"],
    )
    assert (referral.data_key_id, referral.source_type, referral.status) == (key_id, "professional", "new")
    assert db.session.scalars(select(Arrival)).all() == []
    told = [entry.actor_id for entry in entries("update:arrival_written")]
    assert set(told) == {f"link:{link_id}"}
    for event in ("update:referral_link_opened", "login:referral_link", "create:arrival"):
        assert entries(event)[0].actor_id == f"link:{link_id}"
    assert entries("update:arrival_accepted")[0].actor_id == known.users["coordinator@reading"]
    assert link.visitor.get(link.path).status_code == 410


def quarantined(link, arrival_id):
    """Not in the queue, its counts, the search or the matches; counted apart, without a name."""
    queue = words(link.coordinator.get("/triage"))
    assert SURNAME not in queue
    assert "No new referrals" in queue
    assert "1 referral to accept" in queue
    assert "No match in Reading" in words(link.coordinator.submit("/find", {"q": SURNAME}))
    assert link.coordinator.get(f"/triage/{arrival_id}").status_code == 404
    waiting = link.coordinator.get("/triage/arrivals")
    assert "1 to 1 of 1" in words(waiting)
    assert SURNAME not in waiting.text
    assert db.session.scalars(select(Referral)).all() + db.session.scalars(select(PossibleMatch)).all() == []
    assert "To accept 1" in words(link.coordinator.get("/"))
    assert "waits for you to accept" in words(link.coordinator.get("/account/notices"))


def strangers(link, arrival_id, sign_in):
    """Another area's coordinator, and whoever holds the link, learn nothing."""
    other = sign_in(Role.COORDINATOR, area="slough")
    assert other.get(f"/triage/arrivals/{arrival_id}").status_code == 404
    assert "Nothing waits" in words(other.get("/triage/arrivals"))
    assert sign_in(Role.REFERRER).get("/triage/arrivals").status_code == 403
    for page in ("tasks", "danger", "write/about", "sent", "confirm"):
        answer = link.visitor.get(f"/refer-by-link/{page}", follow_redirects=True)
        assert SURNAME not in answer.text
        assert "Ottilie" not in answer.text
        assert answer.headers["Cache-Control"] == "no-store"


def accept(link, arrival_id):
    page = link.coordinator.page(f"/triage/arrivals/{arrival_id}")
    values = form_values(page.form(f"/triage/arrivals/{arrival_id}/accept"))
    first = link.coordinator.post(f"/triage/arrivals/{arrival_id}/accept", data=values)
    again = link.coordinator.post(f"/triage/arrivals/{arrival_id}/accept", data=values)
    assert first.location == again.location == f"/triage/{arrival_id}"
    assert "receipt" in words(link.coordinator.get(first.location))
    assert link.coordinator.get(f"/triage/arrivals/{arrival_id}").location == first.location


def test_what_was_written_is_never_shown_and_a_page_written_twice_is_the_second(link):
    begin(link)
    link.visitor.submit("/refer-by-link/write/about", PARTS["about"])
    page = link.visitor.get("/refer-by-link/write/about")
    assert "You have filled in this page" in words(page)
    assert SURNAME not in page.text
    wrong = link.visitor.submit(
        "/refer-by-link/write/about", PARTS["about"] | {"person-forename": "", "contact-phone": "077"}
    )
    assert "Enter their first name" in words(wrong)
    assert 'value="077"' in wrong.text
    link.visitor.submit("/refer-by-link/write/about", PARTS["about"] | {"person-surname": "Sefton"})
    link.visitor.submit(write(link), {"declared": "y"}, button="Send referral")
    with context.acting_as(job="test"):
        answers = accepting.answers_of(db.session.scalars(select(Arrival)).one())
    assert answers["person"]["surname"] == SURNAME
    assert answers["you"]["email"] == SENDER
    assert answers["start"]["danger"] == "no"


@pytest.mark.only("sqlite")
def test_no_page_of_a_visitor_may_open_anything(app, link):
    """They are written blind: the context itself refuses, whatever a view or a template would ask of it."""
    ours = [rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("invited.")]
    public = [endpoint for endpoint in ours if requirement_of(app, endpoint).door is Door.PUBLIC]
    assert len(public) > 12
    assert [endpoint for endpoint in public if requirement_of(app, endpoint).reads] == []
    begin(link)
    link.visitor.submit("/refer-by-link/write/about", PARTS["about"])
    arrival = db.session.scalars(select(Arrival)).one()
    token = context.enter(context.AccessContext())
    try:
        with pytest.raises(UndeclaredRead):
            arrival.about  # noqa: B018 (reading is the act)
    finally:
        context.leave(token)


def test_sending_twice_is_sending_once(link, another):
    begin(link)
    where = write(link)
    values = form_values(link.visitor.page(where).form()) | {"declared": "y"}
    answers = [link.visitor.post(where, data=values) for _ in range(3)]
    assert {answer.location for answer in answers} == {"/refer-by-link/sent"}
    assert receipt_of(link.visitor.get("/refer-by-link/sent")) == receipt_of(link.visitor.get("/refer-by-link/sent"))
    assert len(entries("create:arrival")) == 1
    assert another().get("/refer-by-link/sent").status_code == 410


def test_a_link_ends_by_time_by_a_coordinator_or_with_the_agreement(link, known, sign_in, time_machine):
    time_machine.move_to(now(), tick=False)
    begin(link)
    made = db.session.scalars(select(ReferralLink)).one()
    link_id = made.id
    agreement = db.session.scalars(
        select(Agreement).where(Agreement.agency_id == made.agency_id, Agreement.area_id == made.area_id)
    ).one()
    until = agreement.valid_to
    valid_until(agreement, today() - timedelta(days=1))
    assert link.visitor.get("/refer-by-link/tasks").status_code == 410
    assert link.visitor.get(link.path).status_code == 410
    valid_until(agreement, until)
    assert link.visitor.get("/refer-by-link/tasks").status_code == 200
    time_machine.shift(72 * 3600)
    assert link.visitor.get(link.path).status_code == 410
    assert "Run out" in words(sign_in(Role.COORDINATOR).get("/triage/links"))
    time_machine.shift(-72 * 3600)
    other = sign_in(Role.COORDINATOR, area="slough")
    token = form_values(other.page("/triage/links/new").form())["csrf_token"]
    assert other.post(f"/triage/links/{link_id}/end", data={"csrf_token": token}).status_code == 404
    assert "Link ended" in words(link.coordinator.submit("/triage/links", button="End link"))
    assert link.visitor.get("/refer-by-link/tasks").status_code == 410
    assert link.visitor.get(link.path).status_code == 410
    assert entries("update:referral_link_ended")[0].object_id == link_id


def valid_until(agreement, day):
    agreement.valid_to = day
    record(Event.CONFIGURED, None, agreement)
    db.session.commit()


def test_letters_are_tried_again_and_what_they_carry_lies_nowhere(app, link, time_machine):
    """A mail server that is away holds a code up; the one that is sent then is the one that works."""
    everything = [link.path.rpartition("/")[2]]
    link.post.answers["RCPT"] = ["451 Later"]
    link.visitor.submit(link.path, button="Send me a code")
    assert "Your code" not in letters(link.post)[-1]
    time_machine.move_to(now() + timedelta(minutes=2))
    everything.append(code(link.post))
    rows = str([dict(row) for row in db.session.execute(text("select * from message")).mappings()])
    assert "referral_code" in rows
    assert not any(secret in rows for secret in everything)
    assert "Is anyone in danger" in words(
        link.visitor.submit("/refer-by-link/confirm", {"code": everything[-1]}, button="Continue")
    )


def test_codes_are_tried_five_times_and_sent_five_times_an_hour(link):
    link.visitor.submit(link.path, button="Send me a code")
    assert link.visitor.get("/refer-by-link/tasks").location == "/refer-by-link/confirm"
    right = code(link.post)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(5):
        assert "Check the code" in words(
            link.visitor.submit("/refer-by-link/confirm", {"code": wrong}, button="Continue")
        )
    assert "Check the code" in words(link.visitor.submit("/refer-by-link/confirm", {"code": right}, button="Continue"))
    assert "Enter the 6 figures" in words(
        link.visitor.submit("/refer-by-link/confirm", {"code": "12"}, button="Continue")
    )
    for _ in range(4):
        link.visitor.submit("/refer-by-link/confirm", button="Send a new code")
    assert "Is anyone in danger" in words(
        link.visitor.submit("/refer-by-link/confirm", {"code": code(link.post)}, button="Continue")
    )
    assert link.visitor.submit("/refer-by-link/confirm", button="Send a new code").status_code == 429
    assert right not in str([row.code_hash for row in db.session.scalars(select(ReferralLink))])


def test_a_code_works_for_a_quarter_of_an_hour_and_a_late_page_is_kept(link, time_machine):
    time_machine.move_to(now(), tick=False)
    link.visitor.submit(link.path, button="Send me a code")
    late = code(link.post)
    time_machine.shift(15 * 60 + 1)
    assert "Check the code" in words(link.visitor.submit("/refer-by-link/confirm", {"code": late}, button="Continue"))
    begin(link)
    page = form_values(link.visitor.page("/refer-by-link/write/about").form()) | PARTS["about"]
    time_machine.shift(31 * 60)
    assert link.visitor.get("/refer-by-link/tasks").location == "/refer-by-link/confirm"
    assert link.visitor.post("/refer-by-link/write/about", data=page).location == "/refer-by-link/confirm"
    assert link.visitor.get("/refer-by-link/tasks").location == "/refer-by-link/confirm"
    link.visitor.submit("/refer-by-link/confirm", button="Send a new code")
    tasks = link.visitor.submit("/refer-by-link/confirm", {"code": code(link.post)}, button="Continue")
    assert "About the young person Completed" in words(tasks)


def test_the_danger_stop_comes_first_and_the_wrong_place_keeps_nothing(link, known):
    assert "Is anyone in danger right now?" in words(confirm(link))
    assert link.visitor.get("/refer-by-link/write/about").location == "/refer-by-link/danger"
    stop = link.visitor.submit("/refer-by-link/danger", {"danger": "harm"})
    assert "0118 496 0100" in words(stop)
    link.visitor.submit("/refer-by-link/call-now", {"told": ["front_door"], "spoke_to": "Duty desk"})
    key_id = db.session.scalars(select(Arrival.data_key_id)).one()
    db.session.rollback()
    elsewhere = link.visitor.submit("/refer-by-link/eligible", HERE | {"here": "no"})
    assert "This panel is not the right place" in words(elsewhere)
    assert db.session.scalars(select(Arrival)).all() == []
    assert keyring().unwrap([key_id]) == {}
    begin(link, danger="harm")
    link.visitor.submit(write(link), {"declared": "y"}, button="Send referral")
    assert "Someone may be in danger" in words(link.coordinator.get("/triage/arrivals"))
    assert any(
        "Something needs you now" in line for line in words(link.coordinator.get("/account/notices")).split("  ")
    )


def test_what_is_turned_away_is_kept_sealed_and_then_deleted_with_its_key(link, time_machine):
    time_machine.move_to(now(), tick=False)
    send(link)
    row = db.session.scalars(select(Arrival)).one()
    arrival_id, key_id = row.id, row.data_key_id
    db.session.rollback()
    path = f"/triage/arrivals/{arrival_id}"
    assert "Select why" in words(link.coordinator.submit(f"{path}/turn-away", button="Turn it away"))
    turned = {"reason": "not_sent", "why": "Rang the school. Nobody there knows of it."}
    link.coordinator.submit(f"{path}/turn-away", turned, button="Turn it away")
    assert "says that they did not send it" in words(link.coordinator.get("/triage/arrivals?show=turned-away"))
    assert link.coordinator.get(f"{path}/turn-away").status_code == 409
    assert "Nobody there knows of it" in words(link.coordinator.get(path))
    link.coordinator.submit(path, button="Put it back to be accepted")
    link.coordinator.submit(f"{path}/turn-away", turned, button="Turn it away")
    assert [entry.object_id for entry in entries("update:arrival_turned_away")] == [arrival_id] * 3
    time_machine.shift(timedelta(days=29))
    assert accepting.sweep() == 1
    assert db.session.scalars(select(Arrival)).all() == []
    assert keyring().unwrap([key_id]) == {}
    assert entries("delete:arrival")[0].actor_id == "job:arrivals"


def test_what_was_begun_and_never_sent_is_deleted(link, time_machine):
    time_machine.move_to(now(), tick=False)
    begin(link)
    assert words(link.coordinator.get("/triage/arrivals")).count("Nothing waits") == 1
    arrival = db.session.scalars(select(Arrival)).one()
    assert arrival.status == ArrivalStatus.WRITING
    assert link.coordinator.get(f"/triage/arrivals/{arrival.id}").status_code == 404
    time_machine.shift(timedelta(days=5))
    assert accepting.sweep() == 1


@pytest.mark.only("sqlite")
def test_a_link_goes_only_to_an_agency_with_an_agreement_and_its_own_domain(link, known, app):
    agency = known.agencies["school@reading"]
    page = link.coordinator.page("/triage/links/new")
    offered = [option.get("value") for option in page.all("option")]
    assert agency in offered
    assert known.agencies["school@slough"] not in offered
    from accounts.models import Agency

    db.session.get_one(Agency, agency).email_domains = ["northbrook.example"]
    db.session.commit()
    wrong = link.coordinator.submit(
        "/triage/links/new", {"agency_id": agency, "email": SENDER, "email_again": "x@y.example"}
    )
    assert "ends in @northbrook.example" in words(wrong)
    assert "Type the same address twice" in words(wrong)
    right = {"agency_id": agency, "email": "a@northbrook.example", "email_again": "a@northbrook.example"}
    assert "Link sent" in words(link.coordinator.submit("/triage/links/new", right))
    tokens = [re.search(r"refer-by-link/(\S+)", letter).group(1) for letter in letters(link.post)]
    kept = str(db.session.scalars(select(ReferralLink.token_hash)).all())
    assert not [token for token in tokens if token in kept]
    bodies = b"".join(bytes(body) for body in db.session.scalars(select(AuditEntry.body)))
    assert SENDER.encode() not in bodies
