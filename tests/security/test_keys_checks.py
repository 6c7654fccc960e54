"""`flask keys verify` and the sealed copies: what does not open is named, and no key or value is ever shown."""

import base64
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from audit.models import AuditEntry
from cohort.models import YoungPerson
from core.db import db
from core.ids import new_id
from core.keyring import keyring
from core.keystore import data_key
from core.providers import FileKeys, check_value, encode_keys
from referrals.models import Referral
from tests.conftest import ROOT_KEY
from tests.factories import world
from tests.security.test_keys_rotation import run
from tests.security.test_sealing import make_people

PASSPHRASE = "seven red boats on a slow river"


def verified(app, *arguments):
    """Exit code and lines of `flask keys verify`."""
    result = run(app, "keys", "verify", *arguments)
    return result.exit_code, result.output.splitlines()


def spoil(statement, engine=None, **values):
    with (engine or db.engine).begin() as connection:
        connection.execute(text(statement), values)
    db.session.rollback()


def person_in(acting, known):
    person = make_people(acting, known)[0]
    key_id = db.session.get_one(YoungPerson, person).data_key_id
    db.session.rollback()
    return person, key_id


# ---- verify


def test_a_sound_installation_verifies_whole(app, known):
    world.make(known)
    code, said = verified(app, "--all")
    assert code == 0, said
    keys, fields = (int(line.split()[0]) for line in said[:2])
    assert keys > 10
    assert fields > 100
    assert not [line for line in said if "DOES NOT OPEN" in line or "WITHOUT" in line]


def test_a_sample_opens_some_rows_of_each_table(app, known):
    world.make(known)
    everything = int(verified(app, "--all")[1][1].split()[0])
    code, said = verified(app, "--sample", "2")
    assert code == 0
    assert 0 < int(said[1].split()[0]) < everything


def test_what_was_opened_is_in_the_trail_as_a_number(app, known):
    world.make(known)
    verified(app, "--all")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.event == "review:keys_checked")).one()
    assert b'"examined"' in entry.body
    assert b'"subjects":[]' in entry.body
    assert b"job:key check" in entry.body


def test_a_changed_field_is_named_by_its_place_alone(app, acting, known):
    person, _ = person_in(acting, known)
    spoil("update young_person set surname_sealed = forename_sealed where id = :id", id=person)
    code, said = verified(app)
    assert code == 1
    assert f"DOES NOT OPEN: young_person.surname of {person}" in said
    assert "Sefton" not in "".join(said)


def test_a_data_key_that_does_not_open_is_named(app, acting, known):
    _, key_id = person_in(acting, known)
    spoil("update data_key set owner_id = 'x' where id = :id", keyring().store.engine, id=key_id)
    code, said = verified(app)
    assert code == 1
    assert f"DOES NOT OPEN: data key {key_id}" in said


def test_an_area_key_that_does_not_open_is_named(app, known):
    spoil("update scope_key set wrapped = :raw where scope = :scope", keyring().store.engine, raw=b"x" * 40,
          scope=known.areas["slough"])  # fmt: skip
    code, said = verified(app)
    assert code == 1
    assert "DOES NOT OPEN: slough version 1" in said


def test_rows_without_a_key_are_counted(app, acting, known):
    _, key_id = person_in(acting, known)
    spoil("delete from data_key where id = :id", keyring().store.engine, id=key_id)
    code, said = verified(app)
    assert code == 1
    assert "WITHOUT A KEY: 1 rows of young_person" in said


def test_rows_of_a_destroyed_key_are_a_note(app, acting, known):
    _, key_id = person_in(acting, known)
    keyring().store.destroy([key_id])
    code, said = verified(app)
    assert code == 0
    assert "note: 1 rows of young_person whose key was destroyed" in said


def test_keys_without_rows_are_counted_once_they_are_a_day_old(app, known):
    from core.clock import now

    key_id, _ = keyring().new_data_key("test", new_id(), known.areas["reading"])
    assert "0 keys without rows" in verified(app)[1][2]
    with keyring().store.engine.connect() as connection:
        old = now() - timedelta(days=2)
        connection.execute(data_key.update().where(data_key.c.id == key_id).values(created_at=old))
    assert "1 keys without rows" in verified(app)[1][2]


def test_indexes_under_a_key_that_is_gone_are_named_and_mended(app, acting, known):
    from tests.security.test_keys_rotation import found

    with acting("coordinator@reading") as actor:
        from cohort.services import people

        values = {"forename": "Kaya", "surname": "Sefton", "upn": "A0"}
        people.create_person(actor, area_id=actor.area_id, data=values, created_from="test")
        db.session.commit()
    spoil("update blind_index set key_version = 7")
    code, said = verified(app)
    assert code == 1
    assert "WITHOUT A KEY: indexes of reading. Run: flask keys rotate --area reading" in said
    assert run(app, "keys", "rotate", "--area", "reading").exit_code == 0
    assert verified(app)[0] == 0
    assert found(known.areas["reading"]) == 1


# ---- sealed copies


@pytest.fixture
def held(app, tmp_path):
    """The installation's root key in its file, as an operator has it."""
    from dataclasses import replace

    path = tmp_path / "keys" / "root.key"
    FileKeys.create(path)
    path.write_text(encode_keys({1: ROOT_KEY}))
    app.extensions["keyring"].provider = FileKeys(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROOT_KEY_FILE", str(path))
        app.extensions["settings"] = replace(app.extensions["settings"], key_provider="file")
        yield path


def copied(app, tmp_path, passphrase=PASSPHRASE):
    path = tmp_path / "copy.txt"
    result = run(app, "keys", "escrow-copy", str(path), input=f"{passphrase}\n{passphrase}\n")
    return path, result


def shows_no_key(output):
    """Neither the key itself nor anything of its length in base64 or hex."""
    assert base64.b64encode(ROOT_KEY).decode() not in output
    assert ROOT_KEY.hex() not in output
    assert not re.search(r"[A-Za-z0-9+/]{40}", output.replace("/tmp", "").replace("pytest", ""))
    return True


def test_a_sealed_copy_opens_every_area_down_to_a_field(app, known, held, tmp_path):
    world.make(known)
    path, made = copied(app, tmp_path)
    assert made.exit_code == 0, made.output
    assert check_value(ROOT_KEY) in made.output
    result = run(app, "keys", "escrow-check", str(path), input=f"{PASSPHRASE}\n")
    assert result.exit_code == 0, result.output
    assert "This copy opens everything." in result.output
    assert f"Version 1, check value {check_value(ROOT_KEY)}" in result.output
    assert "reading version 1: opens; a data key: opens; a field: opens" in result.output
    for output in (made.output, result.output, path.read_text().partition("\n\n")[0]):
        assert shows_no_key(output.replace(str(path), ""))
    assert ROOT_KEY not in base64.b64decode("".join(path.read_text().partition("\n\n")[2].split()))
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_check_is_in_the_trail(app, known, held, tmp_path):
    path, _ = copied(app, tmp_path)
    run(app, "keys", "escrow-check", str(path), input=f"{PASSPHRASE}\n")
    body = db.session.scalars(select(AuditEntry.body).where(AuditEntry.event == "review:keys_checked")).one()
    assert b'"reason":"escrow"' in body


def test_a_plain_copy_of_the_key_file_can_be_tried_too(app, known, held):
    result = run(app, "keys", "escrow-check", str(held))
    assert result.exit_code == 0, result.output
    assert shows_no_key(result.output.replace(str(held), ""))


def test_a_copy_of_another_key_opens_nothing_and_says_so(app, known, tmp_path):
    other = tmp_path / "other.key"
    FileKeys.create(other)
    result = run(app, "keys", "escrow-check", str(other))
    assert result.exit_code == 1
    assert "This copy does NOT open everything" in result.output
    assert "reading version 1: DOES NOT OPEN" in result.output


def test_a_copy_from_before_a_rotation_of_the_root_is_told_apart(app, known, held, tmp_path):
    path, _ = copied(app, tmp_path)
    FileKeys.add_version(held)
    app.extensions["keyring"].provider = FileKeys(held)
    run(app, "keys", "rotate", "--root")
    result = run(app, "keys", "escrow-check", str(path), input=f"{PASSPHRASE}\n")
    assert result.exit_code == 1
    assert "does NOT open everything" in result.output


@pytest.mark.parametrize("spoilt", ["passphrase", "bytes", "cut", "empty"])
def test_a_copy_that_does_not_open_says_so(app, held, tmp_path, spoilt):
    path, _ = copied(app, tmp_path)
    whole = path.read_text()
    if spoilt == "bytes":
        path.write_text(whole[:-5] + ("A" if whole[-5] != "A" else "B") + whole[-4:])
    if spoilt in {"cut", "empty"}:
        path.write_text(whole[: -30 if spoilt == "cut" else whole.index("\n\n")])
    given = "another passphrase" if spoilt == "passphrase" else PASSPHRASE
    result = run(app, "keys", "escrow-check", str(path), input=f"{given}\n")
    assert result.exit_code == 1
    assert "This copy does not open with this passphrase" in result.output
    assert "Traceback" not in result.output


def test_a_copy_that_others_may_read_is_refused(app, held, tmp_path):
    held.chmod(0o644)
    result = run(app, "keys", "escrow-check", str(held))
    assert result.exit_code == 1
    assert "chmod 600" in result.output


def test_a_short_passphrase_is_refused_and_nothing_is_written_over(app, held, tmp_path):
    path, result = copied(app, tmp_path, "short")
    assert result.exit_code == 1
    assert not path.exists()
    path.write_text("something else")
    assert copied(app, tmp_path)[1].exit_code == 1
    assert path.read_text() == "something else"


def test_a_root_key_in_a_service_has_no_copy(app, tmp_path):
    from dataclasses import replace

    app.extensions["settings"] = replace(app.extensions["settings"], key_provider="aws-kms")
    path, result = copied(app, tmp_path)
    assert result.exit_code == 1
    assert "never leaves aws-kms" in result.output
    assert not path.exists()


def test_check_values_tell_keys_apart(app, held):
    assert f"root key version 1: check value {check_value(ROOT_KEY)}" in run(app, "keys", "status").output
    assert check_value(ROOT_KEY) != check_value(bytes(32))
    assert re.fullmatch(r"[0-9A-F]{4}-[0-9A-F]{4}", check_value(ROOT_KEY))


def test_a_row_added_while_keys_are_read_is_no_finding(app, acting, known):
    from core import key_checks

    found, added = key_checks.Found(), []
    person_in(acting, known)

    def meanwhile(count):
        if not added:
            added.append(person_in(acting, known))

    key_checks.check_keys(keyring(), found, meanwhile)
    assert added
    assert found.is_well
    assert db.session.scalar(select(Referral.id).limit(1)) is None
