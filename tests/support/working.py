"""A worker as a process of its own, over the installation of a test."""

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from core.db import db

ROOT = Path(__file__).resolve().parents[2]


class WorkerProcess:
    """``flask worker`` on the databases of ``app``; its log is read with ``said``."""

    def __init__(self, app: Any, environment: dict[str, str], *options: str) -> None:
        db.session.remove()
        data, keys = app.extensions["addresses"]
        var = app.extensions["settings"].var
        self.log = var / "worker.log"
        root_key = base64.b64encode(bytes(range(32))).decode()
        settings = {
            "DATABASE_URL": data, "KEYS_DATABASE_URL": keys, "VAR": str(var), "SECRET_KEY": "for tests only " * 3,
            "PUBLIC_URL": "https://localhost", "KEY_PROVIDER": "env", "ROOT_KEYS": f"1:{root_key}",
        }  # fmt: skip
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "wsgi:make_app", "worker", *options],
                cwd=ROOT, env=os.environ | settings | environment, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def end(self) -> int:
        """Wait until it has ended; its exit code."""
        return self.process.wait()

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")
