"""Light pages (PAGES 7): lists of fifty, what every page loads, and what a second visit loads again."""

from pathlib import Path

import pytest
from werkzeug.test import Client

from accounts.roles import Role
from core.ids import new_id
from core.static_files import with_static
from tests.factories.cases import open_case
from tests.factories.triage import make_referral
from tests.factories.weights import KB, LIST, loaded, too_heavy, weight
from tests.support.client import Page

pytestmark = pytest.mark.only("sqlite")
STATIC = Path(__file__).resolve().parents[2] / "static"
ROWS = 50


@pytest.fixture
def fifty(acting, known):
    """So many cases and referrals that every list about them is full; no two are named alike."""
    for number in range(ROWS):
        name = new_id()[:9].title()
        make_referral(acting, known, forename=name, surname=name[::-1].title(), reference=f"RDG-26-{1000 + number}K")
    for _ in range(ROWS):
        name = new_id()[:9].title()
        open_case(acting, known, forename=name, surname=name[::-1].title())


def test_a_list_of_fifty_weighs_little(fifty, sign_in):
    wrong = []
    for role, path in (
        (Role.REFERRER, "/referrals"), (Role.AGENCY_CONTACT, "/referrals?show=agency"), (Role.COORDINATOR, "/triage"),
        (Role.COORDINATOR, "/cases"), (Role.LEAD, "/cases"), (Role.SAFEGUARDING_LEAD, "/audit"),
    ):  # fmt: skip
        answer = sign_in(role).get(path)
        page = Page(answer.text)
        rows = sum(1 for body in page.all("tbody") for _ in body.iter("tr"))
        assert rows == ROWS, f"{path} has {rows} rows"
        wrong += [f"{path}: {found}" for found in too_heavy(answer, page, LIST)]
    assert wrong == []


def test_what_every_page_loads_is_light_and_loaded_once(app):
    """Five requests at first, later one or two: style and script are kept for a year, and their address tells versions."""
    browser = Client(with_static(app))
    page = Page(browser.get("/help").text)
    fetched = {address: browser.get(address) for address in loaded(page)}
    assert len(fetched) + 1 <= 5
    most = {"app.css": 20 * KB, "app.js": 14 * KB, "mark.svg": 4 * KB}
    for address, answer in fetched.items():
        assert answer.status_code == 200
        assert weight(answer.data) <= most[address.split("?")[0].rpartition("/")[2]], address
        kept = answer.headers["Cache-Control"]
        assert "?v=" not in address or "max-age=31536000" in kept, address
        assert "max-age" in kept, address
    images = sum(path.stat().st_size for path in (STATIC / "images").iterdir())
    assert images <= 4 * KB
