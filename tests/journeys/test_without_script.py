"""The same story where scripts do not run: referral, triage, the panel's decision, support and a session."""

import pytest
from playwright.sync_api import expect

from tests.journeys import story
from tests.journeys.conftest import SMALL

pytestmark = pytest.mark.browser


def test_the_story_without_script(walker, site):
    known = site[1]

    def person(who):
        return walker(who, script=False)

    coordinator, opened = person("coordinator@reading"), []
    referrer = walker("referrer@reading", script=False, size=SMALL)
    referrer.page.on("load", lambda page: opened.append(page.url))
    story.make_ready_for_panel(coordinator, story.refer(referrer, known))
    begun = next(place for place, url in enumerate(opened) if url.endswith("/refer/danger"))
    assert len(opened) - begun <= 16, "from the danger question to the reference, on a telephone (PAGES 7)"
    meeting = story.plan_meeting(coordinator, known)
    story.hold_meeting(person("panel_chair@reading"), meeting, known)
    lead = person("lead_practitioner@reading")
    case = story.record_taking_part(lead)
    story.agree_plan(lead, case)
    provider = person("provider_practitioner@reading")
    story.accept_offer(provider)
    story.record_session(provider)
    story.add_note(lead, case)


def test_nothing_that_needs_script_is_offered_without_it(walker):
    referrer = walker("referrer@reading", script=False)
    page = referrer.open("/refer/danger").page
    expect(page.locator(".app-script-only:visible")).to_have_count(0)
    referrer.press("Continue").sees("There is a problem")
