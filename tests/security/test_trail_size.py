"""A long trail is checked in batches: what is held at once does not grow with how many entries there are (T9)."""

import tracemalloc

import pytest
from sqlalchemy import event

from audit import verify
from bench import trail
from core.db import db, reading

SMALL, LARGE = 4_000, 16_000


@pytest.mark.catalogue("T9")
def test_checking_four_times_as_many_entries_holds_no_more_at_once(app, monkeypatch):
    """No more rows in an answer than a batch, statements as the entries, and the same memory for four times as many.

    The figures of a million (seconds, and megabytes of the whole process) are printed by `python -m bench.trail`, which
    says so where one is over its goal: a test of a clock would fail by luck.
    """
    found = {}
    for entries in (SMALL, LARGE):
        chain = f"area{entries:022d}"
        fill(chain, entries)
        found[entries] = checked(chain)
    (few, small), (many, large) = found[SMALL], found[LARGE]
    assert many <= few * (LARGE / SMALL) + 4
    assert large < small * 1.25 + 100_000, (small, large)
    monkeypatch.setattr(verify, "BATCH", 500)
    assert checked(f"area{LARGE:022d}")[1] < large


def fill(chain, entries):
    """Sealed as the service seals them, put in by lots."""
    trail.put(chain, entries, at_once=2_000)


def checked(chain):
    """How many statements a check takes, and the most memory that it has at once, in bytes."""
    statements = []
    event.listen(db.engine, "before_cursor_execute", listener := lambda *told: statements.append(told[2]))
    tracemalloc.start()
    with reading():
        verdict = verify.verify(chain)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    event.remove(db.engine, "before_cursor_execute", listener)
    assert (verdict.kind, verdict.entries) == (None, int(chain.removeprefix("area")))
    return len(statements), peak
