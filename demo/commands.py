"""`flask demo`: who can sign in to the demonstration."""

import json

import click
from flask import Flask, current_app
from flask.cli import AppGroup

group = AppGroup("demo", help="The demonstration.")


@group.command()
def accounts() -> None:
    """Print the demonstration's accounts, one JSON object a line. Refuses outside demonstration mode.

    Example: flask demo accounts
    """
    from accounts.demonstration import is_demonstration
    from demo.people_of_demo import accounts as every

    if not (current_app.extensions["settings"].demonstration and is_demonstration()):
        raise click.ClickException("This is not a demonstration, so it has no demonstration accounts")
    for account in every():
        click.echo(json.dumps(account))


def init_app(app: Flask) -> None:
    app.cli.add_command(group)
