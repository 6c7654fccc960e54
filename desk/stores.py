"""What `flask doctor` looks for in the two databases and among the keys: there, writable, of this release, and of one time."""

import os
from pathlib import Path

from sqlalchemy import Engine, select, text
from sqlalchemy.exc import SQLAlchemyError

from accounts.models import Area
from audit import key_changes
from core import key_checks, migrate, rotation
from core.db import db
from core.keyring import SYSTEM, KeysUnavailable, keyring
from core.migrate import State
from desk import rotating

NO_SCHEMA = (
    "The database is empty. For a new installation run: flask setup. If there should be records, check DATABASE_URL and"
    " VAR, or put back a backup"
)
NO_KEYS = (
    "The database of keys is empty. If there are records, make no new keys: check KEYS_DATABASE_URL and VAR, or put back"
    " the newest backup of it"
)


# Reading its list of tables, a file that is none is found out.
_ASK_FILE = "select min(0) from sqlite_master"
_ASK_SERVER = "select pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean"


def _trouble(engine: Engine, name: str, setting: str) -> str | None:
    """Whether it answers, and can be written."""
    is_file = engine.dialect.name == "sqlite"
    try:
        with engine.connect() as connection:
            read_only = connection.scalar(text(_ASK_FILE if is_file else _ASK_SERVER))
    except SQLAlchemyError:
        how = f"this user may open {engine.url.database}" if is_file else "the server is running"
        return f"The {name} does not answer. Check {setting} and that {how}"
    if read_only or (is_file and not _is_writable(Path(engine.url.database or ""))):
        where = f"{engine.url.database} and its folder" if is_file else "the server: it may be a standby"
        return f"The {name} can only be read, so nothing can be kept. Check {where}"
    return None


def _is_writable(file: Path) -> bool:
    return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK | os.X_OK)


def database() -> str | None:
    return _trouble(db.engine, "database", "DATABASE_URL")


def schema() -> str | None:
    return _schema(migrate.state(db.engine, migrate.data_config()), "data", NO_SCHEMA)


def _schema(state: State, name: str, none: str) -> str | None:
    said = {
        State.NONE: none, State.NEWER: migrate.NEWER.format(name=name),
        State.OLDER: f"The database of {name} is not on this version's schema. Run: flask upgrade",
    }  # fmt: skip
    return said.get(state)


def keys_database() -> str | None:
    engine = keyring().store.engine
    return _trouble(engine, "database of keys", "KEYS_DATABASE_URL") or _schema(
        migrate.state(engine, migrate.keys_config()), "keys", NO_KEYS
    )


def keys() -> str | None:
    problem = keyring().provider.health()
    if problem:
        return problem
    try:
        unlocked = [area for area in db.session.scalars(select(Area.id)) if keyring().scope_key(area)]
    except KeysUnavailable:
        return "An area's key cannot be opened. Check ROOT_KEY_FILE or ROOT_KEYS, and KEYS_DATABASE_URL"
    return None if unlocked else "There are no areas yet. Run: flask areas sync"


def records() -> str | None:
    """Rows whose key is nowhere: the two databases are not of one time."""
    if lost := key_checks.count_without_key(keyring()):
        return (
            f"{lost} keys that records stand under are not in the database of keys: it is older than the data, or of another"
            " installation. Put back the newest backup of it, then run: flask keys verify"
        )
    return None


def old_keys() -> str | None:
    """Rotations that were not finished, and old versions that are still kept."""
    ring = keyring()
    if ring.provider.health():
        return None  # said by the check of keys
    if rotation.under_old_root(ring):
        return "Keys stand under an old root key. Run: flask keys rotate --root"
    old = rotation.old_versions(ring)
    names: dict[str, str] = {row.id: row.slug for row in db.session.execute(select(Area.id, Area.slug))}
    for scope in [*sorted(names, key=lambda area: names[area]), SYSTEM]:
        if left := rotating.unfinished(scope):
            chosen = f"--area {names[scope]}" if scope in names else "--system"
            return f"A rotation is not finished, {left} are left. Run: flask keys rotate {chosen}"
    if key_changes.waiting():
        return "A rotation of the trail's keys is not finished. Run: flask keys rotate --trail"
    kept = sorted(f"{names[scope]} {version}" for scope, version in old if scope in names)
    return f"Old versions of areas' keys are kept: {', '.join(kept)}. Run: flask keys drop-old" if kept else None
