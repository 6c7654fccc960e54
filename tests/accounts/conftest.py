"""Helpers of the accounts tests: sign in through the form, cheap hashes, what the trail says."""

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from audit.models import AuditEntry
from core import mail
from core.db import db
from tests.support.installation import PASSWORD

EMAIL = "coordinator@reading.example"
NEW = "seven quiet marbles under glass"


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


@pytest.fixture
def letters(monkeypatch):
    """The e-mails that would have been sent."""
    kept = []
    monkeypatch.setattr(mail, "_without_server", lambda letter, settings: kept.append(letter))
    return kept


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
