"""Signing in: right, wrong, unknown, suspended; the session's life; roles; and what must give nothing."""

import pytest
from sqlalchemy import select

from accounts.models import SignInSession
from audit.models import AuditEntry
from core.db import db
from tests.support.client import words
from tests.support.installation import PASSWORD

EMAIL = "coordinator@reading.example"


def sign_in(client, email=EMAIL, password=PASSWORD, **more):
    return client.submit("/sign-in", {"email": email, "password": password, **more}, follow=False)


def events():
    return list(db.session.scalars(select(AuditEntry.event).order_by(AuditEntry.chain, AuditEntry.seq)))


def test_the_right_password_opens_the_door(visitor):
    answer = sign_in(visitor)
    assert answer.status_code == 302
    assert answer.location == "/"
    assert "Panel coordinator" in words(visitor.get("/account"))
    assert "login:signed_in" in events()
