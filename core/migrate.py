"""Bring both databases to the newest schema; the trail's triggers are made anew and must all be there at the end."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.db import db
from core.keyring import keyring

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def data_config() -> Config:
    config = Config(str(MIGRATIONS / "alembic.ini"))
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def keys_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS / "keys"))
    config.attributes["engine"] = keyring().store.engine
    return config


def upgrade_all() -> None:
    """Raise TriggersMissing when the trail would not be append-only afterwards."""
    command.upgrade(keys_config(), "head")
    command.upgrade(data_config(), "head")


def is_current() -> bool:
    """Whether the data database is on the newest schema."""
    with db.engine.connect() as connection:
        have = MigrationContext.configure(connection).get_current_revision()
    return have == ScriptDirectory.from_config(data_config()).get_current_head()
