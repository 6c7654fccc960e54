"""The floor holds: sealed fields, the trail, the safety net, the verifier, on both databases."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from audit.models import Event
from audit.safety_net import BulkChangeRefused, UnrecordedChange
from audit.services import record
from audit.verify import verify_all
from cohort.models import YoungPerson
from core.db import db


def make_person(acting, known):
    with acting("coordinator@reading") as actor:
        person = YoungPerson(
            area_id=known.areas["reading"], created_from="test", forename="Kaya", surname="Sefton",
            date_of_birth=date(2011, 5, 4),
        )  # fmt: skip
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
