"""Records whose time is over: found by the dates, decided by one, disposed of by two, never while a hold stands."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from accounts.models import Approval
from accounts.roles import Role
from audit.models import AuditEntry, Event
from audit.services import record
from cohort.models import YoungPerson
from core.clock import now, today
from core.db import db
from panels.models import Case
from referrals.models import Referral
from rights import holds, retention
from rights.models import RetentionReview, Tombstone
from tests.factories.cases import open_case
from tests.factories.triage import make_referral
from tests.support.client import words

WHY = "Nobody has asked for it, and nothing is open"
LONG_AGO = 365 * 7 + 30


def person_of(case_id):
    return db.session.scalar(select(Case.young_person_id).where(Case.id == case_id))


def closed_case(acting, known, *, days=LONG_AGO, born=None, area="reading", **person):
    """A case that closed so many days ago, of somebody who is an adult by now."""
    born = born or today().replace(year=today().year - 30, day=1)
    case_id = open_case(acting, known, area=area, born=born, **person)
    with acting(f"coordinator@{area}") as actor:
        case = db.session.get_one(Case, case_id)
        case.is_open, case.stage, case.closed_at = False, "closed", now() - timedelta(days=days)
        referral = db.session.get_one(Referral, case.referral_id)
        referral.status, referral.decided_at = "closed", now() - timedelta(days=days)
        record(Event.CASE_CLOSED, actor, case, also=[referral])
        db.session.commit()
    return case_id


def found():
    number = retention.find_due()
    db.session.rollback()
    return number


def the_review():
    db.session.rollback()
    return db.session.scalars(select(RetentionReview)).one()


def decide(client, **fields):
    return client.submit(f"/rights/retention/{the_review().id}", fields)


@pytest.mark.parametrize(
    ("days", "born_years", "expected"),
    [
        (LONG_AGO, 30, 1),
        (365 * 5, 30, 0),
        # The later of the two periods counts: closed long ago, and not yet 24.
        (LONG_AGO, 20, 0),
    ],
)
def test_a_closed_case_is_due_by_both_periods(acting, known, days, born_years, expected):
    closed_case(acting, known, days=days, born=today().replace(year=today().year - born_years, day=1))
    assert found() == expected
    assert found() == 0


def test_what_is_open_is_not_due(acting, known):
    case_id = closed_case(acting, known)
    with acting("coordinator@reading") as actor:
        case = db.session.get_one(Case, case_id)
        case.is_open = True
        record(Event.CASE_REOPENED, actor, case)
        db.session.commit()
    assert found() == 0


def test_who_comes_back_leaves_the_list(acting, known):
    case_id = closed_case(acting, known)
    assert found() == 1
    with acting("coordinator@reading") as actor:
        case = db.session.get_one(Case, case_id)
        case.is_open = True
        record(Event.CASE_REOPENED, actor, case)
        db.session.commit()
    found()
    assert db.session.scalars(select(RetentionReview)).all() == []


def test_a_referral_that_led_to_no_case_is_due_after_two_years(acting, known):
    referral_id = make_referral(acting, known, status="not_eligible")
    with acting("coordinator@reading") as actor:
        referral = db.session.get_one(Referral, referral_id)
        child = YoungPerson(area_id=referral.area_id, created_from="referral", surname="Sefton")
        db.session.add(child)
        db.session.flush()
        referral.young_person_id, referral.decided_at = child.id, now() - timedelta(days=365 * 2 + 5)
        record(Event.PERSON_CREATED, actor, child, also=[referral])
        db.session.commit()
    assert found() == 1
    assert the_review().rule == "referral"


@given(st.dates(date(2000, 1, 1), date(2060, 12, 31)), st.integers(1, 30))
def test_so_many_years_after_any_day_is_a_real_day(day, years):
    after = retention.years_after(day, years)
    assert after.year == day.year + years
    assert (after.month, after.day) in {(day.month, day.day), (3, 1)}


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.dates(date(1990, 1, 1), date(2020, 1, 1)), st.integers(1, 10))
def test_no_record_is_due_before_either_period_is_over(closed, born, years):
    row = SimpleNamespace(closed_at=now().replace(year=closed.year, month=closed.month, day=1), decided_at=None)
    _, over = retention.due_on(row, born, {"case_years": years})
    assert over >= retention.years_after(born, 18 + years)
    assert over >= retention.years_after(row.closed_at.date(), years)


def test_the_list_names_nobody(acting, known, sign_in):
    case_id = closed_case(acting, known, surname="Quillfeather")
    found()
    officer = sign_in(Role.DATA_PROTECTION_OFFICER)
    assert "Records to decide" in words(officer.get("/"))
    page = words(officer.get("/rights/retention"))
    assert db.session.get_one(Case, case_id).reference in page
    assert "Quillfeather" not in page


def test_it_is_the_officers_alone(acting, known, sign_in):
    closed_case(acting, known)
    found()
    path = f"/rights/retention/{the_review().id}"
    for role in (role for role in Role if role is not Role.DATA_PROTECTION_OFFICER):
        assert sign_in(role).get("/rights/retention").status_code == 403
        assert sign_in(role).get(path).status_code == 404
    assert sign_in(Role.DATA_PROTECTION_OFFICER, area="slough").get(path).status_code == 404


def test_kept_longer_it_comes_back_when_that_is_over(acting, known, sign_in):
    closed_case(acting, known)
    found()
    officer = sign_in(Role.DATA_PROTECTION_OFFICER)
    assert "Choose why it is kept" in words(decide(officer, decision="keep"))
    assert "It is kept" in words(decide(officer, decision="keep", keep_reason="court", years="2"))
    review = the_review()
    assert (review.state, review.due_on) == ("kept", retention.years_after(today(), 2))
    assert "It may be needed in court" in words(officer.get("/rights/disposals"))
    assert found() == 0
    review = the_review()
    review.due_on = today()
    record(Event.RETENTION_DECIDED, None, review)
    db.session.commit()
    found()
    assert the_review().state == "due"


def test_two_people_dispose_of_it_and_a_certificate_stays(acting, known, sign_in):
    case_id = closed_case(acting, known, surname="Quillfeather")
    person, reference = person_of(case_id), db.session.get_one(Case, case_id).reference
    found()
    officer = sign_in(Role.DATA_PROTECTION_OFFICER)
    assert "at least 20 characters" in words(decide(officer, decision="dispose", reason="Old"))
    assert "A second person has been asked" in words(decide(officer, decision="dispose", reason=WHY))
    approval = db.session.scalars(select(Approval)).one().id
    db.session.rollback()
    assert "You asked for this" in words(officer.get(f"/approvals/{approval}"))
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    assert reference in words(lead.get(f"/approvals/{approval}"))
    assert "Agreed" in words(lead.submit(f"/approvals/{approval}", {"decision": "agree"}))
    db.session.rollback()
    assert db.session.get(YoungPerson, person) is None
    assert db.session.get(Case, case_id) is None
    assert db.session.scalars(select(Tombstone.young_person_id)).all() == [person]
    review = the_review()
    assert (review.state, review.decided_by_id, review.agreed_by_id) == (
        "disposed", officer.actor.user_id, lead.actor.user_id,
    )  # fmt: skip
    assert reference in words(officer.get("/rights/disposals"))
    assert officer.get("/approvals").status_code == 200
    entries = db.session.scalars(select(AuditEntry.event).order_by(AuditEntry.chain, AuditEntry.seq)).all()
    assert "delete:young_person" in entries
    assert found() == 0


def test_while_a_hold_stands_nothing_goes(acting, known, sign_in):
    case_id = closed_case(acting, known)
    found()
    officer = sign_in(Role.DATA_PROTECTION_OFFICER)
    decide(officer, decision="dispose", reason=WHY)
    approval = db.session.scalars(select(Approval)).one().id
    db.session.rollback()
    assert "A legal hold stands on it" in words(decide(officer, decision="hold", hold_reason="inquiry"))
    assert "Legal hold" in words(officer.get("/rights/retention"))
    refused = sign_in(Role.SAFEGUARDING_LEAD).submit(f"/approvals/{approval}", {"decision": "agree"})
    assert "it must not be disposed of" in words(refused)
    assert db.session.get(YoungPerson, person_of(case_id)) is not None
    db.session.rollback()
    assert "Propose to dispose" not in words(officer.get(f"/rights/retention/{the_review().id}"))
    assert "ended" in words(decide(officer, decision="release"))
    assert not holds.is_held(person_of(case_id))
    held = db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.HOLD_CHANGED.value)).all()
    assert {entry.actor_id for entry in held} == {officer.actor.user_id}


def test_a_declined_disposal_is_to_decide_again(acting, known, sign_in):
    closed_case(acting, known)
    found()
    officer = sign_in(Role.DATA_PROTECTION_OFFICER)
    decide(officer, decision="dispose", reason=WHY)
    approval = db.session.scalars(select(Approval)).one().id
    db.session.rollback()
    refused = decide(officer, decision="dispose", reason=WHY)
    assert "Someone has decided this already" in words(refused)
    sign_in(Role.SAFEGUARDING_LEAD).submit(f"/approvals/{approval}", {"decision": "decline", "answer": "A complaint"})
    assert "It is kept" in words(decide(officer, decision="keep", keep_reason="complaint"))


def test_a_case_that_opened_again_meanwhile_stays(acting, known, sign_in):
    case_id = closed_case(acting, known)
    found()
    decide(sign_in(Role.DATA_PROTECTION_OFFICER), decision="dispose", reason=WHY)
    approval = db.session.scalars(select(Approval)).one().id
    with acting("coordinator@reading") as actor:
        case = db.session.get_one(Case, case_id)
        case.is_open = True
        record(Event.CASE_REOPENED, actor, case)
        db.session.commit()
    refused = sign_in(Role.SAFEGUARDING_LEAD).submit(f"/approvals/{approval}", {"decision": "agree"})
    assert "is open again" in words(refused)
    assert db.session.get(Case, case_id) is not None


def test_the_command_says_how_many(app, acting, known):
    closed_case(acting, known)
    result = app.test_cli_runner().invoke(args=["retention", "find"])
    assert (result.exit_code, result.output) == (0, "1 more records to decide about.\n")
