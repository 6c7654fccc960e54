"""Every role at every page, from the URL map: what the declared permission says, cell by cell, and never another area."""

import itertools

import pytest
from sqlalchemy import func, select

from accounts.roles import ROLES, Role
from audit.models import AuditEntry, Event
from audit.services import record
from core import context
from core.access import Door, requirement_of
from core.db import db
from panels.models import Case, Meeting, MeetingMember, Offer
from referrals.models import Referral
from tests.factories import world

# Parameters that are not records: fixed values for the address.
WORDS = {"number": 1, "key": "worries", "way": "up", "act": "lock", "seq": 1, "slug": "reading", "token": "x" * 43,
         "ref": "x" * 12, "form_key": "note-x", "kind": "summary"}  # fmt: skip


def pages(app):
    """Every address that can be opened: (rule, parameters, requirement)."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: r.rule):
        if "GET" in (rule.methods or ()) and rule.endpoint != "static":
            yield rule, sorted(rule.arguments), requirement_of(app, rule.endpoint)


def address(rule, names, ids):
    text = rule.rule
    values = {name: ids.get(name, WORDS.get(name, "a" * 26)) for name in names}
    for name, converter in rule._converters.items():
        if getattr(converter, "items", None):
            values[name] = sorted(converter.items)[0]
    if "chain" in names:
        values["chain"] = ids["area_id"]
    adapter = rule.map.bind("localhost")
    return adapter.build(rule.endpoint, values) if names else text


@pytest.mark.catalogue("Z1", part="pages")
def test_a_page_without_the_permission_is_closed(app, known, sign_in):
    """No permission: 403 for a page, 404 for a page about one record (SETTLED 4); with it, never 403 or a fault."""
    ids = world.make(known)
    clients = {role: sign_in(role) for role in ROLES}
    wrong = []
    for (rule, names, needed), (role, rules) in itertools.product(list(pages(app)), ROLES.items()):
        status = clients[role].get(address(rule, names, ids)).status_code
        if needed.door in {Door.PUBLIC, Door.SELF}:
            right = status < 500
        elif needed.door is Door.SYSTEM:
            right = status == 401
        elif any(permission in rules.permissions for permission in needed.permissions):
            right = status < 500 and (names or status != 403)
        else:
            right = status == (404 if names else 403)
        if not right:
            wrong.append(f"{role} at {rule.rule}: {status}")
    assert wrong == []


@pytest.mark.catalogue("Z2", part="addresses")
@pytest.mark.catalogue("Z1", part="other area")
def test_another_areas_record_is_a_page_that_does_not_exist(app, known, sign_in):
    ids = world.make(known)
    about_records = [
        (r, n) for r, n, need in pages(app) if need.permissions and set(n) & set(ids) - {"user_id", "membership_id"}
    ]
    assert len(about_records) > 30
    wrong = []
    for role in (r for r in ROLES if ROLES[r].needs_area):
        stranger = sign_in(role, area="slough")
        for rule, names in about_records:
            status = stranger.get(address(rule, names, ids)).status_code
            if status not in {404, 403} or (status == 403 and names):
                wrong.append(f"{role} at {rule.rule}: {status}")
    assert wrong == []


@pytest.mark.catalogue("Z2", part="changes")
def test_another_areas_record_cannot_be_changed(app, known, sign_in):
    """Every address that takes a form, with every id of Reading in it, from Slough: 404 and a denied entry."""
    ids = world.make(known)
    before = db.session.scalar(select(func.count()).where(AuditEntry.outcome == "denied"))
    db.session.remove()
    tried = 0
    for role in (Role.COORDINATOR, Role.LEAD, Role.SAFEGUARDING_LEAD, Role.PROVIDER):
        stranger = sign_in(role, area="slough")
        home = stranger.page("/account")
        token = next(i.get("value") for i in home.all("input") if i.get("name") == "csrf_token")
        for rule in app.url_map.iter_rules():
            names = sorted(rule.arguments)
            if "POST" not in (rule.methods or ()) or not set(names) & set(ids) - {"user_id", "membership_id"}:
                continue
            if requirement_of(app, rule.endpoint).door is Door.SYSTEM:  # no cookie is read: tests/interface asks there
                continue
            answer = stranger.post(address(rule, names, ids), data={"csrf_token": token, "once": f"{tried:026d}"})
            assert answer.status_code == 404, f"{role} at {rule.rule}: {answer.status_code}"
            tried += 1
    db.session.remove()
    after = db.session.scalar(select(func.count()).where(AuditEntry.outcome == "denied"))
    assert tried > 60
    assert after - before == tried


@pytest.mark.catalogue("Z1", part="acts")
@pytest.mark.only("sqlite")
def test_an_act_without_the_permission_is_closed(app, known, sign_in):
    """As for pages, for every address that takes a form: with a good token and ids of the person's own area."""
    ids, wrong, tried = world.make(known), [], 0
    for role, rules in ROLES.items():
        client = sign_in(role)
        token = next(i.get("value") for i in client.page("/account").all("input") if i.get("name") == "csrf_token")
        for rule in app.url_map.iter_rules():
            needed, names = requirement_of(app, rule.endpoint), sorted(rule.arguments)
            if (
                "POST" not in (rule.methods or ())
                or not needed.permissions
                or rules.permissions & set(needed.permissions)
            ):
                continue
            sent = {"csrf_token": token, "once": f"{tried:026d}"}
            status = client.post(address(rule, names, ids), data=sent).status_code
            tried += 1
            if status != (404 if names else 403):
                wrong.append(f"{role} at {rule.rule}: {status}")
    assert wrong == []
    assert tried > 500


# Roles that see only what they have work with, and the columns that say so.
TIES = {Case: "lead_id", Offer: "practitioner_id", Referral: "sent_by_id", Meeting: "chair_id"}
RELATED = (Role.LEAD, Role.PROVIDER, Role.REFERRER, Role.PANEL_MEMBER)
RECORDS = {"case_id", "referral_id", "meeting_id", "item_id", "offer_id", "session_id", "goal_id", "note_id"}


def _untie(known):
    """Everything of Reading becomes the work of a colleague: nobody of these roles has anything to do with it."""
    other, school = known.users["administrator@reading"], known.agencies["police@reading"]
    with context.acting_as(job="test"):
        for model, column in TIES.items():
            for row in db.session.scalars(select(model).where(model.area_id == known.areas["reading"])).all():
                setattr(row, column, other)
                if model in {Offer, Referral}:
                    setattr(row, "provider_id" if model is Offer else "agency_id", school)
                record(Event.CASE_ALLOCATED, None, row)
        for member in db.session.scalars(select(MeetingMember)).all():
            if member.user_id == known.users["panel_member@reading"]:
                member.user_id = other
                record(Event.MEETING_CHANGED, None, member)
        db.session.commit()
    db.session.remove()


@pytest.mark.catalogue("Z1", part="related")
@pytest.mark.only("sqlite")
def test_a_colleague_without_work_on_a_record_finds_none(app, known, sign_in):
    """The same people at the same addresses, with and without work on the records: shown, and page not found."""
    ids = world.make(known)
    about = [(rule, names) for rule, names, need in pages(app) if need.permissions and set(names) & RECORDS]
    clients = {role: sign_in(role) for role in RELATED}
    ids["referral_id"] = db.session.scalars(
        select(Referral.id).where(Referral.sent_by_id == known.users["referrer@reading"])
    ).first()
    shown = [
        (role, path)
        for role, client in clients.items()
        for path in (address(rule, names, ids) for rule, names in about)
        if client.get(path).status_code == 200
    ]
    assert {role for role, _ in shown} == set(RELATED)
    assert len(shown) > 20
    _untie(known)
    after = {(role, path): clients[role].get(path).status_code for role, path in shown}
    assert [(role, path, status) for (role, path), status in after.items() if status != 404] == []


def test_a_visitor_is_asked_to_sign_in(app, known, visitor):
    ids = world.make(known)
    for rule, names, needed in pages(app):
        answer = visitor.get(address(rule, names, ids))
        if needed.door is Door.PUBLIC:
            assert answer.status_code < 500, rule.rule
        elif needed.door is Door.SYSTEM:
            assert answer.status_code == 401, rule.rule
        else:
            assert answer.status_code == 302, rule.rule
            assert "/sign-in" in answer.location, rule.rule


def test_an_undeclared_route_stops_the_start(app):
    from core.access import check_declared

    app.add_url_rule("/new-page", "new_page", lambda: "")
    with pytest.raises(RuntimeError, match="new_page"):
        check_declared(app)
