"""Roles that ask for a passkey: a code lets nobody into them, nor to a passkey of their own."""

import pytest

from accounts.models import Membership
from accounts.roles import ROLES, Role
from audit.models import Event
from audit.services import record
from core.db import db
from tests.accounts.conftest import START, add_app, add_passkey, enter, made_codes, show_passkey
from tests.support.authenticator import Authenticator
from tests.support.client import words

OFFICER = "data.protection.officer@reading.example"


@pytest.fixture
def environment():
    """A real installation."""
    return {}


def test_the_roles_that_need_a_passkey():
    assert {role for role, rules in ROLES.items() if rules.needs_passkey} == {
        Role.ADMINISTRATOR, Role.DATA_PROTECTION_OFFICER, Role.SAFEGUARDING_LEAD,
    }  # fmt: skip


def test_a_code_is_not_enough_for_them_and_the_page_says_why(visitor):
    enter(visitor, email=OFFICER)
    assert "which your role needs" in words(visitor.get("/sign-in/set-up"))
    assert "runs JavaScript" in words(visitor.get("/sign-in/set-up"))
    add_app(visitor)
    assert visitor.get("/audit", follow_redirects=True).request.path == "/sign-in/set-up"
    keys = Authenticator()
    assert add_passkey(visitor, keys).status_code == 302
    assert visitor.get("/audit").status_code == 200


def came_by_a_code(visitor, another, time_machine):
    """Somebody who has a passkey and an app, and whoever came by the app's code; returns the passkey too."""
    time_machine.move_to(START, tick=False)
    enter(visitor, email=OFFICER)
    keys = Authenticator()
    add_passkey(visitor, keys)
    app = add_app(visitor)
    time_machine.shift(60)
    client = another()
    enter(client, email=OFFICER)
    client.submit("/sign-in/code", {"code": app.now()})
    return keys, client


def test_with_both_they_are_asked_for_the_passkey_of_their_role(visitor, another, time_machine):
    keys, client = came_by_a_code(visitor, another, time_machine)
    assert "This role needs a passkey" in words(client.get("/sign-in/code"))
    assert client.get("/audit").status_code == 302
    show_passkey(client, "/sign-in/code", keys)
    assert client.get("/audit").status_code == 200


def test_a_code_leads_to_no_new_passkey_where_the_role_needs_one(visitor, another, time_machine):
    """Else who is given a code by a false page would add a passkey of their own, and be in the role."""
    keys, client = came_by_a_code(visitor, another, time_machine)
    for path in ("/account/passkeys/add", "/account/authenticator/add"):
        assert client.get(path).location == "/sign-in/code"
    assert "Use your passkey first" in words(client.get("/sign-in/code"))
    show_passkey(client, "/sign-in/code", keys)
    assert client.get("/account/passkeys/add").status_code == 200


def test_in_another_role_they_show_the_passkey_of_theirs_too(visitor, another, known, time_machine):
    """A coordinator who is a safeguarding lead as well works by a code, and adds no way in by it."""
    time_machine.move_to(START, tick=False)
    enter(visitor)
    keys = Authenticator()
    add_passkey(visitor, keys)
    app = add_app(visitor)
    also = db.session.get_one(Membership, known.memberships["safeguarding_lead@reading"])
    also.user_id = known.users["coordinator@reading"]
    record(Event.GRANT_APPROVED, None, also)
    db.session.commit()
    time_machine.shift(60)
    client = another()
    enter(client)
    client.submit("/sign-in/code", {"code": app.now()})
    client.submit("/account/choose-role", {"way": known.memberships["coordinator@reading"]})
    for path in ("/account/passkeys/add", "/account/recovery-codes"):
        assert client.get(path).location == f"/sign-in/again?next={path}"
    assert show_passkey(client, f"/sign-in/again?next={path}", keys).location == path
    assert client.get(path).status_code == 200


def test_who_lost_their_passkey_adds_one_by_a_recovery_code(visitor, another):
    enter(visitor, email=OFFICER)
    add_passkey(visitor, Authenticator())
    (code, *_) = made_codes(visitor)
    client = another()
    enter(client, email=OFFICER)
    client.submit("/sign-in/recovery", {"code": code})
    assert client.get("/audit", follow_redirects=True).request.path == "/sign-in/set-up"
    assert add_passkey(client, Authenticator(), name="New laptop").status_code == 302
    assert client.get("/audit").status_code == 200


def test_an_old_sign_in_on_the_way_to_a_role_adds_nothing(visitor, time_machine):
    """Whoever finds a screen unlocked proves it again, also where the chosen role lets them do nothing yet."""
    time_machine.move_to(START, tick=False)
    enter(visitor, email=OFFICER)
    add_app(visitor)
    time_machine.shift(6 * 60)
    for path in ("/account/passkeys/add", "/account/authenticator/add"):
        assert visitor.get(path).location == "/sign-in"
    assert "Sign in again to add a factor" in words(visitor.get("/sign-in"))


def test_they_keep_at_least_one(visitor):
    enter(visitor, email=OFFICER)
    add_passkey(visitor, Authenticator())
    add_app(visitor)
    answer = visitor.submit("/account/security", button="Remove Laptop")
    assert answer.status_code == 409
    assert "Your role needs a passkey" in words(answer)
