"""Keys that are rotated at work: fifty requests a second, a rotation killed halfway and resumed; goal: none fails (C4).

`python -m bench.rotation` ends with an error where a request failed or a key stayed behind.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from bench.client import Client
from tests.support.browser import Server

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results" / "rotation.json"
A_SECOND, CLIENTS, CASES, QUIET_SECONDS = 50, 8, 2_000, 8.0
# The rotation is held back so that it lasts: as fast as it goes it would be over before the traffic noticed.
KEYS_A_SECOND, BATCH, MOST_SECONDS = 500, 50, 120
# Four reads and three writes in turn; sending a referral gives a data key to a new owner, which the rotation must not undo.
TURNS = ("caseload of 50", "add a note", "case, 20 lines", "submit a referral", "caseload of 50", "add a note",
         "case, 20 lines")  # fmt: skip


class Traffic:
    """So many requests a second by the clock, whatever the answers take; each client has its own places in the row."""

    def __init__(self, port: int, cookies: list[str], acts: dict[str, Any]) -> None:
        self.acts, self.stopping, self.lock = acts, threading.Event(), threading.Lock()
        self.answers: list[tuple[float, float, str]] = []
        self.begun = time.perf_counter()
        self.threads = [
            threading.Thread(target=self._go, args=(Client(port, cookie), number))
            for number, cookie in enumerate(cookies)
        ]

    def _go(self, client: Client, number: int) -> None:
        client.learn_token("/cases")
        for turn in range(number, A_SECOND * MOST_SECONDS, CLIENTS):
            due = self.begun + turn / A_SECOND
            if self.stopping.wait(max(0.0, due - time.perf_counter())):
                return
            started = time.perf_counter()
            problem = self._ask(client, turn)
            with self.lock:
                self.answers.append((started, (time.perf_counter() - started) * 1000, problem))

    def _ask(self, client: Client, turn: int) -> str:
        """What was wrong with the answer, or nothing."""
        name = TURNS[turn // CLIENTS % len(TURNS)]
        try:
            status = self.acts[name][0](client, turn)
        except Exception as error:  # a connection that was cut is a failed request as well
            client.connection.close()
            return f"{name}: {type(error).__name__}: {error}"
        return f"{name}: {status}" if status >= 400 else ""

    def __enter__(self) -> "Traffic":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def between(self, since: float, until: float) -> list[tuple[float, float, str]]:
        return [answer for answer in self.answers if since <= answer[0] < until]


class Keys:
    """The data keys of one area, counted by version of the area's key in a process that opens nothing."""

    def __init__(self, url: str, area: str) -> None:
        from sqlalchemy import create_engine

        self.engine, self.area = create_engine(url), area

    def by_version(self) -> dict[int, int]:
        from sqlalchemy import text

        query = "select area_key_version, count(*) from data_key where area_id = :area group by area_key_version"
        with self.engine.connect() as connection:
            return {version: count for version, count in connection.execute(text(query), {"area": self.area})}


def rotate(environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "flask", "keys", "rotate", "--area", "reading", "--batch", str(BATCH),
               "--a-second", str(KEYS_A_SECOND)]  # fmt: skip
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def rotate_and_kill(environment: dict[str, str], keys: Keys) -> dict[int, int]:
    """Begin, and end it by force when half is done; how many keys then stood under which version."""
    running = rotate(environment)
    while running.poll() is None:
        counts = keys.by_version()
        if counts.get(2, 0) >= counts.get(1, 0):
            running.send_signal(signal.SIGKILL)
            running.communicate()
            return keys.by_version()
        time.sleep(0.05)
    raise RuntimeError(f"The rotation ended before it could be killed: {running.communicate()[0]}")


def one(database: str) -> dict[str, Any]:
    """In a process of its own, because settings and engines of one database must not serve the next."""
    from bench.run import fresh
    from bench.web import actions

    with fresh(database, CASES) as (run, at_end):
        run.load()
        found = run.prepare()
        server = Server(run.environment, run.folder / "server.log")
        at_end.callback(server.stop)
        keys = Keys(run.environment["KEYS_DATABASE_URL"], found["area"])
        before = sum(keys.by_version().values())
        with Traffic(server.port, found["cookies"], actions(found)) as traffic:
            time.sleep(QUIET_SECONDS)
            began = time.perf_counter()
            halfway = rotate_and_kill(run.environment, keys)
            # Both versions are in use while nothing rotates.
            time.sleep(QUIET_SECONDS / 4)
            again = rotate(run.environment)
            said = again.communicate()[0]
            ended = time.perf_counter()
            time.sleep(QUIET_SECONDS / 4)
        if again.returncode or "goes on with it" not in said:
            raise RuntimeError(f"The rotation was not resumed: {said}")
        after = keys.by_version()
    quiet, busy = traffic.between(traffic.begun + 2, began), traffic.between(began, ended)
    problems = [problem for *_, problem in traffic.answers if problem]
    return {
        "keys": before, "halfway": halfway, "requests": len(traffic.answers), "failed": len(problems),
        "problems": problems[:5], "per_second": round(len(busy) / (ended - began), 1), "seconds": round(ended - began, 1),
        "old_left": sum(count for version, count in after.items() if version < 2), "quiet": times(quiet), "rotating": times(busy),
    }  # fmt: skip


def times(answers: list[tuple[float, float, str]]) -> dict[str, float]:
    took = sorted(milliseconds for _, milliseconds, _ in answers)
    return {"p50_ms": round(statistics.median(took), 1), "p99_ms": round(took[int(len(took) * 0.99) - 1], 1)}


def measure_all(databases: list[str]) -> bool:
    """What `make bench` calls after the pages; whether nothing failed and nothing stayed behind."""
    rows = []
    for database in databases:
        command = [sys.executable, "-m", "bench.rotation", "one", database]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1]) | {"database": database}
        quiet, rotating = found["quiet"], found["rotating"]
        print(
            f"{database:<11} {found['keys']:,} keys rotated in {found['seconds']} s under {found['per_second']} requests/s,"
            f" killed halfway and resumed: {found['requests']:,} requests, {found['failed']} failed,"
            f" {found['old_left']} keys on the old version; p50 {quiet['p50_ms']} then {rotating['p50_ms']} ms,"
            f" p99 {quiet['p99_ms']} then {rotating['p99_ms']} ms", *found["problems"], sep="\n  ", flush=True,
        )  # fmt: skip
        rows.append(found)
    RESULTS.parent.mkdir(exist_ok=True)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    RESULTS.write_text(json.dumps({"at": at, "cores": os.cpu_count(), "rows": rows}, indent=1) + "\n")
    return not any(row["failed"] or row["old_left"] for row in rows)


def main() -> None:
    if sys.argv[1:2] == ["one"]:
        print(json.dumps(one(*sys.argv[2:])))
        return
    parser = argparse.ArgumentParser(
        description="Rotate an area's key under traffic. Example: python -m bench.rotation"
    )
    parser.add_argument("--databases", nargs="*", default=["sqlite", "postgresql"])
    if not measure_all(parser.parse_args().databases):
        sys.exit("A request failed, or a key stayed behind")


if __name__ == "__main__":
    main()
