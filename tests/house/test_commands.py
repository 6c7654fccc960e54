"""What an operator types: every command explains itself, and what is not safe to serve is refused in plain words."""

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from sqlalchemy import text
from werkzeug.test import Client

from accounts.models import Area, Installation
from accounts.roles import Role
from config.settings import Settings, SettingsError
from core.clock import now
from core.db import db
from core.headers import HEADERS
from core.ids import new_id
from core.keyring import keyring
from core.providers import FileKeys, LocalKeys, NoKeys
from desk import health
from tests.conftest import build
from tests.house.commands import own_commands
from tests.support.databases import as_owner

ROOT = Path(__file__).resolve().parents[2]
SAFE = {"secret_key": "kept in a safe place and long enough", "public_url": "https://panels.example"}


def run(app, *arguments):
    result = app.test_cli_runner().invoke(args=list(arguments))
    db.session.rollback()
    return result


# ---- every command


@pytest.mark.only("sqlite")
def test_every_command_explains_itself_with_an_example(app):
    commands = own_commands(app)
    assert len(commands) >= 10
    silent = {}
    for words in commands:
        result = run(app, *words, "--help")
        if result.exit_code != 0 or "Example: flask " not in result.output:
            silent[" ".join(words)] = result.output
    assert not silent


@pytest.mark.only("sqlite")
def test_every_group_and_command_says_what_it_is_for(app):
    def walk(command, name):
        assert command.get_short_help_str(), name
        for child, found in getattr(command, "commands", {}).items():
            walk(found, f"{name} {child}")

    for words in own_commands(app):
        walk(app.cli.commands[words[0]], words[0])


# ---- what belongs to the demonstration alone


def as_demonstration(app, marked=True, mode=True):
    db.session.get_one(Installation, 1).is_demonstration = marked
    db.session.commit()
    app.extensions["settings"] = replace(app.extensions["settings"], demonstration=mode)


@pytest.mark.parametrize(("marked", "mode"), [(False, False), (True, False), (False, True)])
def test_demonstration_accounts_are_refused_outside_a_demonstration(app, marked, mode):
    as_demonstration(app, marked, mode)
    result = run(app, "demo", "accounts")
    assert result.exit_code == 1
    assert "This is not a demonstration" in result.output


def test_demonstration_accounts_are_printed_as_json_lines(app):
    as_demonstration(app)
    result = run(app, "demo", "accounts")
    assert result.exit_code == 0
    accounts = [json.loads(line) for line in result.output.splitlines()]
    assert {account["role"] for account in accounts} == {role.value for role in Role}
    assert all({"role", "area", "email", "password"} <= set(account) for account in accounts)


# ---- settings that must never run in production


def refusal(**changes):
    try:
        Settings(**(SAFE | {"demonstration": False, "debug": False} | changes)).check()
    except SettingsError as error:
        return str(error)
    return ""


def test_safe_settings_are_accepted(tmp_path):
    assert refusal(var=tmp_path) == ""


@pytest.mark.parametrize(("changes", "said"), [
    ({"debug": True}, "Unset FLASK_DEBUG"),
    ({"secret_key": ""}, "Set SECRET_KEY"),
    ({"secret_key": "short"}, "Set SECRET_KEY"),
    ({"secret_key": "changeme" * 4}, "Set SECRET_KEY"),
    ({"secret_key": "secret" * 6}, "Set SECRET_KEY"),
    ({"secret_key": "demonstration-only-" + "0" * 32}, "Set SECRET_KEY"),
    ({"public_url": "http://panels.example"}, "Set PUBLIC_URL to the https://"),
    ({"smtp_host": "smtp.example"}, "Set SMTP_STARTTLS=1"),
])  # fmt: skip
def test_settings_that_are_not_safe_say_what_to_change(tmp_path, changes, said):
    assert said in refusal(var=tmp_path, **changes)


@pytest.mark.parametrize(("address", "is_refused"), [
    ("postgresql://web:keep-this@db.example/panels", True),
    ("postgresql://web:keep-this@db.example/panels?sslmode=require", True),
    ("postgresql:///panels?host=db.example", True),
    ("postgresql://web:keep-this@db.example/panels?sslmode=verify-full", False),
    ("postgresql://web:keep-this@localhost/panels", False), ("postgresql:///panels?host=/run/postgresql", False),
])  # fmt: skip
def test_a_database_elsewhere_must_show_its_certificate(tmp_path, monkeypatch, address, is_refused):
    monkeypatch.setenv("KEYS_DATABASE_URL", address)
    said = refusal(var=tmp_path, smtp_host="127.0.0.1")
    assert said.startswith("Add ?sslmode=verify-full to KEYS_DATABASE_URL") == is_refused
    assert "keep-this" not in said


def test_a_root_key_that_others_may_read_is_refused(tmp_path):
    key = tmp_path / "keys" / "root.key"
    FileKeys.create(key)
    assert refusal(var=tmp_path) == ""
    key.chmod(0o640)
    assert "chmod 600" in refusal(var=tmp_path)


def test_the_demonstration_may_run_on_http_with_its_own_secret(tmp_path):
    assert refusal(var=tmp_path, demonstration=True, secret_key="", public_url="http://localhost:8000") == ""


# ---- serving


def environment(var, **changes):
    return {
        "PATH": os.environ["PATH"],
        "VAR": str(var),
        "SECRET_KEY": SAFE["secret_key"],
        "PUBLIC_URL": SAFE["public_url"],
    } | changes


def call(*command, env):
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def served(monkeypatch, tmp_path):
    """``served()`` builds what a WSGI server would import, over an installation in ``tmp_path``."""
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    import wsgi

    for name in ("DATABASE_URL", "KEYS_DATABASE_URL", "DEMONSTRATION", "ROOT_KEY_FILE", "KEY_PROVIDER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    key = tmp_path / "keys" / "root.key"
    FileKeys.create(key)

    def go(is_demonstration=False):
        app = build({"ROOT_KEY_FILE": str(key)}, tmp_path)
        with app.app_context():
            from core.migrate import upgrade_all

            upgrade_all()
            db.session.add(Installation(is_demonstration=is_demonstration))
            db.session.commit()
            db.session.remove()
            db.engine.dispose()
        return wsgi.serve

    go.key = key
    return go


def test_a_real_installation_is_served(served):
    assert served()() is not None


def test_its_files_say_what_a_browser_may_do(served):
    answer = Client(served()()).get("/static/app.js")
    said = {*HEADERS, "Strict-Transport-Security"} - {"Cache-Control"}
    assert answer.status_code == 200
    assert said <= set(answer.headers.keys())
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_who_was_erased_is_erased_again_before_anybody_is_served(served, tmp_path):
    """A tombstone that only the keys' database has yet is one that a copy of the data has lost."""
    serve, person = served(), new_id()
    app = build({"ROOT_KEY_FILE": str(served.key)}, tmp_path)
    with app.app_context():
        area = Area(
            slug="reading", name="Reading", gss_code="E06000038", prefix="RDG", panel_name="Panel",
            front_door_name="Door", front_door_day="0118 496 0100", front_door_night="0118 496 0101",
            valid_from=date(2020, 1, 1),
        )  # fmt: skip
        db.session.add(area)
        db.session.commit()
        keyring().ensure_scope(area.id)
        keyring().store.bury(person, area.id, [])
        db.engine.dispose()
    serve()
    with sqlite3.connect(tmp_path / "data.sqlite3") as data:
        assert data.execute("select young_person_id from tombstone").fetchall() == [(person,)]


def test_a_demonstrations_database_is_not_served_as_a_real_one(served):
    with pytest.raises(SystemExit, match="Cannot start: This database holds the demonstration"):
        served(is_demonstration=True)()


def test_a_real_database_is_not_served_as_a_demonstration(served, monkeypatch):
    serve = served()
    monkeypatch.setenv("DEMONSTRATION", "1")
    with pytest.raises(SystemExit, match="Cannot start: This database is not marked as a demonstration"):
        serve()


def test_nothing_is_served_without_the_root_key(served):
    serve = served()
    served.key.unlink()
    with pytest.raises(SystemExit, match="Cannot start: There is no root key file at"):
        serve()


def test_a_root_key_that_is_no_key_is_refused(served):
    serve = served()
    served.key.write_text("not a key\n")
    with pytest.raises(SystemExit, match="32 bytes, base64"):
        serve()


def test_unsafe_settings_end_the_server_with_a_sentence(served, monkeypatch):
    serve = served()
    monkeypatch.setenv("FLASK_DEBUG", "1")
    with pytest.raises(SystemExit, match="Cannot start: Debug is on"):
        serve()


def test_a_command_with_unsafe_settings_says_what_to_change_and_nothing_else(tmp_path):
    said = "Error: Set SECRET_KEY to at least 32 random characters"
    ended = call(sys.executable, "-m", "flask", "doctor", env=environment(tmp_path, SECRET_KEY="x"))
    assert (ended.returncode, ended.stderr.strip()) == (1, said)
    ended = call(sys.executable, "-m", "flask", "doctor", env=environment(tmp_path, SECRET_KEY=""))
    assert ended.stderr.strip() == f"{said}. For the demonstration, write DEMONSTRATION=1 before the command"


def test_help_needs_no_settings(tmp_path):
    """Whoever has just unpacked the product sees the commands, and in plain words which settings are missing."""
    for words in ([], ["--help"], ["audit", "verify", "--help"]):
        ended = call(
            sys.executable, "-m", "flask", *words, env={"PATH": os.environ["PATH"], "DATABASE_URL": "nonsense"}
        )
        assert ended.returncode == (0 if words else 2), ended.stderr
        assert "Set SECRET_KEY" in ended.stderr
        assert "Set PUBLIC_URL" in ended.stderr
        assert "Traceback" not in ended.stderr
        assert ("Example: flask audit verify" if "verify" in words else "doctor") in ended.stdout + ended.stderr


@pytest.mark.parametrize(("name", "value"), [
    ("DATABASE_URL", "mysql://someone:keep-this@host/name"), ("KEYS_DATABASE_URL", "postgresql://someone:keep-this@host:x/y"),
    ("TRUSTED_PROXIES", "keep-this"),
])  # fmt: skip
def test_a_setting_that_cannot_be_read_is_named_and_not_repeated(tmp_path, name, value):
    ended = call(sys.executable, "-m", "flask", "doctor", env=environment(tmp_path, **{name: value}))
    assert ended.returncode == 1
    assert name in ended.stderr
    assert "keep-this" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_first_key_can_be_made_before_there_is_one(tmp_path):
    key = tmp_path / "keys" / "root.key"
    ended = call(sys.executable, "-m", "flask", "keys", "create", str(key), env=environment(tmp_path))
    assert ended.returncode == 0, ended.stderr
    assert key.stat().st_mode & 0o777 == 0o600
    assert FileKeys(key).health() is None
    again = call(sys.executable, "-m", "flask", "keys", "create", str(key), env=environment(tmp_path))
    assert again.returncode == 1


def test_setting_up_without_a_key_says_how_to_make_one(tmp_path):
    ended = call(sys.executable, "-m", "flask", "setup", env=environment(tmp_path))
    assert ended.returncode == 1
    assert "flask keys create" in ended.stderr
    assert "Traceback" not in ended.stderr


# ---- the doctor


def found_by_doctor(app):
    """What the doctor says is wrong: name and words, and its exit code."""
    result = run(app, "doctor")
    wrong = {}
    for line in result.output.splitlines():
        mark, _, rest = line.strip().partition("  ")
        if mark == "WRONG":
            name, _, words = rest.partition(": ")
            wrong[name] = words
    assert result.exit_code == (1 if wrong else 0), result.output
    return wrong


def test_the_doctor_finds_nothing_wrong_with_a_sound_installation(app):
    assert found_by_doctor(app) == {}


@pytest.mark.only("postgresql")
def test_the_doctor_notes_that_one_address_owns_its_tables(app, monkeypatch):
    monkeypatch.setitem(app.extensions, "owner_address", app.extensions["addresses"][0])
    assert "note  Second wall" in run(app, "doctor").output


def test_the_doctor_finds_a_missing_trigger(app):
    postgres = db.engine.dialect.name == "postgresql"
    name = "audit_entry_append_only_" + ("rows" if postgres else "delete")
    with as_owner(app) as connection:
        connection.execute(text(f"drop trigger {name}" + (" on audit_entry" if postgres else "")))
    assert found_by_doctor(app) == {"Audit protection": f"The audit trail is not protected: {name}. Run: flask upgrade"}
    assert run(app, "upgrade").exit_code == 0
    assert found_by_doctor(app) == {}


@pytest.mark.only("postgresql")
def test_the_doctor_finds_a_missing_policy(app):
    assert "ok  Second wall" in run(app, "doctor").output
    with as_owner(app) as connection:
        connection.execute(text("drop policy own_rows on case_record"))
        connection.execute(text("alter table referral no force row level security"))
    wrong = {"Row policies": "Tables without their row policy: case_record, referral. Run: flask upgrade"}
    assert found_by_doctor(app) == wrong
    assert run(app, "upgrade").exit_code == 0
    assert found_by_doctor(app) == {}


def with_provider(app, provider):
    app.extensions["keyring"].provider = provider
    app.extensions["keyring"].forget()


def test_the_doctor_finds_a_wrong_root_key(app):
    with_provider(app, LocalKeys({1: bytes(32)}))
    assert found_by_doctor(app)["Keys"].startswith("An area's key cannot be opened")
    assert "DOES NOT OPEN" in run(app, "keys", "status").output
    assert run(app, "keys", "status").exit_code == 1


def test_the_doctor_finds_that_there_is_no_root_key(app):
    with_provider(app, NoKeys("There is no root key file at /etc/panels/root.key"))
    assert found_by_doctor(app)["Keys"] == "There is no root key file at /etc/panels/root.key"


def test_the_doctor_finds_an_older_schema(app):
    with as_owner(app) as connection:
        connection.execute(text("delete from alembic_version"))
    assert found_by_doctor(app) == {"Schema": "The database is not on this version's schema. Run: flask upgrade"}


def test_the_doctor_finds_a_demonstrations_database(app):
    as_demonstration(app, mode=False)
    assert found_by_doctor(app)["Demonstration"].startswith("This is a demonstration's database")


def test_the_doctor_finds_a_database_that_was_never_set_up(app):
    db.session.execute(text("delete from installation"))
    db.session.commit()
    assert found_by_doctor(app) == {"Demonstration": "This database was never set up. Run: flask setup"}


def test_the_doctor_finds_a_clock_that_is_behind(app, time_machine):
    time_machine.move_to(now() - timedelta(hours=1), tick=False)
    assert found_by_doctor(app)["Clock"].startswith("The clock is behind the newest audit entry")


def test_the_doctor_finds_a_full_disk(app, monkeypatch):
    monkeypatch.setattr(health.shutil, "disk_usage", lambda path: SimpleNamespace(total=100, used=95, free=5))
    assert found_by_doctor(app) == {"Disk": "Less than a tenth of the disk is free"}


def test_the_doctor_finds_mistakes_in_the_areas_file(app, tmp_path):
    path = tmp_path / "areas.toml"
    path.write_text("[service]\nname = 1\n")
    app.extensions["settings"] = replace(app.extensions["settings"], areas_file=path)
    assert found_by_doctor(app)["Areas file"].startswith("areas.toml is not right: ")


def test_the_doctor_finds_that_nobody_is_an_administrator(app):
    db.session.execute(text("update membership set is_active = :no where role = 'administrator'"), {"no": False})
    db.session.commit()
    assert found_by_doctor(app) == {"Administrator": "Nobody is an administrator. Run: flask accounts invite --help"}


def test_the_doctor_finds_settings_that_are_not_safe(app):
    app.extensions["settings"] = replace(app.extensions["settings"], debug=True)
    assert "FLASK_DEBUG" in found_by_doctor(app)["Settings"]


def test_the_doctor_finds_a_database_that_does_not_answer(tmp_path):
    app = build({"DATABASE_URL": f"sqlite:///{tmp_path}/no/such/folder/data.sqlite3"}, tmp_path)
    with app.app_context():
        assert found_by_doctor(app)["Database"].startswith("The database does not answer")


def test_keys_status_names_every_area(app):
    result = run(app, "keys", "status")
    assert result.exit_code == 0
    assert "Provider: local, root key version 1, ok" in result.output
    assert "reading: version 1, opens" in result.output
    assert keyring().provider.health() is None
    assert click.unstyle(result.output) == result.output
