"""The database's own wall: what a statement without a condition sees, by whom it is asked, and that no table is forgotten."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from core import row_security
from core.db import db
from core.ids import new_id
from core.row_rules import EXEMPT, rule_of, undecided
from core.row_security import EVERYTHING, NOBODY, Viewer, seeing
from panels.models import Case
from tests.factories import world
from tests.factories.filler import fill_empty_tables
from tests.support.databases import WEB

pytestmark = [pytest.mark.only("postgresql"), pytest.mark.catalogue("Z5")]
WITH_AREA = [
    "young_person", "blind_index", "referral", "possible_match", "step_up", "meeting", "case_record", "agenda_item",
    "case_note", "offer", "plan", "goal", "support_session", "timeline_entry", "disclosure",
]  # fmt: skip


@pytest.fixture
def two_areas(app, known):
    for area in ("reading", "slough"):
        world.make(known, area)
    db.session.remove()


def areas_seen(table):
    """A statement that forgot its condition."""
    return set(db.session.scalars(text(f"select area_id from {table}")))


def somebody(known, key="coordinator", area="reading"):
    return Viewer(user_id=known.users[f"{key}@{area}"], areas=(known.areas[area],))


def test_the_suite_runs_as_the_webs_role(app):
    who = db.session.execute(
        text("select rolname, rolsuper, rolbypassrls from pg_roles where rolname = current_user")
    ).one()
    assert tuple(who) == (WEB, False, False)
    with db.engine.connect() as connection:
        assert row_security.is_bypassed(connection) is False


def test_every_table_has_a_policy_or_a_reason(app):
    assert undecided(db.metadata) == []
    wanted = {name for name, table in db.metadata.tables.items() if rule_of(table)}
    made = db.session.execute(
        text("select tablename from pg_policies where schemaname = 'public' and policyname = 'own_rows'")
    )
    assert {row.tablename for row in made} == wanted
    assert all(reason for reason in EXEMPT.values())
    forced = db.session.scalars(text("select relname from pg_class where relrowsecurity and relforcerowsecurity"))
    assert wanted <= set(forced)


@pytest.mark.parametrize("table", WITH_AREA)
def test_a_forgotten_condition_shows_ones_own_area_alone(two_areas, known, table):
    both = set(known.areas.values())
    assert areas_seen(table) == both
    for area in known.areas:
        with seeing(somebody(known, area=area)):
            assert areas_seen(table) == {known.areas[area]}
    with seeing(NOBODY):
        assert areas_seen(table) == set()
    assert areas_seen(table) == both


def test_no_table_shows_a_row_without_a_context_or_to_a_stranger(two_areas):
    """Every table with a rule has a row, or it would say nothing."""
    fill_empty_tables(db.session.connection())
    db.session.commit()
    tables = [name for name, table in db.metadata.tables.items() if (rule := rule_of(table)) and not rule.is_open]
    assert [name for name in tables if not rows_of(name)] == []
    for who in (NOBODY, Viewer(user_id=new_id(), agency_id=new_id(), areas=(new_id(),), hidden=frozenset({new_id()}))):
        with seeing(who):
            assert [name for name in tables if rows_of(name)] == []
        db.session.remove()


def rows_of(table):
    return db.session.scalar(text(f'select count(*) from "{table}"'))


def test_a_context_ends_with_its_transaction_and_leaves_nothing_on_the_connection(two_areas, known):
    with seeing(somebody(known)):
        assert areas_seen("case_record")
        db.session.commit()
    with seeing(NOBODY):
        assert areas_seen("case_record") == set()
        with pytest.raises(DBAPIError):
            db.session.execute(text("select 1 / 0"))
        db.session.rollback()
        assert areas_seen("case_record") == set()
        left = db.session.scalar(text("select current_setting('app.areas', true)"))
        assert left in (None, "")


def test_a_context_that_meets_an_error_is_there_again_in_the_next_transaction(two_areas, known):
    with seeing(somebody(known)):
        with pytest.raises(DBAPIError):
            db.session.execute(text("select 1 / 0"))
        db.session.rollback()
        assert areas_seen("case_record") == {known.areas["reading"]}


@pytest.mark.parametrize(
    "statement",
    ["update case_record set area_id = :other", "insert"],
)
def test_nothing_is_written_into_another_area(two_areas, known, statement):
    if statement == "insert":
        statement = (
            "insert into meeting (id, area_id, starts_at, place, status, quorum, created_at, row_version)"
            f" values ('{new_id()}', :other, now(), '', 'planned', 2, now(), 1)"
        )
    with seeing(somebody(known)):
        with pytest.raises(SQLAlchemyError, match="row-level security"):
            db.session.execute(text(statement), {"other": known.areas["slough"]})
        db.session.rollback()


def test_another_areas_rows_are_neither_changed_nor_deleted(two_areas, known):
    with seeing(somebody(known)):
        for statement in ("update case_record set stage = stage where area_id = :other",
                          "delete from blind_index where area_id = :other"):  # fmt: skip
            assert db.session.execute(text(statement), {"other": known.areas["slough"]}).rowcount == 0
        db.session.rollback()


def test_a_job_sees_the_areas_it_was_given(two_areas, known):
    from core import context

    with context.acting_as(job="test", areas=[known.areas["slough"]]):
        assert areas_seen("case_record") == {known.areas["slough"]}
    with context.acting_as(job="test"):
        assert areas_seen("case_record") == set(known.areas.values())


def test_a_draft_is_its_owners_alone(two_areas, known):
    with seeing(somebody(known, "referrer")):
        assert len(set(db.session.scalars(text("select owner_id from referral_draft")))) == 1
    with seeing(somebody(known, "coordinator")):
        assert db.session.scalar(text("select count(*) from referral_draft")) == 0


def test_an_entry_may_be_added_to_any_chain_and_read_of_ones_own(two_areas, known):
    with seeing(somebody(known)):
        chains = set(db.session.scalars(text("select distinct chain from audit_entry where actor_id is distinct from :me"),
                                        {"me": known.users["coordinator@reading"]}))  # fmt: skip
        assert chains <= {known.areas["reading"]}
        db.session.execute(
            text("insert into audit_subject (subject_id, chain, seq) values ('x', :other, 999999)"),
            {"other": known.areas["slough"]},
        )
        db.session.rollback()


def test_what_is_hidden_from_somebody_is_hidden_by_the_database_too(two_areas, known):
    person = db.session.scalars(select(Case.young_person_id).where(Case.area_id == known.areas["reading"])).first()
    db.session.remove()
    closed = Viewer(user_id=new_id(), areas=(known.areas["reading"],), hidden=frozenset({person}))
    with seeing(closed):
        for table in ("case_record", "referral", "timeline_entry", "blind_index"):
            assert person not in set(db.session.scalars(text(f"select young_person_id from {table}"))), table
        assert person not in set(db.session.scalars(text("select id from young_person")))
    with seeing(EVERYTHING):
        assert person in set(db.session.scalars(text("select id from young_person")))


def test_the_list_of_cases_still_follows_its_index(two_areas, known):
    """The policies' parts are worked out once a statement; the index of the list stays usable under them."""
    with seeing(somebody(known)):
        db.session.execute(text("set local enable_seqscan = off"))
        db.session.execute(text("set local enable_sort = off"))
        plan = "\n".join(
            db.session.scalars(
                text("explain select id from case_record where area_id = :area and is_open"
                     " order by next_due_on, id limit 50"), {"area": known.areas["reading"]},
            )
        )  # fmt: skip
    assert "ix_case_due" in plan
    assert "InitPlan" in plan
    assert "SubPlan" not in plan


def test_a_reference_is_given_once_also_where_neither_sees_the_others(app, known, two_areas):
    """Three who send at once, none of whom sees the record of another area that has the first number."""
    with seeing(EVERYTHING):
        used = list(db.session.scalars(text("select reference from referral where reference like 'SL%'")))
    drawn = [used[0], "RDG-26-9001A", "RDG-26-9002A", "RDG-26-9003A"]
    ask = text("select unused_references(:drawn, 1)")
    with seeing(somebody(known)):
        assert not db.session.scalars(text("select reference from referral where reference like 'SL%'")).all()
        with db.engine.begin() as first, db.engine.begin() as second, db.engine.begin() as third:
            given = [one.scalar(ask, {"drawn": drawn})[0] for one in (first, second, third)]
            assert first.scalar(text("select current_setting('app.job', true)")) == ""
        assert sorted(given) == drawn[1:]
        with db.engine.begin() as later:
            assert later.scalar(ask, {"drawn": used[:1]}) is None
