"""Who hears of what: each change tells the people it concerns, in the page and by letter, and nobody else."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from accounts.roles import Role
from audit.models import Event
from audit.services import record
from core.clock import now, today
from core.codes.decisions import PanelDecision, StepUpOutcome, TriageOutcome
from core.db import db
from desk import digest
from messages.models import Message, Notice
from messages.services.notices import choose_daily
from panels.models import AgendaItem, Case, Offer
from panels.services import agenda, cases, closing, meetings, offers
from referrals.models import Referral, StepUp
from referrals.services import deciding, outcomes, sending, step_ups, telling, tracking, triage
from referrals.services.deciding import Decision
from tests.factories import meetings as panel
from tests.factories.cases import make_offer, open_case
from tests.factories.referrals import a_draft, send_referral
from tests.factories.triage import make_referral
from tests.support.client import words


@pytest.fixture
def heard(known):
    """``heard()``: who was told what since the last time, as (role, kind) of Reading and Slough."""
    names = {user_id: key.removesuffix("@reading") for key, user_id in known.users.items()}

    def look(model=Notice):
        db.session.rollback()
        found = sorted((names[row.user_id], row.kind) for row in db.session.execute(select(model.user_id, model.kind)))
        db.session.execute(delete(Notice))
        db.session.execute(delete(Message))
        db.session.commit()
        return found

    return look


def the(model):
    return db.session.scalars(select(model)).one()


def test_a_referrer_gets_a_receipt_with_the_day_of_the_reply(acting, heard):
    with acting("referrer@reading") as actor:
        referral = send_referral(actor)
        db.session.commit()
        expected = referral.acknowledge_by
    assert the(Message).by_on == expected
    assert heard() == [("referrer", "received")]


def test_danger_reaches_the_coordinator_at_once(acting, heard):
    with acting("referrer@reading") as actor:
        draft = a_draft(actor, start={"danger": "now", "called": {"spoke_to": "Front door"}})
        sending.send_referral(actor, draft=draft)
        db.session.commit()
    assert heard() == [("coordinator", "urgent"), ("referrer", "received")]


def test_a_question_and_its_answer_reach_each_other(acting, known, heard):
    referral_id = make_referral(acting, known, status="in_triage")
    with acting("coordinator@reading") as actor:
        file = triage.find_file(actor, referral_id)
        file.referral.owner_id = actor.user_id
        deciding.decide(actor, file, Decision(TriageOutcome.ASK_FOR_INFORMATION, "Who lives at home?"))
        db.session.commit()
    assert heard() == [("referrer", "information_needed")]
    with acting("referrer@reading") as actor:
        referral = tracking.find_sent(actor, referral_id)
        question = tracking.open_question(tracking.messages_of(referral))
        tracking.reply(actor, referral=referral, question=question, text="Her mother and her nan.")
        db.session.commit()
    assert heard() == [("coordinator", "information_given")]


def test_a_decision_reaches_the_referrer_and_leads_to_it(acting, known, heard, sign_in):
    referral_id = make_referral(acting, known, status="in_triage")
    with acting("coordinator@reading") as actor:
        deciding.decide(
            actor,
            triage.find_file(actor, referral_id),
            Decision(TriageOutcome.SIGNPOST, "Try there", code="early_help"),
        )
        db.session.commit()
    referrer = sign_in(Role.REFERRER)
    page = referrer.page("/account/notices")
    [link] = [a for a in page.all("a") if a.get("href") == f"/referrals/{referral_id}"]
    assert link.text == db.session.get(Referral, referral_id).reference
    assert "Try there" in words(referrer.get(link.get("href")))
    db.session.rollback()
    assert heard(Message) == [("referrer", "decision")]


def test_the_panels_decision_and_the_feedback_reach_the_referrer(acting, known, heard):
    referral_id = panel.ready_referral(acting, known)
    with acting("panel_chair@reading") as actor:
        referral = db.session.get_one(Referral, referral_id)
        outcomes.panel_decided(actor, referral, decision=PanelDecision.NO_ACTION, text_for_referrer="Not now.")
        db.session.commit()
    assert heard() == [("referrer", "decision")]
    with acting("coordinator@reading") as actor:
        outcomes.case_closed(actor, referral_id, "It went well.")
        db.session.commit()
    assert heard() == [("referrer", "feedback")]


def test_a_withdrawn_referral_reaches_who_has_it_in_hand(acting, known, heard):
    referral_id = make_referral(acting, known)
    with acting("referrer@reading") as actor:
        tracking.withdraw(actor, referral=tracking.find_sent(actor, referral_id), reason="moved")
        db.session.commit()
    assert heard(Message) == []
    with acting("referrer@reading") as actor:
        tracking.withdraw(actor, referral=tracking.find_sent(actor, make_referral(acting, known)), reason="moved")
        db.session.commit()
    assert heard() == [("coordinator", "withdrawn")]


def test_a_step_up_is_urgent_its_answer_is_news_and_silence_is_urgent_again(acting, known, heard, time_machine):
    time_machine.move_to(datetime(2026, 11, 23, 9, tzinfo=UTC), tick=False)
    case_id = open_case(acting, known)
    heard()
    with acting("lead_practitioner@reading") as actor:
        case = db.session.get_one(Case, case_id)
        step_ups.raise_step_up(
            actor, area_id=case.area_id, why="Found far from home", called_at=now(), case_id=case.id,
            young_person_id=case.young_person_id, data_key_id=case.data_key_id,
        )  # fmt: skip
        db.session.commit()
    everyone = [("coordinator", "step_up"), ("safeguarding_lead", "step_up")]
    assert heard(Message) == everyone
    assert telling.chase() == 0
    time_machine.move_to(datetime(2026, 11, 24, 10, tzinfo=UTC), tick=False)
    late = [(role, "step_up_late") for role in ("coordinator", "lead_practitioner", "safeguarding_lead")]
    assert telling.chase() == 1
    assert telling.chase() == 1
    assert heard(Message) == late, "once a day, however often the job runs"
    with acting("safeguarding_lead@reading") as actor:
        step_up = the(StepUp)
        step_ups.acknowledged(actor, step_up, by="Duty worker")
        step_ups.answered(actor, step_up, outcome=StepUpOutcome.ADVICE, note="Go on as you are")
        db.session.commit()
    assert heard() == [("coordinator", "step_up_answered"), ("lead_practitioner", "step_up_answered")]
    assert telling.chase() == 0


def test_a_step_up_of_a_hidden_record_reaches_only_who_may_know_of_it(acting, known, heard):
    from cohort.models import YoungPerson

    case_id = open_case(acting, known)
    heard()
    with acting("lead_practitioner@reading") as actor:
        case = db.session.get_one(Case, case_id)
        person = db.session.get_one(YoungPerson, case.young_person_id)
        person.sensitivity = "hidden"
        record(Event.PERSON_CHANGED, actor, person)
        step_ups.raise_step_up(
            actor, area_id=case.area_id, why="Found far from home", called_at=now(), case_id=case.id,
            young_person_id=case.young_person_id, data_key_id=case.data_key_id,
        )  # fmt: skip
        db.session.commit()
    assert heard() == [("safeguarding_lead", "step_up")]


def test_an_offer_reaches_whom_it_names_and_the_answer_the_lead(acting, known, heard):
    case_id = open_case(acting, known)
    assert heard() == [("lead_practitioner", "allocated")]
    offer_id = make_offer(acting, known, case_id)
    assert the(Message).by_on == db.session.get(Offer, offer_id).answer_by
    assert heard() == [("provider_practitioner", "offer")]
    with acting("provider_practitioner@reading") as actor:
        offer, case = db.session.get_one(Offer, offer_id), db.session.get_one(Case, case_id)
        offers.accept(actor, offer, case, start_on=today(), practitioner_id=actor.user_id)
        db.session.commit()
    assert heard() == [("lead_practitioner", "offer_answered")]
    make_offer(acting, known, case_id, named=False)
    assert heard() == [("provider_practitioner", "offer")]


def test_a_new_lead_hears_of_the_case_and_not_of_their_own_doing(acting, known, heard):
    case_id = open_case(acting, known, lead=None)
    assert heard() == []
    with acting("coordinator@reading") as actor:
        cases.allocate(actor, db.session.get_one(Case, case_id), known.users["lead_practitioner@reading"])
        cases.allocate(actor, db.session.get_one(Case, case_id), actor.user_id)
        db.session.commit()
    assert heard() == [("lead_practitioner", "allocated")]


def test_a_meeting_and_its_papers_reach_its_people_once_a_day(acting, known, heard):
    first, second = (panel.ready_referral(acting, known, surname=name) for name in ("Sefton", "Arden"))
    meeting_id = panel.meeting(acting, known)
    members = ["panel_chair", "panel_member"]
    assert heard() == [(role, "meeting") for role in members]
    with acting("coordinator@reading") as actor:
        meeting = meetings.find_meeting(actor, meeting_id)
        for referral_id in (first, second):
            agenda.add(actor, meeting, referral_id)
        db.session.commit()
    assert heard() == [(role, "papers") for role in members]


def test_closing_a_case_tells_the_referrer(acting, known, heard):
    case_id = open_case(acting, known)
    heard()
    with acting("coordinator@reading") as actor:
        closure = closing.Closure(
            reason="goals_met", exit_plan="Art club", feedback="It went well", note="", outcomes={}
        )
        closing.close(actor, db.session.get_one(Case, case_id), closure)
        db.session.commit()
    assert heard() == [("referrer", "feedback")]


# ---- the daily e-mail

MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)


def counts():
    rows = db.session.execute(select(Message.user_id, Message.number, Message.overdue).where(Message.kind == "digest"))
    return {row.user_id: (row.number, row.overdue) for row in rows}


def test_each_morning_says_how_much_is_due_to_whom_it_is_due(acting, known, time_machine):
    time_machine.move_to(MONDAY - timedelta(days=10), tick=False)
    make_referral(acting, known)
    time_machine.move_to(MONDAY, tick=False)
    make_referral(acting, known, area="slough")
    assert digest.send() == 1
    assert digest.send() == 1
    assert counts() == {known.users["coordinator@reading"]: (0, 1)}


def test_nothing_due_no_letter_and_none_at_the_weekend(acting, known, time_machine):
    time_machine.move_to(MONDAY, tick=False)
    assert digest.send() == 0
    time_machine.move_to(MONDAY - timedelta(days=20), tick=False)
    make_referral(acting, known)
    time_machine.move_to(MONDAY - timedelta(days=1), tick=False)
    assert digest.send() == 0


def test_who_turned_it_off_gets_none_but_urgent_ones_go_on(acting, known, time_machine):
    time_machine.move_to(MONDAY - timedelta(days=10), tick=False)
    make_referral(acting, known)
    with acting("coordinator@reading") as actor:
        choose_daily(actor, False)
        db.session.commit()
    time_machine.move_to(MONDAY, tick=False)
    assert digest.send() == 0


def test_a_referrer_is_reminded_of_a_question(acting, known, time_machine):
    time_machine.move_to(MONDAY - timedelta(days=10), tick=False)
    referral_id = make_referral(acting, known, status="in_triage")
    with acting("coordinator@reading") as actor:
        file = triage.find_file(actor, referral_id)
        deciding.decide(actor, file, Decision(TriageOutcome.ASK_FOR_INFORMATION, "Who lives at home?"))
        db.session.commit()
    time_machine.move_to(MONDAY, tick=False)
    digest.send()
    assert counts()[known.users["referrer@reading"]] == (0, 1)


def test_what_is_hidden_is_not_even_counted(acting, known, time_machine):
    from cohort.models import YoungPerson

    time_machine.move_to(MONDAY - timedelta(days=30), tick=False)
    case_id = open_case(acting, known)
    with acting("safeguarding_lead@reading") as actor:
        person = db.session.get_one(YoungPerson, db.session.get_one(Case, case_id).young_person_id)
        person.sensitivity = "hidden"
        record(Event.PERSON_CHANGED, actor, person)
        db.session.commit()
    time_machine.move_to(MONDAY, tick=False)
    digest.send()
    assert known.users["lead_practitioner@reading"] not in counts()


def test_an_action_reaches_its_owner_when_the_meeting_is_confirmed(acting, known, heard):
    from panels.services import actions

    meeting_id = panel.meeting(acting, known, referrals=(panel.ready_referral(acting, known),))
    heard()
    with acting("coordinator@reading") as actor:
        item = the(AgendaItem)
        owner = known.users["panel_member@reading"]
        actions.propose(actor, item, [actions.Wanted("Ask the school", owner, date(2026, 12, 1))])
        db.session.flush()
        actions.open_proposed(actor, item)
        db.session.commit()
    assert heard() == [("panel_member", "action")]
    assert meeting_id
