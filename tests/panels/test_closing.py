"""Closing and reopening: two people, every goal, no open step-up."""

import pytest
from sqlalchemy import select

from accounts.roles import Role
from core.clock import now
from core.db import db
from panels.models import Case, Goal, Offer, TimelineEntry
from referrals.models import Referral
from referrals.services.step_ups import raise_step_up
from tests.factories.cases import agreed_plan, make_offer, open_case
from tests.support.client import words

ANSWERS = {
    "reason": "goals_met", "exit_plan": "Art club stays. Ring the front door if it gets harder.",
    "feedback": "Support has ended and went well.", "goal_1": "achieved", "goal_2": "partial",
}  # fmt: skip


@pytest.fixture
def case_id(acting, known):
    made = open_case(acting, known)
    agreed_plan(acting, known, made)
    return made


def case(case_id):
    db.session.expire_all()
    return db.session.get_one(Case, case_id)


def test_the_lead_asks_and_the_coordinator_approves(acting, known, sign_in, case_id):
    lead, coordinator, path = sign_in(Role.LEAD), sign_in(Role.COORDINATOR), f"/cases/{case_id}/close"
    assert "A coordinator will check it." in words(lead.submit(path, ANSWERS))
    assert (case(case_id).stage, case(case_id).next_step) == ("closing", "approve_closure")
    assert "Approve a closure" in words(coordinator.get("/"))
    assert "Approve a closure" not in words(lead.get("/")), "nobody approves their own"
    assert "Next: approve closure" in words(coordinator.get(f"/cases/{case_id}"))
    done = words(coordinator.submit(path, button="Approve and close"))
    assert "Case closed. Feedback has gone to the referrer." in done
    assert "Do thing 1 Reached" in done
    assert "Do thing 2 Partly reached" in done
    assert "Review" not in done
    assert "What happened with it Partly reached" in words(coordinator.get(f"/cases/{case_id}/plan"))
    found = case(case_id)
    assert (found.is_open, found.stage, found.closure_reason) == (False, "closed", "goals_met")
    referral = db.session.get_one(Referral, found.referral_id)
    assert referral.status == "closed"
    with acting("coordinator@reading"):
        assert referral.feedback == "Support has ended and went well."
        goals = db.session.scalars(select(Goal).where(Goal.case_id == case_id).order_by(Goal.position)).all()
        assert [goal.outcome for goal in goals] == ["achieved", "partial"]


def test_the_lead_cannot_approve(sign_in, case_id):
    lead, path = sign_in(Role.LEAD), f"/cases/{case_id}/close"
    lead.submit(path, ANSWERS)
    page = words(lead.get(path))
    assert "Nobody approves their own request" in page
    assert "Approve and close" not in page
    token = lead.page(path).root.find(".//input[@name='csrf_token']").get("value")
    assert lead.post(f"{path}/answer", data={"csrf_token": token, "answer": "yes"}).status_code == 404
    assert case(case_id).is_open


def test_a_coordinator_who_leads_asks_too_and_does_not_approve_it(acting, known, sign_in):
    case_id = open_case(acting, known, lead="coordinator")
    coordinator, path = sign_in(Role.COORDINATOR), f"/cases/{case_id}/close"
    wanted = {name: value for name, value in ANSWERS.items() if not name.startswith("goal")}
    assert "A coordinator will check it." in words(coordinator.submit(path, wanted))
    token = coordinator.page(path).root.find(".//input[@name='csrf_token']").get("value")
    refused = coordinator.post(
        f"{path}/answer", data={"csrf_token": token, "answer": "yes", "row_version": case(case_id).row_version}
    )
    assert "Nobody approves their own request" in words(refused)
    assert case(case_id).is_open


def test_a_coordinator_closes_what_someone_else_leads(sign_in, case_id):
    done = words(sign_in(Role.COORDINATOR).submit(f"/cases/{case_id}/close", ANSWERS))
    assert "Case closed." in done
    assert not case(case_id).is_open


def test_an_open_step_up_stops_it(acting, known, sign_in, case_id):
    with acting("coordinator@reading") as actor:
        found = case(case_id)
        raise_step_up(
            actor, area_id=found.area_id, why="Worried about home", called_at=now(), case_id=found.id,
            young_person_id=found.young_person_id, data_key_id=found.data_key_id,
        )  # fmt: skip
        db.session.commit()
    coordinator, path = sign_in(Role.COORDINATOR), f"/cases/{case_id}/close"
    page = words(coordinator.get(path))
    assert "A step-up has no answer. You cannot close yet" in page
    assert "Close case" not in page
    token = coordinator.page(path).root.find(".//input[@name='csrf_token']").get("value")
    sent = ANSWERS | {"csrf_token": token, "row_version": case(case_id).row_version}
    assert "You cannot close yet" in words(coordinator.post(path, data=sent))
    assert case(case_id).is_open


def test_every_goal_and_every_text_is_asked_for(sign_in, case_id):
    lead = sign_in(Role.LEAD)
    page = words(lead.submit(f"/cases/{case_id}/close", {"exit_plan": "Only this", "feedback": ""}))
    for words_ in ("Select a reason for closing", "Choose what happened with goal 2", "Enter what the referrer should"):
        assert words_ in page
    assert "Only this" in page


def test_sent_back_keeps_what_was_written(sign_in, case_id):
    lead, path = sign_in(Role.LEAD), f"/cases/{case_id}/close"
    lead.submit(path, ANSWERS)
    sign_in(Role.COORDINATOR).submit(path, button="Send back")
    assert case(case_id).stage != "closing"
    assert "Art club stays." in lead.get(path).text


def test_closing_ends_support_and_what_the_provider_may_open(acting, known, sign_in, case_id):
    offer_id = make_offer(acting, known, case_id, accepted=True)
    provider = sign_in(Role.PROVIDER)
    assert provider.get(f"/cases/{case_id}").status_code == 200
    sign_in(Role.COORDINATOR).submit(f"/cases/{case_id}/close", ANSWERS)
    assert db.session.get_one(Offer, offer_id).status == "completed"
    assert provider.get(f"/cases/{case_id}").status_code == 404


@pytest.mark.parametrize("page", ["close", "engagement", "allocate", "notes/new"])
def test_a_closed_case_is_not_written_on(sign_in, case_id, page):
    coordinator = sign_in(Role.COORDINATOR)
    coordinator.submit(f"/cases/{case_id}/close", ANSWERS)
    assert coordinator.get(f"/cases/{case_id}/{page}").status_code == 403


def test_reopening_is_a_new_episode_with_the_old_one_kept(acting, sign_in, case_id):
    coordinator = sign_in(Role.COORDINATOR)
    assert coordinator.get(f"/cases/{case_id}/reopen").status_code == 403
    coordinator.submit(f"/cases/{case_id}/close", ANSWERS)
    assert "Reopen this case" in words(coordinator.get(f"/cases/{case_id}"))
    path = f"/cases/{case_id}/reopen"
    assert "Select a reason for reopening" in words(coordinator.submit(path, {"words": "New worry"}))
    page = words(coordinator.submit(path, {"reason": "new_event", "words": "A new worry at school."}))
    found = case(case_id)
    assert (found.is_open, found.episode, found.stage, found.engagement) == (True, 2, "reopened", "asking")
    assert "Next: ask them to take part" in page
    kinds = set(db.session.scalars(select(TimelineEntry.kind)))
    assert {"case_opened", "plan_agreed", "closed", "reopened"} - kinds == {"plan_agreed"}
    assert db.session.get_one(Referral, found.referral_id).status == "accepted"


def test_a_chose_not_to_closes_kindly(sign_in, acting, known):
    case_id = open_case(acting, known)
    lead = sign_in(Role.LEAD)
    lead.submit(f"/cases/{case_id}/engagement", {"method": "visit", "answer": "no"})
    wanted = {"reason": "declined", "exit_plan": "Their school.", "feedback": "They chose not to for now."}
    lead.submit(f"/cases/{case_id}/close", wanted)
    assert "Case closed." in words(sign_in(Role.COORDINATOR).submit(f"/cases/{case_id}/close", button="Approve"))


@pytest.mark.parametrize("area", ["slough"])
def test_another_area_finds_nothing(sign_in, case_id, area):
    coordinator = sign_in(Role.COORDINATOR, area=area)
    for page in ("close", "reopen", "allocate", "engagement", "notes/new", "print"):
        assert coordinator.get(f"/cases/{case_id}/{page}").status_code == 404
