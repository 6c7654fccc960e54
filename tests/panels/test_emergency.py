"""Emergency access: one case, to read, for an hour, told to two people at once and reviewed by another (Z4)."""

from contextvars import Context
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from accounts.models import Area, Membership, SignInSession, User
from accounts.roles import ROLES, Role
from audit.models import AuditEntry, AuditSubject, Event
from audit.services import record
from cohort.models import NamedPerson, YoungPerson
from core.clock import now, today
from core.db import db
from core.ids import new_id
from core.working_days import add_working_days
from messages.models import Message, Notice
from panels.models import Case, Conflict, EmergencyAccess
from panels.services import emergency_reviews
from tests.factories import world
from tests.factories.cases import open_case
from tests.support.client import Page, form_values, words
from tests.support.visitor import at_once

WHY = "Missing since school ended, the police ask where she may be"
FIELDS = {"reason_code": "missing", "reason": WHY}
ASKERS = (Role.LEAD, Role.COORDINATOR, Role.PANEL_CHAIR, Role.SAFEGUARDING_LEAD)


@pytest.fixture
def case_id(acting, known):
    """A case that the coordinator leads: the lead practitioner may not open it."""
    return open_case(acting, known, lead="coordinator")


def reference_of(case_id):
    found = db.session.scalar(select(Case.reference).where(Case.id == case_id))
    db.session.rollback()
    return found


def ask(client, case_id, follow=True, **changes):
    return client.submit("/emergency", FIELDS | {"reference": reference_of(case_id)} | changes, follow=follow)


def main_of(page):
    return "".join(Page(page.text).all("main")[0].itertext())


def the_access():
    db.session.rollback()
    return db.session.scalars(select(EmergencyAccess)).one()


def opened(sign_in, case_id, role=Role.LEAD):
    client = sign_in(role)
    address = ask(client, case_id, follow=False).location
    assert address.startswith("/emergency/"), address
    return client, address


def count(model):
    db.session.rollback()
    return len(db.session.scalars(select(model)).all())


def moved(minutes):
    """Let the access have begun that much earlier."""
    found = the_access()
    found.started_at -= timedelta(minutes=minutes)
    found.ends_at -= timedelta(minutes=minutes)
    record(Event.EMERGENCY_ENDED, None, found)
    db.session.commit()


@pytest.mark.catalogue("Z4", part="valid")
def test_a_valid_one_opens_the_case_and_tells_two_people_at_once(sign_in, known, case_id):
    client = sign_in(Role.LEAD)
    assert client.get(f"/cases/{case_id}").status_code == 404
    page = ask(client, case_id)
    assert "Found with an older group twice." in words(page)
    assert "Sefton" in words(page)
    assert "60 minutes left" in words(page)
    found = the_access()
    assert (found.case_id, found.reason_code) == (case_id, "missing")
    assert found.ends_at - found.started_at == timedelta(minutes=60)
    assert found.review_by == add_working_days(today(), 2)
    told = {known.users[f"{role}@reading"] for role in ("safeguarding_lead", "data_protection_officer")}
    assert {row.user_id for row in db.session.scalars(select(Notice))} == told
    assert f"/audit/emergency/{found.id}" in sign_in(Role.SAFEGUARDING_LEAD).get("/account/notices").text
    letters = db.session.scalars(select(Message)).all()
    assert {row.user_id for row in letters} == told
    assert {row.kind for row in letters} == {"emergency_access"}


@pytest.mark.catalogue("Z4", part="recorded")
def test_every_reading_is_recorded_with_its_purpose(sign_in, case_id):
    client, address = opened(sign_in, case_id)
    client.page(address)
    client.page(f"{address}/timeline")
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.EMERGENCY_READ.value)).all()
    assert len(entries) == 2
    assert all(b'"purpose":"break_glass"' in entry.body for entry in entries)
    person = db.session.scalar(select(Case.young_person_id).where(Case.id == case_id))
    seen = {row.seq for row in db.session.scalars(select(AuditSubject).where(AuditSubject.subject_id == person))}
    assert {entry.seq for entry in entries} <= seen
    assert all(WHY.encode() not in entry.body for entry in db.session.scalars(select(AuditEntry)))


@pytest.mark.catalogue("Z4", part="reason")
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"reason": "Missing tonight"}, "at least 20 characters"),
        ({"reason": " " * 30}, "Say what has happened"),
        ({"reason": "short" + " " * 30}, "at least 20 characters"),
        ({"reason_code": None}, "Choose what the emergency is"),
        ({"reason_code": "curious"}, "Not a valid choice"),
        ({"reference": ""}, "Enter the reference"),
    ],
)
def test_it_is_refused_without_a_reason(sign_in, case_id, changes, says):
    page = ask(sign_in(Role.LEAD), case_id, **changes)
    assert says in words(page)
    assert count(EmergencyAccess) == 0
    assert count(Notice) == 0


@pytest.mark.catalogue("Z4", part="step-up")
def test_it_asks_for_the_password_again(sign_in, case_id):
    client = sign_in(Role.LEAD)
    form = client.page("/emergency")
    token = next(i.get("value") for i in form.all("input") if i.get("name") == "csrf_token")
    row = db.session.scalars(select(SignInSession).where(SignInSession.user_id == client.actor.user_id)).one()
    row.stepped_up_at = now() - timedelta(minutes=6)
    db.session.commit()
    values = FIELDS | {"reference": reference_of(case_id), "csrf_token": token, "once": new_id()}
    answers = [client.get("/emergency"), client.post("/emergency", data=values)]
    assert all("/sign-in" in answer.location for answer in answers)
    assert count(EmergencyAccess) == 0


@pytest.mark.catalogue("Z4", part="read-only")
def test_it_opens_nothing_to_change(app, sign_in, case_id):
    """Every address of the case that takes a form stays closed, and the pages that are open have no form but the end."""
    client, address = opened(sign_in, case_id)
    page = client.page(address)
    mains = [form.get("action") for main in page.all("main") for form in main.iter("form")]
    assert mains == []
    token = next(i.get("value") for i in page.all("input") if i.get("name") == "csrf_token")
    tried = 0
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/cases/<id:case_id>") and rule.arguments == {"case_id"} and "POST" in rule.methods:
            path = rule.rule.replace("<id:case_id>", case_id)
            answer = client.post(path, data={"csrf_token": token, "once": f"{tried:026d}", "text": "Changed"})
            assert answer.status_code == 404, path
            tried += 1
    assert tried > 5
    for path in (address, f"{address}/timeline"):
        assert client.post(path, data={"csrf_token": token, "once": new_id()}).status_code == 405
    assert client.get(f"/cases/{case_id}").status_code == 404
    assert reference_of(case_id) not in words(client.get("/cases"))


@pytest.mark.catalogue("Z4", part="hour")
def test_it_is_over_after_an_hour(sign_in, case_id):
    client, address = opened(sign_in, case_id)
    moved(59)
    assert "1 minute left" in words(client.get(address))
    moved(1)
    assert client.get(address).status_code == 403
    assert client.get(f"{address}/timeline").status_code == 403
    assert "minutes left" not in words(client.get("/cases"))


@pytest.mark.catalogue("Z4", part="one case")
def test_it_opens_one_case_and_not_a_second(sign_in, acting, known, case_id):
    client, address = opened(sign_in, case_id)
    other = open_case(acting, known, lead="coordinator", surname="Thistlewood")
    assert client.get(f"/cases/{other}").status_code == 404
    assert "One case is open already" in words(client.get("/emergency"))
    form = client.page(address)
    token = next(i.get("value") for i in form.all("input") if i.get("name") == "csrf_token")
    values = FIELDS | {"reference": reference_of(other), "csrf_token": token, "once": new_id()}
    assert "One case is open already" in words(client.post("/emergency", data=values))
    assert count(EmergencyAccess) == 1


@pytest.mark.catalogue("Z4", part="roles")
@pytest.mark.parametrize("role", [role for role in Role if role not in ASKERS])
def test_other_roles_have_no_emergency_access(sign_in, case_id, role):
    client = sign_in(role)
    assert client.get("/emergency").status_code == 403
    token = next(i.get("value") for i in client.page("/account").all("input") if i.get("name") == "csrf_token")
    values = FIELDS | {"reference": reference_of(case_id), "csrf_token": token, "once": new_id()}
    assert client.post("/emergency", data=values).status_code == 403
    assert count(EmergencyAccess) == 0


def test_the_roles_that_have_it_read_cases():
    from core.access import Permission as P

    holders = [role for role, rules in ROLES.items() if P.CASE_OPEN_EMERGENCY in rules.permissions]
    assert sorted(holders) == sorted(ASKERS)
    assert all({P.CASE_READ_AREA, P.CASE_READ_ALLOCATED} & ROLES[role].permissions for role in holders)


@pytest.mark.catalogue("Z4", part="suspended")
def test_a_suspended_person_loses_it_at_once(sign_in, case_id):
    client, address = opened(sign_in, case_id)
    user = db.session.get_one(User, client.actor.user_id)
    user.active = False
    record(Event.USER_SUSPENDED, None, user)
    db.session.commit()
    assert client.get(address).status_code == 302


@pytest.mark.catalogue("Z4", part="kept from")
@pytest.mark.parametrize(("kind", "opens"), [("related", False), ("knows_socially", False), ("interest", True)])
def test_who_is_close_to_the_young_person_does_not_open_it(sign_in, known, case_id, kind, opens):
    conflict = db.session.get_one(Conflict, world.make(known)["conflict_id"])
    conflict.young_person_id = db.session.scalar(select(Case.young_person_id).where(Case.id == case_id))
    conflict.user_id, conflict.kind = known.users["lead_practitioner@reading"], kind
    record(Event.CONFIGURED, None, conflict)
    db.session.commit()
    answer = ask(sign_in(Role.LEAD), case_id, follow=False)
    assert (answer.status_code == 302) is opens
    assert ("you are close to this young person" in words(answer)) is not opens
    assert count(EmergencyAccess) == (2 if opens else 1), "the world has one of its own"


def test_who_is_close_does_not_learn_that_there_is_a_hidden_record(sign_in, known, case_id):
    """The same words as for a reference that is not there: whom it is kept from, it is not confirmed to."""
    conflict = db.session.get_one(Conflict, world.make(known)["conflict_id"])
    conflict.young_person_id = db.session.scalar(select(Case.young_person_id).where(Case.id == case_id))
    conflict.user_id, conflict.kind = known.users["lead_practitioner@reading"], "related"
    record(Event.CONFIGURED, None, conflict)
    close_to(case_id, "hidden", known, named=["safeguarding_lead@reading"])
    client = sign_in(Role.LEAD)
    theirs, none = ask(client, case_id), ask(client, case_id, reference="RDG-26-9999Z")
    assert main_of(theirs) == main_of(none)
    assert count(EmergencyAccess) == 1, "the world has one of its own"


def test_another_role_of_theirs_does_not_inherit_it(sign_in, known, case_id):
    client, address = opened(sign_in, case_id)
    member = db.session.get_one(Membership, known.memberships["coordinator@reading"])
    member.user_id = client.actor.user_id
    record(Event.GRANT_APPROVED, None, member)
    row = db.session.scalars(select(SignInSession).where(SignInSession.user_id == client.actor.user_id)).one()
    row.membership_id = member.id
    db.session.commit()
    assert client.get(address).status_code == 404


def test_someone_elses_is_a_page_that_does_not_exist(sign_in, case_id):
    _, address = opened(sign_in, case_id)
    assert sign_in(Role.COORDINATOR).get(address).status_code == 404
    assert sign_in(Role.LEAD, area="slough").get(address).status_code == 404


def test_a_reference_that_is_not_here_says_nothing_of_others(sign_in, acting, known, case_id):
    elsewhere = open_case(acting, known, area="slough", lead="coordinator", surname="Thistlewood")
    client = sign_in(Role.LEAD)
    texts = set()
    for reference in (reference_of(elsewhere), "RDG-26-9999Z"):
        page = ask(client, case_id, reference=reference)
        texts.add(main_of(page))
        assert "We cannot open that reference here" in words(page)
    assert len(texts) == 1
    assert count(EmergencyAccess) == 0


def test_trying_references_ends(sign_in, case_id):
    client = sign_in(Role.LEAD)
    for number in range(5):
        ask(client, case_id, reference=f"RDG-26-{number:04d}A")
    assert "tried too many references" in words(ask(client, case_id))
    denied = db.session.scalars(select(AuditEntry).where(AuditEntry.outcome == "denied")).all()
    assert len(denied) == 6
    assert count(EmergencyAccess) == 0


def many_at_once(sign_in, references):
    """One person sends the form for each of these references in the same moment; the pages."""
    clients = [sign_in(Role.LEAD) for _ in references]
    forms = [
        form_values(client.page("/emergency").form()) | FIELDS | {"reference": reference}
        for client, reference in zip(clients, references, strict=True)
    ]
    return at_once(len(clients), lambda n: Context().run(clients[n].post, "/emergency", data=forms[n]))


def test_references_tried_at_once_are_as_many_tries(sign_in, case_id):
    """Four were wrong; of three more in one moment one is looked at."""
    client = sign_in(Role.LEAD)
    for number in range(4):
        ask(client, case_id, reference=f"RDG-26-{number:04d}A")
    pages = many_at_once(sign_in, [f"RDG-26-{number:04d}A" for number in range(4, 7)])
    assert sum("cannot open that reference" in words(page) for page in pages) == 1
    assert sum("tried too many references" in words(page) for page in pages) == 2


def test_two_at_once_open_one(sign_in, acting, known, case_id):
    other = open_case(acting, known, lead="coordinator", surname="Thistlewood")
    pages = many_at_once(sign_in, [reference_of(case_id), reference_of(other)])
    assert sorted(page.status_code for page in pages) == [200, 302]
    assert count(EmergencyAccess) == 1


def test_a_case_of_ones_own_opens_as_always(sign_in, case_id):
    client = sign_in(Role.COORDINATOR)
    assert ask(client, case_id, follow=False).location.endswith(f"/cases/{case_id}")
    assert count(EmergencyAccess) == 0


def test_it_is_ended_by_hand_and_the_banner_goes(sign_in, case_id):
    client, address = opened(sign_in, case_id)
    assert "One case is open to read" in words(client.get("/cases"))
    ended = client.submit("/cases", button="End now")
    assert "Emergency access ended" in words(ended)
    assert "is open to read" not in words(ended)
    assert client.get(address).status_code == 403


def test_an_area_gives_at_most_four_hours(sign_in, known, case_id):
    area = db.session.get_one(Area, known.areas["reading"])
    area.targets = dict(area.targets) | {"emergency_hours": 9}
    db.session.commit()
    opened(sign_in, case_id)
    found = the_access()
    assert found.ends_at - found.started_at == timedelta(hours=4)


def test_it_waits_for_review_on_the_first_page(sign_in, case_id):
    opened(sign_in, case_id)
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    home = lead.get("/")
    assert "Emergency access to review" in words(home)
    assert f"/audit/emergency/{the_access().id}" in home.text
    assert "Emergency access to review" in words(sign_in(Role.DATA_PROTECTION_OFFICER).get("/"))
    listed = words(lead.get("/audit/emergency"))
    assert reference_of(case_id) in listed
    assert "A child is missing" in listed


def test_a_safeguarding_lead_reviews_it(sign_in, case_id):
    opened(sign_in, case_id)
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    path = f"/audit/emergency/{the_access().id}"
    assert WHY in words(lead.get(path))
    assert "Say what you found out" in words(lead.submit(path, {"outcome": "right"}))
    done = lead.submit(path, {"outcome": "right", "words": "The police asked, and she was found."})
    assert "Review saved" in words(done)
    assert "It was right to open it" in words(done)
    found = the_access()
    assert (found.outcome, found.reviewed_by_id) == ("right", lead.actor.user_id)
    page = lead.page(path)
    assert [form for main in page.all("main") for form in main.iter("form")] == []


def test_an_incident_tells_the_data_protection_officer(sign_in, known, case_id):
    opened(sign_in, case_id)
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    path = f"/audit/emergency/{the_access().id}"
    lead.submit(path, {"outcome": "incident", "words": "It was a neighbour's child."})
    urgent = db.session.scalars(select(Notice.user_id).where(Notice.kind == "urgent")).all()
    assert known.users["data_protection_officer@reading"] in urgent


def test_nobody_reviews_their_own(sign_in, acting, known):
    """A safeguarding lead sees the cases of the area, so it is made by hand; the database says no as well."""
    case_id = open_case(acting, known)
    with acting("safeguarding_lead@reading") as actor:
        case = db.session.get_one(Case, case_id)
        made = EmergencyAccess(
            case_id=case.id, area_id=case.area_id, young_person_id=case.young_person_id, data_key_id=case.data_key_id,
            user_id=actor.user_id, membership_id=actor.membership_id, reason_code="cover", ends_at=now(),
            review_by=today(), reason=WHY,
        )  # fmt: skip
        db.session.add(made)
        record(Event.EMERGENCY_OPENED, actor, made)
        db.session.commit()
        path = f"/audit/emergency/{made.id}"
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    page = lead.page(path)
    assert "Another safeguarding lead reviews it" in words(lead.get(path))
    token = next(i.get("value") for i in page.all("input") if i.get("name") == "csrf_token")
    values = {"csrf_token": token, "once": new_id(), "outcome": "right", "words": "Fine"}
    assert lead.post(path, data=values).status_code == 403
    found = the_access()
    found.reviewed_by_id = found.user_id
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def test_an_officer_reads_but_does_not_review(sign_in, case_id):
    opened(sign_in, case_id)
    officer = sign_in(Role.DATA_PROTECTION_OFFICER)
    assert "A safeguarding lead of the area reviews this" in words(officer.get(f"/audit/emergency/{the_access().id}"))


def test_what_nobody_reviews_is_escalated_once(app, sign_in, known, case_id):
    opened(sign_in, case_id)
    assert emergency_reviews.escalate() == 0
    found = the_access()
    found.review_by = today() - timedelta(days=1)
    record(Event.EMERGENCY_ENDED, None, found)
    db.session.commit()
    before = count(Notice)
    result = app.test_cli_runner().invoke(args=["emergency", "chase"])
    assert (result.exit_code, result.output) == (0, "1 not reviewed in time.\n")
    assert count(Notice) == before + 3
    told = set(db.session.scalars(select(Notice.user_id)))
    assert known.users["partnership_lead@reading"] in told
    assert emergency_reviews.escalate() == 0
    assert "overdue" in words(sign_in(Role.SAFEGUARDING_LEAD).get("/audit/emergency")).lower()


def close_to(case_id, level, known, named=()):
    person = db.session.get_one(YoungPerson, db.session.scalar(select(Case.young_person_id).where(Case.id == case_id)))
    person.sensitivity = level
    made = [
        NamedPerson(young_person_id=person.id, area_id=person.area_id, user_id=known.users[key], named_by_id=person_id)
        for key in named
        for person_id in [known.users["safeguarding_lead@reading"]]
    ]
    db.session.add_all(made)
    record(Event.PERSON_CHANGED, None, person, also=made)
    db.session.commit()


@pytest.mark.parametrize("level", ["restricted", "hidden"])
@pytest.mark.parametrize("role", [Role.LEAD, Role.COORDINATOR])
def test_a_closed_record_opens_in_an_emergency_and_no_other_does(acting, sign_in, known, case_id, level, role):
    """Who is not named opens it with a reference alone; another closed record stays closed meanwhile."""
    other = open_case(acting, known, lead="coordinator", surname="Thistlewood")
    for one in (case_id, other):
        close_to(one, level, known, named=["safeguarding_lead@reading"])
    client, address = opened(sign_in, case_id, role)
    page = client.get(address)
    assert "Sefton" in words(page)
    assert "Found with an older group twice." in words(page)
    assert client.get(f"{address}/timeline").status_code == 200
    assert "Sefton" not in words(client.get("/cases"))
    assert "Thistlewood" not in words(client.get("/cases"))
    assert "older group" not in words(client.get(f"/cases/{other}"))


def test_who_is_named_opens_it_as_always(sign_in, known, case_id):
    close_to(case_id, "restricted", known, named=["coordinator@reading"])
    assert ask(sign_in(Role.COORDINATOR), case_id, follow=False).location.endswith(f"/cases/{case_id}")
