"""The first page of each role: its counts are right, lead somewhere that opens, and cost few statements."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from accounts.roles import Role
from audit.models import AuditEntry, Event
from core.clock import today
from core.db import db
from panels.models import Case
from referrals.services import step_ups
from tests.factories import meetings, support, triage
from tests.factories.cases import open_case
from tests.support.client import text, words


@pytest.fixture
def busy(acting, known):
    """Something of everything in Reading, and a little in Slough that must not be counted."""
    triage.make_referral(acting, known, reference="RDG-26-0001K")
    triage.make_referral(acting, known, reference="RDG-26-0002K", status="in_triage")
    meetings.meeting(acting, known, referrals=(meetings.ready_referral(acting, known),))
    led = open_case(acting, known)
    open_case(acting, known, lead=None, surname="Fairley")
    taken = support.accepted(acting, known, led, support.intervention(known))
    support.session(acting, led, taken)
    triage.make_referral(acting, known, area="slough", reference="SLO-26-0001K")
    open_case(acting, known, area="slough")
    with acting("coordinator@reading") as actor:
        from core.clock import now
        from referrals.models import Referral

        referral = db.session.scalars(select(Referral).where(Referral.reference == "RDG-26-0002K")).one()
        step_ups.raise_step_up(
            actor,
            area_id=known.areas["reading"],
            why="In danger",
            called_at=now() - timedelta(days=9),
            referral=referral,
        )
        db.session.commit()
    return led


def table(page, title):
    """A table of counts as {what: [numbers]}."""
    found = next(t for t in page.all("table") if title in text(t))
    rows = {}
    for row in list(found.iter("tr"))[1:]:
        cells = [text(cell).split(" ")[0] for cell in row.iter("td")]
        rows[text(next(row.iter("th")))] = cells
    return rows


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_a_first_page_on_an_empty_day(sign_in, role):
    client = sign_in(role)
    page = client.page("/")
    assert text(page.all("h1")[0]) == "Your work today"


@pytest.mark.parametrize("role", list(Role))
def test_every_link_of_the_first_page_opens(sign_in, role, busy):
    client = sign_in(role)
    main = client.page("/").all("main")[0]
    for link in {a.get("href") for a in main.iter("a")} - {"/"}:
        answer = client.get(link, follow_redirects=True)
        assert answer.status_code == 200, f"{role}: {link} gives {answer.status_code}"


def test_a_coordinator_sees_what_to_do_first_and_how_much_waits(sign_in, busy):
    page = sign_in(Role.COORDINATOR).page("/")
    referrals, cases = table(page, "Referrals"), table(page, "Cases")
    assert referrals["New"] == ["1", "None"]
    assert referrals["In triage"] == ["None", "None"]
    assert referrals["Ready for panel"] == ["1", "None"]
    assert referrals["Step-ups without an answer"] == ["1", "1"]
    assert cases["Open"][0] == "2"
    assert cases["Nobody’s"][0] == "1"
    first = next(t for t in page.all("table") if "What to do first" in text(t))
    said = [text(row) for row in first.iter("tr")][1:]
    assert "Step-up has no answer" in said[0]
    assert "Overdue by" in said[0]
    assert "RDG-26-0002K" in said[0]
    assert any("Acknowledge a new referral" in line and "RDG-26-0001K" in line for line in said)
    assert not any("SLO" in line for line in said)


def test_a_late_referral_is_counted_late_and_its_number_leads_to_it_alone(sign_in, acting, known):
    from referrals.models import Referral

    with acting("coordinator@reading"):
        late = triage.make_referral(acting, known)
    triage.make_referral(acting, known)
    with acting("coordinator@reading") as actor:
        from audit.services import record

        referral = db.session.get_one(Referral, late)
        referral.acknowledge_by = today() - timedelta(days=1)
        record(Event.REFERRAL_CHANGED, actor, referral)
        db.session.commit()
    coordinator = sign_in(Role.COORDINATOR)
    page = coordinator.page("/")
    assert table(page, "Referrals")["New"] == ["2", "1"]
    assert "Overdue by 1 day" in text(page.all("main")[0])
    listed = coordinator.page(next(one.get("href") for one in page.all("a") if "overdue=1" in one.get("href", "")))
    shown = {one.get("href") for one in listed.all("a") if re.fullmatch(r"/triage/\w{26}", one.get("href", ""))}
    assert shown == {f"/triage/{late}"}
    assert "Showing only those that are overdue" in text(listed.all("main")[0])
    assert "Nothing here is overdue" in words(coordinator.get("/triage?tab=ready&overdue=1"))


def test_no_young_persons_name_is_on_a_workers_first_page(sign_in, busy):
    for role in (Role.COORDINATOR, Role.LEAD, Role.PROVIDER, Role.SAFEGUARDING_LEAD, Role.PANEL_CHAIR):
        said = words(sign_in(role).get("/"))
        for name in ("Sefton", "Kaya", "Fairley"):
            assert name not in said, role
    db.session.rollback()
    assert not db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.HOME_READ.value)).all()


def test_a_referrer_sees_their_own_names_and_that_is_an_entry(sign_in, busy):
    said = words(sign_in(Role.REFERRER).get("/"))
    assert "Waiting for a decision" in said
    assert "RDG-26-0001K" in said
    assert "Sefton, Kaya" in said
    db.session.rollback()
    assert db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.HOME_READ.value)).all()


def test_a_lead_sees_their_cases_and_not_the_others(sign_in, busy):
    page = sign_in(Role.LEAD).page("/")
    assert table(page, "Your cases")["Open"][0] == "1"
    reference = db.session.get_one(Case, busy).reference
    assert reference in text(page.all("main")[0]) or "Nothing is waiting" in text(page.all("main")[0])


def test_a_provider_sees_todays_sessions_and_offers(sign_in, acting, known, busy):
    support.offer(acting, known, busy, support.intervention(known, code="art", name="Art club"))
    page = sign_in(Role.PROVIDER).page("/")
    assert table(page, "Your work")["Offers to answer"][0] == "1"
    assert "Offer to answer" in text(page.all("main")[0])


def test_a_safeguarding_lead_sees_who_waits_and_the_state_of_the_trail(sign_in, busy):
    client = sign_in(Role.SAFEGUARDING_LEAD)
    page = client.page("/")
    assert "Not checked yet" in text(page.all("main")[0])
    assert table(page, "Young people waiting")["Step-ups without an answer"] == ["1", "1"]
    sign_in(Role.PROVIDER).get(f"/triage/{busy}")
    client.submit("/audit/verify", button="Check now")
    page = client.page("/")
    assert "Verified" in text(page.all("main")[0])
    assert table(page, "The audit trail")["People turned away"] == ["1"]


def test_an_administrator_sees_unanswered_invitations(sign_in, known, acting):
    from accounts.models import User
    from audit.services import record

    with acting("administrator@reading") as actor:
        user = db.session.get_one(User, known.users["analyst@reading"])
        user.password = None
        record(Event.USER_CHANGED, actor, user)
        db.session.commit()
    page = sign_in(Role.ADMINISTRATOR).page("/")
    assert table(page, "People")["Invitations not answered"] == ["1"]


@pytest.mark.parametrize("role", list(Role))
def test_the_first_page_costs_few_statements(app, sign_in, role, busy):
    """The frame's and the session's, and eight of its own at most (PAGES, few statements a page)."""
    client, seen = sign_in(role), []

    def count(conn, cursor, statement, *rest):
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        client.page("/")
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    assert len(seen) <= 6 + 8, "\n".join(seen)
