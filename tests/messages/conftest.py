"""Who carries the letters of a test, and telling somebody something."""

import pytest
from sqlalchemy import select

from core.db import db
from messages.kinds import MessageKind
from messages.models import Message
from messages.services import tell
from tests.support.post import Notify, Post


@pytest.fixture
def post(app):
    server = Post().serve(app)
    yield server
    server.stop()


@pytest.fixture
def notify(app):
    server = Notify().serve(app)
    yield server
    server.stop()


@pytest.fixture
def told(known):
    """``told(kind, role, ...)`` tells that person of Reading and commits."""

    def go(kind=MessageKind.NEWS, role="referrer", **options):
        tell([known.users[f"{role}@reading"]], kind, **options)
        db.session.commit()

    return go


@pytest.fixture
def outbox(app):
    """``outbox()``: status, number of tries and error of each message, oldest first."""

    def look():
        db.session.rollback()
        rows = db.session.execute(
            select(Message.status, Message.attempts, Message.error).order_by(Message.created_at, Message.id)
        )
        found = [tuple(row) for row in rows]
        db.session.rollback()
        return found

    return look
