"""A young person's record, its indexes, and who may be the same person."""

from datetime import date

import pytest
from sqlalchemy import func, select

from audit.models import AuditEntry, Event
from cohort.models import BlindIndex, YoungPerson
from cohort.services import people
from core.db import db

KAYA = {"forename": "Kaya", "surname": "Sefton", "date_of_birth": date(2011, 5, 4), "upn": "A820200012345"}
BLANK = {"forename": "Zed", "surname": "Quill", "date_of_birth": date(2010, 1, 1)}


@pytest.fixture
def kaya(acting, known):
    with acting("coordinator@reading") as actor:
        person = people.create_person(actor, area_id=known.areas["reading"], data=KAYA, created_from="referral")
        db.session.commit()
        return person.id


def found(known, area="reading", **values):
    return people.find_matches(known.areas[area], **(BLANK | values))


def test_a_new_record_is_sealed_indexed_and_in_the_trail(acting, kaya):
    with acting("coordinator@reading"):
        person = db.session.get_one(YoungPerson, kaya)
        assert (person.forename, person.date_of_birth) == ("Kaya", date(2011, 5, 4))
    assert db.session.scalar(select(func.count()).select_from(BlindIndex)) == 5
    made = select(AuditEntry).where(AuditEntry.event == Event.PERSON_CREATED.value)
    assert [entry.object_id for entry in db.session.scalars(made)] == [kaya]


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        ({"surname": "SEFTON", "date_of_birth": date(2011, 5, 4)}, ["surname_dob"]),
        ({"surname": "Seften", "date_of_birth": date(2011, 5, 4)}, ["sound_dob"]),
        ({"surname": "Okoro-Sefton", "date_of_birth": date(2011, 5, 4)}, ["surname_dob"]),
        ({"forename": "kaya", "date_of_birth": date(2011, 5, 4)}, ["forename_dob"]),
        ({"surname": "Sefton", "date_of_birth": date(2011, 4, 5)}, ["surname_swapped"]),
        ({"upn": "a8202 0001 2345"}, ["upn"]),
        (KAYA, ["surname_dob", "forename_dob", "upn"]),
    ],
)
def test_who_may_be_the_same(known, kaya, values, reasons):
    assert found(known, **values) == [(kaya, reasons)]


def test_who_is_not_suggested(known, kaya):
    assert found(known, surname="Sefton") == []
    assert found(known, date_of_birth=date(2011, 5, 4)) == []
    assert found(known, area="slough", **KAYA) == []


def test_indexes_follow_a_change(acting, known, kaya):
    from audit.services import change_of, record

    with acting("coordinator@reading") as actor:
        person = db.session.get_one(YoungPerson, kaya)
        changes = change_of(person, {"surname": "Marsh"})
        people.update_indexes(person, {"surname": "Marsh"})
        record(Event.PERSON_CHANGED, actor, person, changes=changes)
        db.session.commit()
    assert found(known, surname="Sefton", date_of_birth=date(2011, 5, 4)) == []
    assert found(known, surname="Marsh", date_of_birth=date(2011, 5, 4)) == [(kaya, ["surname_dob"])]
    assert found(known, forename="Kaya", date_of_birth=date(2011, 5, 4)) == [(kaya, ["forename_dob"])]
