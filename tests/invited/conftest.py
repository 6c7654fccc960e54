"""Helpers of these tests: a mail server, a coordinator who invites, and a visitor who walks the pages of a link."""

import re
from types import SimpleNamespace

import pytest

from accounts.roles import Role
from audit.models import AuditEntry
from core import mail
from core.db import db
from tests.conftest import _client
from tests.referrals import walk
from tests.support.client import Page, text
from tests.support.post import Post

SENDER = "r.adeyemi@school.reading.example"
SURNAME, WORRY = "Quillfeather", "Older young people wait for her <script>alert('w')</script> {{ 7*7 }} ' OR 1=1 --"
_SECTIONS = dict(walk.PAGES) | {"you": {"name": "Rosalind Adeyemi", "phone": "0118 496 0555"}}
_SECTIONS["person"] = {"forename": "Ottilie", "surname": SURNAME}
_SECTIONS["worries"] = {"text": WORRY, "concern_cce": "suspected"}
PARTS = {
    page: {f"{key}-{name}": value for key in keys for name, value in _SECTIONS[key].items()}
    for page, keys in {
        "about": ("person", "contact"), "needs": ("needs", "education"), "story": ("strengths", "worries"),
        "help": ("family", "tried"), "you": ("sharing", "you"),
    }.items()
}  # fmt: skip
HERE = walk.born() | {"here": "yes", "reason": "exploitation"}


@pytest.fixture
def post(app):
    server = Post().serve(app)
    yield server
    mail.wait()
    server.stop()


@pytest.fixture
def another(app):
    return lambda: _client(app)


@pytest.fixture
def link(app, known, sign_in, post, visitor):
    """A link that a coordinator of Reading has just sent to somebody at a school, and how to go on with it."""
    coordinator = sign_in(Role.COORDINATOR)
    fields = {"agency_id": known.agencies["school@reading"], "email": SENDER, "email_again": SENDER.upper()}
    assert "Link sent" in coordinator.submit("/triage/links/new", fields).text
    return SimpleNamespace(path=address(post), post=post, coordinator=coordinator, visitor=visitor)


def letters(post):
    db.session.rollback()
    mail.hurry()
    return post.texts


def address(post):
    return re.search(r"https://localhost(/refer-by-link/\S+)", letters(post)[-1]).group(1)


def code(post):
    return re.search(r"^(\d{6})$", letters(post)[-1], re.MULTILINE).group(1)


def confirm(link, visitor=None):
    """Press the button, type the code; answers with the page that follows."""
    visitor = visitor or link.visitor
    visitor.submit(link.path, button="Send me a code")
    return visitor.submit("/refer-by-link/confirm", {"code": code(link.post)}, button="Continue")


def begin(link, danger="no"):
    confirm(link)
    link.visitor.submit("/refer-by-link/danger", {"danger": danger})
    return link.visitor.submit("/refer-by-link/eligible", HERE)


def write(link):
    """Every page; answers with the last one, from which it can be sent."""
    where = "/refer-by-link/write/about"
    while where.rpartition("/")[2] in PARTS:
        answer = link.visitor.submit(where, PARTS[where.rpartition("/")[2]], follow=False)
        assert answer.status_code == 302, [
            text(e) for e in Page(answer.text).all("div") if "error" in e.get("class", "")
        ]
        where = answer.location
    return where


def send(link):
    begin(link)
    return link.visitor.submit(write(link), {"declared": "y"}, button="Send referral")


def receipt_of(page):
    return re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", page.text).group(0)


def entries(event):
    found = db.session.query(AuditEntry).filter_by(event=event).order_by(AuditEntry.at).all()
    db.session.rollback()
    return found
