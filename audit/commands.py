"""`flask audit`: check the trail from the command line."""

import sys
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy import select
from tqdm import tqdm

from accounts.models import Area
from audit.verify import count_entries, verify_all
from core.db import db, reading

group = AppGroup("audit", help="The audit trail.")


@group.command()
@click.option("--area", metavar="SLUG", help="One area's chain only, by its short name, or 'system'.")
def verify(area: str | None) -> None:
    """Check every chain and name the first entry that is not as it was sealed.

    Ends with 1 when an entry does not verify.

    Example: flask audit verify --area reading
    """
    with reading():
        only = _chain(area)
        with tqdm(total=count_entries(), unit=" entries", file=sys.stderr, disable=None, leave=False) as bar:
            verdicts = verify_all(only, lambda more: _advance(bar, more))
        names: dict[str, str] = {row.id: row.slug for row in db.session.execute(select(Area.id, Area.slug))}
    for verdict in verdicts:
        name = names.get(verdict.chain, verdict.chain)
        if verdict.kind:
            click.echo(
                f"{name}: BROKEN at entry {verdict.seq}: {verdict.kind} ({verdict.entries} entries before it verify)"
            )
        else:
            click.echo(f"{name}: verified, {verdict.entries} entries")
    if any(verdict.kind for verdict in verdicts):
        click.echo(
            "Do not restore or change anything. Keep the database as it is and call your safeguarding lead.", err=True
        )
        sys.exit(1)


def _advance(bar: Any, more: int) -> None:
    bar.update(more)


def _chain(area: str | None) -> str | None:
    if area in (None, "system"):
        return area
    found = db.session.scalar(select(Area.id).where(Area.slug == area))
    if found is None:
        raise click.ClickException(f"There is no area called {area}")
    return found


def init_app(app: Flask) -> None:
    app.cli.add_command(group)
