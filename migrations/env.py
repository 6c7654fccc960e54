"""Run migrations with the owner's address; SQLite with foreign keys off and checked; the trail's triggers at the end."""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, create_engine, text

from audit import triggers
from core.db import db, engine_options, prepare_sqlite


def render_item(kind: str, item: Any, autogen: Any) -> str | bool:
    """Write our own types as the plain types that the database sees, so that old migrations do not import the code."""
    if kind == "type" and type(item).__name__ == "Moment":
        return "sa.DateTime(timezone=True)"
    return False


def migrate(connection: Connection) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection, target_metadata=db.metadata, render_as_batch=True, render_item=render_item,
        compare_type=True,
    )  # fmt: skip
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.has_table(connection, "audit_entry"):
            triggers.ensure(connection)
        if is_sqlite:
            broken = connection.execute(text("pragma foreign_key_check")).all()
            if broken:
                raise RuntimeError(
                    f"Foreign keys are broken after the migration in {sorted({row[0] for row in broken})}"
                )


def run() -> None:
    settings = current_app.extensions["settings"]
    url = current_app.extensions.get("addresses", (settings.owner_url,))[0]
    options = engine_options(url, owner=True)
    engine = create_engine(url, **options)
    if engine.dialect.name == "sqlite":
        prepare_sqlite(engine)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        migrate(connection)
        connection.commit()
    engine.dispose()


run()
