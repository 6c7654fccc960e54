"""A trail that takes no entry, as with a full disk or a lost privilege."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app
from sqlalchemy import text

from core.db import db
from tests.support.databases import as_owner

_BREAK = {
    "postgresql": [
        "create function refuse_entry() returns trigger language plpgsql as"
        " $$ begin raise exception 'no entry can be written'; end $$",
        "create trigger broken before insert on audit_entry for each row execute function refuse_entry()",
    ],
    "sqlite": ["create trigger broken before insert on audit_entry begin select raise(abort, 'no entry'); end"],
}
_MEND = {"postgresql": ["drop function refuse_entry() cascade"], "sqlite": ["drop trigger broken"]}


def break_the_trail() -> None:
    """From here on no entry can be written."""
    _run(_BREAK)


@contextmanager
def broken_trail() -> Iterator[None]:
    """No entry can be written for a while."""
    _run(_BREAK)
    yield
    _run(_MEND)


def _run(statements: dict[str, list[str]]) -> None:
    with as_owner(current_app) as connection:
        for statement in statements[db.engine.dialect.name]:
            connection.execute(text(statement))
