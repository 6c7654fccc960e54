"""The doctor names in plain words what is wrong with an installation, and never more than that."""

import os
import pwd
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import click
import pytest
from sqlalchemy import text

from core.clock import now
from core.db import db
from core.keyring import keyring
from core.providers import LocalKeys, NoKeys
from desk import health
from tests.conftest import build
from tests.factories.triage import make_referral
from tests.house.test_commands import as_demonstration, run
from tests.support import tampering
from tests.support.browser import free_port
from tests.support.databases import as_owner


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


@pytest.mark.parametrize(("version", "said"), [
    ("'0002'", "The database of data is not on this version's schema. Run: flask upgrade"),
    ("'from later'", "The database of data was made by a newer release of this service. Install that release again"),
])  # fmt: skip
def test_the_doctor_finds_another_releases_schema_and_nothing_is_changed_back(app, version, said):
    with as_owner(app) as connection:
        connection.execute(text(f"update alembic_version set version_num = {version}"))
    assert found_by_doctor(app)["Schema"].startswith(said)
    if "later" in version:
        ended = run(app, "upgrade")
        assert (ended.exit_code, ended.output.startswith(f"Error: {said}")) == (1, True)


def test_the_doctor_finds_a_keys_database_of_a_newer_release(app):
    with keyring().store.engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = 'from later'"))
    assert found_by_doctor(app)["Keys database"].startswith("The database of keys was made by a newer release")
    assert run(app, "upgrade").exit_code == 1


def test_the_doctor_says_once_that_a_database_is_empty(tmp_path):
    app = build({}, tmp_path)
    with app.app_context():
        output = run(app, "doctor").output
        assert "Schema: The database is empty. For a new installation run: flask setup" in output
        assert "Keys database: The database of keys is empty" in output
        assert "Not looked at before the database is there: Audit protection, Keys" in output


@pytest.mark.parametrize("name", ["data", "keys"])
@pytest.mark.only("sqlite")
def test_the_doctor_finds_a_database_that_can_only_be_read(app, monkeypatch, name):
    kept = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: f"{name}.sqlite3" not in str(path) and kept(path, mode))
    said = {
        "data": ("Database", "The database can only be read"),
        "keys": ("Keys database", "The database of keys can"),
    }
    [(where, words)] = found_by_doctor(app).items()
    assert (where, words.startswith(said[name][1])) == (said[name][0], True)


@pytest.mark.only("postgresql")
def test_the_doctor_finds_a_server_that_can_only_be_read(app):
    with as_owner(app) as connection:
        connection.execute(text("select 1"))
    with db.engine.connect() as connection:
        name = connection.scalar(text("select current_database()"))
    with as_owner(app) as connection:
        connection.execute(text(f'alter database "{name}" set default_transaction_read_only = on'))
    db.session.remove()
    db.engine.dispose()
    assert found_by_doctor(app)["Database"].startswith("The database can only be read")


def test_the_doctor_finds_keys_that_are_older_than_the_data_and_no_new_ones_are_made(app, known, acting):
    """A backup of keys from before a record was made, then one from before there was anything."""
    make_referral(acting, known)
    store = keyring().store
    with store.engine.begin() as connection:
        connection.execute(text("delete from data_key"))
    assert "keys that records stand under are not in the database of keys" in found_by_doctor(app)["Records"]
    with store.engine.begin() as connection:
        connection.execute(text("delete from scope_key"))
    keyring().forget()
    for command in (["setup"], ["areas", "sync"]):
        ended = run(app, *command)
        assert (ended.exit_code, "Put back its newest backup" in ended.output) == (1, True)
    assert store.scopes() == []


def test_the_doctor_finds_an_entry_that_was_changed(app):
    tampering.as_owner("update audit_entry set event = 'config:other' where seq = 1")
    words = found_by_doctor(app)["Audit trail"]
    assert words.startswith("The trail does not verify (changed at entry 1")
    assert words.endswith("Change nothing. Run: flask audit verify")


def test_the_doctor_finds_a_checkpoint_key_that_the_web_process_could_read(app, tmp_path, monkeypatch):
    key = tmp_path / "signing.key"
    key.touch(mode=0o600)
    monkeypatch.setenv("CHECKPOINT_KEY_FILE", str(key))
    app.extensions["settings"] = replace(app.extensions["settings"], web_user=pwd.getpwuid(os.getuid()).pw_name)
    assert found_by_doctor(app)["Checkpoint key"].startswith("The web process runs as the user who owns")


def test_the_doctor_tells_of_agencies_without_an_agreement_and_of_a_silent_mail_server(app):
    assert not {"note  Agreements", "note  Mail server"} & {line.strip()[:17] for line in run(app, "doctor").output}
    db.session.execute(text("update agreement set valid_to = '2020-01-01'"))
    db.session.commit()
    app.extensions["settings"] = replace(app.extensions["settings"], smtp_host="127.0.0.1", smtp_port=free_port())
    said = run(app, "doctor")
    assert "note  Agreements: " in said.output
    assert "have no agreement in date" in said.output
    assert "note  Mail server: The mail server does not let us in (ConnectionRefusedError)" in said.output
    assert said.exit_code == 0
    assert run(app, "doctor", "--strict").exit_code == 1


def test_the_doctor_finds_a_demonstrations_database(app):
    as_demonstration(app, mode=False)
    assert found_by_doctor(app)["Demonstration"].startswith("This is a demonstration's database")
    as_demonstration(app, marked=False)
    assert found_by_doctor(app)["Demonstration"].startswith("DEMONSTRATION is set, and this database is no")


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


@pytest.mark.parametrize("how", [
    "update membership set is_active = :no where role = 'administrator'",
    "update user_account set active = :no", "update membership set valid_to = '2020-01-01'",
])  # fmt: skip
def test_the_doctor_finds_that_nobody_is_an_administrator(app, how):
    db.session.execute(text(how), {"no": False} if ":no" in how else {})
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
