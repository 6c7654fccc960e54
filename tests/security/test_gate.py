"""Nothing personal leaves without its entry, and nothing changes without one: the trail is broken on purpose (T1, T2)."""

import json

import pytest
from sqlalchemy import select, text

from accounts.roles import ROLES, Role
from audit.models import AuditEntry
from core.access import requirement_of
from core.db import db
from tests.factories import world
from tests.security.test_matrix import address, pages

CANARY = "Zyxwvutsrq"


def plant(ids):
    """A surname that occurs nowhere else, in every sealed surname of Reading, so that any page that shows one is seen."""
    from audit.models import Event
    from audit.services import record
    from cohort.models import YoungPerson
    from core import context
    from referrals.models import Referral

    with context.acting_as(job="test"):
        for model in (YoungPerson, Referral):
            for row in db.session.scalars(select(model).where(model.area_id == ids["area_id"])):
                row.surname = CANARY
                record(Event.PERSON_CHANGED, None, row)
        db.session.commit()
    db.session.remove()


def break_the_trail():
    """The next entry cannot be written, as with a full disk or a lost privilege."""
    with db.engine.begin() as connection:
        if db.engine.dialect.name == "postgresql":
            connection.execute(text(
                "create function refuse_entry() returns trigger language plpgsql as"
                " $$ begin raise exception 'no entry can be written'; end $$"
            ))  # fmt: skip
            connection.execute(text(
                "create trigger broken before insert on audit_entry for each row execute function refuse_entry()"
            ))  # fmt: skip
        else:
            connection.execute(text(
                "create trigger broken before insert on audit_entry begin select raise(abort, 'no entry'); end"
            ))  # fmt: skip


def newest():
    db.session.remove()
    return db.session.scalars(select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.seq.desc()).limit(1)).first()


@pytest.mark.catalogue("T1")
def test_every_page_that_shows_a_name_leaves_an_entry_that_holds_no_value(app, known, sign_in):
    ids = world.make(known)
    plant(ids)
    shown = 0
    for role in ROLES:
        client = sign_in(role)
        for rule, names, needed in pages(app):
            if not any(permission in ROLES[role].permissions for permission in needed.permissions):
                continue
            answer = client.get(address(rule, names, ids))
            if CANARY not in answer.text:
                continue
            shown += 1
            entry = newest()
            said = json.loads(entry.body)
            assert said["route"] == rule.endpoint, f"{rule.rule} left no entry"
            assert said["subjects"], rule.rule
            assert said["fields"], rule.rule
            assert CANARY.encode() not in bytes(entry.body)
    assert shown > 15
    db.session.remove()
    bodies = db.session.scalars(select(AuditEntry.body))
    assert not any(CANARY.encode() in bytes(body) for body in bodies)


@pytest.mark.catalogue("T2", part="partly")
def test_no_page_shows_a_name_when_its_entry_cannot_be_written(app, known, sign_in):
    """Partly: the insert is made to fail by a trigger; a full disk and a lost connection come with the next catalogue."""
    ids = world.make(known)
    plant(ids)
    clients = {role: sign_in(role) for role in (Role.COORDINATOR, Role.LEAD, Role.REFERRER, Role.SAFEGUARDING_LEAD)}
    named = [
        (role, address(rule, names, ids))
        for role, client in clients.items()
        for rule, names, needed in pages(app)
        if any(p in ROLES[role].permissions for p in needed.permissions)
        and CANARY in client.get(address(rule, names, ids)).text
    ]
    assert len(named) > 10
    db.session.remove()
    break_the_trail()
    for role, path in named:
        answer = clients[role].get(path)
        assert answer.status_code == 503, f"{role} at {path}"
        assert CANARY not in answer.text


@pytest.mark.catalogue("T2", part="partly")
def test_no_change_is_made_when_its_entry_cannot_be_written(app, known, sign_in):
    from panels.models import CaseNote

    ids = world.make(known)
    client = sign_in(Role.LEAD)
    path = f"/cases/{ids['case_id']}/notes/new"
    form = client.page(path).form()
    from tests.support.client import form_values

    values = form_values(form) | {
        "kind": "progress", "happened_on-day": "1", "happened_on-month": "11", "happened_on-year": "2026",
        "text": f"{CANARY} came and did well",
    }  # fmt: skip
    before = len(db.session.scalars(select(CaseNote.id)).all())
    db.session.remove()
    break_the_trail()
    answer = client.post(form.get("action") or path, data=values)
    assert answer.status_code == 503
    db.session.remove()
    assert len(db.session.scalars(select(CaseNote.id)).all()) == before


def test_every_page_that_can_show_a_name_declares_its_event(app, known, sign_in):
    """A route whose page shows a name has an event, or the context would refuse to open the field."""
    ids = world.make(known)
    plant(ids)
    client = sign_in(Role.COORDINATOR)
    for rule, names, needed in pages(app):
        answer = client.get(address(rule, names, ids))
        if CANARY in answer.text:
            assert requirement_of(app, rule.endpoint).reads, rule.rule
            assert needed.permissions or rule.endpoint == "desk.home"
