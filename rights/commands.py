"""`flask erasures`: legal holds where no page can be reached; `flask retention find`: records whose time is over."""

from datetime import time

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy.exc import NoResultFound

from cohort.services.retention import drop_old
from core import context, jobs
from core.codes.retention import HoldReason
from core.db import db
from rights import holds, retention
from rights.person_records import find_by_reference

erasures = AppGroup("erasures", help="What must not be erased.")
records = AppGroup("retention", help="Records whose time is over.")
REASONS = tuple(reason.value for reason in HoldReason)


@erasures.command()
@click.argument("reference")
@click.option("--reason", type=click.Choice(REASONS), required=True, help="Why it must be kept.")
def hold(reference: str, reason: str) -> None:
    """Place a legal hold: nobody may erase this young person until it is released.

    Example: flask erasures hold RDG-26-0417K --reason inquiry
    """
    with context.acting_as(job="erasure"):
        try:
            holds.hold(find_by_reference(reference), reason)
        except NoResultFound:
            raise click.ClickException("There is no young person with this reference") from None
        db.session.commit()
    click.echo("A legal hold stands on this record.")


@erasures.command()
@click.argument("reference")
def release(reference: str) -> None:
    """End the legal holds on a young person's record.

    Example: flask erasures release RDG-26-0417K
    """
    with context.acting_as(job="erasure"):
        try:
            ended = holds.release(find_by_reference(reference))
        except NoResultFound:
            raise click.ClickException("There is no young person with this reference") from None
        db.session.commit()
    click.echo(f"{ended} legal holds ended.")


@records.command()
def find() -> None:
    """Look for records whose time is over and put them on the list. It deletes nothing. The worker does it each night.

    Example: flask retention find
    """
    click.echo(f"{retention.find_due()} more records to decide about.")


def init_app(app: Flask) -> None:
    app.cli.add_command(erasures)
    app.cli.add_command(records)
    jobs.daily("retention", time(4), retention.find_due)
    jobs.daily("cohort-retention", time(4, 10), drop_old)
