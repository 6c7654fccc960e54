"""Axe on every page that each role may open, wide and on a telephone; on errors; and nothing wider than 320 pixels."""

import itertools
import re
import shutil
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from accounts.roles import ROLES, Role
from core.access import Door, requirement_of
from tests.conftest import build
from tests.journeys import everything, story
from tests.journeys.conftest import SMALL, WIDE, serve
from tests.journeys.test_real_door import LOOKED_AT
from tests.journeys.walker import Walker
from tests.referrals.walk import answers_about
from tests.security.test_matrix import address, pages
from tests.support.browser import axe_problems

pytestmark = pytest.mark.browser

TINY = {"width": 320, "height": 640}
# A page without its words: which elements follow which. Two pages with the same pairs are the same to axe.
TAGS = re.compile(r"<(\w+)(?=[^>]*?(?: class=\"([^\"]*)\")?[^>]*>)[^>]*?(?: aria-current=\"(\w+)\")?[^>]*>")
# No address alone leads to these: test_pages_that_follow_others walks to each.
WALKED_TO = {
    "/account/choose-role", "/find/<id:search_id>", "/oversight/csp/<slug>", "/refer/call-now", "/refer/eligible",
    "/referrals/<id:draft_id>/duplicate", "/triage/<id:referral_id>/decide",
}  # fmt: skip
# These are not pages; each with what it answers.
NO_PAGES = {
    "/account/role": "the page of /account/choose-role under another address",
    "/account/stay": "nothing: a script asks for it",
    "/language/<code>": "leads back to where one was, in another language",
    "/oversight": "leads to one's own area, district or board",
}


class Site:
    """What was made for this file: ids by the names of routes, and other states' addresses."""

    ids: dict[str, str]
    more: list[str]
    rule_of: Callable[[str], str]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("full-site")

    def fill(known):
        Site.ids, Site.more = everything.make(known)

    server, known = serve(folder, {}, fill)
    yield server, known
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def url_map(site, tmp_path_factory):
    """Every address with its rule and requirement, as the matrix of doors tries them, less those that are walked to."""
    app = build({}, tmp_path_factory.mktemp("map"))
    at = app.url_map.bind("localhost")
    with app.app_context():
        known = [(rule, address(rule, names, Site.ids)) for rule, names, _ in pages(app)]
        known += [(at.match(where.split("?")[0], return_rule=True)[0], where) for where in Site.more]
        Site.rule_of = lambda where: at.match(urlsplit(where).path, return_rule=True)[0].rule
        every = {rule.rule for rule, _ in known}
        assert WALKED_TO | NO_PAGES.keys() <= every, "a rule of the lists above is gone"
        alone = every - WALKED_TO - NO_PAGES.keys()
        return [(r.rule, where, requirement_of(app, r.endpoint)) for r, where in known if r.rule in alone]


# Those who work on records look at them in every state; the others at one of each kind.
WORKERS = {Role.REFERRER, Role.PROVIDER, Role.LEAD, Role.COORDINATOR}


class Looks:
    """Opens pages and gathers what is wrong; an outline that was seen before is not looked at again."""

    def __init__(self):
        self.wrong, self.outlines, self.rules, self.hosts = [], set(), set(), set()

    def use(self, page):
        self.page = page
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))

    def at(self, where, rule=""):
        answer = self.page.request.get(where, max_redirects=0)
        if answer.status != 200:
            return
        self.rules.add(rule)
        if "html" in answer.headers["content-type"] and self._is_new(answer.text()):
            self.page.goto(where)
            self.look(where)

    def _is_new(self, text):
        found = TAGS.findall(text.partition("<main")[2].partition("</main>")[0])
        outline = frozenset(itertools.pairwise(found))
        is_new = outline not in self.outlines
        self.outlines.add(outline)
        return is_new

    def look(self, where):
        for size in (WIDE, SMALL):
            self.page.set_viewport_size(size)
            self.wrong += [f"{where} at {size['width']}: {problem}" for problem in axe_problems(self.page)]
        self.page.set_viewport_size(TINY)
        if (width := self.page.evaluate("document.scrollingElement.scrollWidth")) > TINY["width"]:
            self.wrong.append(f"{where} is {width} pixels wide")
        self.page.set_viewport_size(WIDE)


# Pages that open only in the middle of something: test_pages_between leads up to each and looks at it.
BETWEEN = {
    "/account/kept/<id:held_id>", "/audit/alerts/<id:alert_id>", "/rights/retention/<id:review_id>",
    "/people/<id:person_id>/merge/<id:other_id>", "/people/<id:person_id>/split", "/transfers/<id:transfer_id>",
    "/cases/<id:case_id>/documents/<id:file_id>/remove", "/cases/export/<id:approval_id>",
    "/admin/systems/<id:credential_id>/end", "/closed-records/matches/<id:match_id>",
    "/referrals/<id:referral_id>/feedback", "/refer-by-link/confirm", "/refer-by-link/danger", "/refer-by-link/eligible",
    "/refer-by-link/tasks", "/refer-by-link/sent", "/refer-by-link/write/<any(about, needs, story, help, you):key>",
}  # fmt: skip
# Nothing of these is left to look at here, each with why. (Pages of second factors: LOOKED_AT, at the real door.)
NOT_HERE = {
    **dict.fromkeys(["/cases/<id:case_id>/documents/<id:file_id>", "/referrals/<id:referral_id>/files/<id:file_id>",
                     "/triage/<id:referral_id>/files/<id:file_id>", "/cases/export/<id:approval_id>/file",
                     "/audit/entries/<chain>/<int:seq>/proof"], "a download, no page"),
    "/triage/<id:referral_id>/files/<id:file_id>/remove": "the page of a case's document under another address",
    "/refer-by-link/call-now": "the page of /refer/call-now for a visitor",
    "/api/v1/referrals/<id:referral_id>": "the token of an agency's system; no page",
}  # fmt: skip


def test_every_page_that_anyone_may_open(walker, browse, site, url_map):
    looks = Looks()
    looks.use(browse())
    for rule, where, needed in url_map:
        if needed.door is Door.PUBLIC:
            looks.at(where, rule)
    for role, rules in ROLES.items():
        looks.use(walker(f"{role.value}@reading").page)
        for rule, where, needed in url_map:
            if where in Site.more and role not in WORKERS and rule in looks.rules:
                continue
            if needed.door is Door.SELF or set(needed.permissions) & set(rules.permissions):
                looks.at(where, rule)
    assert looks.wrong == []
    assert len(looks.outlines) > 100
    assert looks.hosts == {site[0].address.removeprefix("http://")}
    # Every page of the product: a new one that nobody here can open is missing until it is walked to.
    missing = sorted({rule for rule, _, _ in url_map} - looks.rules - BETWEEN - LOOKED_AT - NOT_HERE.keys())
    assert not missing, "nobody could open " + ", ".join(missing)


def test_a_planted_fault_is_found(browse):
    page = browse()
    page.goto("/help")
    assert axe_problems(page) == []
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<p><input></p>')")
    assert [problem for problem in axe_problems(page) if problem.startswith("label")]


def test_pages_that_follow_others(walker, site, url_map):
    looks = Looks()

    def look(who, words):
        looks.use(who.heading(words).page)
        looks.rules.add(Site.rule_of(who.page.url))
        looks.look(f"{words!r}")

    look(walker("oversight_viewer@slough").open("/oversight"), "Reading district: how we are doing")
    look(walker("analyst@slough"), "Choose how you are working today")
    referrer = walker("referrer@reading")
    look(referrer.open("/refer/danger").fill({"danger": "harm"}).press("Continue"), "Call the front door now")
    story.refer(referrer, site[1], surname="Okoro")
    referrer.open("/refer/danger").fill({"danger": "no"}).press("Continue")
    look(referrer, "Check this is the right place")
    about = {name: str(value) for name, value in answers_about(site[1], "reading", 15).items()}
    referrer.fill(about).press("Continue").press("Continue")
    referrer.fill({"forename": "Kaya", "surname": "Okoro"}).press("Save and continue")
    look(referrer, "You may have already referred this person")
    coordinator = walker("coordinator@reading")
    coordinator.open("/triage").press("Okoro, Kay").press("Start triage").press("Make a new record").press("Decide")
    look(coordinator, "Triage decision")
    coordinator.fill({"outcome": "ready_for_panel", "words": "Someone to talk to."})
    look(coordinator.press("Check what the referrer will read"), "Triage decision")
    look(coordinator.open("/find").fill({"q": "Okoro"}).press("Find"), "Search results")
    assert looks.wrong == []
    assert looks.rules >= WALKED_TO


# What has to be pushed sideways to be read, inside a page that itself fits.
SIDEWAYS = """() => [...document.querySelectorAll("main *")].filter(e => e.scrollWidth > e.clientWidth + 1 &&
    ["auto", "scroll"].includes(getComputedStyle(e).overflowX)).map(e => e.className)"""


def test_nothing_that_a_referrer_reads_scrolls_sideways_on_a_telephone_in_welsh(walker, site):
    person = walker("agency_contact@reading", size=SMALL).open("/language/cy")
    for where in ("/referrals?show=sent", "/referrals?show=agency", "/account", "/imports", "/account/notices"):
        person.open(where)
        assert person.page.locator("html").get_attribute("lang") == "cy"
        assert person.page.evaluate(SIDEWAYS) == [], where


FORMS = [
    (Role.REFERRER, "/refer/danger", "Continue"),
    (Role.REFERRER, "/refer/eligible", "Continue"),
    *[(Role.REFERRER, "/referrals/{draft_id}/" + key, "Save and continue") for key in
      ("person", "contact", "needs", "education", "strengths", "worries", "tried", "family", "sharing")],
    (Role.REFERRER, "/referrals/{referral_id}/withdraw", "Withdraw"),
    (Role.COORDINATOR, "/triage/{referral_id}/compare/{match_id}", "Save answer"),
    (Role.COORDINATOR, "/meetings/new", "Plan meeting"),
    (Role.COORDINATOR, "/cases/{case_id}/notes/new", "Save note"),
    (Role.COORDINATOR, "/cases/{case_id}/close", "Close case"),
    (Role.COORDINATOR, "/cases/{case_id}/sharing/new", "Record sharing"),
    (Role.LEAD, "/cases/{case_id}/engagement", "Record attempt"),
    (Role.LEAD, "/cases/{draft_case_id}/plan/goals/new", "Save goal"),
    (Role.LEAD, "/cases/{case_id}/reviews/new", "Finish review"),
    (Role.PROVIDER, "/cases/{case_id}/sessions/new", "Plan session"),
    (Role.PANEL_CHAIR, "/meetings/{meeting_id}/conflicts/new", "Save conflict"),
    (Role.ADMINISTRATOR, "/admin/users/invite", "Send"),
]  # fmt: skip


def test_forms_with_errors(walker, browse, site):
    looks, people = Looks(), {}
    for role, pattern, words in FORMS:
        if role not in people:
            people[role] = walker(f"{role.value}@reading")
        who, where = people[role], pattern.format(**Site.ids)
        looks.use(who.page)
        empty(who.open(where)).press(words)
        assert who.page.title().startswith("Error: "), f"{where}: {who.page.title()}"
        looks.look(f"{where} with errors")
    visitor = Walker(browse())
    looks.use(visitor.page)
    for where, words in (("/sign-in", "Sign in"), ("/forgotten-password", "Send")):
        visitor.open(where).press(words)
        assert visitor.page.title().startswith("Error: ")
        looks.look(f"{where} with errors")
    assert looks.wrong == []


def empty(who):
    """Clears what is filled beforehand."""
    fields = who.page.locator("main form[method=post]:not(:has(.app-link-button)) >> css=input[type=text], textarea")
    for one in fields.all():
        if one.is_visible():
            one.fill("")
    return who
