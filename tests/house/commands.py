"""The product's own `flask` commands, for tests of commands and of documents."""

import click

LIBRARIES = {"run", "shell", "routes", "db"}


def own_commands(app):
    """Each command as its words: ("audit", "verify"). Flask's and its libraries' own are left out."""
    found = []
    for name, command in app.cli.commands.items():
        if name not in LIBRARIES:
            found += _leaves(command, (name,))
    return sorted(found)


def _leaves(command, words):
    if isinstance(command, click.Group):
        return [leaf for name, child in command.commands.items() for leaf in _leaves(child, (*words, name))]
    return [words]
