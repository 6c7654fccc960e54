"""What is wrong with this installation, in plain words; used by `flask doctor` and the ready check."""

import shutil
from collections.abc import Callable
from datetime import timedelta

from flask import current_app
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from accounts.models import Area, Installation, Membership
from accounts.services import directory
from audit import anchors, checkpoints, key_changes, triggers
from audit.anchors import AnchorFailed
from audit.models import AuditEntry
from config.directory import ConfigError
from config.providers import load_providers
from config.settings import Settings, SettingsError
from core import jobs, mail, rotation, row_security
from core.clock import in_utc, now
from core.db import db
from core.keyring import SYSTEM, KeysUnavailable, keyring
from core.migrate import is_current
from core.row_rules import undecided
from core.row_security import everything
from desk import rotating
from files.services import checking, keeping
from messages.services import delivery
from messages.worker import ALIVE

Check = Callable[[], str | None]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def database() -> str | None:
    try:
        db.session.execute(text("select 1"))
    except SQLAlchemyError:
        return "The database does not answer. Check DATABASE_URL and that the server is running"
    return None


def schema() -> str | None:
    return None if is_current() else "The database is not on this version's schema. Run: flask upgrade"


def append_only() -> str | None:
    with db.engine.connect() as connection:
        gone = triggers.missing(connection)
    return f"The audit trail is not protected: {', '.join(gone)}. Run: flask upgrade" if gone else None


def keys() -> str | None:
    problem = keyring().provider.health()
    if problem:
        return problem
    try:
        unlocked = [area for area in db.session.scalars(select(Area.id)) if keyring().scope_key(area)]
    except KeysUnavailable:
        return "An area's key cannot be opened. Check ROOT_KEY_FILE or ROOT_KEYS, and KEYS_DATABASE_URL"
    return None if unlocked else "There are no areas yet. Run: flask areas sync"


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


def settings() -> str | None:
    try:
        _settings().check()
    except SettingsError as error:
        return str(error)
    return None


def providers_file() -> str | None:
    """Organisations' sign-in services: with a mistake in the file there are none of them."""
    try:
        load_providers(_settings().providers_file)
    except ConfigError as error:
        return f"providers.toml is not right: {'; '.join(error.problems)}"
    return None


def areas_file() -> str | None:
    try:
        directory.read(_settings().areas_file)
    except ConfigError as error:
        return "areas.toml is not right: " + "; ".join(error.problems)
    except OSError:
        return f"There is no file {_settings().areas_file}. Check AREAS_FILE"
    return None


def demonstration() -> str | None:
    mark = db.session.get(Installation, 1)
    if mark is None:
        return "This database was never set up. Run: flask setup"
    if mark.is_demonstration and not _settings().demonstration:
        return "This is a demonstration's database. Never use it for real work: start with an empty one"
    return None


def second_wall() -> str | None:
    """Known and said: the service's own rules hold, but nothing behind them does."""
    if db.engine.dialect.name != "postgresql":
        return None
    if _owner_url() == _data_url():
        return (
            "The web address owns its tables (DATABASE_OWNER_URL is not set apart), so the database's own wall is down"
        )
    with db.engine.connect() as connection:
        if row_security.is_bypassed(connection):
            return "The role of DATABASE_URL walks past policies or owns tables, so the database's own wall is down"
    return None


def _owner_url() -> str:
    kept: str = current_app.extensions.get("owner_address") or _settings().owner_url
    return kept


def _data_url() -> str:
    kept: str = current_app.extensions.get("addresses", (_settings().database_url,))[0]
    return kept


def policies() -> str | None:
    """Whether every table that holds something of someone stands behind its policy."""
    unlisted = undecided(db.metadata)
    if unlisted:
        return f"Nobody has said whose rows these tables show: {', '.join(unlisted)}. See core/row_rules.py"
    with db.engine.connect() as connection:
        gone = row_security.missing(connection)
    return f"Tables without their row policy: {', '.join(gone)}. Run: flask upgrade" if gone else None


def signed() -> str | None:
    try:
        with everything():
            return checkpoints.trouble(anchors.configured(_settings().checkpoint_anchors))
    except AnchorFailed as error:
        return str(error)


def clock() -> str | None:
    with row_security.everything():
        newest = db.session.scalar(select(func.max(AuditEntry.at)))
    if newest and (in_utc(newest) - now()).total_seconds() > 120:
        return "The clock is behind the newest audit entry by more than two minutes. Set the time before serving"
    return None


def disk() -> str | None:
    usage = shutil.disk_usage(_settings().var if _settings().var.exists() else "/")
    return None if usage.free > usage.total * 0.1 else "Less than a tenth of the disk is free"


def post() -> str | None:
    """Letters that do not get through."""
    waiting, failed = delivery.stuck()
    if not mail.reaches_people():
        return "No e-mail is sent. Set SMTP_HOST, or NOTIFY_API_KEY and NOTIFY_TEMPLATE"
    if waiting or failed:
        return f"{waiting} e-mails wait for over an hour, {failed} failed in the last week. See: flask messages status"
    return None


def worker() -> str | None:
    row = db.session.get(jobs.PeriodicJob, ALIVE)
    if row is None or row.done_at is None or now() - row.done_at > timedelta(minutes=15):
        return "No worker has run in the last 15 minutes: nobody gets e-mails, no file is checked. Run: flask worker"
    broken = db.session.scalars(select(jobs.PeriodicJob.name).where(jobs.PeriodicJob.failures > 2)).all()
    return f"These jobs fail again and again: {', '.join(sorted(broken))}" if broken else None


def file_store() -> str | None:
    return keeping.store().trouble()


def approvers() -> str | None:
    roles = set(db.session.scalars(select(Membership.role).where(Membership.is_active)))
    if "administrator" not in roles:
        return "Nobody is an administrator. Run: flask accounts invite --help"
    return None


READY: dict[str, Check] = {
    "Database": database, "Schema": schema, "Audit protection": append_only, "Keys": keys, "Clock": clock, "Disk": disk,
}  # fmt: skip
ALL: dict[str, Check] = READY | {
    "Providers file": providers_file, "Settings": settings, "Areas file": areas_file, "Demonstration": demonstration,
    "Administrator": approvers, "Second wall": second_wall, "Row policies": policies, "Old keys": old_keys,
    "Checkpoints": signed, "E-mail": post,
    "Worker": worker, "Virus check": checking.trouble,
    "File store": file_store,
}  # fmt: skip
# Known and said, but not a reason to refuse service.
WARNINGS = frozenset({"Second wall", "Old keys", "Checkpoints", "E-mail", "Worker", "Virus check", "File store"})


def examine(checks: dict[str, Check] | None = None) -> dict[str, str | None]:
    """Each check's finding in plain words, or None; a check that cannot run says so."""
    found: dict[str, str | None] = {}
    for name, check in (checks or ALL).items():
        try:
            found[name] = check()
        except Exception as error:  # a check that breaks is itself a finding
            db.session.rollback()
            found[name] = f"Could not be checked ({type(error).__name__})"
    return found
