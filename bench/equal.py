"""Whether a stopwatch learns what an answer does not say: ``python -m bench.equal``.

Known and unknown accounts at the sign-in (N2), and a hidden record of another area beside none (S3), tried in turn so that
whatever else the machine does hits both. Prints the middles and how likely such a difference is where there is none (p, by
Mann and Whitney). Below 0.01 it says so, and somebody should look; it is a measurement and no test.
"""

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from flask import Response
from sqlalchemy import delete

from accounts.models import Throttle
from bench.sign_in import prepared, sign_in
from core.db import db

LIKELY = 0.01


def turns(
    times: int, acts: dict[str, Callable[[], object]], between: Callable[[], object] = lambda: None
) -> dict[str, list[float]]:
    """Milliseconds of each act, one after the other, ``times`` times; the first of each is thrown away."""
    found: dict[str, list[float]] = {name: [] for name in acts}
    for number in range(times + 1):
        for name, act in acts.items():
            between()
            began = time.perf_counter()
            act()
            if number:
                found[name].append((time.perf_counter() - began) * 1000)
    return found


def likelihood(one: list[float], other: list[float]) -> float:
    """Mann and Whitney's two-sided p for two lists of times, by the normal approximation (good from 20 on)."""
    ranks = {value: rank for rank, value in enumerate(sorted([*one, *other]), 1)}
    m, n = len(one), len(other)
    u = sum(ranks[value] for value in one) - m * (m + 1) / 2
    z = (u - m * n / 2) / math.sqrt(m * n * (m + n + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def accounts(times: int) -> dict[str, list[float]]:
    """A wrong password at an account that there is and at one that there is not, each from a browser of its own."""
    with tempfile.TemporaryDirectory() as folder:
        app, wrong, answers = prepared(Path(folder)), "not the right password", set()

        @app.after_request
        def noted(answer: Response) -> Response:
            answers.add(answer.status_code)
            return answer

        def forget() -> None:
            """The throttle counts as ever, and each try is the first: what is compared is the answer behind it."""
            with app.app_context():
                db.session.execute(delete(Throttle))
                db.session.commit()

        acts = {
            "known account": lambda: sign_in(app.test_client(), "coordinator@reading.example", wrong),
            "unknown account": lambda: sign_in(app.test_client(), "nobody.there@reading.example", wrong),
        }  # fmt: skip
        found = turns(times, acts, forget)
        if answers != {200}:
            raise RuntimeError(f"Not every try was looked at: {answers}")
        return found


def records(times: int) -> dict[str, list[float]]:
    """The asker's page about a referral with a hidden record elsewhere, and about one with none."""
    from tests.conftest import acting_among, signing_in
    from tests.referrals import test_elsewhere as elsewhere

    with tempfile.TemporaryDirectory() as folder:
        app = prepared(Path(folder))
        with app.app_context():
            known = app.extensions["known"]
            acting, signed_in = acting_among(known), signing_in(app, known)
            elsewhere.hide(elsewhere.known_in_slough(acting, known))
            client, _ = elsewhere.started(signed_in, hidden := elsewhere.sent(acting, known))
            born = elsewhere.MINA["born"] + timedelta(days=99)
            elsewhere.started(signed_in, none := elsewhere.sent(acting, known, surname="Quillfeather", born=born))
            db.session.remove()
            return turns(times, {
                "hidden record elsewhere": lambda: client.get(f"/triage/{hidden}"),
                "no record elsewhere": lambda: client.get(f"/triage/{none}"),
            })  # fmt: skip


def say(found: dict[str, list[float]]) -> None:
    for name, times in found.items():
        print(
            f"{name:<24} p50 {statistics.median(times):>7.2f} ms   p95 {sorted(times)[int(len(times) * 0.95)]:>7.2f} ms"
        )
    p = likelihood(*found.values())
    print(f"  p {p:.3f}, {len(times)} times each: {'no difference seen' if p > LIKELY else 'DIFFERENT, look into it'}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare answers' times. Example: python -m bench.equal --times 200")
    parser.add_argument("--times", type=int, default=200)
    given = parser.parse_args()
    say(accounts(given.times))
    say(records(given.times))


if __name__ == "__main__":
    main()
