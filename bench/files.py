"""A referral with one file of 2 MB, added and sent through the real server by eight clients: p50 and p95, on both databases."""

import argparse
import http.client
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.client import Client, measure
from tests.factories.files import pdf
from tests.support.browser import Server

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results" / "files.json"
CLIENTS, SIZE, CASES = 8, 2 * 1024 * 1024, 500
# One person may add 200 MB a day: each of these sends fewer, and three people share the clients.
SENDERS = ("rosa.whitcombe@northbrook-academy", "imran.saddiq@reading-police", "gwen.halloran@northbrook-academy")
DRAFTS = 90


def file_of(size: int) -> bytes:
    """A sound PDF of this size that cannot be packed."""
    return pdf(more=b"% " + secrets.token_hex(size // 2 - 500).encode())


class Sender(Client):
    """A client that can send a file."""

    drafts: Iterator[str]

    def upload(self, path: str, fields: dict[str, str], content: bytes) -> int:
        edge = secrets.token_hex(16)
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in ({"csrf_token": self.token} | fields).items()
        ]
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="plan.pdf"\r\n'
        body = b"".join([*parts, head.encode(), b"Content-Type: application/pdf\r\n\r\n", content])
        headers = self.headers() | {
            "Origin": f"http://localhost:{self.port}", "Content-Type": f"multipart/form-data; boundary={edge}",
        }  # fmt: skip
        self.connection.request("POST", path, body + f"\r\n--{edge}--\r\n".encode(), headers)
        answer: http.client.HTTPResponse = self.connection.getresponse()
        text = answer.read().decode(errors="replace")
        if "govuk-error-summary" in text:
            raise RuntimeError("the file was not accepted")
        return answer.status


def act(content: bytes) -> Callable[[Any, int], int]:
    """Add the file to a finished draft, then send it."""

    def send(client: Any, turn: int) -> int:
        draft = next(client.drafts)
        client.upload(f"/referrals/{draft}/files", {"once": secrets.token_hex(13)}, content)
        form = {"once": secrets.token_hex(13), "row_version": "1", "declared": "y"}
        status: int = client.post(f"/referrals/{draft}/check", form)[0]
        return status

    return send


def one(database: str, seconds: str) -> dict[str, Any]:
    """In a process of its own, because settings and engines of one database must not serve the next."""
    from bench.load import ready_drafts
    from bench.run import fresh

    with fresh(database, CASES) as (run, at_end):
        run.load()
        emails = [f"{name}.example" for name in SENDERS]
        drafts = {email: iter(ready_drafts(run.app, email, "reading", DRAFTS)) for email in emails}
        cookies = [(email, _session(run.app, email)) for email in (emails * CLIENTS)[:CLIENTS]]
        server = Server(run.environment, run.folder / "server.log")
        at_end.callback(server.stop)
        clients: list[Any] = []
        for email, cookie in cookies:
            client = Sender(server.port, cookie)
            client.drafts = drafts[email]
            client.learn_token("/referrals")
            clients.append(client)
        return asdict(measure(clients, act(file_of(SIZE)), float(seconds), warm_up=1))


def _session(app: Any, email: str) -> str:
    """A session of this person; its cookie."""
    from sqlalchemy import insert, select

    from accounts.models import Membership, SignInSession, User
    from accounts.sessions import hashed
    from core import row_security
    from core.clock import now
    from core.db import db

    cookie = secrets.token_urlsafe(32)
    with app.app_context(), row_security.everything():
        user = db.session.scalars(select(User).where(User.email == email)).one()
        member = db.session.scalars(select(Membership.id).where(Membership.user_id == user.id)).first()
        db.session.execute(
            insert(SignInSession.__table__).values(
                id_hash=hashed(cookie), user_id=user.id, membership_id=member, started_at=now(), last_seen_at=now(),
                agent="bench", proof="passkey", data=json.dumps({"_user_id": user.fs_uniquifier}),
            )
        )  # fmt: skip
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return cookie


def measure_all(databases: list[str], seconds: float = 3.0) -> None:
    """What `make bench` calls after the pages."""
    rows = []
    for database in databases:
        command = [sys.executable, "-m", "bench.files", "one", database, str(seconds)]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1]) | {"database": database, "clients": CLIENTS}
        print(
            f"{database:<11} a referral with a file of 2 MB, {CLIENTS} clients: p50 {found['p50_ms']:.0f} ms,"
            f" p95 {found['p95_ms']:.0f} ms, {found['per_second']}/s ({found['answers']} sent)", flush=True,
        )  # fmt: skip
        rows.append(found)
    RESULTS.parent.mkdir(exist_ok=True)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    RESULTS.write_text(json.dumps({"at": at, "cores": os.cpu_count(), "size": SIZE, "rows": rows}, indent=1) + "\n")


def main() -> None:
    if sys.argv[1:2] == ["one"]:
        print(json.dumps(one(*sys.argv[2:])))
        return
    parser = argparse.ArgumentParser(description="Send referrals with a file. Example: python -m bench.files")
    parser.add_argument("--databases", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each figure is measured")
    given = parser.parse_args()
    measure_all(given.databases, given.seconds)


if __name__ == "__main__":
    main()
