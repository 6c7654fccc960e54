"""A real server and a real Chromium for the journeys."""

import functools
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """The production server over one installation; ``address`` is http(s)://localhost and a port.

    ``tls``: files of a certificate and its key, for an installation that is no demonstration.
    """

    def __init__(self, environment: dict[str, str], log: Path, tls: tuple[Path, Path] | None = None) -> None:
        self.port = free_port()
        self.address = f"{'https' if tls else 'http'}://localhost:{self.port}"
        secured = ["--certfile", str(tls[0]), "--keyfile", str(tls[1])] if tls else []
        self.log = log
        environment = {**os.environ, **environment, "PUBLIC_URL": self.address, "PORT": str(self.port)}
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "--bind", f"127.0.0.1:{self.port}",
                 *secured, "wsgi:application"],
                cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"The server stopped: {self.log.read_text()[-2000:]}")
            try:
                # The certificate was made a moment ago, and signed by itself.
                unchecked = ssl._create_unverified_context()
                with urllib.request.urlopen(f"{self.address}/static/robots.txt", timeout=2, context=unchecked):
                    return
            except urllib.error.HTTPError:
                return
            except (urllib.error.URLError, OSError):
                select_wait(0.1)
        raise RuntimeError("The server did not answer")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=40)


def select_wait(seconds: float) -> None:
    """Wait for another process to come up; never for a result."""
    import threading

    threading.Event().wait(seconds)


def chromium_path() -> str | None:
    import shutil

    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


# Scripts answer a new width in the next frame.
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def axe_problems(page: Any) -> list[str]:
    """What axe finds against WCAG 2.2 AA and best practice; each as rule and element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe_script())
    page.evaluate(PAINTED)
    found = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", RULES)
    return [f"{violation['id']}: {node['target']}" for violation in found["violations"] for node in violation["nodes"]]


@functools.cache
def _axe_script() -> str:
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
