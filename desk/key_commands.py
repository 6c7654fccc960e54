"""`flask keys`: status, create, rotate, drop-old, verify."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from tqdm import tqdm

from accounts.models import Area
from audit import key_changes
from audit.models import Event
from audit.services import record
from core import context, key_checks, rotation
from core.db import db, reading
from core.keyring import SYSTEM, KeysUnavailable, keyring
from core.providers import FileKeys, KeyProviderError, provider_from
from desk import escrow_commands, key_approvals, rotating
from desk.key_names import area_names, name_of
from files.storage import StoreUnavailable
from rights import erasing

keys = AppGroup("keys", help="Encryption keys.")


@contextmanager
def _bar(total: int, unit: str, a_second: int = 0) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal; ``a_second`` holds the pace down."""
    with tqdm(total=total, unit=f" {unit}", file=sys.stderr, disable=None, leave=False) as bar:

        def more(count: int) -> None:
            bar.update(count)
            if a_second:
                time.sleep(count / a_second)

        yield more


@keys.command()
def status() -> None:
    """Show the key provider, each area's key versions, and how many data keys stand under each.

    Example: flask keys status
    """
    ring = keyring()
    problem = ring.provider.health()
    version: Any = "unknown" if problem else ring.provider.current_version()
    click.echo(f"Provider: {ring.provider.name}, root key version {version}" +
               (f", PROBLEM: {problem}" if problem else ", ok"))  # fmt: skip
    for number, value in getattr(ring.provider, "check_values", {}).items():
        click.echo(f"  root key version {number}: check value {value}")
    counts = {(area, version): count for area, version, count in ring.store.counts()}
    names, bad = area_names(), bool(problem)
    behind = set() if problem else set(rotation.under_old_root(ring))
    for scope, version in ring.store.scopes():
        try:
            ring.scope_key(scope, version)
            state = "opens"
        except KeysUnavailable:
            state, bad = "DOES NOT OPEN", True
        held = f", {counts[(scope, version)]} data keys" if (scope, version) in counts else ""
        old = ", under an OLD root key" if (scope, version) in behind else ""
        click.echo(f"  {name_of(scope, names)}: version {version}, {state}{held}{old}")
    if bad:
        sys.exit(1)


@keys.command()
@click.option("--next", "is_next", is_flag=True, help="Add a newer key to this file, beside the ones in it.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
def create(path: Path, is_next: bool) -> None:
    """Make a new root key file that only you may read. Keep two sealed copies elsewhere: no key, no data.

    Example: flask keys create /etc/panels/root.key
    """
    try:
        if is_next:
            version = FileKeys.add_version(path)
        else:
            FileKeys.create(path)
    except (OSError, KeyProviderError) as error:
        raise click.ClickException(f"Could not make the key file: {error.__class__.__name__}") from None
    if is_next:
        click.echo(f"{path} now holds version {version} too. Seal new copies of it, then run: flask keys rotate --root")
        return
    click.echo(f"Made {path}. Set ROOT_KEY_FILE to it, and keep two sealed copies with different people.")


@keys.command()
@click.option("--area", "slugs", multiple=True, metavar="SLUG", help="This area's key. May be given more than once.")
@click.option("--all-areas", is_flag=True, help="Every area's key.")
@click.option("--system", is_flag=True, help="The key of what belongs to no area: searches, typed text.")
@click.option(
    "--trail", is_flag=True, help="The keys that seal the audit trail's chains: what comes is sealed under new ones."
)
@click.option("--root", is_flag=True, help="Wrap every area's key under the newest root key.")
@click.option("--from", "moved_from", type=click.Choice(["file", "env"]), help="With --root: the provider moved from.")
@click.option("--person", metavar="ID", help="New data keys for one young person: all of their rows are sealed anew.")
@click.option(
    "--batch", default=rotation.BATCH, show_default=True, type=click.IntRange(1, 10_000), help="Rows at once."
)
@click.option("--a-second", default=0, type=click.IntRange(0), help="At most so many a second; 0: as fast as it goes.")
def rotate(
    slugs: tuple[str, ...],
    all_areas: bool,
    system: bool,
    trail: bool,
    root: bool,
    moved_from: str | None,
    person: str | None,
    batch: int,
    a_second: int,
) -> None:
    """Make a new key and wrap, or seal, everything below it anew, while people work. Ended halfway, run it again: it goes on.

    Example: flask keys rotate --area reading
    """
    scopes = _scopes(slugs, all_areas, system)
    if not (scopes or trail or root or person):
        raise click.UsageError("Say what to rotate: --area SLUG, --all-areas, --system, --trail, --root or --person ID")
    try:
        broken = _rotate_root(moved_from) if root else 0
        broken += sum(_rotate_scope(name, scope, batch, a_second) for name, scope in scopes)
        if trail:
            _rotate_trail()
        if person:
            _rotate_person(person, batch, a_second)
    except KeysUnavailable as error:
        raise click.ClickException(f"{error}. What was done counts; run this again. See: flask keys status") from None
    if broken:
        raise click.ClickException(f"{broken} keys do not open and were left as they are. See: flask keys verify")


def _scopes(slugs: tuple[str, ...], all_areas: bool, system: bool) -> list[tuple[str, str]]:
    """Name and scope of what was asked for."""
    with reading():
        areas: dict[str, str] = {row.slug: row.id for row in db.session.execute(select(Area.slug, Area.id))}
    if unknown := sorted(set(slugs) - set(areas)):
        raise click.ClickException(f"There is no area called {unknown[0]}")
    chosen = sorted(areas) if all_areas else slugs
    return [(slug, areas[slug]) for slug in chosen] + ([(SYSTEM, SYSTEM)] if system else [])


def _rotate_root(moved_from: str | None) -> int:
    ring = keyring()
    try:
        old = provider_from(moved_from, current_app.extensions["settings"].root_key_file) if moved_from else None
        waiting = len(rotation.under_old_root(ring))
        with _bar(waiting, "keys") as more:
            done, broken = rotating.rotate_root(more, old)
    except KeyProviderError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"root: {done} keys are now under root key version {ring.provider.current_version()}")
    return len(broken)


def _rotate_scope(name: str, scope: str, batch: int, a_second: int) -> int:
    with reading():
        waiting = rotating.unfinished(scope)
    if waiting:
        click.echo(f"{name}: an earlier rotation was not finished; this goes on with it")
    ring = keyring()
    total = waiting or sum(count for area, _, count in ring.store.counts() if area == scope)
    with _bar(total, "keys", a_second) as more:
        done = rotating.rotate(scope, batch, more)
    click.echo(f"{name}: version {done.version}, {done.keys} data keys, {done.people} people indexed")
    return len(done.broken)


def _rotate_trail() -> None:
    names = area_names()
    every = key_changes.every_chain()
    with _bar(len(every), "chains") as more:
        for chain in every:
            version = key_changes.rotate(chain)
            more(1)
            click.echo(f"{names.get(chain, chain)}: entries are sealed under version {version} from now on")


def _rotate_person(person: str, batch: int, a_second: int) -> None:
    try:
        with context.acting_as(job="rotation"), _bar(rotating.rows_of(person), "rows", a_second) as more:
            done, rows = rotating.rotate_person(person, batch, more)
    except NoResultFound:
        raise click.ClickException("There is no young person with this id") from None
    except StoreUnavailable:
        raise click.ClickException("The file store does not answer. What was done counts; run this again") from None
    click.echo(
        f"person: {done} new data keys, {rows} rows sealed anew. The old keys go with the next: flask drafts sweep"
    )


@keys.command("drop-old")
@click.confirmation_option(prompt="Delete old areas' keys that nothing needs?", help="Do not ask.")
def drop_old() -> None:
    """Delete areas' old keys that nothing stands under any more and that two people agreed to destroy, on "Old keys".

    The trail's and the system's are kept. Ends with 1 where one waits that nobody agreed to.

    Example: flask keys drop-old --yes
    """
    names = area_names()
    with context.acting_as(job="rotation"):
        agreed = key_approvals.agreed()
        gone = rotating.drop_old(agreed)
        for approval in {agreed[one].id: agreed[one] for one in gone}.values():
            key_approvals.used(approval)
        db.session.commit()
        waiting = rotating.droppable(keyring())
    for scope, version in gone:
        click.echo(f"{name_of(scope, names)}: version {version} deleted")
    for scope, version in waiting:
        click.echo(
            f'{name_of(scope, names)}: version {version} kept. Two people must agree first, on the page "Old keys"'
        )
    if not gone and not waiting:
        click.echo("Nothing to delete")
    if waiting:
        sys.exit(1)


@keys.command()
@click.option("--all", "everything", is_flag=True, help="Open every field of every row.")
@click.option("--sample", default=200, show_default=True, type=click.IntRange(1), help="Rows of each table to open.")
def verify(everything: bool, sample: int) -> None:
    """Unwrap every key, open a sample of fields or all of them, and compare keys with rows. Shows no value.

    Ends with 1 when a key or a field does not open, or a row has no key.

    Example: flask keys verify --all
    """
    ring, found, per_table = keyring(), key_checks.Found(), None if everything else sample
    with context.acting_as(job="key check") as job:
        with reading():
            key_checks.check_scopes(ring, found)
            with _bar(key_checks.count_keys(ring), "keys") as more:
                key_checks.check_keys(ring, found, more)
            with _bar(key_checks.count_rows(per_table), "rows") as more:
                key_checks.check_fields(job, found, per_table, more)
            db.session.rollback()
        record(Event.KEYS_CHECKED, None, reason="verify", detail={
            "keys": found.keys, "fields": found.fields, "faults": len(found.broken_keys) + len(found.broken_fields),
            "examined": job.examined,
        })  # fmt: skip
        db.session.commit()
        lost = rotating.lost_indexes()
    _say(found)
    for slug in lost:
        click.echo(f"WITHOUT A KEY: indexes of {slug}. Run: flask keys rotate --area {slug}")
    if lost or not found.is_well:
        sys.exit(1)


def _say(found: key_checks.Found) -> None:
    names = area_names()
    click.echo(f"{found.keys} data keys, {len(found.broken_keys)} do not open")
    click.echo(f"{found.fields} fields opened, {len(found.broken_fields)} do not open")
    click.echo(f"{found.unused_keys} keys without rows (flask drafts sweep destroys them)")
    for scope, version in found.closed_scopes:
        click.echo(f"DOES NOT OPEN: {name_of(scope, names)} version {version}")
    for key_id in found.broken_keys[:50]:
        click.echo(f"DOES NOT OPEN: data key {key_id}")
    for place in found.broken_fields[:50]:
        click.echo(f"DOES NOT OPEN: {place}")
    for table, count in sorted(found.without_key.items()):
        click.echo(f"WITHOUT A KEY: {count} rows of {table}")
    for table, count in sorted(found.destroyed_key.items()):
        click.echo(f"note: {count} rows of {table} whose key was destroyed")


@keys.command("replay-tombstones")
def replay_tombstones() -> None:
    """Erase again whom a copy of the data or of the keys that was put back still holds. `flask upgrade` does it too.

    Example: flask keys replay-tombstones
    """
    click.echo(f"{erasing.replay()} erased young people were erased again")


def init_app(app: Flask) -> None:
    keys.add_command(escrow_commands.escrow_copy)
    keys.add_command(escrow_commands.escrow_check)
    app.cli.add_command(keys)
