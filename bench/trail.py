"""`python -m bench.trail`: entries a second on one area and on nine, beside the bare commit; and checking a million.

Each database is measured in processes of its own. ``bench/results/trail.json`` keeps the figures.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

from bench.installations import ROOT, application, installation, run
from bench.writing import TURNS, WRITERS, chains, measure_writing, write

RESULTS = ROOT / "bench" / "results" / "trail.json"
FILLED_AT_ONCE = 20_000
# What section 9 of the security design asks of a check of a million entries (T9).
MOST_SECONDS, MOST_MB = 60, 300
# A change with its entry, beside a bare commit of the same row in the same run.
LEAST_OF_BARE = 0.5


# --- acts, each in a process of its own -------------------------------------------------------------------------------


def make() -> int:
    """The schema, ten chains' keys, and the bare table beside them."""
    with application() as app:
        from sqlalchemy import create_engine, text

        from audit.chain import chain_key
        from core.migrate import upgrade_all

        upgrade_all()
        for chain in chains(9):
            chain_key(chain)
        owner = create_engine(app.extensions["settings"].owner_url)
        with owner.begin() as connection:
            kind = "bytea" if owner.dialect.name == "postgresql" else "blob"
            connection.execute(text(f"create table bare (id varchar(26) primary key, body {kind})"))
            if owner.dialect.name == "postgresql":
                connection.execute(text("grant insert on bare to public"))
        owner.dispose()
    return 0


def fill(count: str) -> int:
    """So many entries as the service seals them, put in by lots: writing them one by one is what is measured above."""
    with application():
        put("system", int(count))
    return int(count)


def put(chain: str, count: int, at_once: int = FILLED_AT_ONCE) -> None:
    """Fill an empty chain. Needs an application context."""
    from sqlalchemy import insert

    from audit.models import AuditEntry, AuditSeal, AuditSubject
    from core.db import db

    rows: dict[Any, list[dict[str, Any]]] = {AuditEntry: [], AuditSeal: [], AuditSubject: []}
    for number, (entry, seal, subject) in enumerate(sealed(chain, count), 1):
        rows[AuditEntry].append(entry)
        rows[AuditSeal].append(seal)
        rows[AuditSubject].append(subject)
        if number % at_once == 0 or number == count:
            for model, values in rows.items():
                db.session.execute(insert(model.__table__), values)
                values.clear()
            db.session.commit()


def sealed(chain: str, count: int) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Entry, seal and index row of each, about 10,000 young people in turn."""
    from audit.chain import canonical, chain_key
    from audit.engine import GENESIS, mac_of
    from audit.merkle import leaf_of
    from core.clock import now

    mac = GENESIS
    key, at = chain_key(chain), now()
    said = {
        "v": 1, "at": at.isoformat(), "event": "read:case", "salt": "0" * 32, "software": "0.1.0", "actor": "a" * 26,
        "role": "coordinator", "membership": "m" * 26, "agency": "g" * 26, "area": "r" * 26, "session": "s" * 16,
        "request": "q" * 26, "route": "panels.case_page", "ip": "192.0.2.1", "agent": "f" * 16, "outcome": "ok",
        "fields": ["young_person.forename", "young_person.surname"], "object_type": "case_record",
        "object_id": "o" * 26, "chain": chain,
    }  # fmt: skip
    for seq in range(1, count + 1):
        subject = f"subject{seq % 10_000:019d}"
        body = canonical(said | {"seq": seq, "subjects": [subject]})
        leaf = leaf_of(body)
        mac = mac_of(key, mac, leaf)
        place = {"chain": chain, "seq": seq}
        yield (
            place | {"at": at, "event": said["event"], "outcome": "ok", "actor_id": said["actor"],
                     "object_type": said["object_type"], "object_id": said["object_id"], "body": body},
            place | {"leaf": leaf, "mac": mac}, place | {"subject_id": subject},
        )  # fmt: skip


def checkpoint() -> dict[str, float]:
    """Sign everything, and again after one more entry: the second must not read the tree again."""
    with application() as app:
        from sqlalchemy import event

        from audit import checkpoints, signing
        from audit.models import Event
        from audit.services import record
        from core import context
        from core.db import db

        settings, read = app.extensions["settings"], []
        key = signing.create(settings)
        began = time.monotonic()
        checkpoints.sign_due(key, settings.public_url, at_once=True)
        first = time.monotonic() - began
        with context.acting_as(job="bench"):
            record(Event.CASE_READ, None, area_id="system")
            db.session.commit()
        event.listen(db.engine, "before_cursor_execute", lambda *told: read.append(told[2]))
        began = time.monotonic()
        checkpoints.sign_due(key, settings.public_url, at_once=True)
        return {"first_s": round(first, 2), "next_s": round(time.monotonic() - began, 3), "statements": len(read)}


def verify() -> dict[str, Any]:
    """Check the chain as `flask audit verify` does; seconds, and the most memory that this process ever had."""
    with application() as app:
        from audit.verify import read_keys, verify_all
        from core.db import reading

        began = time.monotonic()
        with reading():
            verdicts = verify_all("system", keys=read_keys(app.extensions["settings"].checkpoint_public_file))
        seconds = time.monotonic() - began
    found = verdicts[0]
    if found.kind or not found.agreed:
        raise RuntimeError(f"The chain does not verify: {found}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"entries": found.entries, "seconds": round(seconds, 1), "mb": round(peak)}


ACTS = {"make": make, "write": write, "fill": fill, "checkpoint": checkpoint, "verify": verify}


# --- measuring --------------------------------------------------------------------------------------------------------


def measure(database: str, entries: int, seconds: float) -> dict[str, Any]:
    """One database: writing beside the bare commit, then filling, signing and checking."""
    with installation(database) as environment:
        found: dict[str, Any] = {"database": database} | measure_writing(environment, seconds)
        under = "" if found["work_to_bare"] >= LEAST_OF_BARE else f", UNDER the goal of {LEAST_OF_BARE}"
        low, high = found["work_to_bare_from_to"]
        _say(database, f"bare commits {found['bare_per_s']:>7}/s; entries on one area {found['one_area_per_s']:>7}/s,"
             f" on nine {found['nine_areas_per_s']:>7}/s")  # fmt: skip
        _say(database, f"a change with its entry on nine areas {found['work_on_nine_per_s']:>7}/s, with {WRITERS} writers:"
             f" {found['work_to_bare']} of bare commits ({low} to {high} in {TURNS} turns){under}")  # fmt: skip
        run(environment, "fill", str(entries))
        found["checkpoint"] = run(environment, "checkpoint")
        found["verify"] = checked = run(environment, "verify")
    checked["per_s"] = round(checked["entries"] / checked["seconds"])
    is_well = checked["mb"] < MOST_MB and checked["seconds"] / checked["entries"] < MOST_SECONDS / 1_000_000
    _say(database, f"checked {checked['entries']:,} entries in {checked['seconds']} s ({checked['per_s']:,}/s) with"
         f" {checked['mb']} MB{'' if is_well else ', OVER the goal'}; first checkpoint {found['checkpoint']['first_s']} s,"
         f" next {found['checkpoint']['next_s']} s")  # fmt: skip
    return found


def _say(database: str, words: str) -> None:
    print(f"{database:<11} {words}", flush=True)


def measure_all(databases: list[str], entries: int = 1_000_000, seconds: float = 15.0) -> None:
    """What `make bench` calls after the pages."""
    found = [measure(database, entries, seconds) for database in databases]
    RESULTS.parent.mkdir(exist_ok=True)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    RESULTS.write_text(
        json.dumps({"at": at, "cores": os.cpu_count(), "writers": WRITERS, "rows": found}, indent=1) + "\n"
    )


def main() -> None:
    if sys.argv[1:2] and sys.argv[1] in ACTS:
        print(json.dumps(ACTS[sys.argv[1]](*sys.argv[2:])))
        return
    parser = argparse.ArgumentParser(
        description="Measure the audit trail. Example: python -m bench.trail --entries 100000"
    )
    parser.add_argument("--databases", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--entries", type=int, default=1_000_000, help="how many entries are checked")
    parser.add_argument("--seconds", type=float, default=15.0, help="how long each rate is measured")
    given = parser.parse_args()
    measure_all(given.databases, given.entries, given.seconds)


if __name__ == "__main__":
    main()
