"""What is wrong with this installation, in plain words; used by `flask doctor` and the ready check."""

import shutil
from collections.abc import Callable
from datetime import timedelta

from flask import current_app
from sqlalchemy import func, select

from accounts.models import Installation, Membership, User
from accounts.roles import Role
from accounts.services import directory, standing
from accounts.services.memberships import in_date
from audit import anchors, checkpoints, signing, triggers
from audit.anchors import AnchorFailed
from audit.models import AuditEntry
from audit.verify import verify_all
from config.directory import ConfigError
from config.providers import load_providers
from config.settings import Settings, SettingsError
from core import jobs, mail, row_security
from core.clock import in_utc, now
from core.db import db
from core.row_rules import undecided
from core.row_security import everything
from desk import stores
from files.services import checking, keeping
from messages.services import delivery
from messages.worker import ALIVE

Check = Callable[[], str | None]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def append_only() -> str | None:
    with db.engine.connect() as connection:
        gone = triggers.missing(connection)
    return f"The audit trail is not protected: {', '.join(gone)}. Run: flask upgrade" if gone else None


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
    if _settings().demonstration and not mark.is_demonstration:
        return "DEMONSTRATION is set, and this database is no demonstration's. Unset it"
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


def trail() -> str | None:
    """The seals of every entry, and whole those of the last day: `flask audit verify` reads all of all."""
    with everything():
        verdicts = verify_all(since=now() - timedelta(days=1))
    broken = sorted(f"{verdict.kind} at entry {verdict.seq}" for verdict in verdicts if verdict.kind)
    return (
        f"The trail does not verify ({', '.join(broken)}). Change nothing. Run: flask audit verify" if broken else None
    )


def checkpoint_key() -> str | None:
    """Whoever serves pages must not be able to sign what they like."""
    if not _settings().checkpoint_key_file.exists():
        return None
    try:
        return signing.who_could_read(current_app.extensions["settings"])
    except signing.KeyRefused as error:
        return str(error)


def agreements() -> str | None:
    """Agencies whose people are held back, by number."""
    people = in_date().join(User, User.id == Membership.user_id).where(User.active, Membership.area_id.is_not(None))
    wanted = set(db.session.execute(people.with_only_columns(Membership.agency_id, Membership.area_id)).tuples())
    if missing := len(wanted - standing.agreed()):
        return f"{missing} agencies with people here have no agreement in date, so those see nothing. See the page Training"
    return None


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
    held = in_date().join(User, User.id == Membership.user_id).where(User.active)
    if db.session.scalar(held.where(Membership.role == Role.ADMINISTRATOR.value).limit(1)) is None:
        return "Nobody is an administrator. Run: flask accounts invite --help"
    return None


READY: dict[str, Check] = {
    "Database": stores.database, "Schema": stores.schema, "Audit protection": append_only,
    "Keys database": stores.keys_database, "Keys": stores.keys, "Clock": clock, "Disk": disk,
}  # fmt: skip
ALL: dict[str, Check] = READY | {
    "Records": stores.records, "Audit trail": trail,
    "Providers file": providers_file, "Settings": settings, "Areas file": areas_file, "Demonstration": demonstration,
    "Administrator": approvers, "Agreements": agreements, "Second wall": second_wall, "Row policies": policies,
    "Old keys": stores.old_keys,
    "Checkpoint key": checkpoint_key, "Checkpoints": signed, "Mail server": mail.trouble, "E-mail": post,
    "Worker": worker, "Virus check": checking.trouble,
    "File store": file_store,
}  # fmt: skip
# Known and said, but not a reason to refuse service.
WARNINGS = frozenset({
    "Agreements", "Second wall", "Old keys", "Checkpoints", "Mail server", "E-mail", "Worker", "Virus check",
    "File store",
})  # fmt: skip
# What can be looked at without the data database.
APART = frozenset({
    "Keys database", "Disk", "Providers file", "Settings", "Areas file", "Checkpoint key", "Mail server", "Virus check",
    "File store",
})  # fmt: skip
UNKNOWN = "Could not be checked"
LATER = "Not looked at before the database is there"


def examine(checks: dict[str, Check] | None = None) -> dict[str, str | None]:
    """Each check's finding in plain words, or None; a check that cannot run says so."""
    found: dict[str, str | None] = {}
    for name, check in (checks or ALL).items():
        if name not in APART and (found.get("Schema") or "").startswith((stores.NO_SCHEMA, UNKNOWN)):
            found[name] = LATER
            continue
        try:
            found[name] = check()
        except Exception as error:  # a check that breaks is itself a finding
            db.session.rollback()
            found[name] = f"{UNKNOWN} ({type(error).__name__}). Put right what else is named here first"
    return found
