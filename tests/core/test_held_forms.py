"""Nothing typed is ever lost: a form sent after its session ended is held for an hour and shown again to its sender."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, func, select, update
from sqlalchemy import text as sql

from accounts.models import SignInSession
from accounts.roles import Role
from audit.models import AuditEntry
from core import held_forms
from core.access import Door, requirement_of
from core.clock import now
from core.db import db
from core.held_forms import HeldForm
from core.ids import new_id
from core.keyring import keyring
from tests.factories import state, world
from tests.factories.forms import Place
from tests.factories.making import MAKING
from tests.support.client import Page, form_values, words

TYPED = "Rang her aunt about the drama club"


@pytest.fixture
def place(app, known, acting, sign_in):
    return Place(known, acting, sign_in, world.make(known))


def note_of(place):
    return f"/cases/{place.ids['case_id']}/notes/new"


def filled_note(place, client):
    return form_values(client.page(note_of(place)).form()) | {"kind": "contact", "text": TYPED}


def sign_everyone_out():
    db.session.execute(delete(SignInSession))
    db.session.commit()


def held_at(answer):
    """The address that gives the form back, out of the one that asks to sign in."""
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in?next=/account/kept/"), answer.location
    return answer.location.removeprefix("/sign-in?next=")


def sent_too_late(place):
    client = place.sign_in(Role.LEAD)
    typed = filled_note(place, client)
    sign_everyone_out()
    return held_at(client.post(note_of(place), data=typed))


def test_a_form_of_a_page_that_its_sender_may_no_longer_open_shows_what_they_wrote(place):
    client = place.sign_in(Role.LEAD)
    answer = client.post(f"/cases/{new_id()}/notes/new", data=filled_note(place, client))
    assert answer.status_code == 404
    assert TYPED in words(answer)


def given_back(client, address):
    """The page as it was filled in, after the one press that opens it."""
    return client.submit(address, button="Open the page with what I typed", follow=False)


def count(model):
    found = db.session.scalar(select(func.count()).select_from(model))
    db.session.rollback()
    return found


def test_a_note_sent_after_half_an_hour_comes_back_and_is_saved_once(place):
    client = place.sign_in(Role.LEAD)
    typed = filled_note(place, client)
    with time_machine.travel(now() + timedelta(minutes=31), tick=False):
        asked_in = client.post(note_of(place), data=typed)
        assert "We kept what you typed." in words(client.get(asked_in.location))
        address, again = held_at(asked_in), place.sign_in(Role.LEAD)
        assert "We kept what you typed" in words(again.get(address))
        page = given_back(again, address)
        assert page.status_code == 200
        values = form_values(Page(page.text).form(button="Save note"))
        assert (values["text"], values["kind"], values["once"]) == (TYPED, "contact", typed["once"])
        assert TYPED not in words(again.get(f"/cases/{place.ids['case_id']}/timeline"))
        saved = again.post(note_of(place), data=values)
        assert saved.status_code == 302
        assert words(again.get(f"/cases/{place.ids['case_id']}/timeline")).count(TYPED) == 1


def test_it_is_sealed_and_in_no_address_or_entry(place):
    address = sent_too_late(place)
    assert TYPED not in address
    row = db.session.execute(sql("select * from held_form")).one()
    assert all(TYPED.encode() not in bytes(str(value), "utf-8") for value in row)
    assert all(TYPED.encode() not in bytes(body) for body in db.session.scalars(select(AuditEntry.body)))
    db.session.rollback()


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.PROVIDER])
def test_another_person_never_sees_it_and_it_is_destroyed(place, role):
    address = sent_too_late(place)
    key = db.session.scalars(select(HeldForm.data_key_id)).one()
    db.session.rollback()
    assert place.sign_in(role).get(address).status_code == 404
    assert count(HeldForm) == 0
    assert key not in keyring().store.standing_before(now() + timedelta(days=1))
    assert place.sign_in(Role.LEAD).get(address).status_code == 410


def test_a_visitor_is_asked_to_sign_in(place, visitor):
    address = sent_too_late(place)
    assert visitor.get(address).location == f"/sign-in?next={address}"


def test_a_form_that_does_not_say_whose_it_is_is_not_held(place, app):
    client = place.sign_in(Role.LEAD)
    typed, other = filled_note(place, client), filled_note(place, place.sign_in(Role.COORDINATOR))
    sign_everyone_out()
    for holder in ("", "made up", typed["holder"][:-2], other["csrf_token"]):
        assert client.post(note_of(place), data=typed | {"holder": holder}).location == "/sign-in"
    assert client.post(note_of(place), data=typed, headers={"X-Requested-With": "autosave"}).location == "/sign-in"
    assert client.post(note_of(place), data=typed | {"text": "x" * held_forms.MOST_BYTES}).location == "/sign-in"
    assert count(HeldForm) == 0


def test_after_an_hour_it_is_gone_and_its_key_too(place):
    address = sent_too_late(place)
    with time_machine.travel(now() + timedelta(minutes=61), tick=False):
        assert place.sign_in(Role.LEAD).get(address).status_code == 410
        key = db.session.scalars(select(HeldForm.data_key_id)).one()
        db.session.rollback()
        assert held_forms.sweep() == 1
        assert key not in keyring().store.standing_before(now() + timedelta(days=1))
    assert count(HeldForm) == 0


def test_its_sender_can_delete_it(place):
    address = sent_too_late(place)
    client = place.sign_in(Role.LEAD)
    assert "What you typed was deleted." in words(client.submit(address, button="Delete it"))
    assert count(HeldForm) == 0


def test_an_old_page_is_not_sent_for_ever(place):
    client = place.sign_in(Role.LEAD)
    typed = filled_note(place, client)
    sign_everyone_out()
    for _ in range(held_forms.MOST_EACH + 3):
        held_at(client.post(note_of(place), data=typed))
    assert count(HeldForm) <= held_forms.MOST_EACH + 1


def test_a_page_from_before_signing_in_again_is_given_back_too(place):
    """Two tabs: signed in again in one, then the old form of the other is sent."""
    old = place.sign_in(Role.LEAD)
    typed = filled_note(place, old)
    answer = place.sign_in(Role.LEAD).post(note_of(place), data=typed)
    assert answer.status_code == 302
    page = given_back(place.sign_in(Role.LEAD), answer.location)
    assert form_values(Page(page.text).form(button="Save note"))["text"] == TYPED
    assert place.sign_in(Role.LEAD).get(answer.location).status_code == 200
    stranger = place.sign_in(Role.COORDINATOR).post(note_of(place), data=typed)
    assert stranger.status_code == 400
    assert count(HeldForm) == 1


def test_an_act_that_asks_for_the_password_again_keeps_the_form(place):
    """A risky act, typed slowly: the way to the second proof leads back to what was typed (PAGES 3.1)."""
    client = place.sign_in(Role.ADMINISTRATOR)
    typed = form_values(client.page("/admin/users/invite").form()) | {
        "name": "Robin Lowe",
        "email": "robin@school.example",
    }
    db.session.execute(update(SignInSession).values(stepped_up_at=now() - timedelta(hours=1)))
    db.session.commit()
    answer = client.post("/admin/users/invite", data=typed)
    assert "next=/account/kept/" in answer.location
    db.session.execute(update(SignInSession).values(stepped_up_at=now()))
    db.session.commit()
    page = given_back(client, answer.location.partition("next=")[2])
    assert form_values(Page(page.text).form())["email"] == "robin@school.example"


def one(value):
    """A list of one is sent as the one."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


@pytest.mark.parametrize("endpoint", sorted(MAKING))
def test_every_form_comes_back_as_it_was_filled_in(app, place, endpoint):
    """Each form of the product that makes something, sent after its session ended: nothing happens, nothing is lost."""
    making = MAKING[endpoint]
    if requirement_of(app, endpoint).door is Door.PUBLIC:
        pytest.skip("visitors' forms are not held")
    client = place.sign_in(making.role)
    path = place.path = making.path(place, client)
    opened = making.opened_at(place, client) if making.opened_at else path
    form = client.page(opened).form(button=making.button)
    asked = {item.get("name") for item in form.iter() if isinstance(item.tag, str)}
    fields = {name: one(value) for name, value in making.fields(place).items() if name in asked and not callable(value)}
    values = form_values(form) | fields
    sign_everyone_out()
    before = state.counts()
    answer = client.post(path, data=values)
    if answer.location == "/sign-in":
        assert not any(isinstance(value, str) and value for value in fields.values())
        return
    address = held_at(answer)
    again = place.sign_in(making.role)
    if "Open the page with what I typed" in words(again.get(address)):
        page = given_back(again, address)
        assert page.status_code == 200, page.location
        back = form_values(Page(page.text).form(button=making.button))
        wanted = {name: value for name, value in fields.items() if "password" not in name and value}
        assert {name: back.get(name) for name in wanted} == wanted
    else:
        shown = words(again.get(address))
        assert all(value in shown for value in fields.values() if isinstance(value, str))
    made = {name for name, number in state.counts().items() if number > before[name]}
    assert made <= {"held_form", "sign_in_session"}
