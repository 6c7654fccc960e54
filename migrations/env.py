"""Run migrations with the owner's address; SQLite with foreign keys off and checked; the trail's triggers at the end."""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, create_engine, make_url, text

from audit import triggers
from audit.models import APPEND_ONLY
from core import row_security
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
        row_security.lower(connection)
        context.run_migrations()
        if connection.dialect.has_table(connection, "audit_entry"):
            triggers.ensure(connection)
        row_security.raise_up(connection, web_role(), APPEND_ONLY)
        if connection.dialect.has_table(connection, "audit_checkpoint"):
            triggers.grant_checkpoints(connection, web_role(), current_app.extensions["settings"].checkpoint_role)
        if is_sqlite:
            broken = connection.execute(text("pragma foreign_key_check")).all()
            if broken:
                raise RuntimeError(
                    f"Foreign keys are broken after the migration in {sorted({row[0] for row in broken})}"
                )


def addresses() -> tuple[str, str]:
    """The owner's and the web's address of the data database."""
    extensions = current_app.extensions
    settings, kept = extensions["settings"], extensions.get("addresses")
    return (extensions["owner_address"], kept[0]) if kept else (settings.owner_url, settings.database_url)


def web_role() -> str | None:
    """The role that gets rights of its own, where the owner has an address apart."""
    owner, web = addresses()
    return make_url(web).username if owner != web else None


def run() -> None:
    url, _ = addresses()
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
