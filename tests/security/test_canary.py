"""What is typed about a child is nowhere in the clear: not in a file, a table, a log or a temporary file (C1)."""

import base64
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, select
from sqlalchemy import text as sql

from accounts.roles import Role
from audit.models import Event
from audit.services import record
from cohort.models import YoungPerson
from cohort.services import people
from core import context
from core.clock import today
from core.db import Audited, SealedRecord, db
from tests.conftest import actor_for
from tests.factories import cohort, world
from tests.factories.filler import fill_empty_tables
from tests.factories.forms import day_parts
from tests.journeys.conftest import serve
from tests.referrals.walk import PAGES, answers_about
from tests.support import leaks
from tests.support.leaks import BORN, canary
from tests.support.visitor import Visitor

LISTS = {"aliases", "reasons"}


def sealed_models():
    waiting, found = [SealedRecord], set()
    while waiting:
        for below in waiting.pop().__subclasses__():
            waiting.append(below)
            if "__table__" in vars(below):
                found.add(below)
    return sorted(found, key=lambda model: model.__tablename__)


def plant(ids):
    """A canary in every sealed field of one row of each table, and in a name to search for."""
    fill_empty_tables(db.session.connection())
    for model in sealed_models():
        row = db.session.scalars(select(model).order_by(model.id.desc()).limit(1)).first()
        if row is None:
            continue
        for name, field in model.__sealed_fields__.items():
            setattr(row, name, _value(field, name, getattr(row, name)))
        if isinstance(row, Audited):
            record(Event.PERSON_CHANGED, None, row)
    # Last, since any row may be the one that was taken above.
    ids["name"] = canary()
    person = db.session.get_one(YoungPerson, ids["person_id"])
    person.surname = ids["name"]
    people.update_indexes(person, {"surname": ids["name"]})
    record(Event.PERSON_CHANGED, None, person)
    db.session.commit()


def _value(field, name, held):
    if field.kind == "date":
        return date.fromisoformat(BORN)
    if field.kind == "text":
        return canary()
    if name in LISTS or isinstance(held, list):
        return [*(held or []), canary()]
    return (held or {}) | {"canary": canary()}


@pytest.fixture(scope="module")
def site(database, request, tmp_path_factory):
    """A filled installation served with its temporary folder inside it; its database's address."""
    folder, name, environment = tmp_path_factory.mktemp("canary"), "", {}
    (folder / "tmp").mkdir()
    ids = {}
    if database == "postgresql":
        postgres = request.getfixturevalue("postgres")
        name, environment["DATABASE_URL"] = postgres.fresh("template1")
        _log_everything(environment["DATABASE_URL"], name)

    def fill(known):
        from contextlib import contextmanager

        @contextmanager
        def acting(key):
            with context.acting_as(job="test", actor=actor_for(key, known)) as opened:
                yield opened.actor

        ids.update(world.make(known))
        rows = [cohort.event(canary(), canary(), ago=ago, dob=date(today().year - 14, 1, 9)) for ago in (20, 30, 40)]
        twice = [{**rows[0], "event_date": cohort.days_ago(day), "record_id": f"{canary()}{day}"} for day in (25, 35)]
        cohort.make_released(acting, known, [*rows, *twice])
        with context.acting_as(job="test"):
            plant(ids)

    server, known = serve(folder, environment | {"TMPDIR": str(folder / "tmp")}, fill)
    engine = create_engine(environment.get("DATABASE_URL") or f"sqlite:///{folder / 'data.sqlite3'}")
    yield server, known, ids, engine, folder
    server.stop()
    engine.dispose()
    if name:
        request.getfixturevalue("postgres").drop(name)
    shutil.rmtree(folder, ignore_errors=True)


def _log_everything(url, name):
    """Statements in the log without their values, as the operators' guide asks; here all of them, to look at."""
    with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
        for setting in ("log_statement = 'all'", "log_parameter_max_length = 0", "log_parameter_max_length_on_error = 0",
                        "log_min_error_statement = 'error'"):  # fmt: skip
            connection.execute(sql(f'alter database "{name}" set {setting}'))


# --- a day at work, with canaries ------------------------------------------------------------------------------------


def refer(person, known):
    """Every page of a referral with canaries, saved while typed, with a mistake, from two tabs, and sent."""
    person.submit("/refer/danger", {"danger": "no"})
    draft = person.submit("/refer/eligible", answers_about(known, "reading", 15)).location.split("/")[2]
    tab = person.form(f"/referrals/{draft}/worries")
    saved = person.post(
        f"/referrals/{draft}/autosave/worries", tab | {"text": canary()}, {"X-Requested-With": "autosave"}
    )
    assert saved.status == 202
    assert person.post(f"/referrals/{draft}/worries", tab | {"text": canary()}).status == 409
    assert person.submit(f"/referrals/{draft}/contact", {"methods": ["text"], "postcode": canary()}).status == 200
    typed = {"person": {"forename": canary(), "surname": canary()}, "tried": {"text": canary()},
             "worries": {"text": canary()}, "strengths": {"text": canary(), "child": canary()},
             "education": {"school": canary()}}  # fmt: skip
    for key, answers in PAGES:
        sent = person.submit(f"/referrals/{draft}/{key}", answers | typed.get(key, {}))
        assert sent.status == 302, key
    assert person.get(f"/referrals/{draft}/check").status == 200
    sent = person.submit(f"/referrals/{draft}/check", {"declared": "y"})
    assert sent.location.endswith("/sent")
    assert person.submit(f"/referrals/{draft}/change/strengths", {"child": canary(), "why": canary()}).status == 302
    return draft


def work(person, case_id):
    """A note: saved while typed, with a mistake, and kept; then a step-up."""
    path = f"/cases/{case_id}/notes/new"
    note = person.form(path) | {"kind": "contact", "text": canary(), **day_parts("happened_on", today())}
    assert person.post(f"/drafts/note-{case_id}", note, {"X-Requested-With": "autosave"}).status == 204
    assert person.post(path, note | {"kind": ""}).status == 200
    assert person.post(path, note).status == 302
    assert (
        person.post(f"/drafts/note-{case_id}", note | {"text": canary()}, {"X-Requested-With": "autosave"}).status
        == 204
    )


def look_for(person, name, case_id):
    for typed in (canary(), name):
        found = person.submit("/find", {"q": typed})
        assert found.status in {302, 303}
        page = person.get(found.location)
        assert page.status == 200
    assert name in page.text
    assert f"/cases/{case_id}" in page.text, "the one of that name was not found"


def go_wrong(server, known, person, referral_id, engine):
    """Every kind of refusal, each with a canary in address, query and body."""
    word = canary()
    assert person.get(f"/cases/{word}?name={word}").status == 404
    assert person.get(f"/admin/users?name={word}").status == 403
    assert person.post("/find", {"q": word}).status == 400
    Visitor(server.address).submit("/sign-in", {"email": f"{word}@{word}.example", "password": word})
    with engine.begin() as connection:
        connection.execute(
            sql("update referral set surname_sealed = forename_sealed where id = :id"), {"id": referral_id}
        )
    assert person.get(f"/triage/{referral_id}?name={word}").status == 500
    act = person.form("/find") | {"what": word}
    assert person.post(f"/triage/{referral_id}/decide", act).status == 500


@pytest.fixture(scope="module")
def after_work(site):
    server, known, ids, engine, folder = site

    def sign_in(role):
        return Visitor(server.address).sign_in(known.emails[f"{role.value}@reading"])

    draft = refer(sign_in(Role.REFERRER), known)
    work(sign_in(Role.LEAD), ids["case_id"])
    coordinator = sign_in(Role.COORDINATOR)
    look_for(coordinator, ids["name"], ids["case_id"])
    for path in (
        "/",
        "/triage",
        "/cases",
        f"/cases/{ids['case_id']}",
        f"/cases/{ids['case_id']}/print",
    ):
        assert coordinator.get(path).status == 200, path
    go_wrong(server, known, coordinator, draft, engine)
    return engine, folder


@pytest.mark.catalogue("C1", part="planted")
def test_every_sealed_field_holds_something(after_work):
    """Else the search below would prove nothing about it."""
    empty = []
    with after_work[0].connect() as connection:
        for model in sealed_models():
            for field in model.__sealed_fields__.values():
                query = sql(f'select count(*) from "{model.__tablename__}" where {field.column} is not null')
                if not connection.execute(query).scalar():
                    empty.append(f"{model.__tablename__}.{field.column}")
    assert empty == []


@pytest.mark.catalogue("C1", part="files")
def test_nothing_typed_is_readable_in_any_file_of_the_installation(after_work, database):
    folder = after_work[1]
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert {"server.log", "keys.sqlite3"} <= names
    assert "unexpected" in (log := (folder / "server.log").read_text()) or "seal_broken" in log
    if database == "sqlite":
        assert {"data.sqlite3", "data.sqlite3-wal"} <= names
    assert list(leaks.in_files(folder)) == []


@pytest.mark.catalogue("C1", part="tables")
def test_nothing_typed_is_readable_in_any_table(after_work):
    engine = after_work[0]
    assert len(inspect(engine).get_table_names()) > 30
    assert list(leaks.in_tables(engine)) == []


@pytest.mark.catalogue("C1", part="server's files")
@pytest.mark.only("postgresql")
def test_nothing_typed_is_readable_in_the_servers_own_files(after_work, request):
    """Tables, write-ahead log and the log of statements, which does not hold their values."""
    postgres = request.getfixturevalue("postgres")
    if postgres.given:
        pytest.skip("the files of a given server are not ours to read")
    with after_work[0].connect() as connection:
        connection.execute(sql("checkpoint"))
    data = Path(postgres.folder) / "data"
    written = b"".join(
        path.read_bytes() for path in data.rglob("*log*") if path.is_file() and path.stat().st_size < 1 << 28
    )
    assert re.search(rb"INSERT INTO referral|insert into referral", written), "the log of statements was not found"
    assert list(leaks.in_files(data)) == []


def test_the_search_finds_a_word_in_every_way_of_writing(tmp_path):
    word = canary()
    for number, content in enumerate((
        word.encode(), f"...{word.upper()}...".encode(), word.encode("utf-16le"), word.encode("utf-16be"),
        word.encode().hex().encode(), word.encode().hex().upper().encode(), BORN.encode(),
        *(base64.b64encode(b"x" * shift + word.encode() + b"yy") for shift in range(6)),
        *(base64.b64encode(b"x" * shift + BORN.encode() + b"yy") for shift in range(6)),
    )):  # fmt: skip
        (tmp_path / f"{number}").write_bytes(b"\x00\xff" * 7 + content + b"\x01")
        assert leaks.in_bytes((tmp_path / f"{number}").read_bytes()), number
    assert leaks.in_bytes(b"nothing of the kind") == []
    assert len(list(leaks.in_files(tmp_path))) >= 19
