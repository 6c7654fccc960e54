# ruff: noqa: F811 (a fixture that was imported is asked for by its name)
"""Axe on pages that open only in the middle of something: each is led up to here, and Chromium shows what it answers."""

import io
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from accounts.roles import Role
from core.db import db
from files.models import StoredFile
from tests.audit import test_alert_pages as alerts
from tests.core import test_held_forms as held
from tests.factories import everything, world
from tests.factories.changing import CHANGING
from tests.factories.files import pdf
from tests.factories.forms import Place, like_another
from tests.invited import conftest as invited
from tests.invited.conftest import another, link, post  # noqa: F401
from tests.journeys.test_accessibility import BETWEEN, Looks
from tests.panels import test_exporting as exporting
from tests.referrals import test_tracking as tracking

EXPORT = "/cases/export/<id:approval_id>"
pytestmark = [pytest.mark.browser, pytest.mark.only("sqlite")]


@pytest.fixture
def place(app, known, acting, sign_in):
    return Place(known, acting, sign_in, everything.make(known, acting, sign_in))


class Shown(Looks):
    """Looks in Chromium at what the application in this process answers to one client."""

    def __init__(self, app, chromium: Browser) -> None:
        super().__init__()
        self.map = app.url_map.bind("localhost")
        self.page = chromium.new_page()
        self.page.route("**/*", self._answer)

    def see(self, client, path) -> None:
        self.client = client
        db.session.rollback()
        self.page.goto(f"http://localhost{path}")
        assert self.status == 200, f"{path} answered {self.status}"
        self.rules.add(self.map.match(urlsplit(path).path, return_rule=True)[0].rule)
        self.look(path)

    def _answer(self, route) -> None:
        asked = urlsplit(route.request.url)
        answer = self.client.open(f"{asked.path}?{asked.query}".rstrip("?"), method=route.request.method)
        if route.request.is_navigation_request():
            self.status = answer.status_code
        route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.data)


@pytest.fixture
def shown(app, chromium):
    found = Shown(app, chromium)
    yield found
    found.page.close()


def test_what_opens_in_the_middle_of_something(shown, place, acting, known, sign_in, link):
    for each in (_alerts, _feedback, _file, _systems, _held, _by_link, _records):
        each(shown, place, link)
    assert shown.wrong == []
    # What nobody walked to is missing, and what is no longer there is listed for nothing.
    assert shown.rules >= BETWEEN - {EXPORT}, f"not looked at: {sorted(BETWEEN - shown.rules)}"


def test_an_export_that_was_agreed(shown, known, sign_in):
    world.make(known, each=10)
    client, approval = exporting.agreed(sign_in)
    shown.see(client, f"/cases/export/{approval}")
    assert shown.wrong == []
    assert shown.rules == {EXPORT}


def _alerts(shown, place, link):
    alert = alerts.raised(place.acting, place.known, "panel_chair@reading")
    shown.see(place.sign_in(Role.SAFEGUARDING_LEAD), f"/audit/alerts/{alert}")


def _feedback(shown, place, link):
    with place.acting("referrer@reading") as actor:
        sent = tracking.send_referral(actor).id
        db.session.commit()
    tracking.decide(place.acting, sent)
    shown.see(place.sign_in(Role.REFERRER), f"/referrals/{sent}/feedback")


def _file(shown, place, link):
    lead, coordinator = place.sign_in(Role.LEAD), place.sign_in(Role.COORDINATOR)
    documents = f"/cases/{place.ids['case_id']}/documents"
    lead.submit(documents, {"file": (io.BytesIO(pdf()), "plan.pdf")}, button="Add file")
    file = db.session.scalars(select(StoredFile.id).order_by(StoredFile.created_at.desc())).first()
    db.session.rollback()
    shown.see(coordinator, f"{documents}/{file}/remove")


def _records(shown, place, link):
    """A record that moves, one whose time is over, two that are one, and one that is hidden."""
    coordinator = place.sign_in(Role.COORDINATOR)
    for name in ("rights.transfer", "rights.retention_decide"):
        client = place.sign_in(CHANGING[name].role)
        shown.see(client, CHANGING[name].path(place, client))
    two = like_another(place, coordinator)
    shown.see(coordinator, two)
    coordinator.submit(two, {"case_stays": "kept"})
    shown.see(coordinator, f"{two.rpartition('/merge/')[0]}/split")
    hidden = CHANGING["panels.hidden_match"]
    client = place.sign_in(hidden.role)
    shown.see(client, hidden.path(place, client))


def _systems(shown, place, link):
    client = place.sign_in(Role.ADMINISTRATOR)
    shown.see(client, CHANGING["interface.end_credential"].path(place, client))


def _by_link(shown, place, link):
    link.visitor.submit(link.path, button="Send me a code")
    shown.see(link.visitor, "/refer-by-link/confirm")
    link.visitor.submit("/refer-by-link/confirm", {"code": invited.code(link.post)}, button="Continue")
    shown.see(link.visitor, "/refer-by-link/danger")
    link.visitor.submit("/refer-by-link/danger", {"danger": "no"})
    shown.see(link.visitor, "/refer-by-link/eligible")
    link.visitor.submit("/refer-by-link/eligible", invited.HERE)
    for part in invited.PARTS:
        shown.see(link.visitor, f"/refer-by-link/write/{part}")
    where = invited.write(link)
    shown.see(link.visitor, where)
    sent = link.visitor.submit(where, {"declared": "y"}, button="Send referral")
    shown.see(link.visitor, sent.request.path)


def _held(shown, place, link):
    """It ends every session: whoever comes after it signs in anew."""
    kept = held.sent_too_late(place)
    shown.see(place.sign_in(Role.LEAD), kept)
