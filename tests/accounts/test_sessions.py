"""The life of a session: new ids, idle and absolute limits, three at once, ending them, changing role."""

import json
from datetime import date

import pytest
from sqlalchemy import select

from accounts.models import Membership, SignInSession, User
from accounts.services import own_account
from audit.models import Event
from audit.services import record
from core.db import db
from tests.accounts.conftest import EMAIL, NEW, enter, events, session_cookie
from tests.factories import world
from tests.support.client import form_values, words
from tests.support.installation import PASSWORD

START = "2026-11-23 09:00:00Z"
OFFICER = "data.protection.officer@reading.example"


def replay(another, cookie):
    """What somebody who kept an old cookie gets."""
    client = another()
    client.set_cookie("__Host-session", cookie, domain="localhost", secure=True)
    return client.get("/account").status_code


def second_membership(known, **more):
    member = Membership(
        user_id=known.users["coordinator@reading"], role="panel_chair", agency_id=known.agencies["police@slough"],
        area_id=known.areas["slough"], valid_from=date(2020, 1, 1), is_active=True, **more,
    )  # fmt: skip
    db.session.add(member)
    record(Event.GRANT_APPROVED, None, member)
    db.session.commit()
    return member.id


@pytest.mark.catalogue("N4", part="ids")
def test_the_id_is_new_after_sign_in_step_up_and_password_and_dead_after_sign_out(visitor, another):
    visitor.get("/sign-in")
    assert session_cookie(visitor) is None
    enter(visitor)
    first = session_cookie(visitor)
    visitor.submit("/sign-in/again?next=/account", {"password": PASSWORD}, follow=False)
    second = session_cookie(visitor)
    visitor.submit("/account/password", {"old_password": PASSWORD, "new_password": NEW}, follow=False)
    third = session_cookie(visitor)
    assert len({first, second, third}) == 3
    assert [replay(another, old) for old in (first, second, third)] == [302, 302, 200]
    answer = visitor.submit("/account", button="Sign out", follow=False)
    assert answer.location == "/signed-out"
    assert "storage" in answer.headers["Clear-Site-Data"]
    assert session_cookie(visitor) is None
    assert replay(another, third) == 302
    assert {"login:stepped_up", "config:password_changed", "logout:signed_out"} <= set(events())


def test_a_session_offered_by_an_attacker_is_not_taken_over(visitor, another):
    visitor.set_cookie("__Host-session", "chosen-by-somebody-else", domain="localhost", secure=True)
    enter(visitor)
    assert session_cookie(visitor) != "chosen-by-somebody-else"
    assert replay(another, "chosen-by-somebody-else") == 302


def test_signing_in_over_an_ended_session_begins_a_new_one(visitor, another, time_machine):
    time_machine.move_to(START, tick=False)
    enter(visitor)
    old = session_cookie(visitor)
    time_machine.shift(31 * 60)
    page = visitor.get("/sign-in")
    assert "You were signed out because" in page.text
    assert enter(visitor).status_code == 302
    assert session_cookie(visitor) != old
    assert replay(another, old) == 302
    started = db.session.scalars(select(SignInSession.started_at)).all()
    assert len(started) == 1


def test_sign_out_takes_a_form(visitor):
    enter(visitor)
    assert visitor.get("/sign-out").status_code == 404 or visitor.get("/sign-out").status_code == 405
    assert visitor.post("/sign-out").status_code == 400
    assert visitor.get("/account").status_code == 200


@pytest.mark.catalogue("N5", part="idle")
@pytest.mark.parametrize(("email", "minutes"), [(EMAIL, 30), (OFFICER, 15)])
def test_an_unused_session_ends(visitor, time_machine, email, minutes):
    time_machine.move_to(START, tick=False)
    enter(visitor, email=email)
    time_machine.shift(minutes * 60 - 1)
    assert visitor.get("/account").status_code == 200
    time_machine.shift(minutes * 60 + 60)
    assert "/sign-in" in visitor.get("/account").location
    assert db.session.scalars(select(SignInSession.id_hash)).all() == []


@pytest.mark.catalogue("N5", part="draft")
@pytest.mark.parametrize("busy", [False, True])
def test_what_was_typed_is_there_after_the_session_ended(known, visitor, another, time_machine, busy):
    """Idle 31 minutes, and ten hours of work with a minute more: the draft is its owner's when they are back."""
    case = world.make(known)["case_id"]
    time_machine.move_to(START, tick=False)
    form, lead = f"/cases/{case}/notes/new", "lead.practitioner@reading.example"
    enter(visitor, email=lead)
    for _ in range(30 if busy else 0):
        time_machine.shift(20 * 60)
        assert visitor.get("/account").status_code == 200
    token = form_values(visitor.page(form).form())["csrf_token"] if not busy else None
    token = token or form_values(visitor.page("/account").form())["csrf_token"]
    kept = visitor.post(f"/drafts/note-{case}", data={"csrf_token": token, "text": "Typed, not sent"})
    assert kept.status_code in {204, 302}
    time_machine.shift(61 if busy else 31 * 60)
    assert "/sign-in" in visitor.get(form).location
    again = another()
    enter(again, email=lead)
    assert form_values(again.page(form).form(button="Save note"))["text"] == "Typed, not sent"


@pytest.mark.catalogue("N5", part="absolute")
def test_a_session_ends_after_ten_hours_however_busy(visitor, time_machine):
    time_machine.move_to(START, tick=False)
    enter(visitor)
    for _ in range(30):
        time_machine.shift(20 * 60)
        assert visitor.get("/account").status_code == 200
    time_machine.shift(61)
    assert "/sign-in" in visitor.get("/account").location


@pytest.mark.catalogue("N5", part="fourth")
def test_a_fourth_device_ends_the_first(another, time_machine):
    time_machine.move_to(START, tick=False)
    clients = [another() for _ in range(4)]
    for client in clients:
        enter(client)
        time_machine.shift(1)
    assert [client.get("/account").status_code for client in clients] == [302, 200, 200, 200]


def test_staying_signed_in_takes_one_request(visitor, time_machine):
    time_machine.move_to(START, tick=False)
    enter(visitor)
    for _ in range(3):
        time_machine.shift(29 * 60)
        assert visitor.get("/account/stay").status_code == 204
    assert visitor.get("/account").status_code == 200


def test_last_seen_is_written_at_most_once_a_minute(visitor, time_machine):
    time_machine.move_to(START, tick=False)
    enter(visitor)

    def seen():
        value = db.session.scalars(select(SignInSession.last_seen_at)).one()
        db.session.rollback()
        return value

    visitor.get("/account")
    first = seen()
    time_machine.shift(30)
    visitor.get("/account")
    assert seen() == first
    time_machine.shift(40)
    visitor.get("/account")
    assert seen() > first


def test_with_two_roles_one_is_chosen_and_can_be_changed(visitor, known):
    other = second_membership(known)
    answer = enter(visitor)
    assert visitor.get(answer.location).location == "/account/choose-role"
    before = session_cookie(visitor)
    page = visitor.submit("/account/choose-role?next=/account", {"way": known.memberships["coordinator@reading"]})
    assert "Panel coordinator" in words(page)
    assert "OFFICIAL-SENSITIVE · Panel coordinator · Reading" in words(page)
    assert session_cookie(visitor) != before
    assert "You used this last" in visitor.get("/account/role").text
    visitor.submit("/account/role", {"way": other}, follow=False)
    assert "Panel chair · Slough" in words(visitor.get("/account"))
    assert events().count("login:role_chosen") == 2


def test_nobody_chooses_a_role_of_someone_else(visitor, known):
    second_membership(known)
    enter(visitor)
    answer = visitor.submit("/account/choose-role", {"way": known.memberships["administrator@reading"]}, follow=False)
    assert answer.status_code == 200
    assert "login:role_chosen" not in events()


def test_a_role_that_ends_is_gone_at_the_next_click(visitor, known):
    enter(visitor)
    member = db.session.get_one(Membership, known.memberships["coordinator@reading"])
    member.is_active = False
    record(Event.GRANT_ENDED, None, member)
    db.session.commit()
    assert visitor.get("/account").location.startswith("/account/choose-role")


def test_devices_are_listed_and_ended_one_by_one_or_all(visitor, another, time_machine):
    time_machine.move_to(START, tick=False)
    enter(visitor)
    second, third = another(), another()
    for client in (second, third):
        time_machine.shift(1)
        enter(client)
    assert words(visitor.get("/account")).count("Sign out A browser, last used") == 2
    visitor.submit("/account", button="Sign out A browser, last used")
    assert sorted(client.get("/account").status_code for client in (second, third)) == [200, 302]
    answer = visitor.submit("/account", button="Sign out everywhere", follow=False)
    assert answer.location == "/signed-out"
    assert "Clear-Site-Data" in answer.headers
    assert [client.get("/account").status_code for client in (visitor, second, third)] == [302, 302, 302]
    assert events().count("logout:sessions_ended") == 2


def test_nobody_ends_a_device_of_someone_else(visitor, sign_in, known):
    enter(visitor)
    ref = db.session.scalars(select(SignInSession.id_hash)).one()[:16]
    other = sign_in("administrator")
    form = other.page("/account").form(button="Sign out everywhere")
    token = next(item.get("value") for item in form.iter("input") if item.get("name") == "csrf_token")
    assert other.post(f"/account/devices/{ref}/end", data={"csrf_token": token}).status_code == 302
    assert visitor.get("/account").status_code == 200
    assert "logout:sessions_ended" not in events()


def test_a_changed_password_ends_other_devices_and_keeps_this_one(visitor, another, letters):
    enter(visitor)
    other = another()
    enter(other)
    answer = visitor.submit("/account/password", {"old_password": PASSWORD, "new_password": NEW})
    assert "Your password is changed" in words(answer)
    assert other.get("/account").status_code == 302
    assert enter(another(), password=NEW).status_code == 302
    assert [letter.subject for letter in letters] == ["Your password was changed"]


def test_the_old_password_is_asked_for_and_counted(visitor):
    enter(visitor)
    answer = visitor.submit("/account/password", {"old_password": "wrong wrong wrong", "new_password": NEW})
    assert "Check your current password" in answer.text
    for _ in range(9):
        visitor.submit("/account/password", {"old_password": "wrong wrong wrong", "new_password": NEW})
    assert visitor.submit("/account/password", {"old_password": PASSWORD, "new_password": NEW}).status_code == 429


def test_a_wrong_password_is_no_step_up(visitor):
    enter(visitor)
    before = session_cookie(visitor)
    answer = visitor.submit("/sign-in/again", {"password": "wrong wrong wrong"})
    assert "Check your password" in answer.text
    assert session_cookie(visitor) == before
    assert "login:stepped_up" not in events()


def test_a_visitor_cannot_step_up(visitor):
    assert visitor.get("/sign-in/again").location.startswith("/sign-in?")


def test_the_stored_session_holds_nothing_about_the_person(visitor):
    enter(visitor)
    visitor.get("/account")
    data = json.loads(db.session.scalars(select(SignInSession.data)).one())
    assert set(data) <= {"_user_id", "_fresh", "csrf_token"}
    user = db.session.scalars(select(User).where(User.email == EMAIL)).one()
    assert user.name not in str(data)
    assert EMAIL not in str(data)


@pytest.mark.parametrize(("agent", "words"), [
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0 Safari/537.36 Edg/120.0", "Edge on Windows"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1", "Safari on iPhone"),
    ("", "A browser"),
])  # fmt: skip
def test_a_device_is_named_by_its_browser(agent, words):
    assert own_account.browser_of(agent) == words
