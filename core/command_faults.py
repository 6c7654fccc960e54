"""What stops a command is said in a sentence: a traceback helps no operator, and the words of a library may quote values."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from core.crypto import SealBroken
from core.keyring import KeyDestroyed, KeysUnavailable
from core.logs import place_of
from core.migrate import NewerSchema
from core.providers import KeyProviderError


def _in_plain_words(error: Exception) -> str:
    if isinstance(error, NewerSchema | KeyProviderError):
        return str(error)
    kind = type(error).__name__
    if isinstance(error, SQLAlchemyError):
        return f"A database does not answer, or is not as this command needs it ({kind}). Run: flask doctor"
    if isinstance(error, KeysUnavailable | KeyDestroyed | SealBroken):
        return f"Keys cannot be reached, or do not open what is sealed ({kind}). Run: flask doctor"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return f"This command met a fault of the program ({kind} at {place_of(error)}). Report it with these words"


class PlainCommands(AppGroup):
    """The application's commands, each of which says in a sentence what stopped it."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            # The context of the group ends after its command, with what the command raised.
            ctx.with_resource(_said_plainly())
        return found


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:
        raise click.ClickException(_in_plain_words(error)) from None


def init_app(app: Flask) -> None:
    """Before any package adds its commands."""
    app.cli = PlainCommands(app.name)
