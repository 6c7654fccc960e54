"""A scanner for all tests of files, a draft to add to, and working the queue."""

import io
from collections.abc import Iterator
from dataclasses import replace

import pytest

from accounts.roles import Role
from core.db import db
from files.services import checking
from tests.factories.referrals import a_draft
from tests.support.scanner import Scanner


@pytest.fixture(scope="session")
def daemon() -> Iterator[Scanner]:
    scanner = Scanner()
    yield scanner
    scanner.stop()


@pytest.fixture
def scanner(app, daemon):
    app.extensions["settings"] = replace(app.extensions["settings"], clamd_socket=daemon.socket)
    return daemon


@pytest.fixture
def draft_id(acting):
    with acting("referrer@reading") as actor:
        found = a_draft(actor).id
        db.session.commit()
        return found


@pytest.fixture
def upload(sign_in, draft_id):
    """``upload(name, content)`` adds a file to the draft as its owner; the page that follows."""
    client = sign_in(Role.REFERRER)

    def go(name, content, **more):
        return client.submit(
            f"/referrals/{draft_id}/files", {"file": (io.BytesIO(content), name)} | more, button="Upload file"
        )

    go.client = client
    return go


@pytest.fixture
def check(app):
    def go():
        while checking.check_one():
            pass
        db.session.remove()

    return go
