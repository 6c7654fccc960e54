"""A browser without script or eyes, for a real server: keeps cookies, does not follow redirects, may be many at once."""

import http.client
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from threading import Barrier
from typing import Any
from urllib.parse import urlencode, urlsplit

from werkzeug.test import EnvironBuilder

from tests.support import installation
from tests.support.client import Page, form_values


class Answer:
    def __init__(self, found: http.client.HTTPResponse) -> None:
        self.status, self.location = found.status, found.getheader("Location")
        self.text = found.read().decode("utf-8", "replace")


class Visitor:
    """One person at one server. ``post`` may be called from several threads: cookies are only taken by ``get`` and forms."""

    def __init__(self, address: str) -> None:
        self.place = urlsplit(address)
        self.cookies: dict[str, str] = {}

    def _send(
        self, method: str, path: str, body: str | bytes | None = None, headers: dict[str, str] | None = None
    ) -> Any:
        connection = http.client.HTTPConnection(self.place.hostname or "", self.place.port or 80, timeout=60)
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "Accept": "text/html"}
        if body is not None:
            sent |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.place.netloc}"}
        connection.request(method, path, body, sent | (headers or {}))
        found = connection.getresponse()
        answer, given = Answer(found), found.headers.get_all("Set-Cookie") or []
        connection.close()
        return answer, given

    def _keep(self, given: list[str]) -> None:
        for line in given:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value

    def get(self, path: str) -> Answer:
        answer, given = self._send("GET", path)
        self._keep(given)
        return answer

    def post(self, path: str, values: dict[str, Any], headers: dict[str, str] | None = None) -> Answer:
        answer: Answer = self._send("POST", path, urlencode(values, doseq=True), headers)[0]
        return answer

    def post_files(self, path: str, values: dict[str, Any]) -> Answer:
        """As ``post``, as multipart; a file is (stream, name)."""
        sent = EnvironBuilder(method="POST", data=values).get_environ()
        answer: Answer = self._send("POST", path, sent["wsgi.input"].read(), {"Content-Type": sent["CONTENT_TYPE"]})[0]
        return answer

    def form(self, path: str, button: str | None = None) -> dict[str, Any]:
        """The fields of the form on this page, as a browser would send them."""
        answer = self.get(path)
        assert answer.status == 200, f"{path}: {answer.status}"
        return form_values(Page(answer.text).form(button=button))

    def submit(self, path: str, values: dict[str, Any], button: str | None = None) -> Answer:
        answer, given = self._send("POST", path, urlencode(self.form(path, button) | values, doseq=True))
        self._keep(given)
        return answer

    def sign_in(self, email: str) -> "Visitor":
        answer = self.submit("/sign-in", {"email": email, "password": installation.PASSWORD})
        assert answer.status == 302, "the sign-in was refused"
        return self


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """So many threads begin together; what each returned."""
    gate = Barrier(count)

    def wait_and_act(number: int) -> Any:
        gate.wait(timeout=30)
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(wait_and_act, range(count)))
