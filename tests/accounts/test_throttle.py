"""Slowing down: waits that double, devices that are known, and a lock-out that no stranger can use as a weapon."""

import pytest
from sqlalchemy import select

from accounts.models import Throttle
from core.db import db
from tests.accounts.conftest import EMAIL, enter, events, session_cookie
from tests.support.client import words

START = "2026-11-23 09:00:00Z"
WRONG = "wrong wrong wrong"


@pytest.fixture
def ten_wrong(another, time_machine):
    """A stranger has spent the account's tries."""
    time_machine.move_to(START, tick=False)
    client = another()
    for _ in range(10):
        assert enter(client, password=WRONG).status_code == 200
    return client


def test_each_further_try_waits_twice_as_long(ten_wrong, time_machine):
    waits = []
    for _ in range(4):
        refused = enter(ten_wrong)
        assert refused.status_code == 429
        waits.append(int(refused.headers["Retry-After"]))
        time_machine.shift(waits[-1])
        assert enter(ten_wrong, password=WRONG).status_code == 200
    assert waits == [900, 1800, 3600, 7200]


def test_the_wait_stops_growing_and_is_forgotten_after_a_day(ten_wrong, time_machine):
    for _ in range(10):
        time_machine.shift(16 * 3600)
        assert enter(ten_wrong, password=WRONG).status_code == 200
    assert int(enter(ten_wrong).headers["Retry-After"]) == 900 * 2**6
    time_machine.shift(900 * 2**6 + 24 * 3600 + 1)
    for _ in range(9):
        assert enter(ten_wrong, password=WRONG).status_code == 200
    assert enter(ten_wrong).status_code == 302


def test_asking_during_the_wait_makes_it_no_longer(ten_wrong, time_machine):
    for _ in range(5):
        enter(ten_wrong)
    time_machine.shift(900)
    assert enter(ten_wrong).status_code == 302


def test_the_page_says_how_long(ten_wrong):
    assert "Wait 15 minutes" in words(enter(ten_wrong))


def test_tries_spread_out_are_no_series(another, time_machine):
    time_machine.move_to(START, tick=False)
    client = another()
    for _ in range(3):
        for _ in range(9):
            assert enter(client, password=WRONG).status_code == 200
        time_machine.shift(15 * 60)
    assert enter(client).status_code == 302


def test_a_stranger_does_not_lock_out_a_known_device(another, time_machine):
    time_machine.move_to(START, tick=False)
    mine, stranger = another(), another()
    enter(mine)
    mine.submit("/account", button="Sign out")
    for _ in range(11):
        enter(stranger, password=WRONG)
    assert enter(another()).status_code == 429
    assert enter(mine).status_code == 302


def test_nor_by_spending_the_tries_of_their_network(another, time_machine):
    time_machine.move_to(START, tick=False)
    mine, stranger = another(), another()
    enter(mine)
    mine.submit("/account", button="Sign out")
    for number in range(51):
        enter(stranger, email=f"person{number}@reading.example", password=WRONG)
    assert enter(another()).status_code == 429
    assert enter(mine).status_code == 302


def test_a_known_device_has_ten_tries_of_its_own(another, time_machine):
    """A stolen device guesses no faster than anyone."""
    time_machine.move_to(START, tick=False)
    mine = another()
    enter(mine)
    mine.submit("/account", button="Sign out")
    for _ in range(10):
        assert enter(mine, password=WRONG).status_code == 200
    assert enter(mine).status_code == 429
    assert enter(another()).status_code == 302


def test_a_device_known_to_one_account_is_not_known_to_another(ten_wrong, another):
    other = another()
    enter(other, email="panel.chair@reading.example")
    other.submit("/account", button="Sign out")
    assert enter(other).status_code == 429


@pytest.mark.parametrize("forged", ["", "x", "x.y", ".", "a" * 5000, "number." + "0" * 64])
def test_a_forged_device_is_a_stranger(ten_wrong, another, forged):
    client = another()
    client.set_cookie("__Host-device", forged, domain="localhost", secure=True)
    assert enter(client).status_code == 429


def test_someone_signed_in_stays_and_may_prove_it_again(another, time_machine):
    time_machine.move_to(START, tick=False)
    mine, stranger = another(), another()
    enter(mine)
    for _ in range(11):
        enter(stranger, password=WRONG)
    assert mine.get("/account").status_code == 200
    from tests.support.installation import PASSWORD

    assert mine.submit("/sign-in/again?next=/account", {"password": PASSWORD}, follow=False).location == "/account"


def test_an_unknown_account_is_slowed_down_alike(another, time_machine):
    time_machine.move_to(START, tick=False)
    client = another()
    seen = [enter(client, email="nobody@reading.example", password=WRONG).status_code for _ in range(11)]
    assert seen == [200] * 10 + [429]


def test_what_is_counted_names_nobody(ten_wrong):
    keys = db.session.scalars(select(Throttle.key)).all()
    assert keys
    assert not [key for key in keys if EMAIL in key or "localhost" in key]


def test_refused_tries_hash_nothing(ten_wrong, monkeypatch):
    from accounts.services import passwords

    hashes = []
    monkeypatch.setattr(passwords, "verify_password", lambda *given: hashes.append(1))
    assert enter(ten_wrong).status_code == 429
    assert hashes == []
    assert session_cookie(ten_wrong) is None
    assert events().count("login:throttled") == 1
