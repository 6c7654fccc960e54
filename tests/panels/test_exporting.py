"""Lists of cases as files: asked why, recorded for each young person, and more than fifty only with a second person."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from accounts.models import Approval, SignInSession
from accounts.roles import Role
from audit.models import AuditEntry, AuditSubject, Event
from cohort.models import YoungPerson
from core.clock import now
from core.db import db
from panels.models import Case
from tests.factories import world
from tests.factories.cases import open_case
from tests.support.client import words

WHY = "To ring each family about the summer, deleted in a week"


def rows_of(response):
    assert response.mimetype == "text/csv", words(response)
    return list(csv.reader(io.StringIO(response.data.decode("utf-8-sig"), newline="")))


def exported():
    db.session.rollback()
    return db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.CASES_EXPORTED.value)).all()


@pytest.fixture
def many(acting, known):
    """More than fifty open cases in Reading; how many."""
    world.make(known, each=10)
    return db.session.scalar(select(func.count()).where(Case.is_open))


@pytest.fixture
def some(acting, known):
    return [open_case(acting, known, surname=surname) for surname in ("Quillfeather", "Thistlewood")]


def ask(client, **changes):
    return client.submit("/cases/export", {"purpose": "case_management", "names": "no", "reason": WHY} | changes)


def agreed(sign_in):
    client = sign_in(Role.COORDINATOR)
    ask(client, names="yes")
    approval = db.session.scalars(select(Approval).where(Approval.kind == "bulk_export")).one().id
    db.session.rollback()
    sign_in(Role.SAFEGUARDING_LEAD).submit(f"/approvals/{approval}", {"decision": "agree"})
    return client, approval


def test_a_short_list_leaves_at_once_without_names(sign_in, some):
    client = sign_in(Role.COORDINATOR)
    assert "/cases/export" in client.get("/cases").text
    rows = rows_of(ask(client))
    assert rows[0] == ["OFFICIAL-SENSITIVE"]
    assert rows[1][1] == client.actor.name
    assert "Managing the caseload" in rows[3]
    references = {row[0] for row in rows[7:]}
    assert references == set(db.session.scalars(select(Case.reference)))
    assert "Quillfeather" not in str(rows)


def test_names_are_asked_for(sign_in, some):
    assert "Quillfeather, Kaya" in str(rows_of(ask(sign_in(Role.COORDINATOR), names="yes")))


@pytest.mark.parametrize("names", ["yes", "no"])
def test_it_is_recorded_for_each_young_person(sign_in, some, names):
    ask(sign_in(Role.COORDINATOR), names=names)
    (entry,) = exported()
    assert b'"purpose":"case_management"' in entry.body
    assert b'"rows":2' in entry.body
    subjects = select(AuditSubject.subject_id).where(AuditSubject.chain == entry.chain, AuditSubject.seq == entry.seq)
    assert set(db.session.scalars(subjects)) == set(db.session.scalars(select(YoungPerson.id)))


def test_why_is_asked_first(sign_in, some):
    page = ask(sign_in(Role.COORDINATOR), purpose="")
    assert "Select why you need this file" in words(page)
    assert exported() == []


def test_the_password_is_asked_again(sign_in, some):
    client = sign_in(Role.COORDINATOR)
    proved_long_ago(client)
    assert "/sign-in" in client.get("/cases/export").location


def test_the_password_is_asked_again_for_the_file_that_was_agreed(sign_in, many):
    """It may be fetched for a quarter of an hour: longer than a proof lasts."""
    client, approval = agreed(sign_in)
    client.submit(f"/cases/export/{approval}")
    proved_long_ago(client)
    assert "/sign-in" in client.get(f"/cases/export/{approval}/file").location
    assert exported() == []


def proved_long_ago(client):
    row = db.session.scalars(select(SignInSession).where(SignInSession.user_id == client.actor.user_id)).one()
    row.stepped_up_at = now() - timedelta(minutes=6)
    db.session.commit()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.COORDINATOR])
def test_other_roles_take_nothing_out(sign_in, some, role):
    client = sign_in(role)
    assert client.get("/cases/export").status_code == 403
    page = client.get("/cases")
    assert page.status_code == 403 or "/cases/export" not in page.text


def test_a_long_list_waits_for_a_second_person(sign_in, many):
    client = sign_in(Role.COORDINATOR)
    assert "at least 20 characters" in words(ask(client, reason="To ring"))
    done = ask(client, names="yes")
    assert "A second person has been asked" in words(done)
    assert exported() == []
    approval = db.session.scalars(select(Approval).where(Approval.kind == "bulk_export")).one().id
    assert client.get(f"/cases/export/{approval}/file").status_code == 403
    assert "waits for a second person" in words(client.get(f"/cases/export/{approval}"))
    page = words(sign_in(Role.SAFEGUARDING_LEAD).get(f"/approvals/{approval}"))
    assert f"How many cases {many}" in page
    assert "Yes, with names and ages" in page
    assert WHY in page


def test_what_was_agreed_is_fetched_once(sign_in, many):
    client, approval = agreed(sign_in)
    assert client.get(f"/cases/export/{approval}/file").status_code == 403
    assert "Use it" in words(client.get("/approvals"))
    client.submit(f"/cases/export/{approval}")
    rows = rows_of(client.get(f"/cases/export/{approval}/file"))
    assert len(rows) == 7 + many
    assert len(exported()) == 1
    found = db.session.get_one(Approval, approval)
    assert found.state == "done"
    found.terms = dict(found.terms) | {"used_at": (now() - timedelta(minutes=16)).isoformat()}
    from audit.services import record

    record(Event.APPROVAL_ENDED, None, found)
    db.session.commit()
    assert client.get(f"/cases/export/{approval}/file").status_code == 403


def test_no_more_leave_than_were_agreed(acting, known, sign_in, many):
    client, approval = agreed(sign_in)
    open_case(acting, known)
    client.submit(f"/cases/export/{approval}")
    assert len(rows_of(client.get(f"/cases/export/{approval}/file"))) == 7 + many


def test_it_is_its_askers_alone(sign_in, many):
    _, approval = agreed(sign_in)
    assert sign_in(Role.COORDINATOR, area="slough").get(f"/cases/export/{approval}").status_code == 404
    assert sign_in(Role.SAFEGUARDING_LEAD).get(f"/cases/export/{approval}").status_code == 404


def test_a_restricted_record_stays(acting, known, sign_in, some):
    from audit.services import record

    person = db.session.get_one(YoungPerson, db.session.scalar(select(Case.young_person_id).where(Case.id == some[0])))
    person.sensitivity = "restricted"
    record(Event.PERSON_CHANGED, None, person)
    db.session.commit()
    rows = rows_of(ask(sign_in(Role.COORDINATOR), names="yes"))
    assert len(rows) == 7 + 1
    assert "Quillfeather" not in str(rows)
    assert db.session.scalar(select(func.count()).select_from(Case)) == 2
