"""What is typed survives: autosave, another browser, a cut network, a second click, a time-out and another's change."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from core.clock import now
from tests.journeys import story
from tests.journeys.conftest import WIDE
from tests.journeys.walker import Walker
from tests.referrals.walk import answers_about

pytestmark = pytest.mark.browser

TYPED = "She leads the warm-up and"


@pytest.fixture
def clocked(walker):
    """Someone whose browser's clock the test moves."""

    def go(who):
        person = walker(who)
        person.page.clock.install(time=now())
        return person

    return go


def start(referrer, known):
    """A draft that has begun; stops at its task list and returns that address."""
    referrer.open("/refer/danger").fill({"danger": "no"}).press("Continue")
    about = {name: str(value) for name, value in answers_about(known, "reading", 15).items()}
    return referrer.fill(about).press("Continue").heading("Your referral").address


def section_of(tasks, key):
    return tasks.replace("/tasks", f"/{key}")


def saving(page):
    return page.expect_response(re.compile("autosave"))


def test_typing_is_saved_five_seconds_after_it_stops(clocked, walker, site):
    referrer = clocked("referrer@reading")
    where = section_of(start(referrer, site[1]), "strengths")
    referrer.open(where).fill({"text": TYPED})
    with saving(referrer.page) as answer:
        referrer.page.clock.run_for(5_100)
    assert answer.value.status == 202
    expect(referrer.page.locator(".app-saved")).to_contain_text("Saved ")
    elsewhere = walker("referrer@reading").open(where)
    expect(elsewhere.page.get_by_role("textbox").and_(elsewhere.page.locator("#text"))).to_have_value(TYPED)


def test_nothing_is_sent_while_typing_goes_on(clocked, site):
    referrer = clocked("referrer@reading")
    page = referrer.open(section_of(start(referrer, site[1]), "strengths")).page
    sent = []
    page.on("request", lambda request: sent.append(request.url) if "autosave" in request.url else None)
    for words in ("She", "She leads", TYPED):
        referrer.fill({"text": words})
        page.clock.run_for(4_000)
    assert sent == []


def test_leaving_saves_at_once(walker, site):
    referrer = walker("referrer@reading")
    tasks = start(referrer, site[1])
    where = section_of(tasks, "strengths")
    referrer.open(where).fill({"text": TYPED})
    referrer.open(tasks)
    # The page that sent it is gone, so nothing tells when it was answered: look again until it was.
    kept = (referrer.open(where).page.locator("#text").input_value() for _ in range(50))
    assert TYPED in kept


def test_a_note_can_be_resumed_elsewhere(clocked, walker, a_case):
    lead = clocked("lead_practitioner@reading")
    lead.open(f"{a_case}/notes/new").fill({"text": "Met her at"})
    with lead.page.expect_response(re.compile("/drafts/")) as answer:
        lead.page.clock.run_for(5_100)
    assert answer.value.ok
    elsewhere = walker("lead_practitioner@reading").open(f"{a_case}/notes/new").sees("Kept for you")
    expect(elsewhere.page.locator("[name=text]")).to_have_value("Met her at")


def test_a_cut_network_is_said_and_saving_goes_on_afterwards(clocked, site):
    referrer = clocked("referrer@reading")
    where = section_of(start(referrer, site[1]), "strengths")
    page = referrer.open(where).page
    page.context.set_offline(True)
    referrer.fill({"text": TYPED})
    page.clock.run_for(5_100)
    referrer.sees("Not saved yet. Your words are still on this page.")
    page.get_by_role("button", name="Save and continue").click()
    referrer.sees("We could not reach the service. Check your connection, then try again.")
    expect(page.locator("#text")).to_have_value(TYPED)
    page.context.set_offline(False)
    referrer.fill({"text": f"{TYPED} sings"})
    with saving(page) as answer:
        page.clock.run_for(5_100)
    assert answer.value.status == 202
    expect(page.locator(".app-saved")).to_contain_text("Saved ")
    referrer.press("Save and continue").open(where)
    expect(page.locator("#text")).to_have_value(f"{TYPED} sings")


def test_two_clicks_send_once(walker, site):
    referrer = walker("referrer@reading")
    referrer.open("/refer/danger").fill({"danger": "no"}).press("Continue")
    about = {name: str(value) for name, value in answers_about(site[1], "reading", 15).items()}
    referrer.fill(about).press("Continue")
    story.answer_every_page(referrer, "Marsh")
    referrer.fill({"declared": "y"})
    sent = []
    referrer.page.on(
        "request", lambda r: sent.append(r.url) if r.method == "POST" and r.url.endswith("/check") else None
    )
    with referrer.page.expect_navigation(url=re.compile("/sent$")):
        referrer.page.get_by_role("button", name="Send referral").dblclick(no_wait_after=True)
    referrer.heading("Referral sent")
    assert len(sent) == 1
    reference = referrer.page.locator(".govuk-panel__body strong").inner_text()
    referrer.open("/referrals?show=sent")
    expect(referrer.page.get_by_role("main").get_by_text(reference)).to_have_count(1)


def test_a_warning_comes_before_the_session_ends(clocked):
    lead = clocked("lead_practitioner@reading")
    page = lead.open("/cases").page
    dialog = page.get_by_role("dialog")
    length = page.evaluate("new Date(document.body.dataset.sessionEnds) - Date.now()")
    before = timedelta(milliseconds=length) - timedelta(minutes=5, seconds=10)
    page.clock.fast_forward(int(before.total_seconds() * 1000))
    expect(dialog).to_be_hidden()
    page.clock.run_for(15_000)
    expect(dialog).to_contain_text("You will be signed out in 5 minutes")
    with page.expect_response(re.compile("/account/stay")) as answer:
        dialog.get_by_role("button", name="Stay signed in").click()
    assert answer.value.ok
    expect(dialog).to_be_hidden()
    page.clock.fast_forward(length)
    expect(dialog).to_contain_text("You have been signed out")
    expect(dialog.get_by_role("link", name="Sign in again")).to_be_visible()


def test_two_people_who_change_one_text_both_see_both(walker, a_case):
    lead = walker("lead_practitioner@reading")
    story.add_note(lead, a_case, "First words.")
    lead.page.get_by_role("link", name=re.compile("^Open note")).first.click()
    lead.page.wait_for_url(re.compile("/notes/"))
    mine, again = lead, Walker(lead.page.context.new_page())
    again.page.set_viewport_size(WIDE)
    again.open(mine.page.url).fill({"text": "Words of the other window."})
    mine.fill({"text": "Words of this window."})
    again.press("Save note").sees("Note saved")
    mine.press("Save note").heading("Someone else changed this")
    mine.sees("Words of this window.", "Words of the other window.", "Open the page again")


@pytest.fixture(scope="module")
def a_case(site, chromium):
    """A case of Reading with the lead practitioner, opened by the pages."""
    from tests.support import installation

    known, contexts = site[1], []

    def person(who):
        contexts.append(chromium.new_context(base_url=site[0].address, viewport=WIDE))
        page = contexts[-1].new_page()
        page.goto("/sign-in")
        page.get_by_label("Email address").fill(known.emails[who])
        page.get_by_label("Password", exact=True).fill(installation.PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return Walker(page)

    coordinator = person("coordinator@reading")
    story.make_ready_for_panel(coordinator, story.refer(person("referrer@reading"), known))
    story.hold_meeting(person("panel_chair@reading"), story.plan_meeting(coordinator, known), known)
    lead = person("lead_practitioner@reading")
    case = lead.open("/cases").press("Sefton, Kay").address
    for context in contexts:
        context.close()
    return case
