"""Those who carry letters in tests: a real SMTP server, and a small stand-in that speaks GOV.UK Notify's protocol."""

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

from aiosmtpd.controller import Controller


class Post:
    """An SMTP server that takes letters, or answers as it is told: ``answers`` maps RCPT or DATA to its next replies."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.answers: dict[str, list[str]] = {"RCPT": [], "DATA": []}
        self.before_thanking: Callable[[], None] = lambda: None
        self.controller = Controller(self, hostname="127.0.0.1", port=_free_port())
        self.controller.start()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.controller.port),
            "MAIL_FROM": "no-reply@panels.example",
        }

    def serve(self, app: Any) -> "Post":
        """Let the application send its letters here."""
        app.extensions["settings"] = replace(
            app.extensions["settings"], smtp_host="127.0.0.1", smtp_port=self.controller.port,
            mail_from="no-reply@panels.example",
        )  # fmt: skip
        return self

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.answers["RCPT"]:
            return self.answers["RCPT"].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers["DATA"]:
            return self.answers["DATA"].pop(0)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        letter["X-To"] = ", ".join(envelope.rcpt_tos)
        self.letters.append(letter)
        self.before_thanking()
        return "250 OK"

    @property
    def texts(self) -> list[str]:
        """Subject and text of each letter, as its reader sees them."""
        return [f"{letter['Subject']}\n{letter.get_content()}".replace("\r\n", "\n") for letter in self.letters]

    @property
    def shown(self) -> set[str]:
        """What a mailbox shows: one letter for each Message-ID."""
        return {letter["Message-ID"] for letter in self.letters}

    def stop(self) -> None:
        self.controller.stop()


class Notify:
    """Speaks the part of Notify's protocol that its client uses; keeps what it accepted."""

    KEY = "tests-" + "1" * 8 + "-1111-4111-8111-" + "1" * 12 + "-" + "2" * 8 + "-2222-4222-8222-" + "2" * 12

    def __init__(self) -> None:
        self.accepted: list[dict[str, Any]] = []
        self.answers: list[tuple[int, str]] = []
        self.hang_up = 0
        self.moved = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert self.headers["Authorization"].startswith("Bearer ")
                if outer.moved:
                    outer.moved = False
                    self.send_response(307)
                    self.send_header("Location", f"http://127.0.0.1:{outer.server.server_address[1]}/elsewhere")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if outer.answers:
                    code, kind = outer.answers.pop(0)
                    problem = {"status_code": code, "errors": [{"error": kind, "message": "Not as it should be"}]}
                    self._say(code, problem)
                    return
                outer.accepted.append(asked)
                if outer.hang_up:
                    outer.hang_up -= 1
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self._say(201, {"id": "740e5834-3a29-46b4-9a6f-16142fde533a"})

            def do_GET(self) -> None:
                wanted = parse_qs(urlparse(self.path).query)["reference"][0]
                found = [one for one in outer.accepted if one["reference"] == wanted]
                self._say(200, {"notifications": found, "links": {}})

            def _say(self, code: int, body: dict[str, Any]) -> None:
                text = json.dumps(body).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def serve(self, app: Any) -> "Notify":
        app.extensions["settings"] = replace(
            app.extensions["settings"], notify_key=self.KEY, notify_template="a-template",
            notify_url=f"http://127.0.0.1:{self.server.server_port}",
        )  # fmt: skip
        return self

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
