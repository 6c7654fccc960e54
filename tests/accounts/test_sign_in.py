"""Signing in: right, wrong, unknown, suspended; slowing down; and what must give nothing."""

import re
import threading
from contextvars import Context
from dataclasses import replace

import pytest
from sqlalchemy import event, select

from accounts.models import Membership, SignInSession, User
from accounts.services import passwords
from audit.models import AuditEntry, Event
from audit.services import record
from core.clock import today
from core.db import db
from tests.accounts.conftest import EMAIL, enter, events, session_cookie
from tests.support.client import form_values, words
from tests.support.installation import PASSWORD

WRONG = "Check your email address and password"


def test_the_right_password_opens_the_door(visitor):
    answer = enter(visitor)
    assert answer.status_code == 302
    assert answer.location == "/"
    assert "Panel coordinator" in words(visitor.get("/account"))
    assert events().count("login:signed_in") == 1


def test_the_entry_says_who_signed_in(visitor, known):
    enter(visitor)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.SIGNED_IN)).one()
    assert entry.actor_id == entry.object_id == known.users["coordinator@reading"]


def test_an_email_address_may_be_typed_in_capitals(visitor):
    assert enter(visitor, email=f" {EMAIL.upper()} ").status_code == 302


@pytest.mark.catalogue("N2")
def test_every_failure_has_the_same_words_status_headers_statements_and_number_of_hashes(
    another, known, monkeypatch, time_machine
):
    """Equal work takes equal time: one hash and the same statements. `python -m bench.equal` times it."""
    time_machine.move_to("2026-11-23 09:00:00Z", tick=False)
    suspend(known.users["analyst@reading"])
    invited = db.session.get_one(User, known.users["lead_practitioner@reading"])
    invited.password = None
    record(Event.USER_CHANGED, None, invited)
    db.session.commit()
    hashes = []
    real = passwords.verify_password
    monkeypatch.setattr(passwords, "verify_password", lambda *given: hashes.append(1) or real(*given))
    asked = []
    event.listen(db.engine, "before_cursor_execute", listener := lambda *told: asked.append(told[2]))
    enter(another(), email="somebody.else@reading.example", password=PASSWORD)  # fills what a process keeps
    seen = []
    for email, password in (
        (EMAIL, "not the right password"), ("nobody@reading.example", PASSWORD),
        ("analyst@reading.example", PASSWORD), ("lead.practitioner@reading.example", PASSWORD),
        ("panel.chair@reading.example", PASSWORD + "x" * 200),
    ):  # fmt: skip
        client = another()
        form = form_values(client.page("/sign-in").form()) | {"email": email, "password": password}
        hashes.clear(), asked.clear()
        answer = client.post("/sign-in", data=form)
        seen.append(
            (answer.status_code, _settled(answer.text, email), _headers(answer, email), list(asked), len(hashes))
        )
        assert WRONG in answer.text
        assert session_cookie(client) is None
    event.remove(db.engine, "before_cursor_execute", listener)
    assert [one for one in seen if one != seen[0]] == []
    assert (seen[0][0], seen[0][4]) == (200, 1)
    assert events().count("login:failed") == 6


def _settled(text, email):
    """The page without what was typed and what every page draws anew."""
    text = text.replace(f'value="{email}"', 'value=""')
    text = re.sub(r'data-passkey-options="[^"]*"', "", text)
    text = re.sub(r'(name="(csrf_token|once|token)"[^>]*value=")[^"]*', r"\1", text)
    return re.sub(r"\b[a-z2-7]{26}\b", "", text)


def _headers(answer, email):
    """Names and values; of a cookie its name and attributes, of the length what the typed address leaves of it."""
    found = []
    for name, value in answer.headers:
        if name == "Set-Cookie":
            value = re.sub(r"=[^;]*", "=", value, count=1)
        elif name == "Content-Length":
            value = str(int(value) - len(email))
        found.append((name, re.sub(r"\b[a-z2-7]{26}\b", "", value)))
    return found


def test_empty_fields_are_told_apart_and_cost_no_try(visitor):
    answer = enter(visitor, email="", password="")
    assert "Enter your email address" in answer.text
    assert "Enter your password" in answer.text
    assert "login:failed" not in events()


def suspend(user_id):
    user = db.session.get_one(User, user_id)
    user.active = False
    record(Event.USER_SUSPENDED, None, user)
    db.session.commit()


def test_someone_suspended_is_out_at_the_next_click(sign_in, known):
    client = sign_in("coordinator")
    assert client.get("/account").status_code == 200
    suspend(known.users["coordinator@reading"])
    assert client.get("/account").location.startswith("/sign-in")


def test_the_tenth_wrong_password_is_the_last_one_looked_at(visitor, another):
    for _ in range(10):
        assert enter(visitor, password="wrong wrong wrong").status_code == 200
    eleventh = enter(another(), password=PASSWORD)
    assert eleventh.status_code == 429
    assert "Wait 15 minutes" in words(eleventh)
    # The quarter of an hour began with the tenth, a moment ago.
    assert 890 <= int(eleventh.headers["Retry-After"]) <= 900
    assert enter(another(), email="analyst@reading.example").status_code == 302


def test_refusals_are_one_counted_entry_a_minute(visitor, time_machine):
    time_machine.move_to("2026-11-22 10:00:00Z", tick=False)
    for _ in range(13):
        enter(visitor, password="wrong wrong wrong")
    assert events().count("login:throttled") == 1
    time_machine.shift(61)
    enter(visitor, password="wrong wrong wrong")
    found = db.session.scalars(select(AuditEntry.body).where(AuditEntry.event == Event.SIGN_IN_THROTTLED)).all()
    assert [b'"tries":1' in found[0], b'"tries":3' in found[1]] == [True, True]
    time_machine.shift(15 * 60)
    assert enter(visitor).status_code == 302


def test_the_right_password_clears_the_count(visitor, another):
    for _ in range(9):
        enter(visitor, password="wrong wrong wrong")
    assert enter(visitor).status_code == 302
    for _ in range(9):
        assert enter(another(), password="wrong wrong wrong").status_code == 200


def test_an_address_has_fifty_tries(visitor):
    answers = [enter(visitor, email=f"person{n}@reading.example").status_code for n in range(51)]
    assert answers == [200] * 50 + [429]


@pytest.mark.catalogue("N1")
def test_twenty_threads_get_ten_passwords_evaluated(app, monkeypatch):
    evaluated = []
    real = passwords.verify_password
    monkeypatch.setattr(passwords, "verify_password", lambda *given: evaluated.append(1) or real(*given))
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 30)
    statuses = []

    def try_ten():
        from tests.conftest import _client

        client = _client(app)
        values = form_values(client.page("/sign-in").form()) | {"email": EMAIL, "password": "wrong wrong wrong"}
        for _ in range(10):
            statuses.append(client.post("/sign-in", data=values).status_code)

    threads = [threading.Thread(target=lambda: Context().run(try_ten)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 200
    assert 0 < len(evaluated) <= 10
    assert statuses.count(200) == len(evaluated)
    assert set(statuses) <= {200, 429, 503}


def test_a_third_hash_at_once_is_refused_with_503(visitor, monkeypatch):
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0)
    with passwords._turn(), passwords._turn():
        assert enter(visitor).status_code == 503
    assert enter(visitor).status_code == 302


def test_next_leads_only_to_a_path_of_this_service(visitor, another):
    assert enter_next(visitor, "/account").location == "/account"
    for foreign in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)"):
        assert another().get("/sign-in", query_string={"next": foreign}).status_code == 400
        client = another()
        assert enter(client, next=foreign).status_code == 400
        assert session_cookie(client) is None


def enter_next(client, path):
    form = client.page(f"/sign-in?next={path}").form()
    return client.post("/sign-in", data=form_values(form) | {"email": EMAIL, "password": PASSWORD})


def test_a_visitor_is_brought_back_to_the_page_they_wanted(visitor):
    wanted = visitor.get("/account")
    assert wanted.location == "/sign-in?next=/account"


@pytest.mark.catalogue("N4", part="tokens")
def test_tokens_in_header_address_and_json_give_nothing(app, visitor):
    user = db.session.scalars(select(User).where(User.email == EMAIL)).one()
    token = app.session_interface.signer.dumps({"_user_id": user.fs_uniquifier})
    for given in (
        {"headers": {"Authentication-Token": token}}, {"headers": {"Authorization": f"Bearer {token}"}},
        {"query_string": {"auth_token": token}}, {"json": {"auth_token": token}, "method": "GET"},
    ):  # fmt: skip
        answer = visitor.open("/account", **given)
        assert answer.status_code == 302
        assert "/sign-in" in answer.location


@pytest.mark.catalogue("N4", part="tokens")
def test_a_posted_remember_sets_no_lasting_cookie(visitor):
    answer = enter(visitor, remember="y")
    assert answer.status_code == 302
    for cookie in answer.headers.getlist("Set-Cookie"):
        assert not cookie.startswith("remember_token=")
        if cookie.startswith("__Host-device="):
            continue
        assert "Max-Age=31" not in cookie
        assert "Expires" not in cookie or "1970" in cookie


def test_the_cookie_of_a_known_device_opens_nothing(visitor, another):
    enter(visitor)
    kept, client = visitor.get_cookie("__Host-device", domain="localhost").value, another()
    client.set_cookie("__Host-device", kept, domain="localhost", secure=True)
    assert client.get("/account").location == "/sign-in?next=/account"


def test_a_sign_in_as_json_is_refused(visitor):
    token = form_values(visitor.page("/sign-in").form())["csrf_token"]
    answer = visitor.post(
        "/sign-in?include_auth_token", json={"email": EMAIL, "password": PASSWORD},
        headers={"X-CSRFToken": token, "Referer": "https://localhost/sign-in"},
    )  # fmt: skip
    assert answer.status_code == 400
    assert "token" not in answer.text.lower().replace("csrf", "")
    assert session_cookie(visitor) is None


def test_without_its_token_the_form_does_nothing(visitor):
    assert visitor.post("/sign-in", data={"email": EMAIL, "password": PASSWORD}).status_code == 400


def test_a_visitors_cookie_that_names_a_user_is_not_believed(app, visitor):
    user = db.session.scalars(select(User).where(User.email == EMAIL)).one()
    forged = app.session_interface.signer.dumps({"_user_id": user.fs_uniquifier, "_fresh": True})
    visitor.set_cookie("__Host-visit", forged, domain="localhost", secure=True)
    assert "/sign-in" in visitor.get("/account").location
    assert "/sign-in" in visitor.get("/account/choose-role").location


def test_the_demonstrations_password_opens_nothing_elsewhere(app, visitor, known):
    from accounts import demonstration

    app.extensions["settings"] = replace(app.extensions["settings"], demonstration=False)
    user = db.session.get_one(User, known.users["coordinator@reading"])
    user.password = passwords.hashed(demonstration.PASSWORD)
    record(Event.PASSWORD_CHANGED, None, user)
    db.session.commit()
    assert WRONG in enter(visitor, password=demonstration.PASSWORD).text


def test_signing_in_counts_sessions_by_hash_alone(visitor):
    enter(visitor)
    assert session_cookie(visitor) not in db.session.scalars(select(SignInSession.id_hash)).all()


def test_a_membership_that_ended_is_no_way_in(visitor, known):
    member = db.session.get_one(Membership, known.memberships["coordinator@reading"])
    member.is_active, member.valid_to = False, today()
    record(Event.GRANT_ENDED, None, member)
    db.session.commit()
    enter(visitor)
    assert "You have no active role" in words(visitor.get("/", follow_redirects=True))
    visitor.submit("/account/choose-role", button="Sign out")
    assert session_cookie(visitor) is None
