"""Commits a second of eight writers together: bare rows, entries of the trail, and a change with its entry."""

import secrets
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.installations import application, start

WRITERS = 8
# Each rate is measured so often, in turn with the others; the middle one counts.
TURNS = 5


def chains(count: int) -> list[str]:
    return [f"area{number:022d}" for number in range(count)]


def write(number: str) -> int:
    """Commit as fast as it goes for as long as each line of the standard input says, then tell how often.

    A line is ``kind areas seconds``; the kind is ``bare``: rows of an entry's size, ``trail``: entries, or ``both``: a
    row of work and its entry in one transaction, as a page that changes something does.
    """
    with application():
        from core import context

        with context.acting_as(job="bench"):
            _commit("both", 9, 0.0, int(number))
            print("ready", flush=True)
            for line in sys.stdin:
                kind, areas, seconds = line.split()
                print(_commit(kind, int(areas), float(seconds), int(number)), flush=True)
    return 0


def _commit(kind: str, areas: int, seconds: float, number: int) -> int:
    from sqlalchemy import text

    from audit.models import Event
    from audit.services import record
    from core.db import db
    from core.ids import new_id

    subject, body, count, where = new_id(), secrets.token_bytes(420), 0, chains(areas)
    work = text("insert into bare (id, body) values (:id, :body)")
    until = time.monotonic() + seconds
    while True:
        if kind != "trail":
            db.session.execute(work, {"id": new_id(), "body": body})
        if kind != "bare":
            chain = where[(number + count) % len(where)]
            record(Event.CASE_READ, None, area_id=chain, subjects=[subject], fields=["young_person.surname"])
        db.session.commit()
        count += 1
        if time.monotonic() > until:
            return count


@contextmanager
def writers(environment: dict[str, str]) -> Iterator[Any]:
    """Eight processes that write for as long as the function says, all at once; it gives their commits a second."""
    started = [start(environment, "write", str(number)) for number in range(WRITERS)]

    def answers() -> list[str]:
        lines = [one.stdout.readline().strip() for one in started if one.stdout]
        if not all(lines):
            raise RuntimeError("A writer ended")
        return lines

    def rate(kind: str, areas: int, seconds: float) -> float:
        for one in started:
            print(kind, areas, seconds, file=one.stdin, flush=True)
        return sum(map(int, answers())) / seconds

    try:
        answers()
        yield rate
    finally:
        for one in started:
            one.communicate()


def measure_writing(environment: dict[str, str], seconds: float) -> dict[str, Any]:
    """Bare commits and the trail in turn, by the same writers: what else the machine does meets both alike."""
    kinds = {
        "bare_per_s": ("bare", 1), "work_on_nine_per_s": ("both", 9), "one_area_per_s": ("trail", 1),
        "nine_areas_per_s": ("trail", 9),
    }  # fmt: skip
    with writers(environment) as rate:
        turns = [{name: rate(*kind, seconds / TURNS) for name, kind in kinds.items()} for _ in range(TURNS)]
    found = {name: round(statistics.median(turn[name] for turn in turns), 1) for name in kinds}
    parts = sorted(turn["work_on_nine_per_s"] / turn["bare_per_s"] for turn in turns)
    return found | {
        "work_to_bare": round(statistics.median(parts), 2), "work_to_bare_from_to": [round(parts[0], 2), round(parts[-1], 2)],
    }  # fmt: skip
