"""An empty installation for a measurement, and the processes that work on it."""

import json
import logging
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from tests.support.databases import Postgres

ROOT = Path(__file__).resolve().parent.parent


def without_request_lines() -> None:
    """In a process that asks its own pages, after ``create_app``: their lines would stand between the figures."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@contextmanager
def installation(database: str) -> Iterator[dict[str, str]]:
    """An empty installation on a durable database of its own; gives the settings of its processes."""
    folder = Path(tempfile.mkdtemp(prefix=f"bench-trail-{database}-"))
    postgres = Postgres(durable=True) if database == "postgresql" else None
    environment = {
        "VAR": str(folder), "DEMONSTRATION": "1", "SECRET_KEY": secrets.token_urlsafe(40), "LOG_LEVEL": "error",
        "ROOT_KEY_FILE": str(folder / "keys" / "root.key"),
    }  # fmt: skip
    try:
        if postgres:
            environment |= postgres.environment(postgres.fresh("template1")[0])
        run(environment, "make")
        yield environment
    finally:
        if postgres:
            postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def run(environment: dict[str, str], act: str, *arguments: str) -> Any:
    """One act in a process of its own; returns what it printed last."""
    return result(start(environment, act, *arguments))


def start(environment: dict[str, str], act: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.trail", act, *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def result(process: subprocess.Popen[str]) -> Any:
    out, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{process.args} ended with {process.returncode}")
    return json.loads(out.splitlines()[-1])


@contextmanager
def application() -> Iterator[Any]:
    from core.providers import FileKeys

    key = Path(os.environ["ROOT_KEY_FILE"])
    if not key.exists():
        FileKeys.create(key)
    from app import create_app
    from core.row_security import everything

    app = create_app()
    with app.app_context(), everything():
        yield app
