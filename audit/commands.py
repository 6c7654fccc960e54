"""`flask audit`: check and export the trail, sign checkpoints, prove an entry, drop what is old enough."""

import os
import sys
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy import select
from tqdm import tqdm

from accounts.models import Area
from audit import anchors, checkpoints, exporting, notes, proofs, retention, signing
from audit.anchors import AnchorFailed
from audit.merkle import ProofBroken, check_consistency
from audit.notes import Note, NoteBroken
from audit.proofs import NoProof
from audit.signing import KeyRefused
from audit.verify import count_entries, read_keys, verify_all
from audit.verify_export import said
from audit.watch.commands import unusual
from core.clock import LONDON, now
from core.db import db, reading
from core.row_security import everything

group = AppGroup("audit", help="The audit trail.")
Command = TypeVar("Command", bound=Callable[..., None])
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def _seeing_every_area(command: Command) -> Command:
    """An operator's command looks at whole chains, whoever they are about."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> None:
        with everything():
            command(*args, **options)

    return cast(Command, run)


@group.command()
@click.option("--area", metavar="SLUG", help="One area's chain only, by its short name, or 'system'.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Of entries before this day check the seals alone.")
@click.option("--checkpoints", "folder", type=FOLDER, help="Checkpoints kept elsewhere: a folder of text files.")
@click.option(
    "--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Another file of public keys."
)
@_seeing_every_area
def verify(area: str | None, since: datetime | None, folder: Path | None, key: Path | None) -> None:
    """Check every chain and name the first entry that is not as it was sealed.

    Ends with 1 when an entry does not verify, or a checkpoint does not agree.

    Example: flask audit verify --area reading --checkpoints /mnt/partner/checkpoints
    """
    keys = read_keys(key or current_app.extensions["settings"].checkpoint_public_file)
    elsewhere = list(_notes_in(folder)) if folder else []
    if folder and not keys:
        raise click.ClickException("There is no file of public keys. Give one with --key")
    with reading():
        only = _chain(area)
        with _bar(count_entries(only)) as bar:
            at = since.replace(tzinfo=LONDON) if since else None
            verdicts = verify_all(only, bar.update, since=at, notes_elsewhere=elsewhere, keys=keys)
        names = _names()
    for verdict in verdicts:
        click.echo(said(verdict, names.get(verdict.chain, verdict.chain)))
    if not keys:
        click.echo("There are no signed checkpoints here, so an end that was cut off is not seen.", err=True)
    if any(verdict.kind for verdict in verdicts):
        click.echo(
            "Do not restore or change anything. Keep the database as it is and call your safeguarding lead.", err=True
        )
        sys.exit(1)


def _notes_in(folder: Path) -> Iterable[Note]:
    for path, note in notes.in_folder(folder):
        if note is None:
            raise click.ClickException(f"{path} is not a checkpoint")
        yield note


def _bar(total: int) -> Any:
    return tqdm(total=total, unit=" entries", file=sys.stderr, disable=None, leave=False)


def _names() -> dict[str, str]:
    return {row.id: row.slug for row in db.session.execute(select(Area.id, Area.slug))}


def _chain(area: str | None) -> str | None:
    if area in (None, "system"):
        return area
    found = db.session.scalar(select(Area.id).where(Area.slug == area))
    if found is None:
        raise click.ClickException(f"There is no area called {area}")
    return found


@group.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="A new folder.")
@click.option("--area", metavar="SLUG", help="One area's chain only, by its short name, or 'system'.")
@click.option("--with-seal-keys", is_flag=True, help="Add the keys of the seals, for an investigator alone.")
@_seeing_every_area
def export(out: Path, area: str | None, with_seal_keys: bool) -> None:
    """Write whole chains as lines of JSON, to be checked without the service: python -m audit.verify_export DIR.

    Example: flask audit export --out /mnt/evidence/trail-2026-11
    """
    public = current_app.extensions["settings"].checkpoint_public_file
    try:
        with reading():
            only = _chain(area)
            with _bar(count_entries(only)) as bar:
                lengths = exporting.write(
                    out, only=only, public_keys=public.read_text(encoding="utf-8") if public.exists() else "",
                    with_seal_keys=with_seal_keys, at=now(), names=_names(), progress=bar.update,
                )  # fmt: skip
    except FileExistsError:
        raise click.ClickException(f"{out} is not empty") from None
    exporting.note(lengths, with_seal_keys=with_seal_keys)
    click.echo(f"Wrote {sum(lengths.values())} entries of {len(lengths)} chains to {out}. It is OFFICIAL-SENSITIVE.")


@group.command()
@click.option("--watch", is_flag=True, help="Stay, and sign every 15 minutes or 1,000 entries.")
@click.option("--show-key", is_flag=True, help="Print the fingerprint of the public key and do nothing else.")
def checkpoint(watch: bool, show_key: bool) -> None:
    """Sign what is new in each chain and write the checkpoints to the anchors. Makes the key the first time.

    Run it as another user than the web process, which must not be able to read the key. Ends with 1 when a chain does
    not go on from its last checkpoint, or an anchor cannot be reached; with --watch it tries again.

    Example: flask audit checkpoint --watch
    """
    settings = current_app.extensions["settings"]
    try:
        if not settings.checkpoint_key_file.exists():
            signing.create(settings)
        key = signing.load(settings)
        fingerprint = signing.publish(key, settings)
        places = anchors.configured(settings.checkpoint_anchors)
    except (KeyRefused, AnchorFailed) as error:
        raise click.ClickException(str(error)) from None
    if show_key:
        click.echo(fingerprint)
        return
    if watch:
        _watch(key, places)
    elif not _sign(key, places, at_once=True):
        sys.exit(1)


def _sign(key: Ed25519PrivateKey, places: list[anchors.Anchor], *, at_once: bool) -> bool:
    """Whether every chain and every anchor was well."""
    made, refused = checkpoints.sign_due(key, current_app.extensions["settings"].public_url, at_once=at_once)
    failed = checkpoints.deliver(places, at_once=at_once)
    with reading():
        names = _names()
        db.session.remove()
    for note in made:
        click.echo(f"{names.get(note.chain, note.chain)}: signed {note.size} entries")
    for chain in refused:
        click.echo(
            f"{names.get(chain, chain)}: NOT SIGNED. It does not go on from its last checkpoint. Run: flask audit verify",
            err=True,
        )
    for name in failed:
        click.echo(f"The anchor {name} was not reached and will be tried again.", err=True)
    return not (refused or failed)


def _watch(key: Ed25519PrivateKey, places: list[anchors.Anchor], step: float = 5.0) -> None:
    """Until its parent ends: beside a server that was started by hand it must not outlive it."""
    parent = os.getppid()
    while os.getppid() == parent:
        try:
            _sign(key, places, at_once=False)
        except Exception as error:
            # A database that is away for a while must not end the watch.
            db.session.remove()
            click.echo(f"Not signed: {type(error).__name__}. Trying again.", err=True)
        try:
            time.sleep(step)
        except KeyboardInterrupt:
            return


@group.command()
@click.argument("entry", metavar="ENTRY")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
@_seeing_every_area
def prove(entry: str, out: Path) -> None:
    """Write a proof of one entry (AREA/NUMBER), which tools/verify_entry.py checks without the service.

    Example: flask audit prove reading/18204 --out entry.json
    """
    area, _, number = entry.partition("/")
    settings = current_app.extensions["settings"]
    public = settings.checkpoint_public_file
    if not number.isdecimal():
        raise click.ClickException("Name the entry by area and number, like reading/18204")
    try:
        with reading():
            chain = _chain(area) or ""
            proof = proofs.of_entry(chain, int(number), public.read_text(encoding="utf-8") if public.exists() else "")
    except NoProof as reason:
        raise click.ClickException(str(reason)) from None
    out.write_text(proofs.written(proof), encoding="utf-8")
    proofs.note(chain, int(number))
    click.echo(f"Wrote {out}. Check it with: python tools/verify_entry.py {out} --key {public}")


@group.command()
@click.argument("old")
@click.argument("new")
@click.option("--area", metavar="SLUG", help="With numbers of entries instead of files: whose checkpoints.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the proof to a file, too.")
@_seeing_every_area
def consistency(old: str, new: str, area: str | None, out: Path | None) -> None:
    """Prove that the trail of checkpoint NEW begins with that of OLD: files of checkpoints, or their sizes.

    Ends with 1 when it does not, or a signature is not good.

    Example: flask audit consistency checkpoints/000000001000.txt checkpoints/000000002000.txt
    """
    keys = read_keys(current_app.extensions["settings"].checkpoint_public_file)
    try:
        with reading():
            chain = _chain(area)
            first, second = (_checkpoint(one, chain) for one in (old, new))
            proof = proofs.of_pair(first, second)
        for note in (first, second):
            notes.check(note, keys)
        check_consistency(first.size, first.root, second.size, second.root, proofs.path_in(proof))
    except (NoProof, NoteBroken, ProofBroken, proofs.TreeBroken) as reason:
        raise click.ClickException(f"NOT CONSISTENT: {reason}") from None
    if out:
        out.write_text(proofs.written(proof), encoding="utf-8")
    click.echo(f"Consistent: the trail of {second.size} entries begins with the one of {first.size}.")


def _checkpoint(said: str, chain: str | None) -> Note:
    if said.isdecimal() and chain:
        found = checkpoints.of_size(chain, int(said))
        if found is None:
            raise NoProof(f"There is no checkpoint of {said} entries")
        return found
    try:
        return notes.parsed(Path(said).read_text(encoding="utf-8"))
    except OSError:
        raise NoProof(f"There is no file {said}, and without --area no checkpoint of that size") from None


@group.command()
@click.option("--older-than", type=click.IntRange(min=12), default=84, show_default=True, help="Whole months.")
@click.option("--apply", "really", is_flag=True, help="Drop them. Without it nothing is changed.")
@_seeing_every_area
def retain(older_than: int, really: bool) -> None:
    """Show, or drop, what entries say once they are old enough. Their leaves and seals stay, and the chain verifies.

    Needs the owner's address (DATABASE_OWNER_URL). What was dropped is an entry of the trail.

    Example: flask audit retain --older-than 84 --apply
    """
    with reading():
        parts, names = retention.plan(retention.months_before(now(), older_than)), _names()
        db.session.remove()
    for part in parts:
        span = " to ".join(dict.fromkeys(part.months))
        click.echo(f"{names.get(part.chain, part.chain)}: {part.count} entries of {span}")
    if not parts:
        click.echo("Nothing is old enough.")
    elif not really:
        click.echo("Nothing was changed. Run it again with --apply to drop them.")
    else:
        try:
            gone = retention.drop(parts)
        except retention.NotTheOwner as reason:
            raise click.ClickException(str(reason)) from None
        click.echo(f"Dropped what {gone} entries said. Their seals stay. Run: flask audit verify")


def init_app(app: Flask) -> None:
    group.add_command(unusual)
    app.cli.add_command(group)
