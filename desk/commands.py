"""What an operator can ask: `flask doctor`, `flask drafts sweep`, `flask upgrade`, `flask setup`."""

import sys
from datetime import time

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from accounts.models import Installation
from accounts.services import directory
from core import jobs
from core.db import db, reading
from core.keyring import SYSTEM, keyring
from core.migrate import upgrade_all
from desk import digest, health, key_commands, sweeping
from rights import erasing

drafts = AppGroup("drafts", help="What is kept only for a while.")


@click.command()
@click.option("--strict", is_flag=True, help="End with 1 for a note too: for a timer.")
def doctor(strict: bool) -> None:
    """Say in plain words what is wrong with this installation. Ends with 1 when something is.

    A "note" is known and no reason to refuse service: it ends with 1 only with --strict.

    Example: flask doctor
    """
    with reading():
        found = health.examine()
    later = [name for name, problem in found.items() if problem == health.LATER]
    for name, problem in found.items():
        if name in later:
            continue
        mark = "ok" if problem is None else "note" if name in health.WARNINGS else "WRONG"
        click.echo(f"{mark:>5}  {name}" + (f": {problem}" if problem else ""))
    if later:
        click.echo(f"{health.LATER}: {', '.join(later)}")
    if any(problem for name, problem in found.items() if strict or name not in health.WARNINGS):
        sys.exit(1)


@click.command()
def upgrade() -> None:
    """Bring both databases to this version's schema and make the trail's protection anew.

    Example: flask upgrade
    """
    upgrade_all()
    if again := erasing.replay():
        click.echo(f"{again} erased young people were in a copy that was put back, and were erased again.")
    click.echo("Both databases are on this version's schema. The audit trail is append-only.")


@click.command()
def setup() -> None:
    """Make a new installation: schema, keys, and the mark that says this is not a demonstration.

    Example: flask setup && flask areas sync && flask accounts invite ada@agency.example --role administrator
    """
    problem = keyring().provider.health()
    if problem:
        raise click.ClickException(f"{problem}. Make one with: flask keys create --help")
    upgrade_all()
    directory.check_keys()
    if db.session.get(Installation, 1) is None:
        db.session.add(Installation(is_demonstration=current_app.extensions["settings"].demonstration))
        db.session.commit()
    keyring().ensure_scope(SYSTEM)
    click.echo("The installation is ready for: flask areas sync")


@drafts.command()
@click.option(
    "--even-many", is_flag=True, help="Destroy unused keys even where they are many; check the database first."
)
def sweep(even_many: bool) -> None:
    """Delete drafts, typed text and searches whose time is over, and destroy the keys that open nothing. Run it daily.

    Example: flask drafts sweep
    """
    try:
        swept = sweeping.sweep(even_many=even_many)
    except sweeping.TooManyUnused:
        raise click.ClickException(
            "Nothing was done: unusually many keys open no row. Is this the newest copy of the database? If so, run it"
            " again with --even-many"
        ) from None
    click.echo(
        f"Deleted {swept.referral_drafts} drafts of referrals, {swept.form_drafts} of forms, {swept.searches} searches"
        f" and {swept.held_forms} held forms. Destroyed {swept.keys} keys."
    )


def init_app(app: Flask) -> None:
    key_commands.init_app(app)
    app.cli.add_command(drafts)
    for command in (doctor, upgrade, setup):
        app.cli.add_command(command)
    jobs.daily("drafts-sweep", time(3), sweeping.sweep)
    jobs.daily("digest", time(7), digest.send)
