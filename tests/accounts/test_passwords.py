"""Which passwords may be chosen, and that every character of them counts (N6)."""

import pytest
from argon2 import extract_parameters

from accounts.services import own_account, passwords
from tests.accounts.conftest import enter
from tests.support.client import words
from tests.support.installation import PASSWORD

LONG = "".join(chr(97 + (n * 7) % 26) for n in range(128))
EASY = "harder to guess"


def change(client, new, old=PASSWORD):
    return client.submit("/account/password", {"old_password": old, "new_password": new})


def test_what_is_missing_is_said_in_the_order_of_the_page(visitor):
    enter(visitor)
    assert "There is a problem Enter your current password Enter a password" in words(change(visitor, "", old=""))


@pytest.mark.catalogue("N6", part="partly")
@pytest.mark.parametrize(("chosen", "also_wrong"), [
    (LONG, LONG[:-1] + "!"),
    ("🦔🦔 over the hill 🌧️ twice", "🦔🦔 over the hill 🌧 twice?"),
    ("  spaces at both ends  ", "spaces at both ends"),
    ("naïve café über straße", "naive cafe uber strasse"),
])  # fmt: skip
def test_every_character_counts(visitor, another, chosen, also_wrong):
    enter(visitor)
    assert "Your password is changed" in change(visitor, chosen).text
    assert enter(another(), password=also_wrong).status_code == 200
    assert enter(another(), password=chosen).status_code == 302


@pytest.mark.catalogue("N6", part="partly")
@pytest.mark.parametrize("chosen", [
    "1qaz2wsx3edc", "passwordpassword", "Password12345!", "p4$$w0rdp4$$w0rd", "iloveyou2026!!!", "qwertyuiopasdf",
    "dragonmonkey12", "football-baseball", "000000000000", "abcabcabcabc", "abcdefghijklm", "trustno1trustno1",
    "LetMeIn!LetMeIn!", "sunshine princess 99", "Mailcreated5240",
])  # fmt: skip
def test_common_and_breached_ones_are_refused(visitor, chosen):
    enter(visitor)
    assert EASY in change(visitor, chosen).text


def test_three_thousand_common_ones_that_are_long_enough_are_refused():
    lines = (
        passwords.COMMON_FILE.read_text(encoding="utf-8").partition("of twelve characters or more\n")[2].splitlines()
    )
    listed = [line for line in lines if not line.startswith("#")]
    assert len(listed) >= 3_000
    assert [line for line in listed if passwords.what_is_wrong(line) is None] == []


@pytest.mark.parametrize("chosen", [
    "coordinator2026!", "ReadingReading1", "reading-coordinator", "YoungFutures2026", "prevention-panels", "SloughSlough!!",
    "reading panel 2026",
])  # fmt: skip
def test_words_of_the_person_the_service_and_the_area_are_refused(visitor, chosen):
    enter(visitor)
    assert EASY in change(visitor, chosen).text


@pytest.mark.parametrize("chosen", [
    "seven quiet marbles under glass", "kettle Orbit 9 thistle",
    "Xq7#mPz2!vLw9",
])  # fmt: skip
def test_good_ones_are_not(app, chosen):
    refused = passwords.what_is_wrong(chosen, own_account.own_words("Ada Brook", "ada@reading.example"))
    assert refused is None


@pytest.mark.parametrize(("length", "said"), [(11, "12 characters or more"), (129, "128 characters or fewer")])
def test_the_length_is_held(visitor, length, said):
    enter(visitor)
    assert said in change(visitor, LONG[:11] if length == 11 else LONG + "x").text


def test_the_list_is_long_and_says_where_it_is_from():
    lines = passwords.COMMON_FILE.read_text(encoding="utf-8").splitlines()
    assert len(lines) > 25_000
    assert any("zxcvbn" in line for line in lines if line.startswith("#"))


def test_the_cost_outside_tests_is_the_one_decided():
    """64 MiB, three rounds, Argon2id: what is stored says so itself."""
    from argon2 import PasswordHasher

    found = extract_parameters(PasswordHasher(**passwords.COST).hash("x"))
    assert (found.type.name, found.memory_cost, found.time_cost) == ("ID", 64 * 1024, 3)


def test_a_stored_hash_of_another_cost_still_matches(app):
    stored = passwords.hashed(PASSWORD)
    app.config["PASSWORD_COST"] = {"memory_cost": 16, "time_cost": 1, "parallelism": 1}
    assert passwords.matches(PASSWORD, stored)
    assert not passwords.matches(PASSWORD, "not a hash at all")
