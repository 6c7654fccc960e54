"""Two factors from everyone: a password alone opens nothing, codes work once, and a lost device is not the end."""

from contextvars import Context

import pytest
from sqlalchemy import func, select

from accounts.credentials import Factor, RecoveryCode
from accounts.models import SignInSession, User
from accounts.services import totp
from audit.models import AuditEntry, Event
from audit.services import record
from core.db import db
from tests.accounts.conftest import EMAIL, add_app, enter, events, made_codes, session_cookie
from tests.support.client import form_values, words
from tests.support.installation import PASSWORD
from tests.support.visitor import at_once


@pytest.fixture
def environment():
    """A real installation."""
    return {}


def give_code(client, code, path="/sign-in/code"):
    return client.submit(path, {"code": code}, follow=False)


def test_a_password_alone_opens_nothing(visitor):
    answer = enter(visitor)
    assert answer.location == "/sign-in/code"
    assert visitor.get(answer.location).location == "/sign-in/set-up"
    for path in ("/", "/account", "/triage", "/account/security", "/account/role"):
        assert visitor.get(path, follow_redirects=True).request.path == "/sign-in/set-up", path
    assert "login:signed_in" not in events()
    assert events().count("login:first_factor") == 1


def test_the_first_factor_is_set_up_at_the_first_sign_in(visitor):
    enter(visitor)
    before = session_cookie(visitor)
    add_app(visitor)
    assert session_cookie(visitor) != before
    assert "Panel coordinator" in words(visitor.get("/account"))
    assert {"config:factor_added", "login:signed_in"} <= set(events())


def test_the_page_of_an_app_shows_a_picture_and_a_key(visitor):
    enter(visitor)
    page = visitor.page("/account/authenticator/add")
    picture = page.all("img")[0]
    assert picture.get("src").startswith("data:image/svg+xml")
    assert picture.get("alt")


def test_a_wrong_code_adds_no_app_and_keeps_the_key(visitor):
    enter(visitor)
    before = visitor.page("/account/authenticator/add")
    answer = visitor.submit("/account/authenticator/add", {"code": "000000"})
    assert "Check the code" in answer.text
    assert db.session.scalar(select(func.count()).select_from(Factor)) == 0
    assert len(before.all("code")) == 1


def test_the_seed_is_sealed(with_app):
    factor = db.session.scalars(select(Factor)).one()
    assert with_app.app.secret.encode() not in factor.seed_sealed


def test_a_code_is_the_second_step(with_app, another):
    client = another()
    assert enter(client).location == "/sign-in/code"
    assert "Enter your security code" in words(client.get("/sign-in/code"))
    assert give_code(client, with_app.app.now()).location == "/"
    assert client.get("/account").status_code == 200


def test_the_wanted_page_is_kept_through_both_steps(with_app, another):
    client = another()
    first = client.submit("/sign-in?next=/actions", {"email": EMAIL, "password": PASSWORD}, follow=False)
    assert first.location == "/sign-in/code?next=/actions"
    assert give_code(client, with_app.app.now(), first.location).location == "/actions"


@pytest.mark.catalogue("N3", part="once")
def test_a_code_works_once(with_app, another):
    code = with_app.app.now()
    first, second = another(), another()
    enter(first)
    enter(second)
    assert give_code(first, code).status_code == 302
    again = give_code(second, code)
    assert (again.status_code, "Check the code" in again.text) == (200, True)
    assert second.get("/account").status_code == 302
    assert events().count("login:failed") == 1


@pytest.mark.catalogue("N3", part="steps")
@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_of_skew(with_app, another, time_machine, steps, right):
    time_machine.shift(120)
    code = with_app.app.generate_otp(totp.step_now() + steps)
    client = another()
    enter(client)
    assert (give_code(client, code).status_code == 302) is right


@pytest.mark.catalogue("N3", part="older")
def test_an_older_code_does_not_work_after_a_newer_one(with_app, another, time_machine):
    time_machine.shift(120)
    older = with_app.app.generate_otp(totp.step_now() - 1)
    first, second = another(), another()
    for client in (first, second):
        enter(client)
    assert give_code(first, with_app.app.now()).status_code == 302
    assert give_code(second, older).status_code == 200


@pytest.mark.catalogue("N3", part="another's")
def test_another_persons_code_does_not_work(with_app, another):
    other = another()
    enter(other, email="panel.chair@reading.example")
    theirs = add_app(other)
    client = another()
    enter(client)
    assert give_code(client, theirs.now()).status_code == 200


@pytest.mark.catalogue("N3", part="at once")
def test_a_code_given_three_times_at_once_works_once(with_app, another):
    """Each has a connection of its own, as processes have: only the database can tell them apart."""
    clients = [another() for _ in range(3)]
    for client in clients:
        enter(client)
    code = with_app.app.now()
    forms = [form_values(client.page("/sign-in/code").form()) | {"code": code} for client in clients]
    given = at_once(len(clients), lambda n: Context().run(clients[n].post, "/sign-in/code", data=forms[n]).status_code)
    assert sorted(given) == [200, 200, 302]


def test_ten_wrong_codes_are_looked_at(with_app, another):
    client = another()
    enter(client)
    assert [give_code(client, "000000").status_code for _ in range(10)] == [200] * 10
    assert client.submit("/sign-in/code", {"code": with_app.app.now()}).status_code == 429


def test_waiting_for_a_code_ends_nobodys_session(with_app, another):
    """Someone with a stolen password begins and begins; whose account it is stays signed in."""
    for _ in range(5):
        enter(another())
    assert with_app.get("/account").status_code == 200
    waiting = db.session.scalar(select(func.count()).where(SignInSession.proof == "first"))
    assert waiting == 3


def test_a_password_adds_no_factor_to_an_account_that_has_one(with_app, another):
    client = another()
    enter(client)
    for path in ("/account/passkeys/add", "/account/authenticator/add"):
        assert client.get(path).location == "/sign-in/code"
    assert client.get("/sign-in/recovery").status_code == 200


def test_a_suspended_account_is_out_between_the_two_steps(with_app, another, known):
    client = another()
    enter(client)
    user = db.session.get_one(User, known.users["coordinator@reading"])
    user.active = False
    record(Event.USER_SUSPENDED, None, user)
    db.session.commit()
    assert client.get("/sign-in/code").location == "/sign-in"


# ---- proving it again


@pytest.mark.catalogue("N4", part="code")
def test_step_up_asks_for_the_second_factor_not_the_password(with_app, time_machine):
    time_machine.shift(6 * 60)
    before = session_cookie(with_app)
    assert with_app.get("/account/recovery-codes").location == "/sign-in/again?next=/account/recovery-codes"
    page = with_app.page("/sign-in/again?next=/account/recovery-codes")
    assert not [item for item in page.all("input") if item.get("type") == "password"]
    again = give_code(with_app, with_app.app.now(), "/sign-in/again?next=/account/recovery-codes")
    assert again.location == "/account/recovery-codes"
    assert session_cookie(with_app) != before
    assert with_app.get("/account/recovery-codes").status_code == 200
    assert "login:stepped_up" in events()


def test_a_changed_password_is_no_step_up(with_app, time_machine):
    time_machine.shift(6 * 60)
    with_app.submit("/account/password", {"old_password": PASSWORD, "new_password": "seven quiet marbles under glass"})
    assert with_app.get("/account/recovery-codes").status_code == 302


def test_wrong_codes_of_a_step_up_are_counted_apart(with_app, another, time_machine):
    """Ten wrong ones stop the step-up; signing in elsewhere goes on."""
    for _ in range(10):
        give_code(with_app, "000000", "/sign-in/again")
    assert with_app.submit("/sign-in/again", {"code": with_app.app.now()}).status_code == 429
    client = another()
    enter(client)
    assert give_code(client, with_app.app.now()).status_code == 302


# ---- recovery codes


def test_ten_codes_are_shown_once_and_kept_as_hashes(with_app):
    codes = made_codes(with_app)
    assert len(set(codes)) == 10
    kept = db.session.scalars(select(RecoveryCode.code_hash)).all()
    assert len(kept) == 10
    assert not {code.replace("-", "") for code in codes} & set(kept)
    assert codes[0] not in with_app.get("/account/recovery-codes").text


def test_a_recovery_code_lets_in_once(with_app, another, letters):
    code = made_codes(with_app)[3]
    first, second = another(), another()
    for client in (first, second):
        enter(client)
    answer = first.submit("/sign-in/recovery", {"code": code.upper().replace("-", " ")}, follow=False)
    assert answer.location == "/account/security"
    assert "9 left" in words(first.get("/account/security"))
    assert "Check the code" in second.submit("/sign-in/recovery", {"code": code}).text
    assert "login:recovery_code" in events()
    assert [letter.to for letter in letters if "sign in was changed" in letter.subject].count(EMAIL) >= 1


def test_new_codes_end_the_old_ones(with_app, another):
    old = made_codes(with_app)[0]
    made_codes(with_app)
    client = another()
    enter(client)
    assert client.submit("/sign-in/recovery", {"code": old}).status_code == 200
    assert client.get("/account").status_code == 302


def test_wrong_recovery_codes_are_counted_with_the_others(with_app, another):
    client = another()
    enter(client)
    for _ in range(5):
        client.submit("/sign-in/recovery", {"code": "aaaa-bbbb-cccc-dddd"})
        give_code(client, "000000")
    assert client.submit("/sign-in/recovery", {"code": "aaaa-bbbb-cccc-dddd"}).status_code == 429


def test_the_other_contact_is_told_of_a_recovery_code(with_app, another, letters, time_machine):
    with_app.submit("/account/other-contact", {"other_email": "Manager@Reading.example"})
    code = made_codes(with_app)[0]
    client = another()
    enter(client)
    client.submit("/sign-in/recovery", {"code": code})
    assert "manager@reading.example" in [letter.to for letter in letters]


# ---- keeping them


def test_factors_are_listed_renamed_and_the_last_one_stays(with_app):
    page = words(with_app.get("/account/security"))
    assert "Phone Authenticator app" in page
    factor = db.session.scalars(select(Factor)).one()
    with_app.submit(f"/account/factors/{factor.id}/name", {"name": "Work phone"})
    assert "Work phone" in words(with_app.get("/account/security"))
    answer = with_app.submit("/account/security", button="Remove Work phone")
    assert answer.status_code == 409
    assert "only second factor" in words(answer)


def test_nobody_touches_a_factor_of_someone_else(with_app, another):
    factor = db.session.scalars(select(Factor.id)).one()
    db.session.rollback()
    other = another()
    enter(other, email="panel.chair@reading.example")
    add_app(other)
    assert other.get(f"/account/factors/{factor}/name").status_code == 404
    token = next(i.get("value") for i in other.page("/account").all("input") if i.get("name") == "csrf_token")
    assert other.post(f"/account/factors/{factor}/remove", data={"csrf_token": token}).status_code == 404
    assert db.session.scalar(select(func.count()).select_from(Factor)) == 2


def test_the_trail_says_how_somebody_signed_in(with_app, another):
    client = another()
    enter(client)
    give_code(client, with_app.app.now())
    bodies = db.session.scalars(select(AuditEntry.body).where(AuditEntry.event == Event.SIGNED_IN)).all()
    assert all(b'"reason":"code"' in body for body in bodies)


def test_in_a_demonstration_a_password_is_enough_and_factors_may_be_tried(app, visitor):
    from dataclasses import replace

    app.extensions["settings"] = replace(app.extensions["settings"], demonstration=True)
    assert enter(visitor).location == "/"
    add_app(visitor)
    assert "Authenticator app" in words(visitor.get("/account/security"))
    assert "Password" in words(visitor.get("/sign-in/again"))
