"""What a WSGI server imports: the application behind the static files and the trusted proxies."""

import os
import sys
from pathlib import Path

import click
from flask import Flask
from servestatic import ServeStatic
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from accounts.demonstration import check_database
from app import create_app as build
from audit.signing import is_readable_here
from config.settings import DATABASES, Settings, SettingsError
from core.db import db
from core.keyring import KeysUnavailable
from core.row_security import EVERYTHING, see_as
from core.static_files import with_static
from rights import erasing


def serve() -> ServeStatic:
    """The application to serve. Ends the process, with what to change, where that would not be safe."""
    try:
        flask_app = build()
        check_database(flask_app)
        _let_go(flask_app)
    except SettingsError as error:
        sys.exit(f"Cannot start: {error}")
    except SQLAlchemyError as error:
        sys.exit(f"Cannot start: the database is not ready ({type(error).__name__}). Run: flask doctor")
    problem = flask_app.extensions["keyring"].provider.health()
    if problem:
        sys.exit(f"Cannot start: {problem}")
    _bury_again(flask_app)
    settings = flask_app.extensions["settings"]
    if not settings.demonstration and is_readable_here(settings):
        sys.exit(f"Cannot start: this process can read the checkpoint key {settings.checkpoint_key_file}. Keep it where "
                 "only the user who runs `flask audit checkpoint` can read it")  # fmt: skip
    hops = settings.trusted_proxies
    if hops:
        flask_app.wsgi_app = ProxyFix(flask_app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return with_static(flask_app)


def _let_go(flask_app: Flask) -> None:
    """Workers are forked from here: a connection that they shared would mix up their answers."""
    with flask_app.app_context():
        db.engine.dispose()
        flask_app.extensions["keyring"].store.engine.dispose()


def _bury_again(flask_app: Flask) -> None:
    """Nobody who was erased is served from a copy that was put back."""
    try:
        with flask_app.app_context():
            erasing.replay()
    except (SQLAlchemyError, KeysUnavailable) as error:
        sys.exit(f"Cannot start: erasures could not be replayed ({type(error).__name__}). Run: flask doctor")
    _let_go(flask_app)


def make_app() -> Flask:
    """What the `flask` command loads: commands must run where serving would be refused, to put it right."""
    # Whoever runs a command has the server itself; a person who is acting has a viewer of their own.
    see_as(EVERYTHING)
    try:
        return build()
    except SettingsError as error:
        hint = (
            "" if os.environ.get("SECRET_KEY") else ". For the demonstration, write DEMONSTRATION=1 before the command"
        )
        if sys.argv[1:] and "--help" not in sys.argv:
            raise click.ClickException(f"{error}{hint}") from None
        click.echo(f"Commands do not run with these settings yet. {error}{hint}\n", err=True)
        return _to_explain()


def _to_explain() -> Flask:
    """Commands that say what they do, and reach no installation: help must work before there are settings."""
    for name in DATABASES:
        os.environ.pop(name, None)
    return build(Settings(demonstration=True, var=Path(os.devnull), smtp_port=25, trusted_proxies=0))


if os.environ.get("FLASK_RUN_FROM_CLI") != "true":
    application = serve()
