"""Fixtures: an installation on each database, people signed in at its doors, and the catalogue's markers."""

import gc
import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, has_app_context
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import insert

from accounts.models import Membership, SignInSession, User
from accounts.roles import Role
from app import create_app
from config.settings import Settings
from core import context, row_security
from core.clock import now
from core.db import db
from core.providers import LocalKeys
from tests.support import databases, installation
from tests.support.client import StrictClient

ROOT_KEY = bytes(range(32))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", default="both", choices=["both", "sqlite", "postgresql"])


_ended = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Each test has an application of its own, and what stays of thousands would be looked through again and again."""
    gc.set_threshold(20_000, 20, 20)


def pytest_runtest_logfinish(nodeid: str, location: tuple[str, int | None, str]) -> None:
    if next(_ended) % 40 == 0:
        gc.collect()
        gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        wanted = metafunc.config.getoption("--database")
        found = ["sqlite", "postgresql"] if wanted == "both" else [wanted]
        only = metafunc.definition.get_closest_marker("only")
        metafunc.parametrize("database", [only.args[0]] if only else found, scope="session")


class _Compiled(BytecodeCache):
    """Templates compiled by one test serve the next."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = _Compiled()


def build(monkeypatch_environment: dict[str, str], var: Path) -> Flask:
    """An application over ``var`` with the environment given."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "KEYS_DATABASE_URL", "SECRET_KEY", "PUBLIC_URL"):
            patch.delenv(name, raising=False)
        patch.setenv("VAR", str(var))
        patch.setenv("SECRET_KEY", "for tests only, and long enough to be accepted")
        patch.setenv("PUBLIC_URL", "https://localhost")
        for name, value in monkeypatch_environment.items():
            patch.setenv(name, value)
        settings = Settings(var=var)
        app = create_app(settings, LocalKeys({1: ROOT_KEY}))
        # The addresses are read now, while the environment is ours.
        app.extensions["addresses"] = (settings.database_url, settings.keys_url)
        app.extensions["owner_address"] = settings.owner_url
    app.test_client_class = StrictClient
    app.jinja_env.bytecode_cache = COMPILED
    app.config["TESTING"] = False
    return app


@pytest.fixture(scope="session")
def postgres() -> Iterator[databases.Postgres]:
    server = databases.Postgres()
    yield server
    server.stop()


class Template:
    """A filled database and key store that each test copies."""

    def __init__(self, folder: Path, name: str, known: installation.Known) -> None:
        self.folder, self.name, self.known = folder, name, known


def _fill(app: Flask) -> installation.Known:
    from argon2 import PasswordHasher

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(installation.PASSWORD)
    with app.app_context():
        installation.create_schema()
        known = installation.make(cheap)
        db.session.remove()
        db.engine.dispose()
        app.extensions["keyring"].store.engine.dispose()
    return known


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("template-sqlite")
    return Template(folder, "", _fill(build({}, folder)))


@pytest.fixture(scope="session")
def postgres_template(tmp_path_factory: pytest.TempPathFactory, postgres: databases.Postgres) -> Template:
    folder = tmp_path_factory.mktemp("template-postgres")
    name, _ = postgres.fresh("template1")
    known = _fill(build(postgres.environment(name), folder))
    postgres.keep(name)
    return Template(folder, name, known)


@contextmanager
def fresh_app(
    database: str, request: pytest.FixtureRequest, folder: Path, settings: dict[str, str] | None = None
) -> Iterator[Flask]:
    """A fresh installation in an empty folder, with everyone of ``tests.support.installation`` in it."""
    template: Template = request.getfixturevalue(f"{'sqlite' if database == 'sqlite' else 'postgres'}_template")
    for file in template.folder.glob("*.sqlite3"):
        shutil.copy(file, folder / file.name)
    environment: dict[str, str] = {}
    name = ""
    if database == "postgresql":
        server: databases.Postgres = request.getfixturevalue("postgres")
        name = server.lend(template.name)
        environment = server.environment(name)
    app = build(environment | (settings or {}), folder)
    app.extensions["known"] = template.known
    # A test looks on as nobody whom a policy stops; what it does through a client or as an actor has its own viewer.
    with app.app_context(), row_security.everything():
        yield app
        db.session.remove()
        db.engine.dispose()
        app.extensions["keyring"].store.engine.dispose()
    if name:
        request.getfixturevalue("postgres").take_back(name)


@pytest.fixture
def environment() -> dict[str, str]:
    """Settings that a test's installation is started with, besides where its databases are; a folder of tests may say."""
    return {}


@pytest.fixture
def app(database: str, request: pytest.FixtureRequest, tmp_path: Path, environment: dict[str, str]) -> Iterator[Flask]:
    """``fresh_app`` on the database of this test."""
    with fresh_app(database, request, tmp_path, environment) as app:
        yield app


@pytest.fixture
def known(app: Flask) -> installation.Known:
    found: installation.Known = app.extensions["known"]
    return found


@pytest.fixture
def visitor(app: Flask) -> Any:
    """A client that is not signed in."""
    return _client(app)


def _client(app: Flask) -> Any:
    client = app.test_client()
    original = client.open

    def open_secure(*args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("base_url", "https://localhost")
        # A request has an application context of its own, as in the server; the test's own transaction is let go
        # before it (a writer of SQLite would wait for it) and sees what the request did after it.
        if has_app_context():
            db.session.rollback()
        try:
            return Context().run(original, *args, **kwargs)
        finally:
            if has_app_context():
                db.session.rollback()

    client.open = open_secure  # type: ignore[method-assign]
    return client


@pytest.fixture
def sign_in(app: Flask, known: installation.Known) -> Callable[..., Any]:
    return signing_in(app, known)


def signing_in(app: Flask, known: installation.Known) -> Callable[..., Any]:
    """``sign_in(Role.COORDINATOR, area="slough")`` gives a strict client with a real server-side session."""

    def go(role: Role | str, area: str = "reading") -> Any:
        return signed_in_as(f"{Role(role).value}@{area}", app, known)

    return go


def signed_in_as(key: str, app: Flask, known: installation.Known) -> Any:
    """A client with a real server-side session of this one user: ``signed_in_as("coordinator@reading", app, known)``."""
    import json
    import secrets

    from accounts.sessions import hashed

    user = db.session.get_one(User, known.users[key])
    cookie = secrets.token_urlsafe(32)
    db.session.execute(
        insert(SignInSession.__table__).values(
            id_hash=hashed(cookie), user_id=user.id, membership_id=known.memberships[key],
            data=json.dumps({"_user_id": user.fs_uniquifier, "_fresh": True}), started_at=now(), last_seen_at=now(),
            stepped_up_at=now(), agent="test", proof="passkey",
        )
    )  # fmt: skip
    db.session.commit()
    client = _client(app)
    client.set_cookie("__Host-session", cookie, domain="localhost", secure=True)
    client.actor = actor_for(key, known)
    return client


def actor_for(key: str, known: installation.Known) -> Any:
    """The actor that a membership gives, for tests of services: ``actor_for("coordinator@reading", known)``."""
    from accounts.models import Agency, Area
    from accounts.roles import rules_of
    from core.access import Actor

    member = db.session.get_one(Membership, known.memberships[key])
    area = db.session.get(Area, member.area_id) if member.area_id else None
    agency = db.session.get(Agency, member.agency_id) if member.agency_id else None
    rules = rules_of(member.role)
    return Actor(
        user_id=member.user_id, name=member.user.name, membership_id=member.id, role=member.role,
        role_name=rules.name, agency_id=member.agency_id, agency_name=agency.name if agency else "",
        agency_kind=agency.kind if agency else "", area_id=member.area_id, area_name=area.name if area else "",
        area_slug=area.slug if area else "", district_id=None, permissions=rules.permissions, session_ref="test",
    )  # fmt: skip


@pytest.fixture
def acting(app: Flask, known: installation.Known) -> Callable[..., Any]:
    return acting_among(known)


def acting_among(known: installation.Known) -> Callable[..., Any]:
    """``with acting("coordinator@reading") as actor:`` – call services as that person, inside a job's context."""

    @contextmanager
    def go(key: str) -> Iterator[Any]:
        actor = actor_for(key, known)
        with context.acting_as(job="test", actor=actor):
            yield actor

    return go
