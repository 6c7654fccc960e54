"""The plan in the child's words, agreed in versions, and reviews."""

from datetime import timedelta

from accounts.roles import Role
from core.clock import today
from core.db import db
from panels.models import Case, Goal, Plan, Review
from tests.factories.cases import open_case
from tests.factories.support import accepted, intervention, plan
from tests.support.client import form_values, words

GOAL = {"their_words": "Get back to art", "steps": "Call the club", "who": "Kay and nan"}


def date_parts(name, day):
    return {f"{name}-day": day.day, f"{name}-month": day.month, f"{name}-year": day.year}


def plans_of(case_id):
    db.session.rollback()
    return list(db.session.query(Plan).filter_by(case_id=case_id).order_by(Plan.number))


def say_yes(lead, case_id):
    said = {"method": "visit", "answer": "yes", "given_by": "both", "notice_version": "3"}
    lead.submit(f"/cases/{case_id}/engagement", said, button="Record attempt")


def test_a_plan_begins_with_what_they_want(sign_in, acting, known):
    case_id = open_case(acting, known)
    lead = sign_in(Role.LEAD)
    say_yes(lead, case_id)
    assert "Start with what they want" in words(lead.get(f"/cases/{case_id}/plan"))
    lead.submit(f"/cases/{case_id}/plan/wants", {"what_they_want": "Stop people ringing me"}, button="Save")
    goal = GOAL | {"score_at_start": "4"} | date_parts("due_on", today() + timedelta(days=40))
    page = lead.submit(f"/cases/{case_id}/plan/goals/new", goal, button="Save goal")
    assert "Stop people ringing me" in words(page)
    assert "4 at the start, 4 now, of 10" in words(page)
    agree = {"agreed_with": "both"} | date_parts("agreed_on", today())
    agreed = lead.submit(f"/cases/{case_id}/plan/agree", agree, button="Agree plan")
    assert "Plan agreed." in words(agreed)
    assert [(p.number, p.status) for p in plans_of(case_id)] == [(1, "agreed")]
    assert db.session.get_one(Case, case_id).review_due_on is not None
    assert "Plan agreed" in words(lead.get(f"/cases/{case_id}/timeline"))


def test_a_goal_is_written_in_their_words(sign_in, acting, known):
    case_id = open_case(acting, known)
    typed = GOAL | {"their_words": "", "steps": "x" * 4120}
    again = sign_in(Role.LEAD).submit(f"/cases/{case_id}/plan/goals/new", typed, button="Save goal")
    assert "Write the goal in their words" in words(again)
    assert "in 4,000 characters or fewer. You have used 4,120" in words(again)
    assert "Enter by when" in words(again)
    assert "Kay and nan" in again.text
    assert not plans_of(case_id)


def test_a_plan_without_goals_is_not_agreed(sign_in, acting, known):
    case_id = open_case(acting, known)
    lead = sign_in(Role.LEAD)
    say_yes(lead, case_id)
    lead.submit(f"/cases/{case_id}/plan/wants", {"what_they_want": "Art"}, button="Save")
    agree = {"agreed_with": "young_person"} | date_parts("agreed_on", today())
    again = lead.submit(f"/cases/{case_id}/plan/agree", agree, button="Agree plan")
    assert "Add at least one goal before the plan is agreed" in words(again)
    later = agree | date_parts("agreed_on", today() + timedelta(days=1))
    assert "must be today or in the past" in words(
        lead.submit(f"/cases/{case_id}/plan/agree", later, button="Agree plan")
    )


def test_a_plan_is_agreed_only_by_who_takes_part(sign_in, acting, known):
    """It may be written while they are asked; agreeing it waits for their yes."""
    case_id = open_case(acting, known)
    plan(acting, case_id)
    lead, path = sign_in(Role.LEAD), f"/cases/{case_id}/plan/agree"
    draft = lead.page(f"/cases/{case_id}/plan").root
    assert not [link for link in draft.iter("a") if link.get("href") == path]
    agree = {"agreed_with": "both"} | date_parts("agreed_on", today())
    again = lead.submit(path, agree, button="Agree plan")
    assert "Record that they take part before the plan is agreed" in words(again)
    assert [p.status for p in plans_of(case_id)] == ["draft"]
    say_yes(lead, case_id)
    assert "Plan agreed." in words(lead.submit(path, agree, button="Agree plan"))


def test_a_new_version_copies_the_goals(sign_in, acting, known):
    case_id = open_case(acting, known)
    plan(acting, case_id, agreed_on=today())
    lead = sign_in(Role.LEAD)
    goal = db.session.query(Goal).one()
    assert lead.get(f"/cases/{case_id}/plan/goals/{goal.id}").status_code == 403
    page = lead.submit(f"/cases/{case_id}/plan", button="Change the plan")
    assert "Art on Fridays" in words(page)
    assert [(p.number, p.status) for p in plans_of(case_id)] == [(1, "agreed"), (2, "draft")]
    agree = {"agreed_with": "both"} | date_parts("agreed_on", today())
    lead.submit(f"/cases/{case_id}/plan/agree", agree, button="Agree plan")
    assert [(p.number, p.status) for p in plans_of(case_id)] == [(1, "replaced"), (2, "agreed")]
    assert "Version 1" in words(lead.get(f"/cases/{case_id}/plan?version=1"))


def test_where_they_are_now(sign_in, acting, known):
    case_id = open_case(acting, known)
    plan(acting, case_id, agreed_on=today())
    lead = sign_in(Role.LEAD)
    goal_id = db.session.query(Goal).one().id
    page = lead.submit(f"/cases/{case_id}/plan/now", {f"now_{goal_id}": "6"}, button="Save where")
    assert "3 at the start, 6 now, of 10" in words(page)


def test_two_people_change_one_goal(sign_in, acting, known):
    case_id = open_case(acting, known)
    plan(acting, case_id)
    path = f"/cases/{case_id}/plan/goals/{db.session.query(Goal).one().id}"
    lead, coordinator = sign_in(Role.LEAD), sign_in(Role.COORDINATOR)
    old = form_values(lead.page(path).form(button="Save goal")) | {"steps": "Mine"}
    coordinator.submit(path, {"steps": "Theirs"}, button="Save goal")
    stale = lead.post(path, data=old)
    assert stale.status_code == 409
    assert "Theirs" in words(stale)
    assert "Mine" in words(stale)


def test_a_provider_reads_the_plan(sign_in, acting, known):
    case_id = open_case(acting, known)
    plan(acting, case_id, agreed_on=today())
    provider = sign_in(Role.PROVIDER)
    assert provider.get(f"/cases/{case_id}/plan").status_code == 404
    accepted(acting, known, case_id, intervention(known))
    assert "Art on Fridays" in words(provider.get(f"/cases/{case_id}/plan"))
    assert provider.get(f"/cases/{case_id}/plan/goals/new").status_code == 404
    assert sign_in(Role.PROVIDER, area="slough").get(f"/cases/{case_id}/plan").status_code == 404
    assert sign_in(Role.LEAD, area="slough").get(f"/cases/{case_id}/plan").status_code == 404


def review(decision="keep", **more):
    return {"what_changed": "New tutor", "their_view": "It is going OK", "decision": decision} | more


def test_a_review_sets_the_next(sign_in, acting, known):
    case_id = open_case(acting, known)
    plan(acting, case_id, agreed_on=today())
    lead = sign_in(Role.LEAD)
    lead.submit(f"/cases/{case_id}/reviews/new", review(), button="Finish review", follow=False)
    db.session.rollback()
    assert db.session.get_one(Case, case_id).review_due_on == today() + timedelta(weeks=6)
    assert db.session.query(Review).count() == 1


def test_a_review_date_has_limits(sign_in, acting, known):
    case_id = open_case(acting, known)
    plan(acting, case_id, agreed_on=today())
    lead = sign_in(Role.LEAD)
    path = f"/cases/{case_id}/reviews/new"
    late = review(**date_parts("next_on", today() + timedelta(weeks=13)))
    assert "The review date must be on or before" in words(lead.submit(path, late, button="Finish review"))
    soon = review(**date_parts("next_on", today()))
    again = lead.submit(path, soon, button="Finish review")
    assert "The review date must be after the plan was agreed on" in words(again)
    assert "New tutor" in again.text
    assert not db.session.query(Review).count()


def test_a_review_can_change_the_plan(sign_in, acting, known):
    case_id = open_case(acting, known)
    plan(acting, case_id, agreed_on=today())
    lead = sign_in(Role.LEAD)
    lead.submit(f"/cases/{case_id}/reviews/new", review("change"), button="Finish review")
    assert [(p.number, p.status) for p in plans_of(case_id)] == [(1, "agreed"), (2, "draft")]


def test_support_goes_on_while_the_next_version_is_drafted(sign_in, acting, known):
    case_id = open_case(acting, known)
    plan(acting, case_id, agreed_on=today())
    accepted(acting, known, case_id, intervention(known))
    sign_in(Role.LEAD).submit(f"/cases/{case_id}/reviews/new", review("change"), button="Finish review")
    db.session.rollback()
    assert db.session.get_one(Case, case_id).stage == "support"
