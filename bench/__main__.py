"""`make bench`: load, serve, measure against the floor, print a table, write bench/results/web.json."""

import argparse
import json
import logging
import os
import platform
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import structlog

from bench.client import Client, Figures, measure
from bench.floor import tables
from tests.support.browser import Server, free_port
from tests.support.databases import Postgres

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results" / "web.json"
COORDINATOR = "tess.grant@reading-prevention-partnership.example"
PAGES = ("caseload of 50", "case, 20 lines", "name search", "submit a referral", "add a note", "area dashboard")
GOALS = {"caseload of 50": 3, "case, 20 lines": 3, "name search": 10, "submit a referral": 3, "add a note": 3}


class Run:
    """One database at one size: loaded, served beside its floor, measured, stopped."""

    def __init__(
        self, folder: Path, database: str, cases: int, seconds: float, addresses: dict[str, str], floor_url: str
    ) -> None:
        self.folder, self.database, self.cases, self.seconds = folder, database, cases, seconds
        self.floor_url = floor_url
        self.environment = addresses | {
            "VAR": str(folder), "DEMONSTRATION": "1", "SECRET_KEY": secrets.token_urlsafe(40),
            "ROOT_KEY_FILE": str(folder / "keys" / "root.key"), "LOG_LEVEL": "error",
        }  # fmt: skip
        os.environ.update(self.environment)
        from core.providers import FileKeys

        FileKeys.create(folder / "keys" / "root.key")
        from app import create_app

        self.app = create_app()
        # This process only loads and counts; its request lines would stand between the figures.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))

    def load(self) -> float:
        from bench.load import load

        return load(self.app, self.cases)

    def prepare(self) -> dict[str, Any]:
        """A session for the coordinator, an open case with 20 lines, finished drafts, and the floor's tables."""
        from sqlalchemy import create_engine, func, insert, select

        from accounts.models import Area, Membership, SignInSession, User
        from accounts.sessions import hashed
        from bench.load import ready_drafts
        from core import row_security
        from core.clock import now
        from core.db import db
        from panels.models import Case, TimelineEntry

        with self.app.app_context(), row_security.everything():
            area = db.session.scalars(select(Area).where(Area.slug == "reading")).one()
            user = db.session.scalars(select(User).where(User.email == COORDINATOR)).one()
            member = db.session.scalars(
                select(Membership).where(Membership.user_id == user.id, Membership.role == "coordinator")
            ).first()
            case = db.session.execute(
                select(TimelineEntry.case_id)
                .join(Case, Case.id == TimelineEntry.case_id)
                .where(Case.area_id == area.id, Case.is_open)
                .group_by(TimelineEntry.case_id)
                .having(func.count() >= 15)
                .limit(1)
            ).scalar_one()
            cookies = [secrets.token_urlsafe(32) for _ in range(8)]
            for cookie in cookies:
                db.session.execute(
                    insert(SignInSession.__table__).values(
                        id_hash=hashed(cookie), user_id=user.id, membership_id=member.id, started_at=now(),
                        last_seen_at=now(), agent="bench", proof="passkey", data=json.dumps({"_user_id": user.fs_uniquifier}),
                    )
                )  # fmt: skip
            surname = "Sefton"
            found = {"area": area.id, "case": case, "cookies": cookies, "surname": surname}
            db.session.commit()
            db.session.remove()
        found["drafts"] = ready_drafts(self.app, COORDINATOR, "reading")
        floor = create_engine(self.floor_url)
        with floor.begin() as connection:
            tables.make(connection, db.metadata)
        floor.dispose()
        with self.app.app_context():
            db.engine.dispose()
        return found


def addresses(folder: Path, postgres: Postgres | None) -> tuple[dict[str, str], str]:
    """The databases of one run, and the floor's address.

    On PostgreSQL as an installation has them: the web's role owns nothing (SETTLED 22). The floor has no walls.
    """
    if postgres is None:
        data = f"sqlite:///{folder / 'data.sqlite3'}"
        return {"DATABASE_URL": data, "KEYS_DATABASE_URL": f"sqlite:///{folder / 'keys.sqlite3'}"}, data
    (name, as_superuser), (_, keys) = postgres.fresh("template1"), postgres.fresh("template1")
    return postgres.environment(name) | {"KEYS_DATABASE_URL": keys}, as_superuser


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


def memory_mb(server: Server) -> float:
    """The largest proportional set size of the workers, in MiB."""
    workers = psutil.Process(server.process.pid).children()
    return round(max(worker.memory_full_info().pss for worker in workers) / 2**20, 1)


def actions(found: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """For each page what a client does at the real server and at the floor."""
    drafts = found.setdefault("next_draft", iter(found["drafts"]))
    bare_drafts = found.setdefault("next_bare_draft", iter(tables.drafts_of_floor(found["drafts"])))
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


def run_one(database: str, cases: int, seconds: float, only: list[str]) -> list[dict[str, Any]]:
    folder = Path(tempfile.mkdtemp(prefix=f"bench-{database}-"))
    postgres = Postgres(durable=True) if database == "postgresql" else None
    servers: list[Server] = []
    try:
        run = Run(folder, database, cases, seconds, *addresses(folder, postgres))
        print(f"\nLoading {cases:,} cases on {database} ...", flush=True)
        print(f"  loaded in {run.load():.0f} s", flush=True)
        found = run.prepare()
        server = Server(run.environment, folder / "server.log")
        servers.append(server)
        floor = FloorServer({"FLOOR_URL": run.floor_url, "FLOOR_AREA": found["area"]}, folder / "floor.log")
        servers.append(floor)
        try:
            return list(compare(run, found, server, floor, only))
        except RuntimeError:
            for log in ("server.log", "floor.log"):
                lines = (folder / log).read_text().splitlines()
                print("\n".join(line[:500] for line in lines if '"level": "info"' not in line)[-3000:])
            raise
    finally:
        for one in servers:
            one.stop()
        if postgres:
            postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def compare(run: Run, found: dict[str, Any], server: Server, floor: Server, only: list[str]) -> Any:
    counted = statements(run, found)
    for name, (ours, theirs) in actions(found).items():
        if only and name not in only:
            continue
        for count in (1, 8):
            clients = [Client(server.port, cookie) for cookie in found["cookies"][:count]]
            for client in clients:
                client.learn_token("/cases")
            bare = [Client(floor.port) for _ in range(count)]
            # Floor, ours, floor again: the machine's own drift falls on both.
            first = measure(bare, theirs, run.seconds / 2)
            figures = measure(clients, ours, run.seconds, warm_up=3)
            second = measure(bare, theirs, run.seconds / 2)
            yield row(run, name, count, figures, (first.p50_ms + second.p50_ms) / 2, server) | {
                "statements": counted[name]
            }


def row(run: Run, name: str, clients: int, figures: Figures, floor_ms: float, server: Server) -> dict[str, Any]:
    ratio = round(figures.p50_ms / floor_ms, 2)
    goal = GOALS.get(name) if run.database == "postgresql" and clients == 1 else None
    mark = "" if goal is None else " ok" if ratio <= goal else f" over {goal}"
    print(
        f"{run.database:<11}{run.cases:>8,} {name:<19}{clients:>2}  p50 {figures.p50_ms:>7.1f}  p95 {figures.p95_ms:>7.1f} ms"
        f"  {figures.per_second:>6.1f}/s  floor {floor_ms:>6.1f}  ratio {ratio:>5.2f}{mark}", flush=True,
    )  # fmt: skip
    return {
        "page": name, "database": run.database, "cases": run.cases, "clients": clients, "p50_ms": figures.p50_ms,
        "p95_ms": figures.p95_ms, "per_second": figures.per_second, "floor_ms": round(floor_ms, 2),
        "floor_ratio": ratio, "worker_mb": memory_mb(server),
    }  # fmt: skip


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
        for cases in given.cases:
            command = [sys.executable, "-m", "bench.one", database, str(cases), str(given.seconds), *given.only]
            # One process a run: engines and settings of one database must not serve the next.
            with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
                last = "[]"
                for line in run.stdout or ():
                    if line.startswith("[{"):
                        last = line
                    else:
                        print(line, end="", flush=True)
            if run.returncode:
                sys.exit(f"The run on {database} with {cases:,} cases failed")
            rows += json.loads(last)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1))
    grown(rows)
    print(f"\nLargest worker: {max(r['worker_mb'] for r in rows)} MiB. Written to {RESULTS.relative_to(ROOT)}")
    if not given.only:
        beside_pages(given.databases)


def beside_pages(databases: list[str]) -> None:
    """Signing in, equal answers, the trail, lists of referrals, and referrals with files."""
    from bench import files, imports, trail

    for name in ("bench.sign_in", "bench.equal"):
        subprocess.run([sys.executable, "-m", name], cwd=ROOT, check=True)
    trail.measure_all(databases)
    imports.measure_all(databases)
    files.measure_all(databases)


def grown(rows: list[dict[str, Any]]) -> None:
    """p50 at the larger size against the smaller, which all but name search should keep within 1.3."""
    base = {
        (r["page"], r["database"]): r for r in rows if r["clients"] == 1 and r["cases"] == min(x["cases"] for x in rows)
    }
    for one in rows:
        small = base.get((one["page"], one["database"]))
        if one["clients"] == 1 and small is not None and small is not one:
            print(f"{one['database']:<11}{one['page']:<19} {one['cases']:,} against {small['cases']:,} cases:"
                  f" {one['p50_ms'] / small['p50_ms']:.2f} x")  # fmt: skip


if __name__ == "__main__":
    main()
