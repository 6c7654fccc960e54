"""What an operator can ask of files: `flask files status`; and what the worker does of them."""

from datetime import time

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy import func, select

from core import jobs
from core.codes.files import FileStatus
from core.db import db, reading
from core.row_security import everything
from files.models import StoredFile
from files.services import checking, tidying
from files.services.keeping import store
from files.storage import store_of

files = AppGroup("files", help="Files of referrals and cases.")


@files.command()
def status() -> None:
    """How many files there are, how many wait for the virus check, and whether it and the file store answer.

    Example: flask files status
    """
    with everything(), reading():
        rows = db.session.execute(
            select(StoredFile.status, func.count(), func.coalesce(func.sum(StoredFile.size), 0)).group_by(
                StoredFile.status
            )
        ).all()  # fmt: skip
    found = {name: (number, size) for name, number, size in rows}
    for one in FileStatus:
        number, size = found.get(one.value, (0, 0))
        click.echo(f"{number:>7}  {one.label.lower()}, {size / 1024 / 1024:.1f} MB")
    problems = [problem for problem in (checking.trouble(), store().trouble()) if problem]
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise SystemExit(1)


def init_app(app: Flask) -> None:
    app.extensions["file_store"] = store_of(app.extensions["settings"])
    app.cli.add_command(files)
    jobs.queue("file-checks", checking.check_one)
    jobs.daily("files-tidy", time(3, 15), tidying.tidy)
