"""Lists: seconds for checking 5,000 rows and for sending them, on both databases; goal: under a minute together."""

import argparse
import csv
import io
import json
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from bench.installations import application, installation

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results" / "imports.json"
ROWS = 5_000
MOST_SECONDS = 60


def row(number: int) -> dict[str, str]:
    """One invented young person; no two are alike."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    surname = "".join(letters[number // 26**place % 26] for place in (2, 1, 0))
    return {
        "In danger now": "no", "First name": "Kaya", "Last name": f"Q{surname}er",
        "Date of birth": f"{1 + number % 28:02d}/{1 + number % 12:02d}/{date.today().year - 14}",
        "Main reason": "exploitation", "Safe ways to contact": "text; school", "Phone": "07700 900123",
        "Postcode": "RG1 2AB", "Sex": "female", "Ethnic group": "M1", "Who told you their ethnic group": "self",
        "Interpreter needed": "no", "Special educational needs": "none", "Learning or working": "school",
        "What is going well": "Runs the lunchtime drama club. " * 5,
        "What is worrying you": "Older young people wait at the gate. " * 10, "Worker or plan now": "none",
        "Family knows": "yes", "Why you can share this": "safeguard",
    }  # fmt: skip


def the_list(rows: int, kind: str) -> bytes:
    from imports.columns import HEADINGS

    lines = [HEADINGS, *([told.get(name, "") for name in HEADINGS] for told in map(row, range(rows)))]
    if kind == "csv":
        text = io.StringIO()
        csv.writer(text).writerows(lines)
        return text.getvalue().encode()
    import openpyxl

    book, written = openpyxl.Workbook(), io.BytesIO()
    for line in lines:
        book.worksheets[0].append(line)
    book.save(written)
    return written.getvalue()


def one(rows: str, kind: str) -> dict[str, Any]:
    """In a process and an installation of its own: the services that the page and the worker call."""
    with application() as app:
        from core import context
        from core.db import db, set_writing
        from imports.models import Makes
        from imports.services import uploading, working
        from tests.conftest import actor_for
        from tests.support import installation as people

        known = people.make("no password")
        actor, raw = actor_for("referrer@reading", known), the_list(int(rows), kind)
        with app.test_request_context(), context.acting_as(job="bench", actor=actor):
            set_writing(False)
            began = time.monotonic()
            examined = uploading.examine(actor, f"list.{kind}", raw)
            checked = time.monotonic() - began
            set_writing(True)
            made = uploading.keep(actor, examined)
            db.session.commit()
            kept = time.monotonic() - began
            assert made.rows_fine == int(rows), examined.checked.mistakes[:3]
            working.start(actor, made, makes=Makes.REFERRALS, with_again=False)
            db.session.commit()
            db.session.remove()
        began, longest = time.monotonic(), 0.0
        while True:
            piece = time.monotonic()
            if not working.work_one():
                break
            longest = max(longest, time.monotonic() - piece)
        return {
            "checked_s": round(checked, 1), "kept_s": round(kept - checked, 1),
            "sent_s": round(time.monotonic() - began, 1), "longest_piece_ms": round(longest * 1000),
        }  # fmt: skip


def measure(database: str, kind: str, rows: int) -> dict[str, Any]:
    with installation(database) as environment:
        command = [sys.executable, "-m", "bench.imports", "one", str(rows), kind]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=True
        )
    found: dict[str, Any] = {
        "database": database,
        "kind": kind,
        "rows": rows,
        **json.loads(done.stdout.splitlines()[-1]),
    }
    found["seconds"] = round(found["checked_s"] + found["kept_s"] + found["sent_s"], 1)
    found["rows_per_s"] = round(rows / found["seconds"])
    is_well = found["seconds"] < MOST_SECONDS * rows / ROWS
    print(
        f"{database:<11} list of {rows:,} rows ({kind}): checked in {found['checked_s']} s, kept in {found['kept_s']} s,"
        f" sent in {found['sent_s']} s ({found['rows_per_s']} rows/s altogether, longest piece"
        f" {found['longest_piece_ms']} ms){'' if is_well else ', OVER the goal'}", flush=True,
    )  # fmt: skip
    return found


def measure_all(databases: list[str], rows: int = ROWS) -> None:
    """What `make bench` calls after the trail."""
    found = [measure(database, kind, rows) for database in databases for kind in ("csv", "xlsx")]
    RESULTS.parent.mkdir(exist_ok=True)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    RESULTS.write_text(json.dumps({"at": at, "cores": os.cpu_count(), "rows": found}, indent=1) + "\n")


def main() -> None:
    if sys.argv[1:2] == ["one"]:
        print(json.dumps(one(*sys.argv[2:])))
        return
    parser = argparse.ArgumentParser(description="Measure lists. Example: python -m bench.imports --rows 5000")
    parser.add_argument("--databases", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args()
    measure_all(given.databases, given.rows)


if __name__ == "__main__":
    main()
