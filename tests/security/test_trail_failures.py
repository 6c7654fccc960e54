"""A change that is rolled back after its entry was made: neither remains, and an entry says that it was tried (T7)."""

import json

import pytest
from sqlalchemy import create_engine, func, select, text

from accounts.roles import Role
from audit.models import AuditEntry, Event
from audit.verify import verify
from core.db import db
from panels.models import CaseNote
from tests.factories.cases import open_case
from tests.support.client import words


def at_the_owners(app, *statements):
    engine = create_engine(app.extensions["owner_address"])
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def refuse_notes(app):
    """Notes cannot be written, though the entry about them can: the change fails after its entry was made."""
    db.session.remove()
    if db.engine.dialect.name == "postgresql":
        at_the_owners(
            app,
            "create function refuse_note() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$",
            "create trigger broken after insert on case_note for each row execute function refuse_note()",
        )
    else:
        at_the_owners(app, "create trigger broken after insert on case_note begin select raise(abort, 'no'); end")


def written(known, event):
    db.session.remove()
    rows = db.session.scalars(
        select(AuditEntry.body)
        .where(AuditEntry.chain == known.areas["reading"], AuditEntry.event == event.value)
        .order_by(AuditEntry.seq)
    )
    return [json.loads(bytes(body)) for body in rows]


def add_note(client, case_id):
    return client.submit(f"/cases/{case_id}/notes/new", {
        "kind": "progress", "happened_on-day": "1", "happened_on-month": "1", "happened_on-year": "2026",
        "text": "They came, and brought a friend.",
    })  # fmt: skip


@pytest.mark.catalogue("T7")
def test_a_change_that_fails_leaves_neither_itself_nor_its_entry_but_one_that_says_so(app, known, acting, sign_in):
    case_id = open_case(acting, known)
    client = sign_in(Role.LEAD)
    refuse_notes(app)
    answer = add_note(client, case_id)
    assert answer.status_code in (500, 503)
    assert "brought a friend" not in words(answer)
    assert db.session.scalar(select(func.count()).select_from(CaseNote)) == 0
    assert written(known, Event.NOTE_ADDED) == []
    failed = written(known, Event.FAILED)
    assert len(failed) == 1
    assert failed[0]["outcome"] == "failed"
    assert failed[0]["actor"] == known.users["lead_practitioner@reading"]
    assert failed[0]["route"].startswith("panels.")
    assert failed[0]["object_id"] == case_id
    assert verify(known.areas["reading"]).kind is None


@pytest.mark.catalogue("T7", part="partly")
def test_a_form_sent_back_with_errors_leaves_no_entry_of_success(known, acting, sign_in):
    case_id = open_case(acting, known)
    client = sign_in(Role.LEAD)
    assert client.submit(f"/cases/{case_id}/notes/new", {"text": ""}).status_code == 200
    assert written(known, Event.NOTE_ADDED) == []
    assert written(known, Event.FAILED) == []


@pytest.mark.catalogue("T7", part="partly")
def test_where_the_trail_itself_is_broken_there_is_neither(app, known, acting, sign_in):
    """The failure cannot be written either; nothing changes, and nothing is shown."""
    case_id = open_case(acting, known)
    client = sign_in(Role.LEAD)
    form = client.page(f"/cases/{case_id}/notes/new")
    db.session.remove()
    if db.engine.dialect.name == "postgresql":
        at_the_owners(
            app,
            "create function refuse_entry() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$",
            "create trigger broken before insert on audit_entry for each row execute function refuse_entry()",
        )
    else:
        at_the_owners(app, "create trigger broken before insert on audit_entry begin select raise(abort, 'no'); end")
    from tests.support.client import form_values

    sent = form_values(form.form()) | {
        "kind": "progress", "happened_on-day": "1", "happened_on-month": "1", "happened_on-year": "2026", "text": "Zyx.",
    }  # fmt: skip
    assert client.post(f"/cases/{case_id}/notes/new", data=sent).status_code == 503
    assert db.session.scalar(select(func.count()).select_from(CaseNote)) == 0
    assert written(known, Event.NOTE_ADDED) == written(known, Event.FAILED) == []
