"""What an operator types: `flask worker`, `flask messages status`, `flask messages again`."""

import os
import time

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy import func, select, update

from core import jobs
from core.clock import now
from core.db import db, reading
from core.formats import moment
from messages.models import FAILED, WAITING, Message
from messages.worker import Worker

messages = AppGroup("messages", help="E-mails and jobs.")


@click.command()
@click.option("--once", is_flag=True, help="Do what waits now, and end.")
@click.option("--with-parent", is_flag=True, help="End when the process that started this one ends.")
@click.option("--after", default=0.0, help="Seconds to wait before beginning.")
def worker(once: bool, with_parent: bool, after: float) -> None:
    """Send e-mails, check files and run the jobs that are due, until told to stop. Run one or more beside the web.

    SIGTERM lets it finish the piece in hand.

    Example: flask worker
    """
    time.sleep(after)
    at_work = Worker(parent=os.getppid() if with_parent else None)
    with at_work.listening():
        if not once:
            at_work.run()
            return
        jobs.announce()
        while not at_work.is_over and at_work.once():
            pass


@messages.command()
def status() -> None:
    """How many e-mails wait, were sent or failed in the last 90 days, and when each job ran and is due.

    Example: flask messages status
    """
    with reading():
        counts = {
            row.status: row.number
            for row in db.session.execute(select(Message.status, func.count().label("number")).group_by(Message.status))
        }
        rows = db.session.scalars(select(jobs.PeriodicJob).order_by(jobs.PeriodicJob.name)).all()
    for name in ("waiting", "sending", "sent", "failed"):
        click.echo(f"{counts.get(name, 0):>7}  {name}")
    for row in rows:
        state = f"failed {row.failures} times ({row.error})" if row.failures else "ok"
        click.echo(f"{row.name}: {state}, last {moment(row.done_at)}, next {moment(row.next_at)}")


@messages.command()
def again() -> None:
    """Try the e-mails that failed once more, after the reason was put right.

    Example: flask messages again
    """
    values = {"status": WAITING, "next_at": now(), "attempts": 0, "created_at": now(), "error": None}
    found = db.session.execute(update(Message).where(Message.status == FAILED).values(**values))
    db.session.commit()
    click.echo(f"{found.rowcount} e-mails will be tried again.")  # type: ignore[attr-defined]


def init_app(app: Flask) -> None:
    app.cli.add_command(worker)
    app.cli.add_command(messages)
