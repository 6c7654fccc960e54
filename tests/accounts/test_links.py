"""Invitations and resets by link: once, in time, opening spends nothing; which passwords may be chosen; the e-mails."""

import re
import socket
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, text
from structlog.testing import capture_logs

from accounts.models import AccountLink, User
from accounts.services import links, passwords, users
from accounts.services.grants import Grant
from accounts.services.own_account import own_words
from core import mail
from core.clock import now
from core.db import db
from tests.accounts.conftest import EMAIL, NEW, enter, events
from tests.support.client import words
from tests.support.installation import PASSWORD

PERSON = {"name": "Ottoline Marsh", "email": "Ottoline.Marsh@school.reading.example"}


@pytest.fixture
def invited(acting, known):
    """The path of an invitation that has just been sent."""
    with acting("administrator@reading") as actor:
        grant = Grant("referrer", known.agencies["school@reading"], known.areas["reading"])
        _, link = users.invite(actor, **PERSON, grant=grant)
        db.session.commit()
    return link.removeprefix("https://localhost")


def ask_for_reset(client, letters, email=EMAIL):
    letters.clear()
    page = client.submit("/forgotten-password", {"email": email})
    found = re.search(r"https://localhost(/reset-password/\S+)", letters[0].text if letters else "")
    return page, found.group(1) if found else None


def test_an_invitation_sets_up_an_account_once(visitor, another, invited):
    page = visitor.submit(invited, {"new_password": NEW})
    assert "Your password is set" in words(page)
    assert enter(another(), email=PERSON["email"], password=NEW).status_code == 302
    again = another().get(invited)
    assert again.status_code == 410
    assert "This invitation has run out" in words(again)
    assert events().count("config:invitation_used") == 1


def test_opening_an_invitation_spends_nothing(visitor, invited):
    for _ in range(3):
        assert "Set up your account" in words(visitor.get(invited))
    assert visitor.head(invited).status_code == 200
    assert visitor.submit(invited, {"new_password": NEW}).status_code == 200


def test_two_who_use_one_link_at_once_cannot_both(visitor, another, invited):
    other = another()
    form = other.page(invited)
    visitor.submit(invited, {"new_password": NEW})
    from tests.support.client import form_values

    late = other.post(invited, data=form_values(form.form()) | {"new_password": "another set of plain words"})
    assert late.status_code == 410
    assert enter(another(), email=PERSON["email"], password=NEW).status_code == 302


@pytest.mark.parametrize(("kind", "hours"), [("invitation", 72), ("reset", 1)])
def test_a_link_works_for_its_time_and_no_longer(visitor, known, time_machine, kind, hours):
    time_machine.move_to("2026-11-22 10:00:00Z", tick=False)
    user = db.session.get_one(User, known.users["coordinator@reading"])
    path = links.make(user, kind).removeprefix("https://localhost")
    db.session.commit()
    time_machine.shift(hours * 3600 - 1)
    assert visitor.get(path).status_code == 200
    time_machine.shift(1)
    assert visitor.get(path).status_code == 410


def test_only_the_hash_of_a_token_is_kept(invited):
    token = invited.rpartition("/")[2]
    assert token not in str(db.session.scalars(select(AccountLink.token_hash)).all())


def test_an_invitation_is_no_reset_and_a_made_up_token_nothing(visitor, invited):
    token = invited.rpartition("/")[2]
    assert visitor.get(f"/reset-password/{token}").status_code == 410
    assert visitor.get("/invitation/made-up").status_code == 410


def test_a_newer_invitation_replaces_the_older(visitor, acting, invited):
    with acting("administrator@reading") as actor:
        user = db.session.scalars(select(User).where(User.email == PERSON["email"].lower())).one()
        users.invite_again(actor, user)
        db.session.commit()
    assert visitor.get(invited).status_code == 410


def test_a_suspended_person_cannot_use_their_link(visitor, acting, invited):
    with acting("administrator@reading") as actor:
        user = db.session.scalars(select(User).where(User.email == PERSON["email"].lower())).one()
        users.suspend(actor, user)
        db.session.commit()
    assert visitor.get(invited).status_code == 410


def test_a_reset_gives_a_new_password_once_and_ends_sessions(visitor, another, letters):
    enter(visitor)
    page, path = ask_for_reset(another(), letters)
    assert "Check your email" in words(page)
    client = another()
    assert client.submit(path, {"new_password": NEW}).status_code == 200
    assert visitor.get("/account").status_code == 302
    assert enter(another(), password=PASSWORD).status_code == 200
    assert enter(another(), password=NEW).status_code == 302
    assert another().get(path).status_code == 410


def test_a_reset_answers_alike_for_everyone_and_is_slowed_down(another, known, letters):
    known_page, path = ask_for_reset(another(), letters)
    unknown_page, none = ask_for_reset(another(), letters, "nobody@reading.example")
    assert path
    assert none is None
    assert words(known_page).split("page number")[0] == words(unknown_page).split("page number")[0]
    assert events().count("config:password_reset_asked") == 2
    for _ in range(4):
        ask_for_reset(another(), letters)
    assert ask_for_reset(another(), letters)[0].status_code == 429


def test_someone_who_never_set_up_their_account_gets_no_reset(another, invited, letters):
    assert ask_for_reset(another(), letters, PERSON["email"])[1] is None


@pytest.mark.catalogue("N6")
def test_long_odd_and_listed_passwords(visitor, another, invited, letters):
    long = "".join(chr(97 + (n * 7 + n // 26) % 26) for n in range(127))
    visitor.submit(invited, {"new_password": long + "a"})
    assert enter(another(), email=PERSON["email"], password=long + "b").status_code == 200
    assert enter(another(), email=PERSON["email"], password=long).status_code == 200
    assert enter(another(), email=PERSON["email"], password=long + "a").status_code == 302
    for odd in ("🦊 fox under 🌉 bridge 🌧", "   spaces  before and after   "):
        _, path = ask_for_reset(another(), letters, PERSON["email"])
        assert another().submit(path, {"new_password": odd}).status_code == 200
        assert enter(another(), email=PERSON["email"], password=odd).status_code == 302
        assert enter(another(), email=PERSON["email"], password=odd.strip(" 🌧")).status_code == 200
    _, path = ask_for_reset(another(), letters, PERSON["email"])
    assert "harder to guess" in another().submit(path, {"new_password": "Password123456!"}).text


@pytest.mark.parametrize("easy", [
    "password1234", "Liverpool 2026!", "thamesvalley99", "Safeguarding1!", "111111111111", "abababababab",
    "abcdefghijklm", "123456789012", "ottoline.marsh2026", "Correct Horse Battery Staple", "qwertyuiop123",
    "ripe-lanterns-for-geese",
])  # fmt: skip
def test_a_password_that_is_easy_to_guess_may_not_be_chosen(easy):
    mine = ("Ottoline", "Marsh", PERSON["email"], "ottoline.marsh")
    assert passwords.what_is_wrong(easy, mine) is not None


def test_words_that_are_ones_own_are_name_address_and_service(app):
    mine = own_words(PERSON["name"], PERSON["email"].lower())
    assert {"Ottoline", "ottoline.marsh", "Prevention"} <= set(mine)


@pytest.mark.parametrize("fine", [NEW, "x7!kQ2v9#Lp4", "пароль на дванадцять", "twelve words"])
def test_a_password_of_twelve_may_be_chosen(fine):
    assert passwords.what_is_wrong(fine) is None


@pytest.mark.parametrize(("length", "said"), [(11, "12 characters or more"), (129, "128 characters or fewer")])
def test_a_password_has_its_lengths(length, said):
    assert said in passwords.what_is_wrong(("correct ponies " * 10)[:length])


class Inbox:
    """What a real SMTP server received."""

    def __init__(self):
        self.letters = []

    async def handle_DATA(self, server, session, envelope):
        letter = message_from_bytes(envelope.content, policy=policy.default)
        self.letters.append((envelope.rcpt_tos, f"{letter['Subject']}\n{letter.get_content()}"))
        return "250 OK"


@pytest.fixture
def inbox(app):
    kept = Inbox()
    controller = Controller(kept, hostname="127.0.0.1")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        controller.port = probe.getsockname()[1]
    controller.start()
    settings = app.extensions["settings"]
    object.__setattr__(settings, "smtp_host", "127.0.0.1")
    object.__setattr__(settings, "smtp_port", controller.port)
    object.__setattr__(settings, "mail_from", "no-reply@partnership.example")
    yield kept
    controller.stop()


def outbox():
    """What lies in the outbox, as text."""
    rows = [str(dict(row)) for row in db.session.execute(text("select * from message")).mappings()]
    rows += [str(dict(row)) for row in db.session.execute(text("select * from account_link")).mappings()]
    db.session.rollback()
    return "\n".join(rows)


def test_the_invitation_goes_by_mail_with_nothing_about_anyone(inbox, invited):
    mail.hurry()
    [(to, letter)] = inbox.letters
    assert to == [PERSON["email"].lower()]
    assert "You have been invited to" in letter
    assert "Reading school asked us to set up an account for you. The link works for 72 hours." in letter
    assert invited in letter
    assert "Ottoline Marsh" not in letter
    assert "Do not reply" in letter


def test_a_letter_with_a_link_is_tried_again_and_its_link_lies_nowhere(app, another, inbox, invited, time_machine):
    """A mail server that is away holds the letter up; the link that it carries then is the one that works."""
    port = app.extensions["settings"].smtp_port
    object.__setattr__(app.extensions["settings"], "smtp_port", 1)
    mail.hurry()
    assert inbox.letters == []
    token = invited.rpartition("/")[2]
    assert "invitation" in outbox()
    assert "waiting" in outbox()
    assert token not in outbox()
    object.__setattr__(app.extensions["settings"], "smtp_port", port)
    time_machine.move_to(now() + timedelta(minutes=2))
    mail.hurry()
    assert invited in inbox.letters[0][1]
    another().submit("/forgotten-password", {"email": EMAIL})
    time_machine.move_to(now() + timedelta(hours=2))
    mail.hurry()
    assert len(inbox.letters) == 1, "a link that has run out is not sent"
    assert "link_over" in outbox()


def test_a_letter_of_a_transaction_that_fails_is_never_sent(inbox, app):
    mail.send(mail.Letter("someone@agency.example", "Hello", "Text"))
    db.session.rollback()
    db.session.commit()
    mail.wait()
    assert inbox.letters == []


def test_a_mail_server_that_does_not_answer_is_logged_without_the_address(app):
    settings = app.extensions["settings"]
    object.__setattr__(settings, "smtp_host", "127.0.0.1")
    object.__setattr__(settings, "smtp_port", 1)
    mail.send(mail.Letter("someone@agency.example", "Hello", "Text"))
    with capture_logs() as said:
        db.session.commit()
        mail.wait()
    assert [entry["event"] for entry in said] == ["mail_failed"]
    assert "someone@agency.example" not in str(said)


def test_without_a_mail_server_only_the_demonstration_prints_links(app, capsys, another):
    for demonstration in (True, False):
        app.extensions["settings"] = replace(app.extensions["settings"], demonstration=demonstration)
        mail.send(mail.Letter("someone@agency.example", "Hello", "https://localhost/reset-password/secret"))
        db.session.commit()
        assert ("secret" in "".join(capsys.readouterr())) is demonstration
    app.extensions["settings"] = replace(app.extensions["settings"], demonstration=True)
    capsys.readouterr()
    another().submit("/forgotten-password", {"email": EMAIL})
    mail.hurry()
    assert "/reset-password/" in capsys.readouterr().err
