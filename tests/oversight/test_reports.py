"""Reports: right counts, who may see which, what is hidden from whom, and a fixed number of statements."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

from accounts.models import District, Membership
from accounts.roles import Role
from audit.models import AuditEntry, Event
from audit.services import record
from core.clock import now
from core.db import db
from oversight.periods import Period, finished, running
from tests.factories import cases, figures
from tests.support.client import words

LAST_QUARTER = finished(figures.today())[0].start


def table_rows(page, caption):
    tables = [t for t in page.all("table") if caption in "".join(t.find("caption").itertext())]
    return [[" ".join("".join(cell.itertext()).split()) for cell in row] for row in tables[0].iter("tr")][1:]


def fill(acting, known, area="reading"):
    figures.add(acting, known, area=area, count=6, engagement="taking_part", plan=True, finished=True)
    figures.add(acting, known, area=area, count=3, engagement="taking_part", plan=True, lead="lead_practitioner")
    figures.add(acting, known, area=area, count=2, engagement="chose_not_to")
    figures.add(acting, known, area=area, count=4, status="not_eligible")
    figures.add(acting, known, area=area, count=5, status="new", acknowledged=False)


def test_the_area_sees_how_far_referrals_came(acting, known, sign_in):
    fill(acting, known)
    page = sign_in(Role.COORDINATOR).page("/oversight")
    assert table_rows(page, "How far referrals came") == [
        ["Referred", "20"], ["Decided", "15"], ["Taking part", "9"], ["Plan agreed", "9"], ["Finished", "6"],
    ]  # fmt: skip
    assert ["Support under way", "3"] in table_rows(page, "Open cases by stage")
    overdue = dict(table_rows(page, "Overdue today"))
    assert overdue["New referrals not acknowledged in time"] == "5"
    assert overdue["Cases whose next step is late"] == "5"
    assert overdue["Open cases that nobody leads"] == "2"
    waits = {row[0]: row[1:] for row in table_rows(page, "Waiting times")}
    assert waits["Referral to acknowledged"] == ["15", "Same day", "1 working day", "100% (15 of 15)"]
    assert waits["Ready to panel decision"][0] == "None yet"
    assert table_rows(page, "Who sent referrals") == [["School", "20"]]


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        (Role.COORDINATOR, True),
        (Role.PARTNERSHIP_LEAD, True),
        (Role.PANEL_CHAIR, False),
        (Role.SAFEGUARDING_LEAD, False),
    ],
)
def test_counts_per_worker_are_for_those_who_share_out_work(acting, known, sign_in, role, sees):
    fill(acting, known)
    said = words(sign_in(role).get("/oversight/areas/reading"))
    assert ("Cases each worker leads" in said) is sees
    assert ("Lead practitioner Reading 3 3" in said) is sees


def test_another_area_is_not_there(sign_in):
    assert sign_in(Role.COORDINATOR).get("/oversight/areas/slough").status_code == 404
    assert sign_in(Role.PARTNERSHIP_LEAD).get("/oversight/board").status_code == 403
    assert sign_in(Role.REFERRER).get("/oversight").status_code == 403
    assert sign_in(Role.ANALYST).get("/oversight/areas/reading").status_code == 404
    assert sign_in(Role.OVERSIGHT_VIEWER).get("/oversight/areas/nowhere").status_code == 404


def board_of(acting, known, sign_in, reading, slough):
    for area, count in (("reading", reading), ("slough", slough)):
        figures.add(acting, known, area=area, count=count, sent_on=LAST_QUARTER, engagement="taking_part", plan=True)
    return sign_in(Role.OVERSIGHT_VIEWER).page("/oversight")


def test_the_board_shows_areas_side_by_side(acting, known, sign_in):
    page = board_of(acting, known, sign_in, 12, 30)
    rows = table_rows(page, "How far referrals came")
    private = "[c]private figure"
    assert rows[0] == ["Reading", "12", "12", "12", "12", private]
    assert rows[1][:5] == ["Slough", "30", "30", "30", "30"]
    assert rows[2] == ["All areas", "42", "42", "42", "42", private]


def test_a_small_area_takes_another_with_it_on_the_board_and_on_its_own_page(acting, known, sign_in):
    page = board_of(acting, known, sign_in, 3, 30)
    text = " ".join("".join(page.root.itertext()).split())
    assert "Too few to show" in text
    viewer = sign_in(Role.OVERSIGHT_VIEWER)
    alone = words(viewer.get("/oversight/areas/slough"))
    assert "Too few to show" in alone
    assert "Referred" not in alone


def test_the_viewer_gets_finished_periods_and_no_names(acting, known, sign_in):
    cases.open_case(acting, known, forename="Kaya", surname="Quillfeather")
    fill(acting, known)
    viewer = sign_in(Role.OVERSIGHT_VIEWER)
    for path in ("/oversight/board", "/oversight/areas/reading", "/oversight/areas/reading?period=90-days"):
        page = viewer.get(path)
        assert "Quillfeather" not in page.text
        assert "Lead practitioner" not in words(page)
        assert "/cases" not in page.text
        assert "/triage" not in page.text
        assert "Last 90 days" not in words(page)


def as_district_viewer(known, area="reading"):
    """The oversight viewer of the small installation, for one district alone."""
    found = db.session.scalars(select(District).where(District.area_id == known.areas[area])).one()
    member = db.session.get(Membership, known.memberships[f"oversight_viewer@{area}"])
    member.district_id = found.id
    record(Event.USER_CHANGED, None, member)
    return found


def test_a_district_sees_itself_alone(acting, known, sign_in):
    with acting("coordinator@reading"):
        own = as_district_viewer(known).slug
        db.session.commit()
    viewer = sign_in(Role.OVERSIGHT_VIEWER)
    assert "The figures of your district are on its report" in words(viewer.get("/"))
    home = viewer.get("/oversight", follow_redirects=True)
    assert home.request.path == f"/oversight/csp/{own}"
    assert "Too few to show" in words(home)
    assert viewer.get("/oversight/board").status_code == 403
    assert viewer.get("/oversight/areas/reading").status_code == 404
    assert viewer.get("/oversight/csp/slough-district").status_code == 404
    assert sign_in(Role.OVERSIGHT_VIEWER, area="slough").get(f"/oversight/csp/{own}").status_code == 404


def test_looking_leaves_an_entry_without_anyone_in_it(acting, known, sign_in):
    fill(acting, known)
    sign_in(Role.COORDINATOR).get("/oversight/areas/reading")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.REPORT_READ.value)).one()
    assert (entry.object_type, entry.object_id) == ("area", known.areas["reading"])
    assert b'"subjects":[]' in entry.body
    assert b'"fields":[]' in entry.body


@pytest.fixture
def counting(sign_in):
    """The statements about cases and referrals that a page of figures sends, and the page."""

    def look(client, path):
        seen = []
        listener = lambda *given: seen.append(given[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        page = client.page(path)
        event.remove(db.engine, "before_cursor_execute", listener)
        return [s for s in seen if "referral" in s or "case_record" in s or "step_up" in s], page

    return look


PAGES = [("coordinator", "/oversight/areas/reading"), ("oversight_viewer", "/oversight/board")]


@pytest.mark.parametrize(("key", "path"), PAGES)
def test_statements_do_not_grow_with_cases(acting, known, sign_in, counting, key, path):
    client = sign_in(key)
    before = len(counting(client, path)[0])
    fill(acting, known)
    fill(acting, known, "slough")
    assert len(counting(client, path)[0]) == before <= 6


@pytest.mark.parametrize(("key", "path"), PAGES)
def test_figures_are_counted_anew_when_something_changed_or_a_minute_passed(
    acting, known, sign_in, counting, time_machine, key, path
):
    client = sign_in(key)
    assert counting(client, path)[0]
    assert not counting(client, path)[0], "only looked at since"
    fill(acting, known)
    asked, page = counting(client, path)
    assert asked
    assert ["Referred", "20"] in table_rows(page, "How far referrals came") or "board" in path
    time_machine.move_to(now() + timedelta(seconds=61))
    assert counting(client, path)[0]


def test_periods_are_whole_for_those_who_see_hidden_figures():
    on = date(2026, 2, 10)
    assert [p.words for p in finished(on)] == [
        "1 October 2025 to 31 December 2025",
        "1 January 2025 to 31 December 2025",
    ]
    assert running(on)[0] == Period("90-days", "Last 90 days", date(2025, 11, 13), on)


def test_a_year_is_made_of_whole_quarters():
    assert finished(date(2026, 11, 22))[1].words == "1 January 2026 to 30 September 2026"


def test_the_board_shows_no_count_of_who_waited_beside_those_referred(acting, known, sign_in):
    page = board_of(acting, known, sign_in, 12, 30)
    assert table_rows(page, "Waiting times")[0][:3] == ["Reading", "Same day", "100%"]
