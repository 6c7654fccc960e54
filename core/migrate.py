"""Bring both databases to the newest schema; the trail's triggers are made anew and must all be there at the end."""

from enum import Enum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from core.db import db
from core.keyring import keyring

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


NEWER = (
    "The database of {name} was made by a newer release of this service. Install that release again, or put back the"
    " backup from before it"
)


class State(Enum):
    NONE = "none"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


def data_config() -> Config:
    config = Config(str(MIGRATIONS / "alembic.ini"))
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def keys_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS / "keys"))
    config.attributes["engine"] = keyring().store.engine
    return config


class NewerSchema(RuntimeError):
    """A database was made, or brought up to date, by a newer release than this one."""


def upgrade_all() -> None:
    """Raise NewerSchema before anything is changed; TriggersMissing when the trail would not be append-only afterwards."""
    for engine, config, name in ((db.engine, data_config(), "data"), (keyring().store.engine, keys_config(), "keys")):
        if state(engine, config) is State.NEWER:
            raise NewerSchema(NEWER.format(name=name))
    command.upgrade(keys_config(), "head")
    command.upgrade(data_config(), "head")


def state(engine: Engine, config: Config) -> State:
    """How this database's schema stands to this release."""
    with engine.connect() as connection:
        have = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(config)
    if have is None:
        return State.NONE
    if have == script.get_current_head():
        return State.CURRENT
    return State.OLDER if have in {one.revision for one in script.walk_revisions()} else State.NEWER


def is_current() -> bool:
    """Whether the data database is on the newest schema."""
    return state(db.engine, data_config()) is State.CURRENT
