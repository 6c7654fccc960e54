"""`make bench`: load, serve, measure against the floor, print a table, write bench/results/web.json."""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from bench.web import PAGES, Served, compare, reached

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results" / "web.json"
GROWTH, WORKER_MB = 1.3, 150


def machine() -> dict[str, Any]:
    names = ("flask", "sqlalchemy", "psycopg", "gunicorn", "cryptography")
    return {
        "cores": os.cpu_count(), "memory_gb": round(psutil.virtual_memory().total / 2**30), "python": platform.python_version(),
        "versions": {name: version(name) for name in names}, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the real server. Example: python -m bench --cases 10000")
    parser.add_argument("--cases", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--databases", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each figure is measured")
    parser.add_argument("--only", nargs="*", default=[], help=f"pages: {', '.join(PAGES)}")
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for database in given.databases:
        with ExitStack() as at_end:
            sizes = [at_end.enter_context(served(database, cases)) for cases in given.cases]
            rows += compare(sizes, given.seconds, given.only)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1))
    grown(rows)
    largest = max(row["worker_mb"] for row in rows)
    print(
        f"\nLargest worker: {largest} MB resident{reached(largest, WORKER_MB)}. Written to {RESULTS.relative_to(ROOT)}"
    )
    if not given.only:
        beside_pages(given.databases)


@contextmanager
def served(database: str, cases: int) -> Iterator[Served]:
    """An installation that another process loads and serves while this one measures."""
    command = [sys.executable, "-m", "bench.one", database, str(cases)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            if line.startswith('{"database"'):
                yield Served(**json.loads(line))
                break
            print(line, end="", flush=True)
        else:
            sys.exit(f"{cases:,} cases on {database} could not be loaded and served")
        process.communicate()


def beside_pages(databases: list[str]) -> None:
    """Signing in, equal answers, the trail, lists of referrals, referrals with files, and keys rotated at work."""
    from bench import files, imports, rotation, trail

    for name in ("bench.sign_in", "bench.equal"):
        subprocess.run([sys.executable, "-m", name], cwd=ROOT, check=True)
    trail.measure_all(databases)
    imports.measure_all(databases)
    files.measure_all(databases)
    if not rotation.measure_all(databases):
        sys.exit("A request failed while keys were rotated, or a key stayed behind")


def grown(rows: list[dict[str, Any]]) -> None:
    """p50 at the larger size against the smaller, which all but name search should keep within 1.3."""
    base = {
        (r["page"], r["database"]): r for r in rows if r["clients"] == 1 and r["cases"] == min(x["cases"] for x in rows)
    }
    for one in rows:
        small = base.get((one["page"], one["database"]))
        if one["clients"] == 1 and small is not None and small is not one:
            growth = round(one["p50_ms"] / small["p50_ms"], 2)
            goal = GROWTH if one["database"] == "postgresql" and one["page"] != "name search" else None
            print(f"{one['database']:<11}{one['page']:<19} {one['cases']:,} against {small['cases']:,} cases:"
                  f" {growth:.2f} x{reached(growth, goal)}")  # fmt: skip


if __name__ == "__main__":
    main()
