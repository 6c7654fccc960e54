"""`flask keys escrow-copy` and `escrow-check`: sealed copies of the root key, and the proof that one opens everything."""

from pathlib import Path

import click
from flask import current_app

from audit.models import Event
from audit.services import record
from core import context, escrow
from core.db import db, reading
from core.keyring import keyring
from core.providers import EnvKeys, FileKeys, KeyProviderError, check_value
from desk.key_names import area_names, name_of


@click.command("escrow-copy")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
def escrow_copy(path: Path) -> None:
    """Write a copy of the root key, sealed under a passphrase that is asked for, to print or to keep in a safe.

    Example: flask keys escrow-copy /media/stick/panels-root-key.txt
    """
    passphrase = click.prompt("Passphrase, to be kept apart from the copy", hide_input=True, confirmation_prompt=True)
    if len(passphrase) < 16:
        raise click.ClickException("Use at least 16 characters: six random words, say")
    settings = current_app.extensions["settings"]
    try:
        held = FileKeys.read(settings.root_key_file) if settings.key_provider == "file" else EnvKeys.read()
        if settings.key_provider not in {"file", "env"}:
            raise KeyProviderError(f"The root key never leaves {settings.key_provider}: see to its own backup there")
        with path.open("x", encoding="ascii") as file:
            path.chmod(0o600)
            file.write(escrow.seal_copy(held, passphrase))
    except (OSError, KeyProviderError) as error:
        raise click.ClickException(f"No copy was made: {error}") from None
    for version, key in sorted(held.items()):
        click.echo(f"Version {version}, check value {check_value(key)}: write it on the envelope")
    click.echo(f"Made {path}. Try it with: flask keys escrow-check {path}")


@click.command("escrow-check")
@click.argument("path", type=click.Path(dir_okay=False, exists=True, path_type=Path))
def escrow_check(path: Path) -> None:
    """Prove that a copy of the root key opens this installation: each area's key, a data key and a field under it.

    The copy is a sealed one (its passphrase is asked for) or a plain key file. Neither the key nor a value is shown.
    Ends with 1 when the copy does not open everything.

    Example: flask keys escrow-check /media/stick/panels-root-key.txt
    """
    held = _open_copy(path)
    for version, key in sorted(held.items()):
        click.echo(f"Version {version}, check value {check_value(key)}")
    with context.acting_as(job="escrow check") as job, reading():
        proofs = list(escrow.prove(keyring(), held))
        db.session.rollback()
    names = area_names()
    for proof in proofs:
        click.echo(f"  {name_of(proof.scope, names)} version {proof.version}: {_proven(proof)}")
    with context.acting_as(job="escrow check"):
        record(Event.KEYS_CHECKED, None, reason="escrow", outcome="ok" if all(p.is_well for p in proofs) else "failed",
               detail={"keys": len(proofs), "examined": job.examined + sum(p.value is not None for p in proofs)})  # fmt: skip
        db.session.commit()
    if not proofs or not all(proof.is_well for proof in proofs):
        raise click.ClickException("This copy does NOT open everything. Make a new one with: flask keys escrow-copy")
    click.echo("This copy opens everything.")


def _proven(proof: escrow.Proof) -> str:
    words = {True: "opens", False: "DOES NOT OPEN", None: "none to try"}
    if not proof.scope_key:
        return "DOES NOT OPEN"
    return f"opens; a data key: {words[proof.data_key]}; a field: {words[proof.value]}"


def _open_copy(path: Path) -> dict[int, bytes]:
    text = path.read_text(encoding="ascii", errors="replace")
    try:
        if escrow.is_sealed(text):
            return escrow.open_copy(text, click.prompt("Passphrase", hide_input=True))
        return escrow.plain_copy(path, text)
    except (escrow.CopyDoesNotOpen, KeyProviderError) as error:
        raise click.ClickException(str(error)) from None
