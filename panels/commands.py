"""What an operator can ask of cases: `flask emergency chase`, `flask matching rebuild`, and what the worker does of them."""

from datetime import timedelta

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy import select
from tqdm import tqdm

from cohort.global_index import global_index
from cohort.services import elsewhere
from core import jobs
from core.db import db, reading
from core.row_security import everything
from panels.models import Case
from panels.services import emergency_reviews
from referrals.services import elsewhere as looking

emergency = AppGroup("emergency", help="Cases opened in an emergency.")


@emergency.command()
def chase() -> None:
    """Tell those responsible of emergency access that nobody reviewed within two working days, once for each.

    The worker does this every hour; run it by hand, or from a timer, where no worker runs.

    Example: flask emergency chase
    """
    click.echo(f"{emergency_reviews.escalate()} not reviewed in time.")


matching = AppGroup("matching", help="The same young person in another area.")


@matching.command()
def rebuild() -> None:
    """Index every young person whose referral was accepted anew, and nobody else, under the newest key.

    Run it after restoring a backup, after a new key for the scope "matching", and where the index was lost.

    Example: flask matching rebuild
    """
    with everything(), reading():
        people = list(db.session.scalars(select(Case.young_person_id).distinct().order_by(Case.young_person_id)))
    with tqdm(total=len(people), unit="people", disable=None) as bar:
        for number in elsewhere.rebuild(people):
            bar.update(number)
    click.echo(f"{global_index().people()} young people can be found by other areas.")


def init_app(app: Flask) -> None:
    app.cli.add_command(emergency)
    app.cli.add_command(matching)
    jobs.queue("matching-index", elsewhere.index_one)
    jobs.queue("matching-look", looking.look_one)
    jobs.every("emergency-reviews", timedelta(hours=1), emergency_reviews.escalate)
