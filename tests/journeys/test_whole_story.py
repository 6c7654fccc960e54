"""From a worried teacher to a closed case and a trail that verifies: each step by the person whose job it is."""

import re

import pytest

from tests.journeys import story

pytestmark = pytest.mark.browser


def test_the_whole_story(walker, site):
    known = site[1]
    referrer = walker("referrer@reading")
    reference = story.refer(referrer, known)
    assert re.fullmatch(r"RDG-\d\d-\d{4}[A-Z]", reference)

    coordinator = walker("coordinator@reading")
    story.make_ready_for_panel(coordinator, reference)
    meeting = story.plan_meeting(coordinator, known)
    story.hold_meeting(walker("panel_chair@reading"), meeting, known)

    lead = walker("lead_practitioner@reading")
    case = story.record_taking_part(lead)
    story.agree_plan(lead, case)
    provider = walker("provider_practitioner@reading")
    story.accept_offer(provider)
    story.record_session(provider)
    story.add_note(lead, case)
    story.review(lead, case)
    lead.open(f"{case}/timeline").sees("Plan agreed", "Offer answered", "Session happened")

    story.ask_to_close(lead, case)
    story.approve_closing(coordinator, case)
    referrer.open("/referrals").press("Decided").press("Sefton").sees(reference, "Support has ended and went well.")
    who_has_looked(walker("safeguarding_lead@reading"), reference)


def who_has_looked(safeguarding, reference):
    """The trail names everyone who saw this child, and agrees with its seals."""
    safeguarding.open("/audit").fill({"reference": reference}).press("Search").sees("Closed a case", reference)
    safeguarding.press(reference).heading("Who has looked at")
    safeguarding.sees(
        "Referrer Reading", "Panel coordinator Reading", "Panel chair Reading", "Lead practitioner Reading",
        "Provider practitioner Reading",
    )  # fmt: skip
    safeguarding.open("/audit/verify").sees("Not checked yet").press("Check now").sees(
        "Verified", "Safeguarding lead Reading"
    )
