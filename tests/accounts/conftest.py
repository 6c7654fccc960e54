"""Helpers of the accounts tests: sign in through the form, cheap hashes, what the trail says."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from audit.models import AuditEntry
from core import mail
from core.db import db
from tests.support.client import Page, form_values, text
from tests.support.installation import PASSWORD
from tests.support.post import Post

EMAIL = "coordinator@reading.example"
NEW = "seven quiet marbles under glass"
START = "2026-11-23 09:00:00Z"


@pytest.fixture
def environment():
    """A demonstration, where a password is enough; the tests of second factors say otherwise."""
    return {"DEMONSTRATION": "1"}


@pytest.fixture(autouse=True)
def cheap(request):
    """A hash in a millisecond: what is tested is not how long Argon2 takes."""
    if "app" not in request.fixturenames:
        return
    app = request.getfixturevalue("app")
    app.config["PASSWORD_COST"] = {"memory_cost": 8, "time_cost": 1, "parallelism": 1}
    app.extensions["nobodys_hash"] = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("nobody")


@dataclass(frozen=True)
class Read:
    to: str
    subject: str
    text: str


class Letters(Sequence):
    """What a real mail server got since the last look; the outbox is emptied before each."""

    def __init__(self, post):
        self.post, self.seen = post, 0

    def _all(self):
        db.session.rollback()
        mail.hurry()
        return self.post.letters[self.seen :]

    def __len__(self):
        return len(self._all())

    def __getitem__(self, number):
        letter = self._all()[number]
        return Read(letter["X-To"], letter["Subject"], letter.get_content())

    def clear(self):
        self.seen += len(self._all())


@pytest.fixture
def letters(app):
    """The e-mails that were sent, as a worker beside the service sends them."""
    server = Post().serve(app)
    yield Letters(server)
    server.stop()


@pytest.fixture
def another(app):
    """Make one more browser."""
    from tests.conftest import _client

    return lambda: _client(app)


def enter(client, email=EMAIL, password=PASSWORD, **more):
    return client.submit("/sign-in", {"email": email, "password": password, **more}, follow=False)


def events():
    found = db.session.scalars(select(AuditEntry.event).order_by(AuditEntry.chain, AuditEntry.seq)).all()
    db.session.rollback()
    return list(found)


def session_cookie(client):
    cookie = client.get_cookie("__Host-session", domain="localhost")
    return cookie.value if cookie else None


@pytest.fixture
def statements(app):
    """``with statements() as sent:`` counts what goes to the data database."""
    from contextlib import contextmanager

    from sqlalchemy import event

    @contextmanager
    def counting():
        sent = []

        def note(connection, cursor, statement, *rest):
            sent.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return counting


def passkey_form(page, kind="get"):
    """The form whose script would ask the browser for a passkey: its options, and what it would send."""
    form = next(form for form in page.all("form") if form.get("data-passkey") == kind)
    return form.get("data-passkey-options"), form_values(form), form.get("action")


def show_passkey(client, path, authenticator, **more):
    """Press "use a passkey" on a page."""
    options, values, action = passkey_form(client.page(path))
    return client.post(action or path, data=values | {"credential": authenticator.get(options, **more)})


def add_passkey(client, authenticator, name="Laptop", path="/account/passkeys/add"):
    options, values, _ = passkey_form(client.page(path), "create")
    return client.post(path, data=values | {"credential": authenticator.create(options), "name": name})


def seed_on(page):
    """The key that the page of an authenticator app shows."""
    return "".join(text(page.all("code")[0]).split())


def add_app(client, path="/account/authenticator/add"):
    """Set up an authenticator app; returns it."""
    import pyotp

    page = client.page(path)
    app = pyotp.TOTP(seed_on(page))
    answer = client.post(path, data=form_values(page.form()) | {"code": app.now(), "name": "Phone"})
    assert answer.status_code == 302, answer.text[:3000]
    return app


def made_codes(client):
    """Ten new recovery codes, read from the page that makes them."""
    answer = client.submit("/account/recovery-codes", button="Make my recovery codes")
    assert answer.status_code == 201
    return [text(item) for item in Page(answer.text).all("code")]


@pytest.fixture
def with_app(another, time_machine):
    """A coordinator who set up an authenticator app a minute ago; the browser they did it in."""
    time_machine.move_to(START, tick=False)
    client = another()
    enter(client)
    client.app = add_app(client)
    time_machine.shift(60)
    return client
