"""A form that is sent twice makes one record and gives one answer, one after the other and ten at once (R1).

And where its entry cannot be written it makes none (T2).
"""

import re
import shutil
from contextlib import contextmanager
from threading import Thread

import pytest
from sqlalchemy import create_engine
from sqlalchemy import text as sql
from werkzeug.serving import make_server

from core import context
from core.clock import today
from core.db import db
from core.working_days import add_working_days
from tests.conftest import acting_among, actor_for, fresh_app, signing_in
from tests.factories import cases, referrals, state, world
from tests.factories.forms import Place, day_parts
from tests.factories.making import MAKING, NOT_MAKING
from tests.journeys.conftest import serve
from tests.support.broken import broken_trail
from tests.support.client import Page, form_values, text
from tests.support.patience import be_patient
from tests.support.visitor import Visitor, at_once

# Its owner's draft: first opening and sending are recorded, the answers between are not (SETTLED 20).
UNRECORDED = {"referrals.entries"}


def test_every_form_of_the_product_is_in_one_of_the_lists(app):
    posted = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    new = posted - set(MAKING) - NOT_MAKING
    assert new == set(), "say in tests/factories/making.py whether these forms make something"


@pytest.fixture
def place(app, known, acting, sign_in):
    return Place(known, acting, sign_in, world.make(known))


@contextmanager
def another_place(database, request, folder):
    """A second installation like that of ``place``, and its application."""
    with fresh_app(database, request, folder) as app:
        known = app.extensions["known"]
        yield app, Place(known, acting_among(known), signing_in(app, known), world.make(known))


def open_form(place, making):
    """The client, the address, and what a browser would send."""
    client = place.sign_in(making.role)
    place.path = making.path(place, client)
    opened = making.opened_at(place, client) if making.opened_at else place.path
    answer = client.get(opened)
    assert answer.status_code == 200, f"{opened}: {answer.status_code}"
    form = Page(answer.text).form(button=making.button)
    values = form_values(form)
    place.asked = {one.get("name") for kind in ("input", "select", "textarea") for one in form.iter(kind)}
    for found in form.iter("button"):
        if making.button and making.button in text(found) and found.get("name"):
            values[found.get("name")] = found.get("value", "")
    return client, place.path, values | making.fields(place)


def send(client, path, values):
    """Files are opened anew for each sending, as a browser does."""
    given = {name: value() if callable(value) else value for name, value in values.items()}
    return client.post(path, data=given)


def made_since(before):
    return {name: count - before[name] for name, count in state.counts().items()}


@pytest.mark.catalogue("R1")
@pytest.mark.catalogue("T2", part="changes")
@pytest.mark.parametrize("endpoint", sorted(MAKING))
def test_a_form_sent_twice_or_ten_times_at_once_makes_one_record(database, request, tmp_path, place, endpoint):
    made, receipt = sent_twice(place, endpoint)
    db.session.remove()
    (tmp_path / "second").mkdir()
    with another_place(database, request, tmp_path / "second") as (app, second):
        sent_ten_times_at_once(app, second, endpoint, made, receipt)


def sent_twice(place, endpoint):
    """What the first sending made, table by table, and where it led; the second made nothing and led there too."""
    client, path, values = open_form(place, MAKING[endpoint])
    before = state.counts()
    sent_without_a_trail(endpoint, client, path, values)
    first = send(client, path, values)
    assert first.status_code in {302, 303}, Page(first.text).problems or errors(first)
    once, made = state.stored(), made_since(before)
    assert any(count > 0 for count in made.values()) or endpoint == "referrals.entries", made
    again = send(client, path, values)
    assert again.status_code in {302, 303}, again.status_code
    assert again.location == first.location
    assert state.differs(once, state.stored()) == []
    return made, first.location


def sent_without_a_trail(endpoint, client, path, values):
    """Nothing is changed, and the same form can be sent again."""
    if endpoint in UNRECORDED:
        return
    untouched = state.stored()
    with broken_trail():
        answer = send(client, path, values)
        assert answer.status_code == 503, answer.status_code
    assert state.differs(untouched, state.stored()) == []


def sent_ten_times_at_once(app, place, endpoint, made, receipt):
    """Ten threads at a served application: the rows of one sending, and one receipt for all."""
    client, path, values = open_form(place, MAKING[endpoint])
    before = state.counts()
    with served(app) as address:
        person = Visitor(address)
        person.cookies["__Host-session"] = client.get_cookie("__Host-session").value
        answers = at_once(10, lambda number: over_the_wire(person, path, values))
    assert {answer.status for answer in answers} <= {302, 303}, [answer.status for answer in answers]
    assert len({answer.location for answer in answers}) == 1, [answer.location for answer in answers]
    assert without_ids(answers[0].location) == without_ids(receipt)
    assert made_since(before) == made


def without_ids(location):
    """What stays the same from one installation to the next. Ids are 26 characters of base32."""
    return re.sub(r"[a-z2-7]{26}", "*", location)


def over_the_wire(person, path, values):
    given = {name: value() if callable(value) else value for name, value in values.items()}
    return (person.post_files if any(map(callable, values.values())) else person.post)(path, given)


@contextmanager
def served(app):
    """The application at a port, a thread for each request. Nobody waits in vain, however slow the machine is."""
    server = make_server("localhost", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            be_patient(patch)
            yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def errors(answer):
    return [
        text(e) for e in Page(answer.text).all("div") if "error-summary" in (e.get("class") or "")
    ] or answer.status_code


# --- ten at once, at the production server and its processes -----------------------------------------------------------


@pytest.fixture(scope="module")
def site(database, request, tmp_path_factory):
    """The server with a finished draft and a case in it, its people, and its database's address."""
    folder, environment, name, made = tmp_path_factory.mktemp("double"), {}, "", {}
    if database == "postgresql":
        name, environment["DATABASE_URL"] = request.getfixturevalue("postgres").fresh("template1")

    def fill(known):
        @contextmanager
        def acting(key):
            with context.acting_as(job="test", actor=actor_for(key, known)) as opened:
                yield opened.actor

        with acting("referrer@reading") as actor:
            made["draft"] = referrals.a_draft(actor).id
            db.session.commit()
        made["case"] = cases.open_case(acting, known)
        cases.agreed_plan(acting, known, made["case"])

    server, known = serve(folder, environment, fill)
    engine = create_engine(environment.get("DATABASE_URL") or f"sqlite:///{folder / 'data.sqlite3'}")
    yield server, known, made, engine
    server.stop()
    engine.dispose()
    if name:
        request.getfixturevalue("postgres").drop(name)
    shutil.rmtree(folder, ignore_errors=True)


def rows_of(engine, table):
    with engine.connect() as connection:
        return connection.execute(sql(f"select count(*) from {table}")).scalar()


@pytest.mark.catalogue("R1")
@pytest.mark.parametrize("what", ["referral", "case_note", "meeting", "plan"])
def test_ten_of_one_form_at_once_make_one_record(site, what):
    server, known, made, engine = site
    who = {
        "referral": "referrer",
        "case_note": "lead_practitioner",
        "meeting": "coordinator",
        "plan": "lead_practitioner",
    }[what]
    person = Visitor(server.address).sign_in(known.emails[f"{who}@reading"])
    path, values = {
        "referral": (f"/referrals/{made['draft']}/check", {"declared": "y"}),
        "case_note": (f"/cases/{made['case']}/notes/new", {"kind": "contact", "text": "Rang their aunt."}),
        "meeting": ("/meetings/new", {
            "at": "10am", "place": "Room 4", "chair": known.memberships["panel_chair@reading"], "weeks": "1",
            "asked": [known.memberships["panel_chair@reading"]], **day_parts("day", add_working_days(today(), 3)),
        }),
        # A form of one button: its one-time key is on the page all the same.
        "plan": (f"/cases/{made['case']}/plan/change", {}),
    }[what]  # fmt: skip
    opened, button = (path.removesuffix("/change"), "Change the plan") if what == "plan" else (path, None)
    sent, before = person.form(opened, button) | values, rows_of(engine, what)
    answers = at_once(10, lambda number: person.post(path, sent))
    assert [answer.status for answer in answers] == [302] * 10
    assert len({answer.location for answer in answers}) == 1
    assert answers[0].location != path
    assert rows_of(engine, what) == before + 1
    assert person.get(answers[0].location).status == 200
