"""Sharing is recorded with its lawful ground; what the law does not allow is refused, with the statute, and kept."""

import pytest
from sqlalchemy import func, select

from accounts.roles import Role
from audit.models import AuditEntry, Event
from core.db import db
from sharing.models import Disclosure
from tests.factories import meetings as make
from tests.factories.cases import open_case
from tests.support.client import words

S16 = "pcsc-2022-s16"


def answers(known, **more):
    return {
        "from_agency": known.agencies["childrens_social_care@reading"], "to_whom": "The panel", "purpose": "panel",
        "data_class": "social_care_personal", "what": "Two earlier assessments.", "gateway": S16,
        "why_needed": "The panel cannot choose support without it.",
    } | more  # fmt: skip


def entries(event):
    return db.session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.event == event.value))


@pytest.fixture
def case_page(acting, known):
    return f"/cases/{open_case(acting, known)}/sharing"


def test_what_the_law_does_not_allow_is_refused_with_the_statute_and_kept(case_page, known, sign_in):
    lead = sign_in(Role.LEAD)
    page = lead.submit(f"{case_page}/new", answers(known), button="Record sharing")
    said = words(page)
    assert "This sharing is not lawful" in said
    assert "Police, Crime, Sentencing and Courts Act 2022, section 16(4)" in said
    assert db.session.scalars(select(Disclosure.outcome)).one() == "refused"
    assert entries(Event.DISCLOSURE_REFUSED) == 1
    assert entries(Event.DISCLOSURE_RECORDED) == 0


def test_after_a_refusal_the_form_comes_back_with_what_was_typed(case_page, known, sign_in):
    lead = sign_in(Role.LEAD)
    lead.submit(f"{case_page}/new", answers(known), button="Record sharing")
    refused = db.session.scalars(select(Disclosure.id)).one()
    db.session.rollback()
    again = f"{case_page}/new?after={refused}"
    page = lead.get(again)
    assert "Two earlier assessments." in page.text
    assert "section 16(4) does not allow this" in words(page)
    done = lead.submit(again, {"gateway": "children-act-2004-s10"}, button="Record sharing")
    assert "Sharing recorded" in words(done)
    assert db.session.scalar(select(func.count()).select_from(Disclosure)) == 2


def test_an_emergency_is_never_stopped(case_page, known, sign_in):
    page = sign_in(Role.LEAD).submit(f"{case_page}/new", answers(known, is_emergency="y"), button="Record sharing")
    assert "Sharing recorded" in words(page)
    found = db.session.scalars(select(Disclosure)).one()
    assert found.outcome == "allowed"
    assert found.is_emergency


def test_what_is_not_in_the_register_needs_a_reason_and_reaches_the_data_protection_officer(case_page, known, sign_in):
    lead, unknown = sign_in(Role.LEAD), answers(known, gateway="other")
    assert "Write why it may be shared" in words(lead.submit(f"{case_page}/new", unknown, button="Record sharing"))
    assert db.session.scalar(select(func.count()).select_from(Disclosure)) == 0
    db.session.rollback()
    reason = {"reason": "The family asked us in writing to pass this on."}
    lead.submit(f"{case_page}/new", unknown | reason, button="Record sharing")
    officer = sign_in(Role.DATA_PROTECTION_OFFICER)
    register = officer.get("/sharing?outcome=not_in_register")
    assert "Not in the register" in words(register)
    assert "Two earlier assessments." not in register.text
    found = db.session.scalars(select(Disclosure.id)).one()
    db.session.rollback()
    assert "The family asked us in writing" in words(officer.get(f"/sharing/{found}"))
    assert "Nothing shared yet" in words(officer.get("/sharing?outcome=refused"))


def test_the_register_stays_in_its_area(case_page, known, sign_in):
    sign_in(Role.LEAD).submit(f"{case_page}/new", answers(known), button="Record sharing")
    found = db.session.scalars(select(Disclosure.id)).one()
    db.session.rollback()
    assert "Not allowed by law" in words(sign_in(Role.COORDINATOR).get("/sharing"))
    elsewhere = sign_in(Role.COORDINATOR, area="slough")
    assert "Nothing shared yet" in words(elsewhere.get("/sharing"))
    for path in (f"/sharing/{found}", case_page, f"{case_page}/new", f"{case_page}/{found}"):
        assert elsewhere.get(path).status_code == 404, path
    assert sign_in(Role.PANEL_MEMBER).get("/sharing").status_code == 403
    assert sign_in(Role.REFERRER).get(f"{case_page}/new").status_code == 404


def test_another_lead_sees_only_what_they_recorded(case_page, known, acting, sign_in):
    coordinator = sign_in(Role.COORDINATOR)
    coordinator.submit(f"{case_page}/new", answers(known), button="Record sharing")
    found = db.session.scalars(select(Disclosure.id)).one()
    db.session.rollback()
    lead = sign_in(Role.LEAD)
    assert "Nothing shared yet" in words(lead.get("/sharing"))
    assert lead.get(f"/sharing/{found}").status_code == 404
    assert "Not allowed by law" in words(lead.get(case_page))


def test_a_panel_member_records_what_their_own_agency_shares(acting, known, sign_in):
    referral = make.ready_referral(acting, known)
    meeting_id = make.meeting(acting, known, referrals=(referral,), started=True)
    member, path = sign_in(Role.PANEL_MEMBER), f"/meetings/{meeting_id}/items/1/sharing/new"
    own = {"from_agency": known.agencies["police@reading"], "data_class": "police_intelligence"}
    assert "Sharing recorded" in words(member.submit(path, answers(known, **own), button="Record sharing"))
    member.submit(path, answers(known), button="Record sharing")
    assert list(db.session.scalars(select(Disclosure.from_agency_id))) == [known.agencies["police@reading"]]


@pytest.mark.parametrize("field", ["what", "why_needed", "gateway", "data_class", "to_whom", "purpose"])
def test_what_is_missing_is_said_and_nothing_is_kept(case_page, known, sign_in, field):
    page = sign_in(Role.LEAD).submit(f"{case_page}/new", answers(known, **{field: None}), button="Record sharing")
    assert "There is a problem" in words(page)
    assert db.session.scalar(select(func.count()).select_from(Disclosure)) == 0
