"""Unusual access on its pages, trip wires, whom a colleague saw, and a proof taken from an entry's page."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from accounts.roles import Role
from accounts.services import approvals
from audit.decoys import Decoy
from audit.models import Event
from audit.services import record
from audit.watch import decoys
from audit.watch.alerts import Finding, raise_alert
from audit.watch.models import AccessAlert, AlertReview
from core.clock import today
from core.codes.alerts import AlertRule
from core.db import db
from panels.models import Case
from referrals.models import Referral
from tests.audit.test_pages import entries
from tests.factories.cases import open_case
from tests.factories.trail import checkpoint
from tests.support.client import words


def raised(acting, known, who, area="reading"):
    with acting(f"coordinator@{area}"):
        alert = raise_alert(Finding(AlertRule.NO_WORK, known.users[who], known.areas[area], today()))
        db.session.commit()
        return alert.id


def test_an_alert_is_reviewed_by_somebody_else_with_a_result(known, acting, sign_in):
    alert_id = raised(acting, known, "panel_chair@reading")
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    assert "Unusual access to review" in words(lead.get("/"))
    said = words(lead.get("/audit/alerts"))
    assert "Opened a record of a young person with whom they have no work" in said
    assert "Panel chair Reading" in said
    path = f"/audit/alerts/{alert_id}"
    missing = lead.submit(path, {}, button="Save the review")
    assert "Select what you found" in words(missing)
    assert "Say how you know" in words(missing)
    done = lead.submit(path, {"outcome": "work", "words": "They covered for a colleague."}, button="Save the review")
    assert "Review saved" in words(done)
    assert "Nothing waits for a review" in words(lead.get("/audit/alerts"))
    assert "It was part of their work" in words(lead.get("/audit/alerts?show=reviewed"))
    assert "They covered for a colleague." in words(lead.get(path))
    assert entries(known, Event.ALERT_REVIEWED)[-1]["reason"] == "work"
    assert entries(known, Event.ALERTS_READ)
    assert db.session.scalar(select(func.count()).select_from(AlertReview)) == 1


@pytest.mark.catalogue("T10", part="own alerts")
def test_nobody_sees_or_reviews_an_alert_about_themselves(known, acting, sign_in):
    mine = raised(acting, known, "safeguarding_lead@reading")
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    assert "Nothing waits for a review" in words(lead.get("/audit/alerts"))
    assert lead.get(f"/audit/alerts/{mine}").status_code == 404
    assert sign_in(Role.DATA_PROTECTION_OFFICER).get(f"/audit/alerts/{mine}").status_code == 200


def test_another_areas_alerts_are_not_there_and_other_roles_see_none(known, acting, sign_in):
    alert_id = raised(acting, known, "panel_chair@slough", area="slough")
    assert sign_in(Role.SAFEGUARDING_LEAD).get(f"/audit/alerts/{alert_id}").status_code == 404
    assert sign_in(Role.COORDINATOR, area="slough").get("/audit/alerts").status_code == 403


# --- trip wires -------------------------------------------------------------------------------------------------------


@pytest.fixture
def trip_wire(known, acting):
    """Asked for by the safeguarding lead, agreed by the data protection officer."""
    with acting("safeguarding_lead@reading") as lead:
        asked = decoys.ask(lead, forename="Ottoline", surname="Quayle", born=date(2011, 5, 4), reason="Much searching")
        db.session.commit()
        asked_id = asked.id
    with acting("data_protection_officer@reading") as officer:
        waiting = approvals.waiting_for(decoys.KIND, asked_id)
        approvals.agree(officer, waiting)
        db.session.commit()
    return db.session.get_one(Decoy, asked_id)


def test_a_trip_wire_is_asked_for_and_made_only_when_a_second_person_agrees(known, sign_in):
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    done = lead.submit("/audit/trip-wires/new", {
        "forename": "Ottoline", "surname": "Quayle", "born-day": "4", "born-month": "5", "born-year": "2011",
        "reason": "Somebody searches a great deal.",
    }, button="Ask a second person")  # fmt: skip
    assert "Waits for a second person" in words(done)
    assert db.session.scalars(select(Decoy)).one().person_id is None
    approval = approvals.waiting_for(decoys.KIND, db.session.scalars(select(Decoy.id)).one())
    officer = sign_in(Role.DATA_PROTECTION_OFFICER)
    assert "Ottoline Quayle" in words(officer.get(f"/approvals/{approval.id}"))
    officer.submit(f"/approvals/{approval.id}", {"decision": "agree"}, button="Save your answer")
    assert db.session.scalars(select(Decoy)).one().person_id
    assert "Watched" in words(lead.get("/audit/trip-wires"))


def test_opening_a_trip_wire_is_noticed_in_the_same_transaction(known, sign_in, trip_wire):
    client = sign_in(Role.COORDINATOR)
    assert "Ottoline" in words(client.get(f"/triage/{trip_wire.referral_id}"))
    alert = db.session.scalars(select(AccessAlert)).one()
    assert (alert.rule, alert.user_id) == ("trip_wire", known.users["coordinator@reading"])
    assert alert.person_id == trip_wire.person_id
    said = words(sign_in(Role.SAFEGUARDING_LEAD).get("/audit/alerts"))
    assert "Opened a record that nobody has a reason to open" in said
    client.get(f"/triage/{trip_wire.referral_id}")
    assert db.session.scalar(select(func.count()).select_from(AccessAlert)) == 1


def test_a_trip_wire_stands_in_no_list_and_no_figure_and_a_search_finds_it(known, sign_in, trip_wire):
    client = sign_in(Role.COORDINATOR)
    reference = db.session.scalar(select(Referral.reference).where(Referral.id == trip_wire.referral_id))
    past = words(client.get("/triage?tab=past"))
    assert "Quayle" not in past
    assert reference not in past
    assert "No referral has been decided yet" in past
    assert "Ottoline" in words(client.submit("/find", {"q": "Quayle"}))
    assert not db.session.scalars(select(AccessAlert)).all()
    from oversight import measures
    from oversight.periods import Period

    scope = measures.Scope(Period("", "", today() - timedelta(days=365), today()), known.areas["reading"])
    assert measures.funnel(scope).by_area == {}


def test_an_ended_trip_wire_is_quiet(known, acting, sign_in, trip_wire):
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    lead.submit("/audit/trip-wires", button="End")
    assert "Ended" in words(lead.get("/audit/trip-wires"))
    sign_in(Role.COORDINATOR).page(f"/triage/{trip_wire.referral_id}")
    assert not db.session.scalars(select(AccessAlert)).all()


def test_only_those_who_read_the_trail_see_trip_wires(sign_in, known):
    assert sign_in(Role.COORDINATOR).get("/audit/trip-wires").status_code == 403
    officer = sign_in(Role.DATA_PROTECTION_OFFICER)
    assert "Ask for a trip wire" not in words(officer.get("/audit/trip-wires"))
    refused = officer.get("/audit/trip-wires/new", follow_redirects=True)
    assert "Only a safeguarding lead asks for a trip wire" in words(refused)


# --- whom a colleague saw, and why ------------------------------------------------------------------------------------


def test_whom_a_colleague_saw_between_two_days(known, acting, sign_in):
    case = db.session.get_one(Case, open_case(acting, known))
    reference, case_id = case.reference, case.id
    sign_in(Role.PANEL_CHAIR).page(f"/cases/{case_id}")
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    path = f"/audit/users/{known.users['panel_chair@reading']}/seen"
    said = words(lead.get(path))
    assert "Which young people Panel chair Reading saw" in said
    assert "1 young person" in said
    assert reference in said
    assert "surname" in said
    assert "Kaya" not in said
    assert "They saw nobody" in words(lead.get(f"{path}?since=2020-01-01&until=2020-01-02"))
    assert "To must be the same day" in words(lead.get(f"{path}?since=2020-01-02&until=2020-01-01"))
    mine = lead.get(f"/audit/users/{known.users['safeguarding_lead@reading']}/seen")
    assert mine.status_code == 403


def test_who_has_looked_says_why_and_where_from(known, acting, sign_in):
    case_id = open_case(acting, known)
    person = db.session.get_one(Case, case_id).young_person_id
    sign_in(Role.PANEL_CHAIR).page(f"/cases/{case_id}")
    said = words(sign_in(Role.SAFEGUARDING_LEAD).get(f"/audit/records/{person}"))
    assert "Managing the caseload" in said
    assert "127.0.0.1" in said


# --- a proof ----------------------------------------------------------------------------------------------------------


def test_a_proof_is_taken_from_an_entrys_page_and_recorded(app, known, acting, sign_in):
    with acting("coordinator@reading") as actor:
        record(Event.CASE_READ, actor, subjects=["s" * 26])
        db.session.commit()
    seq = entries(known, Event.CASE_READ)[-1]["seq"]
    path = f"/audit/entries/{known.areas['reading']}/{seq}"
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    assert "No signed checkpoint covers this entry yet" in words(lead.get(f"{path}/proof"))
    checkpoint(app)
    assert "Take a proof of this entry" in words(lead.get(path))
    answer = lead.get(f"{path}/proof")
    assert answer.mimetype == "application/json"
    assert json.loads(answer.text)["index"] == seq - 1
    assert entries(known, Event.AUDIT_PROVED)[-1]["detail"]["seq"] == seq
    assert sign_in(Role.ADMINISTRATOR).get(f"{path}/proof").status_code == 404
