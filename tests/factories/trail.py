"""A chain with entries in it, and checkpoints over it, made by the services and commands that make them in earnest."""

from typing import Any

from audit.models import Event
from audit.services import record
from core.db import db


def fill(acting: Any, count: int, *, key: str = "coordinator@reading", first: int = 0) -> None:
    """So many entries of one person in their area's chain, each about a made-up young person."""
    with acting(key) as actor:
        for number in range(first, first + count):
            record(Event.CASE_READ, actor, subjects=[f"subject{number:019d}"], detail={"number": number})
            if number % 500 == 499:
                db.session.commit()
        db.session.commit()


def run(app: Any, *arguments: str) -> Any:
    """A `flask` command; what it wrote is seen afterwards."""
    db.session.remove()
    result = app.test_cli_runner().invoke(args=list(arguments))
    db.session.remove()
    return result


def checkpoint(app: Any) -> Any:
    """Sign everything that is new."""
    result = run(app, "audit", "checkpoint")
    assert result.exit_code == 0, result.output
    return result
