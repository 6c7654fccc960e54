"""How long signing in takes with Argon2id at the stated cost, and what else is in it: ``python -m bench.sign_in``."""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from accounts.models import User
from accounts.services import passwords
from bench.installations import without_request_lines
from core.db import db
from core.providers import LocalKeys
from tests.conftest import build
from tests.support import installation
from tests.support.client import Page, StrictClient, form_values


def prepared(folder: Path) -> Flask:
    """A small installation whose people have a password hashed at the real cost."""
    app = build({"DEMONSTRATION": "1", "LOG_LEVEL": "error"}, folder)
    without_request_lines()
    app.extensions["keyring"].provider = LocalKeys({1: bytes(range(32))})
    with app.app_context():
        installation.create_schema()
        app.extensions["known"] = installation.make(passwords.hashed(installation.PASSWORD))
        db.session.remove()
    return app


def timed(times: int, act: Callable[[], object]) -> dict[str, float]:
    """Milliseconds: the middle and the slowest of so many."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        found.append((time.perf_counter() - began) * 1000)
    return {"p50_ms": round(statistics.median(found), 1), "most_ms": round(max(found), 1)}


def sign_in(client: StrictClient, email: str, password: str) -> None:
    page = client.get("/sign-in", base_url="https://localhost").text
    values = form_values(Page(page).form()) | {"email": email, "password": password}
    client.post("/sign-in", data=values, base_url="https://localhost")


def measure(times: int) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        app = prepared(Path(folder))
        with app.app_context():
            email = db.session.query(User.email).order_by(User.email).first()[0]
            stored = passwords.hashed(installation.PASSWORD)
            rows = {"one Argon2id hash": timed(times, lambda: passwords.matches(installation.PASSWORD, stored))}
            db.session.remove()
        rows["signing in, page and form"] = timed(
            times, lambda: sign_in(app.test_client(), email, installation.PASSWORD)
        )
        return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure signing in. Example: python -m bench.sign_in --times 20")
    parser.add_argument("--times", type=int, default=20)
    given = parser.parse_args()
    cost = passwords.COST
    print(f"Argon2id, {cost['memory_cost'] // 1024} MiB, {cost['time_cost']} rounds, {given.times} times each")
    rows = measure(given.times)
    for name, found in rows.items():
        print(f"{name:<28} p50 {found['p50_ms']:>7.1f} ms   slowest {found['most_ms']:>7.1f} ms")
    print(json.dumps(rows), file=sys.stderr)


if __name__ == "__main__":
    main()
