"""Statements that the driver runs itself: the same rows, records and errors as through the session, on both databases."""

import pytest
from sqlalchemy import String, bindparam, literal, select, text
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.orm.exc import StaleDataError

from accounts.models import Area, User
from core.db import db
from core.row_security import everything
from core.statements import Rows, columns_of, fetch, fetch_one, numbered, records_in
from referrals.models import ReferralDraft
from tests.factories.referrals import a_draft

AREAS = select(Area.slug, Area.name.label("shown"), Area.valid_from).where(Area.slug == bindparam("slug"))
EVERY = select(Area.id).where(Area.slug != bindparam("slug"))
ODD = select(literal("100% of them", String).label("words"), (Area.slug + "%").label("odd")).where(
    Area.slug == bindparam("slug")
)
WITH_SUCCESSOR = (
    select(*columns_of(User, Area))
    .outerjoin(Area, Area.slug == bindparam("slug"))
    .where(User.email == bindparam("who"))
)


@pytest.fixture
def looking(app, known):
    with app.app_context(), everything():
        yield


def test_rows_come_by_name_and_by_place(looking):
    row = fetch_one(AREAS, {"slug": "reading"})
    assert (row.slug, row.shown) == ("reading", row[1])
    assert [*row] == [*db.session.execute(AREAS, {"slug": "reading"}).one()]


def test_a_statement_is_kept_and_its_values_are_not(looking):
    assert [fetch_one(AREAS, {"slug": slug}).slug for slug in ("reading", "slough", "reading")] == [
        "reading", "slough", "reading",
    ]  # fmt: skip
    assert list(fetch(AREAS, {"slug": "nowhere"})) == []


def test_percent_signs_stay_as_they_are(looking):
    assert tuple(fetch_one(ODD, {"slug": "reading"})) == ("100% of them", "reading%")


def test_rows_of_a_long_list_are_the_same_each_time_they_are_walked_through(looking):
    everyone = select(User.id, User.name).order_by(User.id)
    rows, plain = Rows(everyone), [tuple(row) for row in db.session.execute(everyone)]
    assert len(rows) == len(plain) > 1
    assert [[tuple(row) for row in rows] for _ in range(2)] == [plain, plain]
    assert plain[0] in rows
    assert ("nobody", "") not in rows
    nobody = Rows(everyone.where(User.id == "nobody"))
    assert (len(nobody), list(nobody)) == (0, [])


def test_only_one_row_is_one_row(looking):
    with pytest.raises(NoResultFound):
        fetch_one(AREAS, {"slug": "nowhere"})
    with pytest.raises(MultipleResultsFound):
        fetch_one(EVERY, {"slug": "nowhere"})


def test_records_are_the_sessions_own(looking):
    email = db.session.scalars(select(User.email)).first()
    user, area = records_in(fetch_one(WITH_SUCCESSOR, {"slug": "reading", "who": email}), User, Area)
    assert db.session.get(User, user.id) is user
    area.name = "Reading and around"
    db.session.commit()
    assert db.session.scalar(select(Area.name).where(Area.slug == "reading")) == "Reading and around"
    assert area.row_version == 2


def test_what_the_session_holds_already_stays(looking):
    held = db.session.scalars(select(Area).where(Area.slug == "reading")).one()
    held.name = "Not written yet"
    with db.session.no_autoflush:
        row = fetch_one(WITH_SUCCESSOR, {"slug": "reading", "who": db.session.scalar(select(User.email).limit(1))})
    assert records_in(row, User, Area)[1] is held
    assert held.name == "Not written yet"


def test_an_outer_join_that_found_none_gives_none(looking):
    email = db.session.scalar(select(User.email).limit(1))
    assert records_in(fetch_one(WITH_SUCCESSOR, {"slug": "nowhere", "who": email}), User, Area)[1] is None


def test_a_record_that_changed_meanwhile_is_not_overwritten(looking, acting):
    with acting("referrer@reading") as actor:
        draft_id = a_draft(actor).id
        db.session.commit()
        statement = select(*columns_of(ReferralDraft)).where(ReferralDraft.id == bindparam("draft"))
        (draft,) = records_in(fetch_one(statement, {"draft": draft_id}), ReferralDraft)
        db.session.execute(text("update referral_draft set row_version = 9 where id = :id"), {"id": draft_id})
        draft.answers = {"start": {"danger": "no"}}
        with pytest.raises(StaleDataError):
            db.session.flush()


def test_places_are_numbered_and_casts_are_left_alone():
    assert numbered("select :one::text, :two, :one where a like '%'") == (
        "select $1::text, $2, $1 where a like '%'", ("one", "two"),
    )  # fmt: skip
