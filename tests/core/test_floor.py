"""The floor holds: sealed fields, the trail, the safety net, the verifier, on both databases."""

from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError

from audit.models import Event
from audit.safety_net import BulkChangeRefused, UnrecordedChange
from audit.services import record
from audit.verify import verify_all
from cohort.models import YoungPerson
from core.db import db
from core.last_records import add_at_commit, delete_at_commit


def a_person(known):
    return YoungPerson(
        area_id=known.areas["reading"], created_from="test", forename="Kaya", surname="Sefton",
        date_of_birth=date(2011, 5, 4),
    )  # fmt: skip


def make_person(acting, known):
    with acting("coordinator@reading") as actor:
        person = a_person(known)
        db.session.add(person)
        record(Event.PERSON_CREATED, actor, person)
        db.session.commit()
        return person


def test_a_sealed_field_comes_back_only_inside_a_context(acting, known):
    person = make_person(acting, known)
    with acting("coordinator@reading"):
        assert person.forename == "Kaya"
        assert person.date_of_birth == date(2011, 5, 4)
    with pytest.raises(RuntimeError):
        _ = person.forename


def test_a_change_nobody_recorded_does_not_commit(acting, known):
    person = make_person(acting, known)
    with acting("coordinator@reading"):
        person.forename = "Kay"
        with pytest.raises(UnrecordedChange):
            db.session.commit()
        db.session.rollback()
        assert person.forename == "Kaya"


def test_what_is_written_or_deleted_at_the_commit_needs_its_entry_too(acting, known):
    with acting("coordinator@reading"):
        add_at_commit(a_person(known))
        with pytest.raises(UnrecordedChange):
            db.session.commit()
        db.session.rollback()
    person = make_person(acting, known)
    with acting("coordinator@reading"):
        delete_at_commit(db.session.get_one(YoungPerson, person.id))
        with pytest.raises(UnrecordedChange):
            db.session.commit()
        db.session.rollback()
        assert [one.forename for one in db.session.scalars(select(YoungPerson))].count("Kaya") == 1


def test_what_is_written_at_the_commit_is_sealed_and_as_the_session_would_write_it(acting, known):
    with acting("coordinator@reading") as actor:
        late = a_person(known)
        add_at_commit(late)
        record(Event.PERSON_CREATED, actor, late)
        db.session.commit()
    usual = make_person(acting, known)
    rows = {row.id: row for row in db.session.execute(select(YoungPerson.__table__))}
    differ = {name for name in rows[usual.id]._fields if getattr(rows[late.id], name) != getattr(rows[usual.id], name)}
    assert {"id", "created_at", "data_key_id", "surname_sealed"} <= differ
    assert all(name in {"id", "created_at", "data_key_id"} or name.endswith("_sealed") for name in differ)
    with acting("coordinator@reading"):
        found = db.session.get_one(YoungPerson, late.id)
        assert (found.surname, found.date_of_birth) == ("Sefton", date(2011, 5, 4))


def test_a_record_that_changed_meanwhile_is_not_deleted_at_the_commit(acting, known):
    person = make_person(acting, known)
    with acting("coordinator@reading") as actor:
        found = db.session.get_one(YoungPerson, person.id)
        db.session.execute(text("update young_person set row_version = row_version + 1"))
        delete_at_commit(found)
        record(Event.PERSON_CREATED, actor, found)
        with pytest.raises(StaleDataError):
            db.session.commit()
        db.session.rollback()
        assert db.session.get(YoungPerson, person.id) is not None


def test_a_bulk_change_of_personal_data_is_refused(acting, known):
    make_person(acting, known)
    with pytest.raises(BulkChangeRefused):
        db.session.execute(db.delete(YoungPerson))


@pytest.mark.catalogue("T6", part="partly")
@pytest.mark.parametrize("statement", ["update audit_entry set event = 'x'", "delete from audit_seal"])
def test_the_trail_cannot_be_changed_or_deleted(app, statement):
    with pytest.raises(SQLAlchemyError):
        db.session.execute(text(statement))


def test_the_chains_verify(acting, known):
    make_person(acting, known)
    verdicts = verify_all()
    assert len(verdicts) > 1
    assert [verdict.kind for verdict in verdicts] == [None] * len(verdicts)
