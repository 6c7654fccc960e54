"""An area's key is rotated under traffic, killed halfway and begun again: no request fails, no key stays behind (C4)."""

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading

import pytest
from sqlalchemy import create_engine, text

from accounts.roles import Role
from core.clock import today
from core.ids import new_id
from core.keyring import keyring
from tests.factories import world
from tests.factories.forms import day_parts
from tests.journeys.conftest import serve
from tests.referrals.walk import answers_about
from tests.support.browser import ROOT
from tests.support.visitor import Visitor

# What is left of `flask keys drop-old` once two people have agreed (tests/security/test_keys_rotation.py).
DROP = """
import sys
from app import create_app
from core.keyring import keyring
from core.rotation import drop_version
with create_app().app_context():
    sys.exit(not drop_version(keyring(), sys.argv[1], 1))
"""
SPARE = 2000
AROUND = 60


@pytest.fixture
def site(database, request, tmp_path):
    """A served installation with some thousand data keys in Reading; both databases are of the same kind."""
    environment, names = {}, []
    if database == "postgresql":
        postgres = request.getfixturevalue("postgres")
        for variable in ("DATABASE_URL", "KEYS_DATABASE_URL"):
            name, environment[variable] = postgres.fresh("template1")
            names.append(name)
    ids = {}

    def fill(known):
        ids.update(world.make(known))
        ring, area = keyring(), known.areas["reading"]
        ring.store.add([ring.prepare_data_key("spare", new_id(), area)[0] for _ in range(SPARE)])

    server, known = serve(tmp_path, environment, fill)
    engine = create_engine(environment.get("KEYS_DATABASE_URL") or f"sqlite:///{tmp_path / 'keys.sqlite3'}")
    settings = environment | {"VAR": str(tmp_path), "DEMONSTRATION": "1", "SECRET_KEY": "x" * 40,
                              "ROOT_KEY_FILE": str(tmp_path / "keys" / "root.key"),
                              "PUBLIC_URL": server.address}  # fmt: skip
    yield server, known, ids, engine, {**os.environ, **settings}
    server.stop()
    engine.dispose()
    for name in names:
        request.getfixturevalue("postgres").drop(name)
    shutil.rmtree(tmp_path, ignore_errors=True)


class Traffic:
    """People at work: each thread is one of them, and goes on until told to stop. ``answers`` gets every answer."""

    def __init__(self, server, known, ids):
        self.answers, self.stopping = queue.Queue(), threading.Event()
        case, works = ids["case_id"], []
        for _ in range(2):
            works.append(self._reading(self._signed_in(server, known, Role.COORDINATOR), case))
        works.append(self._noting(self._signed_in(server, known, Role.COORDINATOR), case))
        works.append(self._referring(self._signed_in(server, known, Role.REFERRER), known))
        self.threads = [threading.Thread(target=self._go, args=(work,)) for work in works]

    @staticmethod
    def _signed_in(server, known, role):
        return Visitor(server.address).sign_in(known.emails[f"{role.value}@reading"])

    def _go(self, work):
        while not self.stopping.is_set():
            try:
                for what, status in work():
                    self.answers.put((what, status))
            except Exception as error:  # a cut connection is a failed request as well
                self.answers.put((f"{type(error).__name__}: {error}", 0))

    @staticmethod
    def _reading(person, case):
        def work():
            for path in ("/cases?sort=name", f"/cases/{case}", f"/cases/{case}/timeline", "/triage"):
                yield path, person.get(path).status

        return work

    @staticmethod
    def _noting(person, case):
        """Sealed under a key that is there already."""

        def work():
            path = f"/cases/{case}/notes/new"
            note = person.form(path) | {
                "kind": "contact",
                "text": "She was there.",
                **day_parts("happened_on", today()),
            }
            kept = person.post(path, note)
            yield "note", 200 if kept.status == 302 else kept.status if kept.status != 200 else kept.text

        return work

    @staticmethod
    def _referring(person, known):
        """Each begun referral makes a new data key, and writes under it."""

        def work():
            person.submit("/refer/danger", {"danger": "no"})
            begun = person.submit("/refer/eligible", answers_about(known, "reading", 15))
            yield "begin", 200 if begun.status == 302 else begun.status
            draft = begun.location.split("/")[2]
            page = f"/referrals/{draft}/worries"
            form = person.form(page) | {"text": "Older young people wait for her."}
            saved = person.post(f"/referrals/{draft}/autosave/worries", form, {"X-Requested-With": "autosave"})
            yield "autosave", 200 if saved.status == 202 else saved.status
            yield "draft", person.get(page).status

        return work

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def wait_for(self, many):
        """That many more answers, all good."""
        taken = [self.answers.get() for _ in range(many)]
        assert {answer for answer in taken if answer[1] != 200} == set()
        return len(taken)

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def versions(engine, area):
    """How many data keys of the area stand under each version of its key."""
    with engine.connect() as connection:
        rows = connection.execute(
            text("select area_key_version, count(*) from data_key where area_id = :area group by area_key_version"),
            {"area": area},
        )
        return {version: count for version, count in rows}


def rotation(settings, *options):
    return [sys.executable, "-m", "flask", "keys", "rotate", "--area", "reading", *options]


@pytest.mark.catalogue("C4")
def test_a_key_is_rotated_under_traffic_and_killed_halfway(site):
    server, known, ids, engine, settings = site
    area = known.areas["reading"]
    with Traffic(server, known, ids) as traffic:
        traffic.wait_for(AROUND)
        command = rotation(settings, "--batch", "10", "--a-second", "200")
        with subprocess.Popen(command, cwd=ROOT, env=settings, stderr=subprocess.PIPE) as running:
            while versions(engine, area).get(2, 0) < SPARE // 4:
                assert running.poll() is None, running.stderr.read().decode()
            running.send_signal(signal.SIGKILL)
        halfway = versions(engine, area)
        assert halfway[1] > 100
        assert halfway[2] >= SPARE // 4
        # Both versions are read and written under while nothing rotates.
        traffic.wait_for(AROUND)
        assert versions(engine, area)[1] == halfway[1]
        ended = subprocess.run(rotation(settings), cwd=ROOT, env=settings, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        assert "this goes on with it" in ended.stdout
        traffic.wait_for(AROUND)
    traffic.wait_for(traffic.answers.qsize())
    assert set(versions(engine, area)) == {2}
    for command in (("keys", "verify", "--all"), ("audit", "verify")):
        said = subprocess.run([sys.executable, "-m", "flask", *command], cwd=ROOT, env=settings,
                              capture_output=True, text=True, check=False)  # fmt: skip
        assert said.returncode == 0, said.stdout + said.stderr
    gone = subprocess.run([sys.executable, "-c", DROP, area], cwd=ROOT, env=settings, capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert gone.returncode == 0, gone.stderr
    # With the old key gone, everything still opens, in the processes that knew it and in new ones.
    assert Visitor(server.address).sign_in(known.emails["coordinator@reading"]).get("/cases").status == 200
