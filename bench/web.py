"""The measured pages: the real server beside its floor, at one client and at eight."""

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.client import Client, Figures, in_turns
from bench.floor import tables
from bench.run import Run, fresh
from tests.support.browser import Server, free_port

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("caseload of 50", "case, 20 lines", "name search", "submit a referral", "add a note", "area dashboard")
GOALS = {"caseload of 50": 3, "case, 20 lines": 3, "name search": 10, "submit a referral": 3, "add a note": 3}


class InProcess:
    """The same acts without a server, to count the statements that one page costs on both databases."""

    def __init__(self, app: Any, cookie: str) -> None:
        self.client = app.test_client()
        self.client.set_cookie("session", cookie)
        self.token = ""

    def get(self, path: str) -> tuple[int, str, str]:
        answer = self.client.get(path)
        return answer.status_code, answer.location or "", answer.text

    def post(self, path: str, data: dict[str, str]) -> tuple[int, str, str]:
        answer = self.client.post(path, data={"csrf_token": self.token} | data)
        return answer.status_code, answer.location or "", answer.text

    learn_token = Client.learn_token


def statements(run: Run, found: dict[str, Any]) -> dict[str, int]:
    """Statements of each act, once warm, on the data and the key database together."""
    from sqlalchemy import event

    from core.db import db

    seen: list[str] = []
    client: Any = InProcess(run.app, found["cookies"][0])
    with run.app.app_context():
        for engine in (db.engine, run.app.extensions["keyring"].store.engine):
            event.listen(engine, "before_cursor_execute", lambda c, cursor, statement, *rest: seen.append(statement))
    client.learn_token("/cases")
    counts = {}
    for name, (ours, _) in actions(found).items():
        ours(client, 0)
        seen.clear()
        ours(client, 1)
        counts[name] = len(seen)
    # Each draft is sent once.
    found["drafts"] = found["drafts"][2:]
    return counts


class FloorServer(Server):
    """The floor under the same server software with the same workers."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.port, self.log = free_port(), log
        self.address = f"http://localhost:{self.port}"
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "--bind", f"127.0.0.1:{self.port}",
                 "bench.floor.app:app"],
                cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self._wait()


@dataclass(frozen=True, slots=True)
class Served:
    """An installation that answers beside its floor: where, who asks there, and what each page costs in statements."""

    database: str
    cases: int
    folder: str
    pid: int
    port: int
    floor_port: int
    found: dict[str, Any]
    statements: dict[str, int]

    def show_logs(self) -> None:
        """What its servers said last, without the lines of ordinary requests."""
        for log in ("server.log", "floor.log"):
            lines = (Path(self.folder) / log).read_text().splitlines()
            print("\n".join(line[:500] for line in lines if '"level": "info"' not in line)[-3000:])


def memory_mb(server: int) -> float:
    """The largest of a server's workers, resident in MB: what all of them share is counted in full."""
    workers = psutil.Process(server).children()
    return round(max(worker.memory_info().rss for worker in workers) / 1e6, 1)


def actions(found: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """For each page what a client does at the real server and at the floor."""
    drafts, bare_drafts = iter(found["drafts"]), iter(tables.drafts_of_floor(found["drafts"]))
    case = found["case"]

    def submit(client: Client, turn: int) -> int:
        draft = next(drafts)
        return client.post(
            f"/referrals/{draft}/check", {"once": secrets.token_hex(13), "row_version": "1", "declared": "y"}
        )[0]

    def note(client: Client, turn: int) -> int:
        form = {"once": secrets.token_hex(13), "kind": "progress", "happened_on-day": "1", "happened_on-month": "1",
                "happened_on-year": "2026", "text": "They came, and brought a friend. " * 10}  # fmt: skip
        status, _, body = client.post(f"/cases/{case}/notes/new", form)
        if status == 200:
            problem = re.findall(r"error-summary__list.*?</ul>", body, re.S)
            raise RuntimeError(f"the note was not accepted: {problem[:1]}")
        return status

    def find(client: Client, turn: int) -> int:
        status, location, _ = client.post("/find", {"once": secrets.token_hex(13), "q": found["surname"]})
        return client.get(location)[0] if location else status

    def get(path: str) -> Any:
        return lambda client, turn: client.get(path)[0]

    words = {"text": "They came, and brought a friend. " * 10}

    return {
        "caseload of 50": (get("/cases"), get("/cases")),
        "case, 20 lines": (get(f"/cases/{case}"), get(f"/cases/{case}")),
        "name search": (find, lambda client, turn: client.get(client.post("/find", {"q": "x"})[1])[0]),
        "submit a referral": (submit, lambda client, turn: client.post("/submit", words | {"draft": next(bare_drafts)})[0]),
        "add a note": (note, lambda client, turn: client.post(f"/cases/{case}/notes", words)[0]),
        "area dashboard": (get("/oversight/areas/reading"), get("/oversight")),
    }  # fmt: skip


@contextmanager
def serve(database: str, cases: int) -> Iterator[Served]:
    """Load a database and serve it beside its floor."""
    with fresh(database, cases) as (run, at_end):
        print(f"\nLoading {cases:,} cases on {database} ...", flush=True)
        print(f"  loaded in {run.load():.0f} s", flush=True)
        found = run.prepare()
        server = Server(run.environment, run.folder / "server.log")
        at_end.callback(server.stop)
        floor = FloorServer({"FLOOR_URL": run.floor_url, "FLOOR_AREA": found["area"]}, run.folder / "floor.log")
        at_end.callback(floor.stop)
        counted = statements(run, found)
        yield Served(database, cases, str(run.folder), server.process.pid, server.port, floor.port, found, counted)


def compare(installations: list[Served], seconds: float, only: list[str]) -> list[dict[str, Any]]:
    """The rows of each page, for every installation beside its floor; all of them are asked in turns."""
    acts = [actions(one.found) for one in installations]
    try:
        return [
            row
            for name in PAGES
            if not only or name in only
            for count in (1, 8)
            for row in _beside_each_other(installations, acts, name, count, seconds)
        ]
    except RuntimeError:
        for one in installations:
            one.show_logs()
        raise


def _beside_each_other(
    installations: list[Served], acts: list[dict[str, Any]], name: str, count: int, seconds: float
) -> Iterator[dict[str, Any]]:
    sides = []
    for one, mine in zip(installations, acts, strict=True):
        clients = [Client(one.port, cookie) for cookie in one.found["cookies"][:count]]
        for client in clients:
            client.learn_token("/cases")
        ours, theirs = mine[name]
        sides += [(clients, ours), ([Client(one.floor_port) for _ in range(count)], theirs)]
    figures = in_turns(sides, seconds)
    for one, real, floor in zip(installations, figures[::2], figures[1::2], strict=True):
        yield _row(one, name, count, real, floor.p50_ms)


def _row(one: Served, name: str, clients: int, figures: Figures, floor_ms: float) -> dict[str, Any]:
    ratio = round(figures.p50_ms / floor_ms, 2)
    goal = GOALS.get(name) if one.database == "postgresql" and clients == 1 else None
    print(
        f"{one.database:<11}{one.cases:>8,} {name:<19}{clients:>2}  p50 {figures.p50_ms:>7.1f}  p95 {figures.p95_ms:>7.1f} ms"
        f"  {figures.per_second:>6.1f}/s  floor {floor_ms:>6.1f}  ratio {ratio:>5.2f}{reached(ratio, goal)}", flush=True,
    )  # fmt: skip
    return {
        "page": name, "database": one.database, "cases": one.cases, "clients": clients, "p50_ms": figures.p50_ms,
        "p95_ms": figures.p95_ms, "per_second": figures.per_second, "floor_ms": round(floor_ms, 2),
        "floor_ratio": ratio, "worker_mb": memory_mb(one.pid), "statements": one.statements[name],
    }  # fmt: skip


def reached(figure: float, goal: float | None) -> str:
    return "" if goal is None else " ok" if figure <= goal else f" over {goal}"
