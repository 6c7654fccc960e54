"""`flask areas sync`, `flask accounts invite`, and what belongs to the demonstration alone."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from accounts import demonstration
from accounts.models import Agency, Area, District, Installation, Membership, User
from config.settings import SettingsError
from core.db import db
from core.keyring import keyring
from tests.accounts.conftest import NEW, enter, events
from tests.support.client import words


def run(app, *arguments):
    result = app.test_cli_runner().invoke(args=list(arguments))
    db.session.rollback()
    return result


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


@pytest.fixture
def other_file(app, tmp_path):
    """The directory with one agency fewer and a new telephone number."""
    text = app.extensions["settings"].areas_file.read_text()
    line = next(line for line in text.splitlines() if '"windrush-mentoring"' in line)
    path = tmp_path / "areas.toml"
    path.write_text(text.replace(line + "\n", ""))
    return path


def test_sync_makes_areas_agencies_districts_and_keys_and_can_be_run_again(app):
    first = run(app, "areas", "sync")
    assert first.exit_code == 0, first.output
    assert "Each of 9 areas has its keys" in first.output
    assert count(Area) == 9
    assert count(District) >= 5
    reading = db.session.scalars(select(Area).where(Area.slug == "reading")).one()
    assert reading.targets["acknowledge"] == 1
    assert reading.targets["age_max"] == 17
    assert keyring().scope_key(reading.id)[0] == 1
    assert db.session.scalars(select(Agency.is_provider).where(Agency.slug == "windrush-mentoring")).one()
    assert db.session.scalars(select(Agency.area_id).where(Agency.slug == "thames-valley-police")).one() is None
    again = run(app, "areas", "sync")
    assert "New or changed: 0 areas, 0 districts, 0 agencies" in again.output
    assert "config:changed" in events()


def test_an_agency_that_left_the_file_ends_and_stays(app, other_file):
    run(app, "areas", "sync")
    assert run(app, "areas", "sync", "--file", str(other_file)).exit_code == 0
    gone = db.session.scalars(select(Agency).where(Agency.slug == "windrush-mentoring")).one()
    assert gone.valid_to is not None


def test_a_wrong_file_says_what_is_wrong_and_fails(app, tmp_path):
    path = tmp_path / "areas.toml"
    path.write_text("[service]\nname = 1\n")
    result = run(app, "areas", "sync", "--file", str(path))
    assert result.exit_code == 1
    assert "areas.toml is not right" in result.output


def test_the_first_administrator_is_invited_by_command(app, visitor, another):
    run(app, "areas", "sync")
    result = run(app, "accounts", "invite", "ada@agency.example", "--name", "Ada Brook")
    assert result.exit_code == 0, result.output
    path = re.search(r"https://localhost(/invitation/\S+)", result.output).group(1)
    visitor.submit(path, {"new_password": NEW})
    client = another()
    enter(client, email="ada@agency.example", password=NEW)
    assert "Administrator" in words(client.get("/admin/users"))


def test_a_role_that_reads_records_waits_even_for_the_operator(app):
    run(app, "areas", "sync")
    result = run(app, "accounts", "invite", "bo@agency.example", "--role", "coordinator", "--area", "reading",
                 "--agency", "reading-prevention-partnership")  # fmt: skip
    assert result.exit_code == 0, result.output
    user = db.session.scalars(select(User).where(User.email == "bo@agency.example")).one()
    assert not db.session.scalars(select(Membership.is_active).where(Membership.user_id == user.id)).one()


@pytest.mark.parametrize("arguments", [
    ("coordinator@reading.example",), ("bo@agency.example", "--area", "nowhere"),
    ("bo@agency.example", "--agency", "nobody"), ("bo@agency.example", "--role", "coordinator"),
])  # fmt: skip
def test_an_invitation_that_cannot_be_sent_says_why_and_fails(app, arguments):
    run(app, "areas", "sync")
    result = run(app, "accounts", "invite", *arguments)
    assert result.exit_code == 1
    assert result.output.strip().endswith(".")


def test_an_invitation_needs_an_address_that_letters_reach(app):
    before = count(User)
    result = run(app, "accounts", "invite", "ada.brook")
    assert (result.exit_code, "Give an address like name@agency.org.uk" in result.output) == (2, True)
    assert count(User) == before


@pytest.mark.parametrize("command", [("areas", "sync"), ("accounts", "invite")])
def test_every_command_explains_itself_with_an_example(app, command):
    assert "Example: flask " in run(app, *command, "--help").output


def mark(is_demonstration):
    db.session.get_one(Installation, 1).is_demonstration = is_demonstration
    db.session.commit()


@pytest.mark.parametrize(("marked", "mode", "fits"), [
    (True, True, True), (False, False, True), (True, False, False), (False, True, False),
])  # fmt: skip
def test_mode_and_database_must_belong_together(app, marked, mode, fits):
    mark(marked)
    assert demonstration.is_demonstration() is marked
    db.session.rollback()
    app.extensions["settings"] = replace(app.extensions["settings"], demonstration=mode)
    if fits:
        demonstration.check_database(app)
    else:
        with pytest.raises(SettingsError, match="DEMONSTRATION"):
            demonstration.check_database(app)


def test_the_sign_in_page_lists_demonstration_accounts_only_there(app, visitor):
    app.extensions["settings"] = replace(app.extensions["settings"], demonstration=False)
    assert "demonstration" not in words(visitor.get("/sign-in"))
    app.extensions["settings"] = replace(app.extensions["settings"], demonstration=True)
    page = words(visitor.get("/sign-in"))
    assert "flask demo accounts" in page
    assert demonstration.PASSWORD in page
    assert "Panel coordinator" in page
