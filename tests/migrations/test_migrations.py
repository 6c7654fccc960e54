"""Migrations go up, down and up again on both databases, say what the models say, and leave the trail append-only (R6)."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from audit import triggers
from core import keystore, migrate
from core.db import db
from core.keyring import keyring
from tests.factories import world
from tests.factories.filler import empty_tables, fill_empty_tables
from tests.support.databases import as_owner


def shape(engine):
    """Tables with their columns, keys, indexes and checks, as the database tells them."""
    seen = inspect(engine)
    return {
        table: {
            "columns": sorted((c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(table)),
            "primary key": seen.get_pk_constraint(table)["constrained_columns"],
            "foreign keys": sorted((f["constrained_columns"], f["referred_table"]) for f in seen.get_foreign_keys(table)),
            "indexes": sorted((i["name"], i["column_names"], i["unique"]) for i in seen.get_indexes(table)),
            "checks": sorted((c["name"] or "", c["sqltext"]) for c in seen.get_check_constraints(table)),
            "unique": sorted((u["name"] or "", u["column_names"]) for u in seen.get_unique_constraints(table)),
        }
        for table in sorted(seen.get_table_names())
    }  # fmt: skip


def lost_triggers():
    with db.engine.connect() as connection:
        return triggers.missing(connection)


def again(config):
    """All the way down and up; what was there between."""
    db.session.remove()
    db.engine.dispose()
    command.downgrade(config, "base")
    between = set(inspect(db.engine).get_table_names())
    db.engine.dispose()
    command.upgrade(config, "head")
    return between


def fill_every_table(app, known):
    """Stories in the tables that stories are told in, and a row in each of the others."""
    world.make(known)
    db.session.remove()
    with as_owner(app) as connection:
        fill_empty_tables(connection)
        assert empty_tables(connection) == []


@pytest.mark.catalogue("R6", part="partly")
def test_with_everything_in_it_down_and_up_gives_the_same_schema(app, known):
    """Partly: one release is there yet, so there is no older one to run on the new schema, and no 10,000 rows."""
    fill_every_table(app, known)
    before = shape(db.engine)
    assert again(migrate.data_config()) == {"alembic_version"}
    assert shape(db.engine) == before
    assert migrate.is_current()
    for table in set(before) - {"alembic_version"}:
        assert db.session.execute(text(f'select count(*) from "{table}"')).scalar() == 0, table
    db.session.remove()


@pytest.mark.catalogue("R6", part="partly")
def test_the_key_database_goes_down_and_up(app):
    engine = keyring().store.engine
    before = shape(engine)
    command.downgrade(migrate.keys_config(), "base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    command.upgrade(migrate.keys_config(), "head")
    assert shape(engine) == before


def test_the_models_say_what_the_migrations_made(app):
    """A changed model without its migration stops here."""
    for engine, metadata in ((db.engine, db.metadata), (keyring().store.engine, keystore.metadata)):
        with engine.connect() as connection:
            found = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(found, metadata) == []


def test_every_upgrade_leaves_the_trail_append_only(app, known):
    world.make(known)
    assert lost_triggers() == []
    again(migrate.data_config())
    assert lost_triggers() == []
    with as_owner(app) as connection:
        name = (
            "audit_entry_append_only_rows"
            if db.engine.dialect.name == "postgresql"
            else "audit_entry_append_only_update"
        )
        on = " on audit_entry" if db.engine.dialect.name == "postgresql" else ""
        connection.execute(text(f"drop trigger {name}{on}"))
    assert lost_triggers() == [name]
    db.engine.dispose()
    migrate.upgrade_all()
    assert lost_triggers() == [], "an upgrade that has nothing to do puts a lost trigger back"


@pytest.mark.parametrize("statement", ["update audit_entry set event = 'x'", "delete from audit_entry"])
def test_the_trail_of_a_filled_installation_cannot_be_changed(app, known, statement):
    """The web's role has no right to; whoever owns the tables sees no row to change, and without policies the triggers."""
    world.make(known)
    if db.engine.dialect.name == "postgresql":
        with as_owner(app) as connection:
            assert connection.execute(text(statement)).rowcount == 0
            connection.execute(text("alter table audit_entry no force row level security"))
    with pytest.raises(DBAPIError, match="append-only"), as_owner(app) as connection:
        connection.execute(text(statement))


@pytest.mark.only("sqlite")
def test_no_foreign_key_is_broken_after_down_and_up(app, known):
    fill_every_table(app, known)
    with db.engine.connect() as connection:
        assert connection.execute(text("pragma foreign_key_check")).all() == []
        assert connection.execute(text("pragma integrity_check")).scalar() == "ok"
    again(migrate.data_config())
    with db.engine.connect() as connection:
        assert connection.execute(text("pragma foreign_key_check")).all() == []


def test_the_database_itself_wants_two_people_for_a_role(app, known):
    """Whoever writes past the services meets the same rule."""
    one, member = known.users["administrator@reading"], known.memberships["coordinator@reading"]
    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(
            text("update membership set proposed_by_id = :one, approved_by_id = :one where id = :member"),
            {"one": one, "member": member},
        )
