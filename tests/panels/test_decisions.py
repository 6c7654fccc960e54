"""From ready for panel to a confirmed decision that opens a case: all of it, once, by the right people."""

from datetime import UTC, datetime, time

import pytest
from sqlalchemy import func, select

from accounts.roles import Role
from audit.models import AuditEntry, Event
from audit.services import record
from core.clock import today
from core.db import db
from core.working_days import add_working_days
from panels.models import AgendaItem, Case, Meeting, Offer, PanelAction
from referrals.models import Referral, StepUp
from tests.factories import meetings as make
from tests.factories.meetings import WHY
from tests.support.client import Page, form_values, words


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_the_whole_way_from_ready_to_a_case(acting, known, sign_in):
    referral_id, support = make.ready_referral(acting, known), make.intervention(known)
    meeting_id = make.meeting(acting, known)
    base = f"/meetings/{meeting_id}"
    coordinator = sign_in(Role.COORDINATOR)
    assert "Added to the agenda" in words(coordinator.submit(f"{base}/agenda", button="Add to agenda"))
    chair = sign_in(Role.PANEL_CHAIR)
    chair.submit(base, button="Start meeting")
    people = coordinator.page(f"{base}/attendance")
    radios = {i.get("name"): "present" for i in people.all("input") if i.get("type") == "radio"}
    assert "quorum yes" in words(chair.submit(f"{base}/attendance", radios))
    due = add_working_days(today(), 5)
    saved = chair.submit(
        f"{base}/live/1",
        WHY | {"number": "1", "support": support, "lead": known.users["lead_practitioner@reading"],
               "what_1": "Ring the school", "who_1": known.users["panel_member@reading"], "by_1-day": str(due.day),
               "by_1-month": str(due.month), "by_1-year": str(due.year)},
        button="Save and next item",
    )  # fmt: skip
    assert "Nothing is final" in words(saved)
    assert "Confirm decisions" in words(saved)
    assert count(Case) == 0
    assert db.session.get_one(Referral, referral_id).status == "ready_for_panel"
    db.session.rollback()
    assert "These minutes are locked" in words(chair.submit(f"{base}/confirm", button="Confirm decisions"))

    case = db.session.scalars(select(Case)).one()
    assert case.referral_id == referral_id
    assert case.lead_id == known.users["lead_practitioner@reading"]
    assert db.session.scalars(select(Offer)).one().intervention_id == support
    referral = db.session.get_one(Referral, referral_id)
    assert (referral.status, referral.outcome) == ("accepted", "accept_support")
    assert db.session.scalars(select(PanelAction)).one().case_id == case.id
    with acting("referrer@reading"):
        assert referral.reason_for_referrer.startswith("The panel agreed to offer support")
    db.session.rollback()
    member = sign_in(Role.PANEL_MEMBER)
    assert "Ring the school" in words(member.get("/actions"))
    assert "Art club" in words(sign_in(Role.LEAD).get(f"/cases/{case.id}"))


def test_confirming_twice_changes_nothing(started, sign_in):
    meeting_id, _ = started
    chair, coordinator = sign_in(Role.PANEL_CHAIR), sign_in(Role.COORDINATOR)
    chair.submit(f"/meetings/{meeting_id}/live/1", WHY | {"decision": "accept_assess"}, button="Save and next")
    page = f"/meetings/{meeting_id}/confirm"
    token = chair.page(page).form(button="Confirm decisions")
    again = coordinator.page(page).form(button="Confirm decisions")
    fields = [{i.get("name"): i.get("value") for i in form.iter("input")} for form in (token, again)]
    chair.post(page, data=fields[0])
    second = coordinator.post(page, data=fields[1], follow_redirects=True)
    assert "They were confirmed already" in words(second)
    assert count(Case) == 1
    confirmed = select(AuditEntry).where(AuditEntry.event == Event.MEETING_CONFIRMED.value)
    assert len(db.session.scalars(confirmed).all()) == 1


def test_nothing_is_confirmed_without_quorum(acting, known, sign_in):
    referral = make.ready_referral(acting, known)
    meeting_id = make.meeting(acting, known, referrals=(referral,), started=True, present=("panel_chair",))
    chair = sign_in(Role.PANEL_CHAIR)
    after = chair.submit(f"/meetings/{meeting_id}/live/1", WHY | {"decision": "accept_assess"}, button="Save and next")
    assert "You need 1 more agency for decisions to count" in words(after)
    form = {"csrf_token": chair.page("/meetings").all("input")[0].get("value")}
    refused = chair.post(f"/meetings/{meeting_id}/confirm", data=form)
    assert refused.status_code == 200
    assert "You need 1 more agency" in words(refused)
    assert f"/meetings/{meeting_id}/attendance" in [link.get("href") for link in Page(refused.text).all("a")]
    assert count(Case) == 0
    assert db.session.get_one(Meeting, meeting_id).confirmed_at is None


def test_every_item_needs_a_decision(acting, known, sign_in):
    both = (make.ready_referral(acting, known), make.ready_referral(acting, known, forename="Jude", surname="Osei"))
    meeting_id = make.meeting(acting, known, referrals=both, started=True)
    chair = sign_in(Role.PANEL_CHAIR)
    after = chair.submit(f"/meetings/{meeting_id}/live/1", WHY | {"decision": "no_action"}, button="Save and next")
    assert "Item 2 of 2" in words(after)
    assert "Item 2 has no decision yet" in words(chair.get(f"/meetings/{meeting_id}/confirm"))


def test_one_item_that_fails_takes_back_the_whole_list(acting, known, sign_in, monkeypatch):
    both = (make.ready_referral(acting, known), make.ready_referral(acting, known, forename="Jude", surname="Osei"))
    meeting_id = make.meeting(acting, known, referrals=both, started=True)
    chair = sign_in(Role.PANEL_CHAIR)
    for number in (1, 2):
        chair.submit(f"/meetings/{meeting_id}/live/{number}", WHY | {"decision": "accept_assess"}, button="Save and")
    from panels.services import decisions
    from panels.services.cases import NotPossible

    original, seen = decisions.open_case, []

    def second_fails(*args, **kwargs):
        seen.append(1)
        if len(seen) == 2:
            raise NotPossible("no")
        return original(*args, **kwargs)

    monkeypatch.setattr(decisions, "open_case", second_fails)
    chair.submit(f"/meetings/{meeting_id}/confirm", button="Confirm decisions")
    assert count(Case) == 0
    assert db.session.get_one(Meeting, meeting_id).confirmed_at is None


def test_a_deferred_item_comes_back_to_the_ready_queue(started, acting, known, sign_in):
    meeting_id, referral_id = started
    chair = sign_in(Role.PANEL_CHAIR)
    chair.submit(f"/meetings/{meeting_id}/live/1", WHY | {"decision": "defer"}, button="Save and next")
    chair.submit(f"/meetings/{meeting_id}/confirm", button="Confirm decisions")
    assert db.session.get_one(Referral, referral_id).status == "ready_for_panel"
    db.session.rollback()
    other = make.meeting(acting, known)
    assert "Sefton, Kaya" in words(sign_in(Role.COORDINATOR).get(f"/meetings/{other}/agenda"))


@pytest.mark.parametrize("decision", ["step_up", "exploitation_pathway"])
def test_stepping_up_starts_the_front_doors_clock(started, sign_in, decision):
    meeting_id, referral_id = started
    chair = sign_in(Role.PANEL_CHAIR)
    chair.submit(f"/meetings/{meeting_id}/live/1", WHY | {"decision": decision}, button="Save and next")
    chair.submit(f"/meetings/{meeting_id}/confirm", button="Confirm decisions")
    step_up = db.session.scalars(select(StepUp)).one()
    assert (step_up.referral_id, step_up.status, step_up.chase_on) == (referral_id, "to_call", today())
    assert step_up.is_nrm == (decision == "exploitation_pathway")
    assert db.session.get_one(Referral, referral_id).status == "stepped_up"


def test_who_has_a_conflict_sees_nothing_and_cannot_record(started, acting, known, sign_in):
    meeting_id, _ = started
    from panels.services import agenda, meetings

    with acting("coordinator@reading") as actor:
        item = agenda.bare_items(db.session.get_one(Meeting, meeting_id))[0]
        meetings.declare_conflict(
            actor, item, user_id=known.users["panel_chair@reading"], kind="related", note="Her aunt."
        )
        db.session.commit()
    chair = sign_in(Role.PANEL_CHAIR)
    for path in ("", "/live/1", "/items/1", "/confirm"):
        page = words(chair.get(f"/meetings/{meeting_id}{path}"))
        assert "Conflict: ask the chair" in page, path
        assert not [secret for secret in ("Sefton", "Art club") if secret in page], path
    token = chair.page("/meetings").all("input")[0].get("value")
    sent = chair.post(f"/meetings/{meeting_id}/live/1", data=WHY | {"decision": "no_action", "csrf_token": token})
    assert sent.status_code == 403
    assert db.session.scalars(select(AgendaItem)).one().decision is None
    db.session.rollback()
    coordinator = sign_in(Role.COORDINATOR)
    assert "Ask them to leave the room" in words(coordinator.get(f"/meetings/{meeting_id}/live/1"))


def test_the_ready_words_follow_the_decision_until_someone_writes_others(started, acting, sign_in):
    meeting_id, _ = started
    chair, path = sign_in(Role.PANEL_CHAIR), f"/meetings/{meeting_id}/live/1"
    chair.submit(path, WHY | {"decision": "no_action"}, button="Save and stay")
    chair.submit(path, {"decision": "hub"}, button="Save and stay")
    page = words(chair.get(f"/meetings/{meeting_id}/confirm"))
    assert "Young Futures Hub, or activities" in page
    assert "will not take it forward" not in page
    chair.submit(
        path, {"decision": "early_help", "text_for_referrer": "We rang you about this."}, button="Save and stay"
    )
    assert "We rang you about this." in words(chair.get(f"/meetings/{meeting_id}/confirm"))


def test_minutes_lock_and_members_read_them_for_five_working_days(started, known, sign_in, time_machine):
    meeting_id, _ = started
    chair, member = sign_in(Role.PANEL_CHAIR), sign_in(Role.PANEL_MEMBER)
    minutes = f"/meetings/{meeting_id}/minutes"
    assert "Minutes appear when the meeting ends" in words(member.get(minutes))
    chair.submit(f"/meetings/{meeting_id}/live/1", WHY | {"decision": "hub"}, button="Save and next")
    assert WHY["rationale"] in words(chair.get(minutes))
    assert WHY["rationale"] not in words(member.get(minutes))
    chair.submit(f"/meetings/{meeting_id}/confirm", button="Confirm decisions")
    assert WHY["rationale"] in words(member.get(minutes))
    time_machine.move_to(datetime.combine(add_working_days(today(), 6), time(12), UTC))
    closed = words(sign_in(Role.PANEL_MEMBER).get(minutes))
    assert "Papers closed" in closed
    assert WHY["rationale"] not in closed
    assert WHY["rationale"] in words(sign_in(Role.PANEL_CHAIR).get(minutes))


@pytest.mark.parametrize("way", ["confirm", "cancel"])
def test_an_old_page_of_a_meeting_that_is_over_says_so_and_gives_back_what_was_typed(started, known, sign_in, way):
    meeting_id, _ = started
    chair, coordinator = sign_in(Role.PANEL_CHAIR), sign_in(Role.COORDINATOR)
    base = f"/meetings/{meeting_id}"
    old = form_values(chair.page(f"{base}/live/1").form(button="Save and next"))
    seen = form_values(chair.page(f"{base}/attendance").form(button="Save"))
    listed = form_values(coordinator.page(f"{base}/agenda").form(button="Save"))
    coordinator.submit(f"{base}/live/1", WHY | {"decision": "hub"}, button="Save and next")
    coordinator.submit(f"{base}/{way}", button={"confirm": "Confirm decisions", "cancel": "Cancel meeting"}[way])
    late = chair.post(f"{base}/live/1", data=old | {"decision": "hub", "rationale": "Mum prefers the hub."})
    assert late.status_code == 409
    assert "This has already changed" in words(late)
    assert "Mum prefers the hub." in words(late)
    assert chair.post(f"{base}/attendance", data=seen).status_code == 409
    assert coordinator.post(f"{base}/agenda/minutes", data=listed).status_code == 409
    assert chair.post(f"{base}/start", data={"csrf_token": old["csrf_token"]}).status_code == 409
    assert set(db.session.scalars(select(AgendaItem.decided_by_id))) <= {known.users["coordinator@reading"]}


def test_what_was_withdrawn_meanwhile_opens_no_case(started, acting, sign_in):
    meeting_id, referral_id = started
    chair, coordinator = sign_in(Role.PANEL_CHAIR), sign_in(Role.COORDINATOR)
    chair.submit(f"/meetings/{meeting_id}/live/1", WHY | {"decision": "accept_assess"}, button="Save and next")
    page = f"/meetings/{meeting_id}/confirm"
    form = form_values(chair.page(page).form(button="Confirm decisions"))
    with acting("coordinator@reading") as actor:
        referral = db.session.get_one(Referral, referral_id)
        referral.status = "withdrawn"
        record(Event.REFERRAL_WITHDRAWN, actor, referral)
        db.session.commit()
    assert "no longer ready for panel" in words(chair.post(page, data=form))
    assert count(Case) == 0
    assert db.session.get_one(Referral, referral_id).status == "withdrawn"
    db.session.rollback()
    assert "No longer ready" in words(coordinator.get(f"/meetings/{meeting_id}/agenda"))
    coordinator.submit(f"/meetings/{meeting_id}/agenda", button="Take off")
    assert count(AgendaItem) == 0
