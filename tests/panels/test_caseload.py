"""The list of cases: whom it shows, filters, sort, many at once, and what it costs."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from accounts.models import User
from accounts.roles import Role
from audit.models import AuditEntry, Event
from audit.services import record
from core.clock import today
from core.db import db
from panels.models import Case
from panels.services import caseload
from tests.factories.cases import make_offer, open_case
from tests.factories.counting import reads_sent
from tests.support.client import Page, form_values, words


def change(acting, case_id, **values):
    with acting("coordinator@reading") as actor:
        case = db.session.get_one(Case, case_id)
        for name, value in values.items():
            setattr(case, name, value)
        record(Event.CASE_ALLOCATED, actor, case)
        db.session.commit()


def names(response):
    """The first column of the list."""
    rows = [row for body in Page(response.text).all("tbody") for row in body.iter("tr")]
    return ["".join(head.itertext()).strip() for row in rows for head in row.iter("th")]


def test_the_coordinator_sees_the_area_and_no_other(acting, known, sign_in):
    open_case(acting, known)
    open_case(acting, known, area="slough", surname="Elsewhere")
    page = words(sign_in(Role.COORDINATOR).get("/cases"))
    assert "Sefton, Kaya" in page
    assert "Showing 1 to 1 of 1, earliest due first" in page
    assert "Ask them to take part" in page
    assert "Elsewhere" not in page


@pytest.mark.parametrize("role", [Role.REFERRER, Role.ANALYST, Role.ADMINISTRATOR, Role.PANEL_MEMBER])
def test_who_reads_no_cases_has_no_list(sign_in, role):
    assert sign_in(role).get("/cases").status_code == 403


def test_a_name_is_never_markup(acting, known, sign_in):
    open_case(acting, known, surname="<b>O'Shea</b>", preferred_name="{{ 7 }}%s")
    response = sign_in(Role.COORDINATOR).get("/cases")
    assert names(response) == ["<b>O'Shea</b>, {{ 7 }}%s"]
    assert "<b>" not in response.text


def test_nobodys_case_shows_to_the_area(acting, known, sign_in):
    open_case(acting, known, lead=None, surname="Alone")
    open_case(acting, known)
    for role in (Role.COORDINATOR, Role.PANEL_CHAIR, Role.SAFEGUARDING_LEAD):
        assert names(sign_in(role).get("/cases?view=nobody")) == ["Alone, Kaya"]
    assert names(sign_in(Role.COORDINATOR).get("/cases?lead=nobody")) == ["Alone, Kaya"]


def test_each_filter_and_its_removal(acting, known, sign_in):
    late = open_case(acting, known, surname="Late")
    review = open_case(acting, known, surname="Review", lead="coordinator")
    offered = open_case(acting, known, surname="Offered")
    make_offer(acting, known, offered)
    yesterday = today() - timedelta(days=1)
    change(acting, late, next_due_on=yesterday)
    change(acting, review, review_due_on=yesterday, stage="support")
    client = sign_in(Role.COORDINATOR)
    lead, provider = known.users["coordinator@reading"], known.agencies["vcs@reading"]
    for query, wanted in (
        ("overdue=1", ["Late"]), ("review=1", ["Review"]), ("view=review", ["Review"]),
        ("stage=review_due", ["Review"]),
        (f"lead={lead}", ["Review"]), ("view=mine", ["Review"]), (f"provider={provider}", ["Offered"]),
        ("stage=support", []), ("view=closed", []), ("stage=assessing&overdue=1", ["Late"]),
    ):  # fmt: skip
        assert [name.split(",")[0] for name in names(client.get(f"/cases?{query}"))] == wanted, query
    text = words(client.get("/cases?stage=paused"))
    assert "No cases match." in text
    assert "Clear filters" in text
    assert "Remove this filter: Paused" in text


def test_an_address_that_makes_no_sense_is_the_plain_list(acting, known, sign_in):
    open_case(acting, known)
    client = sign_in(Role.COORDINATOR)
    assert names(client.get("/cases?stage=x&lead=%27&sort=name%27&page=-1&view=all&provider=zz")) == ["Sefton, Kaya"]


def test_it_sorts_by_each_head(acting, known, sign_in):
    one = open_case(acting, known, surname="Zed", forename="Ann")
    two = open_case(acting, known, surname="Able", forename="Zoe", preferred_name="Zo")
    change(acting, one, next_due_on=date(2020, 1, 1), last_contact_on=date(2026, 1, 2))
    change(acting, two, next_due_on=date(2020, 1, 2), last_contact_on=date(2026, 1, 1))
    client = sign_in(Role.COORDINATOR)
    assert names(client.get("/cases")) == ["Zed, Ann", "Able, Zo"]
    assert names(client.get("/cases?way=down")) == ["Able, Zo", "Zed, Ann"]
    assert names(client.get("/cases?sort=seen")) == ["Able, Zo", "Zed, Ann"]
    assert names(client.get("/cases?sort=name")) == ["Able, Zo", "Zed, Ann"]
    assert names(client.get("/cases?sort=name&way=down")) == ["Zed, Ann", "Able, Zo"]
    for sort in ("reference", "stage", "lead"):
        assert len(names(client.get(f"/cases?sort={sort}"))) == 2
    assert 'aria-sort="ascending"' in client.get("/cases?sort=name").text


def test_by_name_only_where_few_enough_remain(acting, known, sign_in, monkeypatch):
    for _ in range(3):
        open_case(acting, known)
    monkeypatch.setattr(caseload, "NAME_SORT_UP_TO", 2)
    text = sign_in(Role.COORDINATOR).get("/cases?sort=name").text
    assert "Filter to 2,000 or fewer to sort by name" in text
    assert "sort=name" not in text


def test_the_entry_names_everyone_shown_and_counts_those_compared(acting, known, sign_in):
    shown = {db.session.get_one(Case, open_case(acting, known)).young_person_id for _ in range(3)}
    client = sign_in(Role.COORDINATOR)
    client.get("/cases?sort=name")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.event == "list:cases")).one()
    body = json.loads(entry.body)
    assert set(body["subjects"]) == shown
    assert body["detail"]["examined"] == 3


@pytest.mark.parametrize("query", ["", "?sort=name", "?overdue=1&lead=nobody"])
def test_five_rows_and_forty_cost_the_same(app, acting, known, sign_in, query):
    client, costs = sign_in(Role.COORDINATOR), []
    for more in (5, 35):
        for _ in range(more):
            change(acting, open_case(acting, known, lead=None), next_due_on=date(2020, 1, 1))
        client.get(f"/cases{query}")
        with reads_sent(app) as sent:
            client.get(f"/cases{query}")
        costs.append(len(sent))
    assert costs[0] == costs[1] <= 1 + 3, "the session, and three of the list's own"


def test_it_shows_fifty_a_page(acting, known, sign_in):
    for _ in range(51):
        open_case(acting, known)
    client = sign_in(Role.COORDINATOR)
    first, second = client.get("/cases"), client.get("/cases?page=2")
    assert (len(names(first)), len(names(second))) == (50, 1)
    assert "Showing 1 to 50 of 51" in words(first)
    assert "Showing 51 to 51 of 51" in words(second)


# --- many at once ----------------------------------------------------------------------------------------------------


def test_many_cases_change_lead_after_a_look(acting, known, sign_in):
    ids = [open_case(acting, known, lead=None) for _ in range(3)]
    other = open_case(acting, known, area="slough", surname="Elsewhere")
    client = sign_in(Role.COORDINATOR)
    page = client.submit("/cases", {"cases": [*ids, other]})
    assert "Change lead for 3 cases" in words(page)
    assert "Elsewhere" not in words(page)
    form = Page(page.text).form()
    values = form_values(form) | {"lead": known.users["lead_practitioner@reading"]}
    values["cases"] = [*ids, other]
    done = client.post("/cases/lead", data=values, follow_redirects=True)
    assert "Lead changed for 3 cases. 1 was not changed: it is restricted, closed, or theirs already." in words(done)
    assert {db.session.get_one(Case, i).lead_id for i in ids} == {known.users["lead_practitioner@reading"]}
    assert db.session.get_one(Case, other).lead_id == known.users["lead_practitioner@slough"]
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.event == "update:case_allocated")).all()
    assert len(entries) == 3


def test_a_case_that_someone_else_gave_away_meanwhile_keeps_its_new_lead(acting, known, sign_in):
    moved, waiting = open_case(acting, known, lead=None), open_case(acting, known, lead=None)
    client, listed = sign_in(Role.COORDINATOR), "/cases?view=nobody"
    form = Page(client.submit(listed, {"cases": [moved, waiting]}).text).form()
    change(acting, moved, lead_id=known.users["coordinator@reading"])
    values = form_values(form) | {"lead": known.users["lead_practitioner@reading"]}
    done = client.post(form.get("action"), data=values, follow_redirects=True)
    assert "Lead changed for 1 case. 1 was not changed: someone gave it another lead" in words(done)
    assert done.request.full_path == listed
    assert db.session.get_one(Case, moved).lead_id == known.users["coordinator@reading"]
    assert db.session.get_one(Case, waiting).lead_id == known.users["lead_practitioner@reading"]


def test_a_lead_who_was_suspended_meanwhile_gets_no_cases(acting, known, sign_in):
    case_id, lead = open_case(acting, known, lead=None), known.users["lead_practitioner@reading"]
    client = sign_in(Role.COORDINATOR)
    form = Page(client.submit("/cases", {"cases": [case_id]}).text).form()
    with acting("coordinator@reading") as actor:
        user = db.session.get_one(User, lead)
        user.active = False
        record(Event.USER_CHANGED, actor, user)
        db.session.commit()
    refused = client.post(form.get("action"), data=form_values(form) | {"lead": lead})
    assert "They do not lead cases here any more. Choose someone else" in words(refused)
    assert db.session.get_one(Case, case_id).lead_id is None


def test_nothing_ticked_and_no_lead_are_said_beside_the_list(acting, known, sign_in):
    case_id = open_case(acting, known)
    client = sign_in(Role.COORDINATOR)
    assert "Select at least one case" in words(client.submit("/cases"))
    page = client.submit("/cases", {"cases": [case_id]})
    again = client.post("/cases/lead", data=form_values(Page(page.text).form(action="/cases/lead")))
    assert "Choose a lead practitioner" in words(again)
    assert "Sefton, Kaya" in words(again)


def test_only_who_allocates_may_change_many(acting, known, sign_in):
    case_id = open_case(acting, known)
    client = sign_in(Role.LEAD)
    assert "Change lead" not in words(client.get("/cases"))
    token = client.page("/cases").root.find(".//input[@name='csrf_token']").get("value")
    for path in ("/cases", "/cases/lead"):
        answer = client.post(path, data={"cases": [case_id], "csrf_token": token})
        assert answer.status_code == 403


def test_the_counts_for_the_first_page(acting, known):
    late, nobodys = open_case(acting, known), open_case(acting, known, lead=None)
    change(acting, late, next_due_on=today() - timedelta(days=2))
    change(acting, nobodys, next_due_on=today())
    with acting("coordinator@reading") as actor:
        found = caseload.summary(actor)
    assert (found.overdue, found.due_today, found.nobodys, found.closures_to_approve) == (1, 1, 1, 0)
    with acting("lead_practitioner@slough") as actor:
        assert caseload.summary(actor).overdue == 0
