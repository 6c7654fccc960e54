"""Lists that no run can count, and young people who were not nominated, go by themselves with their keys."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from audit.models import Event
from audit.services import record
from cohort.models import Candidate, SourceExtract, SourceRecord
from cohort.services import candidates, uploads
from cohort.services.retention import drop_old
from core.clock import now
from core.codes.decisions import NotNominatedReason
from core.db import db
from core.keyring import keyring
from tests.factories import cohort as make

LINES = [make.event(ago=ago) for ago in (20, 40)]


def dated(thing, field, days):
    setattr(thing, field, now() - timedelta(days=days))
    record(Event.CONFIGURED, None, thing)


@pytest.mark.parametrize(("days", "stays"), [(29, True), (31, False)])
def test_who_was_not_nominated_goes_after_thirty_days(acting, known, days, stays):
    make.make_released(acting, known, LINES)
    with acting("coordinator@reading") as actor:
        one = db.session.scalars(select(Candidate)).one()
        key = one.data_key_id
        candidates.do_not_nominate(actor, one, code=NotNominatedReason.ALREADY_SUPPORTED, words="They have a mentor.")
        dated(one, "decided_at", days)
        db.session.commit()
    assert drop_old() == (0 if stays else 1)
    assert bool(db.session.scalars(select(Candidate.id)).all()) is stays
    assert (key in keyring().unwrap([key])) is stays


def test_who_waits_for_a_decision_waits(acting, known):
    make.make_released(acting, known, LINES)
    with acting("coordinator@reading"):
        dated(db.session.scalars(select(Candidate)).one(), "created_at", 400)
        db.session.commit()
    assert drop_old() == 0
    assert db.session.scalars(select(Candidate.id)).all()


@pytest.mark.parametrize(
    ("accept", "days", "stays"), [(True, 360, True), (True, 370, False), (False, 29, True), (False, 31, False)]
)
def test_a_list_goes_when_nothing_of_it_can_count(acting, known, accept, days, stays):
    with acting("analyst@reading") as actor:
        make.make_agreement(actor, known.agencies["police@reading"])
        one = make.make_upload(actor, known.agencies["police@reading"], LINES, accept=accept)
        key = one.key_id
        db.session.commit()
        dated(one, "created_at", days)
        db.session.commit()
    assert drop_old() == (0 if stays else 1)
    assert bool(db.session.scalars(select(SourceRecord.id)).all()) is stays
    assert (key in keyring().unwrap([key])) is stays
    left = db.session.scalars(select(SourceExtract.status)).one()
    assert left == ((uploads.ACCEPTED if accept else uploads.CHECKED) if stays else uploads.DISCARDED)
    assert drop_old() == 0
