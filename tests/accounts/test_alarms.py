"""What people are told of suspicious tries: their own account's, and the whole site's."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from accounts.models import SignInSession
from accounts.roles import Role
from accounts.services import alarms
from audit.models import Event
from core.db import db
from messages.models import Message, Notice
from tests.accounts.conftest import START, add_app, enter, events, made_codes
from tests.accounts.test_second_factor import give_code
from tests.support.client import words

WRONG = "wrong wrong wrong"


@pytest.fixture
def environment():
    """A real installation."""
    return {}


def told(kind):
    """Who has a notice of this kind, and how many letters of it wait."""
    db.session.rollback()
    people = list(db.session.scalars(select(Notice.user_id).where(Notice.kind == kind)))
    assert sorted(people) == sorted(db.session.scalars(select(Message.user_id).where(Message.kind == kind)))
    db.session.rollback()
    return people


def test_a_device_that_was_not_used_before_is_told(with_app, another, known, time_machine):
    """Not the first sign-in of all, nor a second one from the same device, also if colleagues share it."""
    mine = known.users["coordinator@reading"]
    assert told("new_device") == []
    time_machine.shift(60)
    client = another()
    enter(client)
    give_code(client, with_app.app.now())
    assert told("new_device") == [mine]
    client.submit("/account", button="Sign out")
    enter(client, email="panel.chair@reading.example")
    add_app(client)
    client.submit("/account", button="Sign out")
    time_machine.shift(60)
    enter(client)
    give_code(client, with_app.app.now())
    assert told("new_device") == [mine]
    assert "a device that you had not used before" in words(client.get("/account/notices"))


def test_a_right_password_without_its_second_factor_is_told_once_a_day(with_app, another, known, time_machine):
    mine = known.users["coordinator@reading"]
    enter(another())
    enter(another(), email="panel.chair@reading.example")
    time_machine.shift(14 * 60)
    assert alarms.look_for_unfinished() == 0
    time_machine.shift(2 * 60)
    assert alarms.look_for_unfinished() == 1
    assert alarms.look_for_unfinished() == 1
    assert told("second_factor_missing") == [mine], "who has no second factor yet is only setting up"
    time_machine.shift(timedelta(days=1))
    leaver = another()
    enter(leaver)
    leaver.submit("/sign-in/code", button="Sign out")
    assert told("second_factor_missing") == [mine, mine]
    letter = db.session.scalars(select(Message.kind).where(Message.kind == "second_factor_missing")).first()
    assert letter


def test_who_finishes_is_not_told(with_app, another, time_machine):
    client = another()
    enter(client)
    give_code(client, with_app.app.now())
    time_machine.shift(20 * 60)
    assert alarms.look_for_unfinished() == 0
    assert db.session.scalars(select(SignInSession.proof)).all().count("first") == 0


def fail(client, number, address):
    client.environ_base["REMOTE_ADDR"] = address
    return enter(client, email=f"person{number}@reading.example", password=WRONG)


def test_many_accounts_tried_from_many_addresses_is_one_alarm_an_hour(another, known, sign_in, time_machine):
    time_machine.move_to(START, tick=False)
    client = another()
    for number in range(alarms.MANY_ACCOUNTS - 1):
        fail(client, number, f"203.0.113.{number}")
    assert Event.SIGN_IN_ALARM not in events()
    for number in range(alarms.MANY_ACCOUNTS - 1, alarms.MANY_ACCOUNTS + 5):
        fail(client, number, f"203.0.113.{number}")
    assert events().count(Event.SIGN_IN_ALARM) == 1
    guardians = [known.users[f"{role}@{area}"] for role in ("administrator", "data_protection_officer")
                 for area in ("reading", "slough")]  # fmt: skip
    assert sorted(told("sign_in_alarm")) == sorted(guardians)
    page = words(sign_in(Role.ADMINISTRATOR).get("/admin/review"))
    assert "25 sign-ins failed. Accounts: 25. Addresses: 25." in page
    assert "Many at once" in page
    time_machine.shift(timedelta(minutes=61))
    assert "failed" not in words(sign_in(Role.ADMINISTRATOR).get("/admin/review"))
    for number in range(alarms.MANY_ACCOUNTS):
        fail(client, number, f"203.0.113.{number}")
    assert events().count(Event.SIGN_IN_ALARM) == 2


def test_one_address_or_one_account_is_no_alarm(another, time_machine):
    """The throttle deals with these; an alarm for each would not be read."""
    time_machine.move_to(START, tick=False)
    client = another()
    for number in range(30):
        fail(client, number, "203.0.113.9")
    for number in range(8):
        fail(client, 1, f"203.0.113.{number}")
    assert Event.SIGN_IN_ALARM not in events()
    assert alarms.failed().accounts == 30


def test_codes_have_the_strength_that_a_plain_hash_needs_and_old_ones_still_work(with_app, another):
    """ASVS 6.5.2: 112 bits; five bits a character."""
    from accounts.credentials import RecoveryCode
    from accounts.services.recovery_codes import _hash

    codes = made_codes(with_app)
    assert all(len(code.replace("-", "")) * 5 >= 112 for code in codes)
    old = "abcd-efgh-ijkl-mnop"
    user_id = db.session.scalars(select(RecoveryCode.user_id)).first()
    db.session.add(RecoveryCode(user_id=user_id, code_hash=_hash(old)))
    db.session.commit()
    client = another()
    enter(client)
    assert client.submit("/sign-in/recovery", {"code": old}, follow=False).location == "/account/security"


def test_ending_sessions_asks_for_the_second_factor_again(with_app, another, time_machine):
    other = another()
    enter(other)
    give_code(other, with_app.app.now())
    time_machine.shift(16 * 60)
    asked = with_app.submit("/account", button="Sign out everywhere", follow=False)
    assert asked.location == "/sign-in/again?next=/account"
    ref = db.session.scalars(select(SignInSession.id_hash)).first()[:16]
    token = next(i.get("value") for i in with_app.page("/account").all("input") if i.get("name") == "csrf_token")
    ended = with_app.post(f"/account/devices/{ref}/end", data={"csrf_token": token})
    assert ended.location == "/sign-in/again?next=/account"
    assert other.get("/account").status_code == 200
    give_code(with_app, with_app.app.now(), "/sign-in/again?next=/account")
    with_app.submit("/account", button="Sign out everywhere")
    assert other.get("/account").status_code == 302
