"""Restricted and hidden records: who sees a row, who sees what is in it, and that nothing else tells of a hidden one."""

import re
from datetime import date

import pytest
from sqlalchemy import event, func, select

from accounts.roles import ROLES, Role
from cohort.models import NamedPerson, YoungPerson
from cohort.services import sensitivity
from cohort.services.people import create_person
from core.access import Permission
from core.codes.sensitivity import Sensitivity
from core.db import db
from panels.models import Case
from referrals.models import PossibleMatch
from tests.factories import world
from tests.factories.triage import make_referral
from tests.security.test_matrix import address, pages
from tests.support.client import Page, text, words

SURNAME = "Quillfeather"
# Whoever these name may see that there was something: the trail and its alerts are for those who answer for it.
TRAIL = {Permission.AUDIT_READ, Permission.SENSITIVITY_OVERSEE}


def cells_of(page):
    """Every row of the page's lists as the words of its cells."""
    return [[text(cell) for cell in row if cell.tag in ("td", "th")] for row in Page(page).all("tr")]


@pytest.fixture
def ids(app, known, acting):
    """A little of everything, and one young person whose name is nobody else's."""
    made = world.make(known)
    with acting("coordinator@reading") as actor:
        person = db.session.get_one(YoungPerson, made["person_id"])
        person.surname = SURNAME
        from audit.models import Event
        from audit.services import record

        record(Event.PERSON_CHANGED, actor, person)
        db.session.commit()
    db.session.remove()
    return made


def close(acting, known, person_id, level, *named, ask=None):
    """As the safeguarding lead does it."""
    with acting("safeguarding_lead@reading") as actor:
        person = db.session.get_one(YoungPerson, person_id)
        users = frozenset(known.users[key] for key in named)
        wanted = sensitivity.Wanted(Sensitivity(level), "witness", "", users, known.users[ask] if ask else None)
        sensitivity.change(actor, person, wanted)
        db.session.commit()
    db.session.remove()


def restrict(acting, known, ids):
    close(acting, known, ids["person_id"], "restricted", "lead_practitioner@reading", ask="lead_practitioner@reading")


def hide(acting, known, ids):
    close(acting, known, ids["person_id"], "hidden", "lead_practitioner@reading", ask="lead_practitioner@reading")


@pytest.mark.catalogue("Z1", part="restricted")
def test_a_restricted_record_is_a_row_that_says_whom_to_ask(ids, known, acting, sign_in):
    restrict(acting, known, ids)
    answer = sign_in(Role.COORDINATOR).get("/cases")
    (row,) = [one for one in cells_of(answer.text) if ids["reference"] in one]
    assert row == ["", "Restricted – ask Lead practitioner Reading", "–", ids["reference"], *["–"] * 5]
    assert SURNAME not in answer.text


@pytest.mark.catalogue("Z1", part="restricted")
def test_what_is_in_a_restricted_record_is_for_named_people(ids, known, acting, sign_in):
    restrict(acting, known, ids)
    path = f"/cases/{ids['case_id']}"
    closed = sign_in(Role.COORDINATOR).get(path)
    assert closed.status_code == 403
    assert "This record is restricted" in closed.text
    assert "Lead practitioner Reading" in closed.text
    assert SURNAME not in closed.text
    assert SURNAME in sign_in(Role.SAFEGUARDING_LEAD).get(path).text
    assert sign_in(Role.COORDINATOR, area="slough").get(path).status_code == 404


@pytest.mark.catalogue("Z7", part="pages")
@pytest.mark.catalogue("Z1", part="restricted")
@pytest.mark.parametrize("level", ["restricted", "hidden"])
def test_no_page_of_any_role_shows_what_is_closed_to_it(app, ids, known, acting, sign_in, level):
    """Every address of the URL map as every role that is not named: no name, and of a hidden record no trace."""
    close(acting, known, ids["person_id"], level, "lead_practitioner@reading", ask="lead_practitioner@reading")
    traces = {SURNAME} | ({ids["reference"], ids["person_id"], ids["case_id"]} if level == "hidden" else set())
    asked_for = {ids["person_id"], ids["case_id"]}
    wrong = []
    for role, rules in ROLES.items():
        if role is Role.LEAD or rules.permissions & TRAIL:
            continue
        client = sign_in(role)
        for rule, names, _ in pages(app):
            if rule.rule.startswith("/emergency/"):  # whoever opened it in an emergency sees it, for an hour
                continue
            path = address(rule, names, ids)
            # An error page may repeat the address that was asked for, and nothing else.
            answer = client.get(path)
            found = {trace for trace in traces if trace in answer.text and not (trace in asked_for and trace in path)}
            if found or answer.status_code >= 500:
                wrong.append(f"{role} at {rule.rule}: {answer.status_code} {sorted(found - {ids['person_id']})}")
    assert wrong == []


@pytest.mark.catalogue("Z7", part="counts")
def test_a_hidden_record_is_in_no_count(ids, known, acting, sign_in):
    """The first page, lists and figures say what they said before the record was there."""
    seen = (
        "/",
        "/cases",
        "/cases?view=mine",
        "/triage",
        "/oversight/areas/reading",
        "/meetings",
        "/step-ups",
        "/sharing",
    )
    hide(acting, known, ids)
    client = sign_in(Role.COORDINATOR)
    hidden = [_settled(words(client.get(path))) for path in seen]
    for model in (Case,):
        there = db.session.scalars(select(model).where(model.young_person_id == ids["person_id"])).all()
        assert there
    close(acting, known, ids["person_id"], "normal")
    shown = [_settled(words(client.get(path))) for path in seen]
    assert hidden[1] != shown[1]
    close(acting, known, ids["person_id"], "hidden", "lead_practitioner@reading", ask="lead_practitioner@reading")
    assert [_settled(words(client.get(path))) for path in seen] == hidden


def _settled(text):
    """Without what every page draws anew, and the minute."""
    text = re.sub(r'name="(csrf_token|once)"[^>]*>', "", text)
    return re.sub(r"\b\d{1,2}(:\d\d)?[ap]m\b|data-session[^ >]*|\b[a-z2-7]{26}\b", "", text)


@pytest.mark.catalogue("Z7", part="search")
def test_a_search_finds_no_hidden_record(ids, known, acting, sign_in):
    hide(acting, known, ids)
    for role, finds in ((Role.COORDINATOR, False), (Role.SAFEGUARDING_LEAD, True)):
        client = sign_in(role)
        token = next(i.get("value") for i in client.page("/account").all("input") if i.get("name") == "csrf_token")
        answer = client.post("/find", data={"q": SURNAME, "csrf_token": token}, follow_redirects=True)
        assert (f"/cases/{ids['case_id']}" in answer.text) is finds, role


@pytest.mark.catalogue("Z7", part="exports")
def test_a_hidden_record_is_in_no_export(ids, known, acting, sign_in):
    """Taken out with names, it is missing; the rest is there."""
    wanted = {"purpose": "case_management", "names": "yes", "reason": "To ring each family, deleted in a week"}
    client = sign_in(Role.COORDINATOR)
    before = client.submit("/cases/export", wanted)
    assert SURNAME in before.text
    hide(acting, known, ids)
    after = client.submit("/cases/export", wanted)
    assert after.mimetype == "text/csv"
    assert len(after.text.splitlines()) > 3
    assert not {trace for trace in (SURNAME, ids["reference"], ids["case_id"], ids["person_id"]) if trace in after.text}


@pytest.mark.catalogue("S3", part="partly")
def test_a_match_with_a_hidden_record_looks_like_none(app, known, acting, sign_in):
    """The same bytes and as many statements; the safeguarding lead has it on a list with its day."""
    client = sign_in(Role.COORDINATOR)
    _triaged(acting, known, client, "RDG-26-0000K")  # fills what a process keeps
    before = _triaged(acting, known, client, "RDG-26-0001K")
    with acting("coordinator@reading") as actor:
        data = {"forename": "Kaya", "surname": "Sefton", "date_of_birth": date(2011, 5, 4)}
        person_id = create_person(actor, area_id=known.areas["reading"], data=data, created_from="test").id
        db.session.commit()
    close(acting, known, person_id, "hidden", "lead_practitioner@reading", ask="lead_practitioner@reading")
    assert _triaged(acting, known, client, "RDG-26-0002K") == before
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    listed = lead.get("/closed-records").text
    assert "RDG-26-0002K" in listed
    assert "RDG-26-0001K" not in listed
    match = db.session.scalars(select(PossibleMatch).where(PossibleMatch.young_person_id == person_id)).one()
    lead.submit(
        f"/closed-records/matches/{match.id}", {"answer": "same", "why": "I rang the lead"}, button="Save answer"
    )
    assert "No referral waits for you" in lead.get("/closed-records").text


def _triaged(acting, known, client, reference):
    """What whoever triages a referral of Kaya Sefton is shown, and how many statements it took."""
    referral_id = make_referral(acting, known, reference=reference)
    sent: list[str] = []
    event.listen(db.engine, "before_cursor_execute", listener := lambda *a: sent.append(a[2]))
    client.submit(f"/triage/{referral_id}", button="Start triage")
    event.remove(db.engine, "before_cursor_execute", listener)
    answer = client.get(f"/triage/{referral_id}")
    tags = re.findall(r"<[a-z0-9]+", answer.text)
    return tags, _settled(words(answer)).replace(reference, ""), len(sent)


def test_a_coordinator_restricts_and_lifts_with_a_reason(ids, known, sign_in):
    client = sign_in(Role.COORDINATOR)
    path = f"/young-people/{ids['person_id']}/sensitivity"
    me = known.users["coordinator@reading"]
    client.submit(
        path, {"level": "restricted", "closing": "witness", "named": [me], "ask": me}, button="Save who may open it"
    )
    db.session.remove()
    assert db.session.get_one(YoungPerson, ids["person_id"]).sensitivity == "restricted"
    assert db.session.scalar(select(func.count()).select_from(NamedPerson)) == 1
    answer = client.submit(path, {"level": "normal"}, button="Save who may open it")
    assert "Choose why more people may open it" in answer.text
    db.session.remove()
    assert db.session.get_one(YoungPerson, ids["person_id"]).sensitivity == "restricted"
    client.submit(
        path, {"level": "normal", "opening": "over", "words": "The trial is over"}, button="Save who may open it"
    )
    db.session.remove()
    assert db.session.get_one(YoungPerson, ids["person_id"]).sensitivity == "normal"
    assert db.session.scalar(select(func.count()).select_from(NamedPerson)) == 0
