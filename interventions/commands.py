"""Commands of the catalogue: ``flask catalogue sync``."""

import click
from flask import Flask
from flask.cli import AppGroup

from audit.models import Event
from audit.services import record
from config.catalogue import load_interventions
from core import context
from core.db import db
from interventions import services

catalogue = AppGroup("catalogue", help="The kinds of support and what is known of them.")


@catalogue.command("sync")
def sync() -> None:
    """Bring the catalogue up to config/interventions.toml. Places and descriptions of areas are kept.

    Example: flask catalogue sync
    """
    with context.acting_as(job="catalogue sync"):
        counts = services.sync(load_interventions())
        record(Event.CATALOGUE_CHANGED, None, detail=counts)
        db.session.commit()
    click.echo(f"Catalogue: {counts['added']} added, {counts['updated']} brought up to date.")


def init_app(app: Flask) -> None:
    app.cli.add_command(catalogue)
