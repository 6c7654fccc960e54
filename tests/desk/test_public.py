"""Pages that anyone may read, and the two health checks that say yes or no and nothing more."""

import pytest
from sqlalchemy import func, select

from accounts.roles import Role
from audit.models import AuditEntry
from core.db import db
from desk import health
from desk.views import PUBLIC_PAGES
from tests.support.client import text


@pytest.mark.parametrize("path", list(PUBLIC_PAGES))
def test_anyone_may_read_it(visitor, sign_in, path):
    page = visitor.page(path)
    assert text(page.all("h1")[0])
    assert text(sign_in(Role.COORDINATOR).page(path).all("h1")[0]) == text(page.all("h1")[0])


def test_reading_them_leaves_no_entry(visitor):
    before = db.session.scalar(select(func.count()).select_from(AuditEntry))
    for path in PUBLIC_PAGES:
        visitor.get(path)
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == before


def test_the_footer_leads_only_to_pages_that_are_there(visitor):
    page = visitor.page("/help")
    for link in {a.get("href") for a in page.all("a")}:
        if link.startswith("/"):
            assert visitor.get(link).status_code in (200, 302), link


def test_alive(visitor):
    answer = visitor.get("/health/live")
    assert answer.status_code == 200
    assert answer.json == {"live": True}


def test_ready_says_yes_or_no_and_nothing_more(visitor, monkeypatch):
    assert visitor.get("/health/ready").json == {"ready": True}
    monkeypatch.setitem(health.READY, "Disk", lambda: "Less than a tenth of the disk is free")
    answer = visitor.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json == {"ready": False}
