"""Nothing personal leaves without its entry, and nothing changes without one: the trail is broken on purpose (T2)."""

import pytest
from flask import current_app
from sqlalchemy import NullPool, create_engine, event, func, select, text

from accounts.roles import ROLES, Role
from audit.models import AuditEntry
from core.access import requirement_of
from core.db import db, set_writing
from tests.factories import world
from tests.security.test_matrix import address, pages
from tests.support.broken import break_the_trail
from tests.support.client import form_values
from tests.support.databases import as_owner

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


@pytest.mark.catalogue("T2", part="pages")
def test_no_page_shows_a_name_when_its_entry_cannot_be_written(app, known, sign_in):
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


@pytest.mark.catalogue("T3", part="exports")
def test_nothing_is_taken_out_while_the_trail_is_down(app, known, sign_in):
    """Every download but files (tests/files): the lists, the print, the trail's own export."""
    ids = world.make(known)
    plant(ids)
    coordinator, lead = sign_in(Role.COORDINATOR), sign_in(Role.SAFEGUARDING_LEAD)
    chosen = {"purpose": "case_management", "names": "yes", "reason": "To ring each family, deleted in a week"}
    asked = [
        (coordinator, "/cases/export?view=closed", chosen), (lead, "/audit/export", {"purpose": "audit_review"}),
        (coordinator, f"/cases/{ids['case_id']}/print", None),
    ]  # fmt: skip
    before = [client.submit(path, sent) if sent else client.get(path) for client, path, sent in asked]
    assert [answer.status_code for answer in before] == [200, 200, 200]
    assert CANARY in before[0].text
    assert CANARY in before[2].text
    sent = [form_values(client.page(path).form()) | values if values else None for client, path, values in asked]
    break_the_trail()
    for (client, path, _), values in zip(asked, sent, strict=True):
        answer = client.post(path, data=values) if values else client.get(path)
        assert answer.status_code == 503, path
        assert CANARY not in answer.text
        assert "attachment" not in answer.headers.get("Content-Disposition", "")
        assert answer.mimetype == "text/html"


def held_by_another(app):
    """Another writer holds the trail's lock for longer than a request may wait; returns what lets it go."""
    if db.engine.dialect.name == "postgresql":
        holder = db.engine.connect()
        for chain in db.session.scalars(select(AuditEntry.chain).distinct()).all():
            holder.execute(text("select seq from audit_head(:chain)"), {"chain": chain})
        db.session.remove()
        return holder
    db.session.remove()
    set_writing(True)
    holder = db.engine.connect()
    holder.begin()
    return holder


def lose_the_connection():
    """The server ends the connection in the middle of the insert."""
    with as_owner(current_app) as connection:
        connection.execute(text(
            "create function cut_off() returns trigger language plpgsql as"
            " $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$"
        ))  # fmt: skip
        connection.execute(text(
            "create trigger cut before insert on audit_entry for each row execute function cut_off()"
        ))  # fmt: skip


@pytest.mark.catalogue("T2", part="lock")
def test_a_locked_trail_withholds_the_page_and_lets_go_afterwards(app, known, sign_in, monkeypatch):
    monkeypatch.setattr("core.db.WAIT_SECONDS", 0.3)
    ids = world.make(known)
    plant(ids)
    client = sign_in(Role.COORDINATOR)
    path = f"/cases/{ids['case_id']}"
    holder = held_by_another(app)
    answer = client.get(path)
    assert answer.status_code == 503
    assert CANARY not in answer.text
    holder.close()
    assert CANARY in client.get(path).text


def test_a_form_that_cannot_be_written_in_time_says_so_and_works_afterwards(app, known, sign_in, monkeypatch):
    monkeypatch.setattr("core.db.WAIT_SECONDS", 0.3)
    ids = world.make(known)
    client = sign_in(Role.LEAD)
    path = f"/cases/{ids['case_id']}/notes/new"
    form = client.page(path).form()
    values = form_values(form) | {
        "kind": "progress", "happened_on-day": "1", "happened_on-month": "11", "happened_on-year": "2026", "text": "Well",
    }  # fmt: skip
    holder = held_by_another(app)
    assert client.post(form.get("action") or path, data=values).status_code == 503
    assert client.post(form.get("action") or path, data=values).status_code == 503
    holder.close()
    assert client.post(form.get("action") or path, data=values).status_code in {302, 303}


@pytest.mark.only("postgresql")
@pytest.mark.catalogue("T2", part="lost connection")
def test_a_connection_lost_in_the_insert_withholds_the_page(app, known, sign_in):
    ids = world.make(known)
    plant(ids)
    client = sign_in(Role.COORDINATOR)
    lose_the_connection()
    for path in (f"/cases/{ids['case_id']}", "/cases", f"/triage/{ids['referral_id']}"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert CANARY not in answer.text


@pytest.mark.only("postgresql")
def test_a_restarted_database_costs_one_page_and_not_one_for_each_connection(app, known, sign_in):
    client = sign_in(Role.COORDINATOR)
    db.session.remove()
    pooled = [db.engine.connect() for _ in range(4)]
    for connection in pooled:
        connection.close()
    with create_engine(db.engine.url, poolclass=NullPool).connect() as connection:
        ended = "select pg_terminate_backend(pid) from pg_stat_activity where usename = current_user and pid <> pg_backend_pid()"
        connection.execute(text(ended))
    assert [client.get("/account").status_code for _ in range(4)] == [503, 200, 200, 200]


@pytest.mark.only("sqlite")
@pytest.mark.catalogue("T2", part="full disk")
def test_on_a_full_disk_a_page_leaves_only_with_its_entry(app, known, sign_in):
    """The file may not grow: what still fits is answered with an entry, and from then on nothing is shown."""
    ids = world.make(known)
    plant(ids)
    client = sign_in(Role.COORDINATOR)
    db.session.remove()
    with db.engine.connect() as connection:
        pages_now = connection.exec_driver_sql("pragma page_count").scalar()
    db.engine.dispose()
    event.listen(db.engine, "connect", lambda connection, _: connection.execute(f"pragma max_page_count = {pages_now}"))
    withheld = 0
    for _ in range(60):
        before = count_entries()
        answer = client.get(f"/cases/{ids['case_id']}")
        if answer.status_code == 200:
            assert count_entries() == before + 1
        else:
            assert answer.status_code == 503
            assert CANARY not in answer.text
            withheld += 1
    assert withheld > 0


def count_entries():
    db.session.remove()
    count = db.session.scalar(select(func.count()).select_from(AuditEntry))
    db.session.remove()
    return count


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
