"""What an operator types: every command explains itself, and what is not safe to serve is refused in plain words."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from werkzeug.test import Client

from accounts.models import Area, Installation
from accounts.roles import Role
from config.settings import Settings, SettingsError
from core.db import db
from core.headers import HEADERS
from core.ids import new_id
from core.keyring import keyring
from core.providers import FileKeys
from desk import health
from tests.conftest import build
from tests.house.commands import own_commands

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


# ---- what stops a command


@pytest.mark.only("sqlite")
def test_no_command_answers_with_a_traceback(tmp_path):
    """Over a database without tables: a sentence, and no words of a library."""
    given = {"email": "ada@agency.example", "path": str(tmp_path / "copy"), "entry": "reading/1", "old": "1", "new": "2",
             "reference": "RDG-26-0417K", "once": "--once"}  # fmt: skip
    app, handled = build({}, tmp_path), signal.getsignal(signal.SIGTERM)
    with app.app_context():
        for words in own_commands(app):
            command = app.cli
            for word in words:
                command = command.commands[word]
            ended = run(
                app,
                *words,
                *(
                    given.get(one.name, "")
                    for one in command.params
                    if one.name == "once" or one.param_type_name == "argument"
                ),
            )
            assert isinstance(ended.exception, SystemExit | None), (words, ended.exception)
            assert "sqlalche.me" not in ended.output, words
    assert signal.getsignal(signal.SIGTERM) is handled


def test_a_fault_of_the_program_is_told_by_type_and_place(app, monkeypatch):
    monkeypatch.setitem(health.ALL, "Disk", None)
    monkeypatch.setattr(health, "examine", lambda: {}["Kaya Sefton"])
    ended = run(app, "doctor")
    assert ended.exit_code == 1
    assert ended.output.startswith("Error: This command met a fault of the program (KeyError at ")
    assert "Sefton" not in ended.output
