"""Migrations of the key database: its own branch, on its own engine."""

from typing import Any

from alembic import context

from core.keystore import metadata


def render_item(kind: str, item: Any, autogen: Any) -> str | bool:
    """Write our own types as the plain types that the database sees."""
    return "sa.DateTime(timezone=True)" if kind == "type" and type(item).__name__ == "Moment" else False


engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, render_item=render_item)
    with context.begin_transaction():
        context.run_migrations()
