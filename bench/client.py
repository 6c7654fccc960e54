"""A small keep-alive HTTP client that measures answers at one and at several clients."""

import http.client
import itertools
import re
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

SLICE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds and answers a second."""

    p50_ms: float
    p95_ms: float
    per_second: float
    answers: int


class Client:
    """One connection with its session cookie and the form token of its session."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.port, self.cookie = port, cookie
        self.connection = http.client.HTTPConnection("localhost", port, timeout=60)
        self.token = ""

    def headers(self) -> dict[str, str]:
        return {"Cookie": f"session={self.cookie}"} if self.cookie else {}

    def get(self, path: str) -> tuple[int, str, str]:
        return self._ask("GET", path, None)

    def post(self, path: str, data: dict[str, str]) -> tuple[int, str, str]:
        """Raise RuntimeError when a form comes back with an error instead of being carried out."""
        answer = self._ask("POST", path, data)
        if "govuk-error-summary" in answer[2]:
            raise RuntimeError(f"the form at {path} was not accepted")
        return answer

    def _ask(self, method: str, path: str, data: dict[str, str] | None) -> tuple[int, str, str]:
        headers = self.headers() | {"Origin": f"http://localhost:{self.port}"}
        body = None
        if data is not None:
            body = urlencode({"csrf_token": self.token} | data)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode(errors="replace")
        return answer.status, answer.getheader("Location") or "", text

    def learn_token(self, path: str) -> None:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(path)[2])
        self.token = found.group(1) if found else ""


Act = Callable[[Client, int], int]


def measure(clients: list[Client], act: Act, seconds: float, warm_up: int = 10) -> Figures:
    """Repeat ``act(client, turn)`` on each client for a while; ``act`` returns the status, which must be below 400."""
    _warm(clients, act, warm_up)
    times: list[float] = []
    return _figures(times, _repeat(clients, act, seconds, times))


def in_turns(sides: list[tuple[list[Client], Act]], seconds: float, warm_up: int = 3) -> list[Figures]:
    """``seconds`` of each side, a quarter of a second at a time: a machine that turns slow is slow for all of them."""
    for clients, act in sides:
        _warm(clients, act, warm_up)
    kept: list[list[float]] = [[] for _ in sides]
    took = [0.0 for _ in sides]
    for _ in range(max(1, round(seconds / SLICE_SECONDS))):
        for number, (clients, act) in enumerate(sides):
            took[number] += _repeat(clients, act, SLICE_SECONDS, kept[number])
    return [_figures(times, spent) for times, spent in zip(kept, took, strict=True)]


def _warm(clients: list[Client], act: Act, times: int) -> None:
    for turn, client in itertools.product(range(times), clients):
        _check(act(client, -turn - 1))


def _repeat(clients: list[Client], act: Act, seconds: float, times: list[float]) -> float:
    """Add the milliseconds of each answer to ``times``; returns the seconds that it took."""
    problems: list[BaseException] = []
    lock, begun = threading.Lock(), time.perf_counter()

    def work(client: Client, number: int) -> None:
        mine, turn = [], 0
        try:
            while time.perf_counter() - begun < seconds:
                started = time.perf_counter()
                _check(act(client, number + turn * len(clients)))
                mine.append((time.perf_counter() - started) * 1000)
                turn += 1
        except Exception as error:  # reported by the main thread
            problems.append(error)
        with lock:
            times.extend(mine)

    threads = [threading.Thread(target=work, args=(client, number)) for number, client in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
    return time.perf_counter() - begun


def _figures(times: list[float], took: float) -> Figures:
    times = sorted(times)
    return Figures(
        round(statistics.median(times), 2),
        round(times[int(len(times) * 0.95) - 1], 2),
        round(len(times) / took, 1),
        len(times),
    )


def _check(status: int) -> None:
    if status >= 400:
        raise RuntimeError(f"the server answered {status}")
