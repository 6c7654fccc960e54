"""The acts of the whole story, each as its person does it on the pages; they work with and without script."""

from datetime import timedelta
from typing import Any

from core.clock import today
from core.working_days import add_working_days
from tests.journeys.walker import Walker, date_parts
from tests.referrals.walk import PAGES, answers_about

Known = Any


def refer(referrer: Walker, known: Known, surname: str = "Sefton") -> str:
    """From the start page to the reference."""
    referrer.open("/referrals").press("Refer a young person").heading("Refer a young person").press("Start now")
    referrer.heading("Is anyone in danger right now?").fill({"danger": "no"}).press("Continue")
    about = {name: str(value) for name, value in answers_about(known, "reading", 15).items()}
    referrer.heading("Check this is the right place").fill(about).press("Continue")
    answer_every_page(referrer, surname)
    referrer.heading("Check your answers").sees(surname, "She runs the lunchtime drama club.")
    referrer.fill({"declared": "y"}).press("Send referral").heading("Referral sent")
    return referrer.page.locator(".govuk-panel__body strong").inner_text()


def answer_every_page(referrer: Walker, surname: str) -> None:
    """The pages of the task list, one after another, by "Save and continue"."""
    referrer.heading("Your referral").press("Continue")
    answers = dict(PAGES)
    answers["person"] = answers["person"] | {"surname": surname}
    while (key := referrer.address.rsplit("/", 1)[1]) in answers:
        referrer.fill(answers.pop(key)).press("Save and continue")
    if key == "tasks":
        referrer.heading("Your referral").press("Check and send")


def make_ready_for_panel(coordinator: Walker, reference: str) -> None:
    """Acknowledge, look for records, make one, and decide."""
    coordinator.open("/triage").sees(reference).press("Sefton, Kay").press("Acknowledge")
    coordinator.sees("Acknowledged").press("Start triage").sees("No possible matches found")
    coordinator.press("Make a new record").press("Decide").heading("Triage decision")
    coordinator.fill({"outcome": "ready_for_panel", "words": "The panel can offer someone to talk to."})
    coordinator.press("Check what the referrer will read").sees("The panel can offer someone to talk to.")
    coordinator.press("Save decision and tell the referrer").sees("Ready for panel")


def plan_meeting(coordinator: Walker, known: Known) -> str:
    """A meeting with its people and the child on its agenda; returns its address."""
    people = [known.memberships[f"{role}@reading"] for role in ("panel_chair", "panel_member", "coordinator")]
    coordinator.open("/meetings").press("Plan a meeting").fill(
        date_parts("day", add_working_days(today(), 2))
        | {"at": "10am", "place": "Room 4", "chair": people[0], "asked": people}
    )
    coordinator.press("Plan meeting").sees("Meeting planned")
    address = coordinator.address
    coordinator.press("Open agenda").press("Add to agenda").sees("On this agenda", "Sefton, Kay")
    return address


def hold_meeting(chair: Walker, meeting: str, known: Known) -> None:
    """Who is here, the decision, and its confirmation."""
    chair.open(meeting).press("Start meeting")
    chair.open(f"{meeting}/attendance").sees("Quorum")
    here = chair.page.locator("main input[type=radio][value=present]")
    for number in range(here.count()):
        here.nth(number).check()
    chair.press("Save attendance").sees("Decisions count").press("Go to item 1").sees("Sefton")
    support = chair.page.get_by_label("Mentoring").first.get_attribute("value")
    chair.fill({
        "decision": "accept_support", "rationale": "She likes drama and wants to be left alone by them.", "support": [support],
        "lead": known.users["lead_practitioner@reading"], "what_1": "Ring the school",
        "who_1": known.users["panel_member@reading"], **date_parts("by_1", add_working_days(today(), 5)),
    })  # fmt: skip
    chair.press("Save and next item")
    chair.open(f"{meeting}/confirm").heading("Confirm decisions").sees("Sefton, Kay")
    chair.press("Confirm decisions").sees("These minutes are locked")


def record_taking_part(lead: Walker) -> str:
    """Opens the case from the caseload and records the child's yes; returns the case's address."""
    lead.open("/cases").press("Sefton, Kay")
    case = lead.address
    lead.sees("Next:").open(f"{case}/engagement").heading("Asking to take part")
    # The first is "Choose", the last "Not given yet".
    version = lead.page.locator("[name=notice_version] option").nth(1).get_attribute("value")
    lead.fill({"method": "visit", "answer": "yes", "given_by": "both", "notice_version": version})
    lead.press("Record attempt").sees("Saved.")
    return case


def agree_plan(lead: Walker, case: str) -> None:
    """A plan with one goal in the child's words."""
    lead.open(f"{case}/plan").press("Write what they want").fill({"what_they_want": "To act on a real stage."})
    lead.press("Save what they want").press("Add a goal").fill({
        "their_words": "Be in the spring play", "steps": "Join the youth theatre on Tuesdays", "who": "Kay and her aunt",
        "score_at_start": "3", **date_parts("due_on", today() + timedelta(days=40)),
    })  # fmt: skip
    lead.press("Save goal").sees("Be in the spring play").press("Agree plan")
    lead.fill({"agreed_with": "both"} | date_parts("agreed_on", today())).press("Agree plan").sees("Plan agreed.")


def accept_offer(provider: Walker) -> None:
    provider.open("/offers").press("Sefton, Kay").sees("Mentoring")
    provider.fill({"answer": "accept"} | date_parts("start_on", today()))
    provider.press("Send answer").sees("Offer accepted")


def record_session(provider: Walker) -> None:
    """Plans a session of today and records that the child came."""
    provider.open("/my-young-people").sees("Sefton, Kay").page.get_by_role("link", name="Sessions of Sefton").click()
    provider.heading("Sessions").press("Plan a session")
    provider.fill({"at": "9am", "place": "Library"} | date_parts("on", today()))
    provider.press("Plan session").sees("Session planned.")
    provider.open(provider.address).page.get_by_role("main").get_by_role("link", name="9am").click()
    provider.heading("Record a session").fill(
        {"attendance": "yes", "minutes": "50", "what_happened": "Read a scene together.", "concern": "no"}
    )
    provider.press("Save session").sees("Session saved")


def add_note(worker: Walker, case: str, words: str = "Rang her aunt. All well.") -> None:
    worker.open(f"{case}/notes/new").fill({"kind": "contact", "text": words} | date_parts("happened_on", today()))
    worker.press("Save note").sees("Note saved").open(f"{case}/timeline").sees(words)


def review(lead: Walker, case: str) -> None:
    lead.open(f"{case}/reviews/new").fill(
        {"what_changed": "She has a part.", "their_view": "It is going OK", "decision": "keep"}
    )
    lead.press("Finish review").sees("Review finished.")


def ask_to_close(lead: Walker, case: str) -> None:
    lead.open(f"{case}/close").fill({
        "reason": "goals_met", "goal_1": "achieved", "exit_plan": "The theatre stays. Ring the front door if it gets harder.",
        "feedback": "Support has ended and went well.",
    })  # fmt: skip
    lead.press("Ask to close").sees("A coordinator will check it.")


def approve_closing(coordinator: Walker, case: str) -> None:
    coordinator.open(f"{case}/close").sees("Goals reached").press("Approve and close").sees("Closed")
