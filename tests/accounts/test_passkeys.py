"""Passkeys, answered by an authenticator made of software (tests/journeys has a real browser's): alone, as second, again."""

import json

import pytest
from sqlalchemy import select

from accounts.credentials import Factor
from audit.models import Event
from audit.services import record
from core.db import db
from tests.accounts.conftest import (
    EMAIL,
    START,
    add_passkey,
    enter,
    events,
    passkey_form,
    session_cookie,
    show_passkey,
)  # fmt: skip
from tests.support.authenticator import Authenticator, raw, text
from tests.support.client import words

TROUBLE = "We could not use that passkey"


@pytest.fixture
def environment():
    """A real installation."""
    return {}


@pytest.fixture
def owner(another, time_machine):
    """A coordinator whose laptop has a passkey; the browser they added it in."""
    time_machine.move_to(START, tick=False)
    client = another()
    client.keys = Authenticator()
    enter(client)
    assert add_passkey(client, client.keys).location == "/account/recovery-codes"
    return client


def test_a_passkey_added_at_the_first_sign_in_signs_in(owner):
    assert owner.get("/account").status_code == 200
    assert {"config:factor_added", "login:signed_in"} <= set(events())


def test_a_passkey_is_both_factors(owner, another):
    client = another()
    answer = show_passkey(client, "/sign-in", owner.keys)
    assert answer.location == "/"
    assert "Panel coordinator" in words(client.get("/account"))


def test_the_sign_in_page_names_nobodys_passkeys(owner, another):
    options, _, _ = passkey_form(another().page("/sign-in"))
    asked = json.loads(options)
    assert not asked.get("allowCredentials")
    assert asked["userVerification"] == "required"


def test_a_passkey_is_the_second_step_too(owner, another):
    client = another()
    enter(client)
    assert "Use your passkey" in words(client.get("/sign-in/code"))
    assert show_passkey(client, "/sign-in/code", owner.keys).location == "/"
    assert client.get("/account").status_code == 200


def test_a_new_key_is_asked_to_verify_its_user_wherever_it_is(owner):
    options, _, _ = passkey_form(owner.page("/account/passkeys/add"), "create")
    chosen = json.loads(options)["authenticatorSelection"]
    assert chosen["userVerification"] == "required"
    assert "authenticatorAttachment" not in chosen
    assert json.loads(options)["excludeCredentials"][0]["id"] == text(owner.keys.keys[0].id)


def test_a_passkey_that_did_not_verify_its_user_is_refused(owner, another):
    owner.keys.verifies = False
    client = another()
    assert TROUBLE in show_passkey(client, "/sign-in", owner.keys).text
    assert session_cookie(client) is None
    assert events().count("login:failed") == 1


def test_a_new_passkey_that_did_not_verify_its_user_is_not_kept(owner):
    careless = Authenticator()
    careless.verifies = False
    assert "We could not add that passkey" in add_passkey(owner, careless).text
    assert len(db.session.scalars(select(Factor)).all()) == 1


@pytest.mark.parametrize("origin", ["https://localhost.evil.example", "http://localhost", "https://evil.example"])
def test_a_page_elsewhere_gets_no_answer_that_works_here(owner, another, origin):
    owner.keys.origin = origin
    client = another()
    assert TROUBLE in show_passkey(client, "/sign-in", owner.keys).text
    assert session_cookie(client) is None


def test_an_answer_works_once(owner, another):
    client = another()
    options, values, action = passkey_form(client.page("/sign-in"))
    sent = values | {"credential": owner.keys.get(options)}
    assert client.post(action, data=sent).status_code == 302
    other = another()
    _, fresh, _ = passkey_form(other.page("/sign-in"))
    replayed = other.post(action, data=sent | {"csrf_token": fresh["csrf_token"]})
    assert TROUBLE in replayed.text
    assert session_cookie(other) is None


def test_an_answer_to_an_old_challenge_is_refused(owner, another, time_machine):
    client = another()
    options, values, action = passkey_form(client.page("/sign-in"))
    time_machine.shift(601)
    assert TROUBLE in client.post(action, data=values | {"credential": owner.keys.get(options)}).text


def test_an_answer_for_one_purpose_is_none_for_another(owner, another):
    options, values, _ = passkey_form(another().page("/sign-in"))
    _, again, _ = passkey_form(owner.page("/sign-in/again"))
    refused = owner.post(
        "/sign-in/again", data=again | {"token": values["token"], "credential": owner.keys.get(options)}
    )
    assert TROUBLE in refused.text
    assert "login:stepped_up" not in events()


def test_a_copied_key_is_noticed_by_its_counter(owner, another):
    assert show_passkey(another(), "/sign-in", owner.keys, step=5).status_code == 302
    client = another()
    assert TROUBLE in show_passkey(client, "/sign-in", owner.keys, step=-3).text
    assert session_cookie(client) is None


def test_an_unknown_key_and_a_tampered_answer_are_refused(owner, another):
    stranger = Authenticator()
    stranger.create(passkey_form(owner.page("/account/passkeys/add"), "create")[0])
    assert TROUBLE in show_passkey(another(), "/sign-in", stranger).text
    client = another()
    options, values, action = passkey_form(client.page("/sign-in"))
    answer = json.loads(owner.keys.get(options))
    signature = bytearray(raw(answer["response"]["signature"]))
    signature[-1] ^= 1
    answer["response"]["signature"] = text(bytes(signature))
    assert TROUBLE in client.post(action, data=values | {"credential": json.dumps(answer)}).text


@pytest.mark.parametrize(
    "credential", ["", "{", "[]", "null", '{"rawId": 5}', '{"rawId": "AAAA", "response": 3}', "x" * 30_000]
)
def test_nonsense_is_refused_and_no_fault(owner, another, credential):
    client = another()
    _, values, action = passkey_form(client.page("/sign-in"))
    answer = client.post(action, data=values | {"credential": credential})
    assert (answer.status_code, TROUBLE in answer.text) == (200, True)


def test_someone_elses_passkey_does_not_finish_a_sign_in(owner, another):
    other = another()
    enter(other, email="panel.chair@reading.example")
    theirs = Authenticator()
    add_passkey(other, theirs)
    client = another()
    enter(client)
    assert TROUBLE in show_passkey(client, "/sign-in/code", theirs).text
    assert client.get("/account").status_code == 302


def test_a_suspended_accounts_passkey_opens_nothing(owner, another, known):
    from accounts.models import User

    user = db.session.get_one(User, known.users["coordinator@reading"])
    user.active = False
    record(Event.USER_SUSPENDED, None, user)
    db.session.commit()
    assert TROUBLE in show_passkey(another(), "/sign-in", owner.keys).text


def test_a_stranger_cannot_lock_out_who_has_a_passkey(owner, another):
    """Every try of the account and of this address is spent; the passkey still opens."""
    guesser = another()
    for _ in range(12):
        enter(guesser, password="wrong wrong wrong")
    assert guesser.submit("/sign-in", {"email": EMAIL, "password": "x"}).status_code == 429
    client = another()
    assert show_passkey(client, "/sign-in", owner.keys).location == "/"


@pytest.mark.catalogue("N4", part="passkey")
def test_a_passkey_proves_it_again(owner, time_machine):
    time_machine.shift(6 * 60)
    assert owner.get("/account/recovery-codes").status_code == 302
    before = session_cookie(owner)
    answer = show_passkey(owner, "/sign-in/again?next=/account/recovery-codes", owner.keys)
    assert answer.location == "/account/recovery-codes"
    assert session_cookie(owner) != before
    assert owner.get("/account/recovery-codes").status_code == 200


def test_removing_one_signs_other_devices_out(owner, another):
    client = another()
    show_passkey(client, "/sign-in", owner.keys)
    add_passkey(owner, Authenticator(), name="Key ring")
    assert "Removed" in words(owner.submit("/account/security", button="Remove Laptop"))
    assert client.get("/account").status_code == 302
    assert TROUBLE in show_passkey(another(), "/sign-in", owner.keys).text
    assert "config:factor_removed" in events()


def test_without_script_the_page_says_what_is_missing(owner):
    _, values, _ = passkey_form(owner.page("/account/passkeys/add"), "create")
    answer = owner.post("/account/passkeys/add", data=values | {"name": "Laptop"})
    assert "Your browser has to run JavaScript" in answer.text
