"""The twelve agreed error texts (PAGES 5.3): each from its real page, in the summary and beside its field."""

import io
from datetime import timedelta

import pytest

from accounts.roles import Role
from core.clock import now, today
from core.db import db
from core.formats import clock_time, day
from panels.models import AgendaItem
from panels.services import meetings as panel_meetings
from tests.factories import meetings
from tests.factories.cases import open_case
from tests.factories.support import plan
from tests.factories.triage import make_referral
from tests.referrals import walk
from tests.support.client import Page, form_values, text, words

pytestmark = pytest.mark.only("sqlite")


def said(response):
    """The texts of the summary, and those beside fields."""
    page = Page(response.text)
    summary = next(e for e in page.all("div") if "govuk-error-summary" in e.get("class", "").split())
    beside = [text(e) for e in page.all("p") if "govuk-error-message" in e.get("class", "").split()]
    assert text(page.all("title")[0]).startswith("Error: ")
    return [text(link) for link in summary.iter("a")], [words.removeprefix("Error: ") for words in beside]


def check(response, *wanted):
    summary, beside = said(response)
    for words_of_it in wanted:
        assert summary.count(words_of_it) == 1, summary
        assert beside.count(words_of_it) == 1, beside


def test_what_a_referrer_is_told(sign_in, known):
    client = sign_in(Role.REFERRER)
    client.submit("/refer/danger", {"danger": "no"})
    about = walk.answers_about(known, "reading", 15)
    check(client.submit("/refer/eligible", about | {"date_of_birth-year": ""}), "Date of birth must include a year")
    check(client.submit("/refer/eligible", about | {"date_of_birth-year": "2090"}), "Date of birth must be in the past")
    draft = f"/referrals/{walk.draft_id_of(walk.begin(client, known))}"
    person = {"forename": "", "surname": "Sefton"} | walk.born(18)
    check(
        client.submit(f"{draft}/person", person),
        "Enter their first name", "They must be 10 to 17. You entered an age of 18",
    )  # fmt: skip
    check(
        client.submit(f"{draft}/contact", {"methods": ["text"], "postcode": "nowhere"}),
        'Enter a postcode, like RG1 2AB, or select "No fixed address"',
    )
    check(
        client.submit(f"{draft}/worries", {"text": "x" * 4120}),
        "Tell us what is worrying you, in 4,000 characters or fewer. You have used 4,120",
    )
    check(client.submit(f"{draft}/family", {}), "Select yes if the family knows about this referral")
    wrong = {"file": (io.BytesIO(b"MZ"), "plan.exe")}
    check(client.submit(f"{draft}/files", wrong, button="Upload file"), "Choose a file in PDF, DOCX, JPG or PNG")
    check(client.submit(f"{draft}/files", {}, button="Upload file"), "Choose a file in PDF, DOCX, JPG or PNG")


def test_what_a_worker_is_told(sign_in, acting, known):
    case_id = open_case(acting, known)
    plan(acting, case_id, agreed_on=today())
    review = {"what_changed": "New tutor", "their_view": "It is going OK", "decision": "keep"}
    review |= {"next_on-day": today().day, "next_on-month": today().month, "next_on-year": today().year}
    check(
        sign_in(Role.LEAD).submit(f"/cases/{case_id}/reviews/new", review, button="Finish review"),
        f"The review date must be after the plan was agreed on {day(today())}",
    )
    coordinator = sign_in(Role.COORDINATOR)
    path = f"/triage/{make_referral(acting, known)}"
    coordinator.submit(path, button="Start triage")
    coordinator.submit(path, button="Make a new record")
    decided = coordinator.submit(f"{path}/decide", {"outcome": "not_eligible", "words": "x"})
    check(decided, "Select a reason for your decision")


def test_what_someone_with_a_conflict_and_the_second_of_two_are_told(sign_in, acting, known, time_machine):
    referral = meetings.ready_referral(acting, known)
    meeting_id = meetings.meeting(acting, known, referrals=(referral,), started=True)
    with acting("coordinator@reading") as actor:
        item = db.session.query(AgendaItem).one()
        chair = known.users["panel_chair@reading"]
        panel_meetings.declare_conflict(actor, item, user_id=chair, kind="related", note="Her aunt.")
        db.session.commit()
    live = sign_in(Role.PANEL_CHAIR).get(f"/meetings/{meeting_id}/live/1")
    assert "You are named as having a conflict on this item, so you cannot record the decision" in words(live)
    case_id = open_case(acting, known)
    plan(acting, case_id)
    path, mine, theirs = f"/cases/{case_id}/plan/wants", sign_in(Role.LEAD), sign_in(Role.COORDINATOR)
    opened = form_values(mine.page(path).form(button="Save")) | {"what_they_want": "Art on Mondays"}
    at = now() + timedelta(minutes=3)
    time_machine.move_to(at, tick=False)
    theirs.submit(path, {"what_they_want": "Art on Fridays"}, button="Save")
    time_machine.move_to(at + timedelta(minutes=2), tick=False)
    late = mine.post(path, data=opened)
    assert late.status_code == 409
    shown = words(late)
    assert f"Someone changed this plan at {clock_time(at)}. Check both versions and choose what to keep" in shown
    assert "Art on Mondays" in shown
    assert "Art on Fridays" in shown
