"""A young person is erased by two people, everywhere, and no old copy brings them back (C5)."""

import shutil

import pytest
from sqlalchemy import select, text

from accounts.roles import Role
from accounts.services import approvals
from accounts.services.approvals import NotAllowed
from audit.models import AuditEntry
from audit.verify import verify_all
from cohort.models import BlindIndex, YoungPerson
from core.db import db
from core.key_checks import key_columns
from core.keyring import keyring
from desk import erasing
from desk.models import Tombstone
from panels.models import Case
from tests.factories import world
from tests.security.test_keys_rotation import run


@pytest.fixture
def told(known):
    """One young person with a case, and what is theirs."""
    ids = world.make(known)
    keys = {key.id for key in erasing.rekeying.keys_owned_by(keyring(), erasing.owners_of(ids["person_id"]))}
    db.session.rollback()
    return ids, keys


def erase(acting, ids, asks="data_protection_officer@reading", agrees="safeguarding_lead@reading"):
    with acting(asks) as actor:
        asked = erasing.ask(actor, ids["reference"], "The family asked, and nothing speaks against it.").id
        db.session.commit()
    with acting(agrees) as actor:
        from accounts.models import Approval

        approvals.agree(actor, db.session.get_one(Approval, asked))
        db.session.commit()
    db.session.remove()


def rows_left(keys):
    """Rows, by table, that name one of the keys; approvals stay without their words."""
    found = {}
    for column in key_columns():
        number = len([key for key in db.session.scalars(select(column)) if key in keys])
        if number and column.table.name != "approval":
            found[column.table.name] = number
    db.session.rollback()
    return found


def test_an_erased_person_is_gone_everywhere(app, acting, sign_in, told):
    ids, keys = told
    client = sign_in(Role.COORDINATOR)
    assert client.get(f"/cases/{ids['case_id']}").status_code == 200
    erase(acting, ids)
    assert keyring().unwrap(keys) == {}
    assert rows_left(keys) == {}
    assert db.session.get(YoungPerson, ids["person_id"]) is None
    assert not db.session.scalars(select(BlindIndex).where(BlindIndex.young_person_id == ids["person_id"])).all()
    stone = db.session.scalars(select(Tombstone)).one()
    assert (stone.young_person_id, set(stone.key_ids) >= keys) == (ids["person_id"], True)
    db.session.rollback()
    for path in (f"/cases/{ids['case_id']}", f"/offers/{ids['offer_id']}"):
        assert client.get(path).status_code in {403, 404}
    for path in ("/cases?sort=name", "/triage", "/meetings"):
        assert client.get(path).status_code == 200
    assert run(app, "keys", "verify", "--all").exit_code == 0
    assert not [verdict for verdict in verify_all() if verdict.kind]
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.event == "delete:young_person")).one()
    assert ids["person_id"].encode() in entry.body


def test_others_are_left_as_they_were(acting, told):
    ids, _ = told
    others = set(db.session.scalars(select(Case.id).where(Case.young_person_id != ids["person_id"])))
    db.session.rollback()
    erase(acting, ids)
    assert others == set(db.session.scalars(select(Case.id)))


def test_nobody_agrees_to_what_they_asked_for(acting, told):
    with pytest.raises(NotAllowed):
        erase(acting, told[0], agrees="data_protection_officer@reading")
    db.session.rollback()
    assert db.session.get(YoungPerson, told[0]["person_id"]) is not None


def test_a_legal_hold_blocks_it_before_and_after_it_was_asked(app, acting, told):
    ids, _ = told
    with acting("data_protection_officer@reading") as actor:
        asked = erasing.ask(actor, ids["reference"], "The family asked.").id
        db.session.commit()
    db.session.remove()
    assert run(app, "erasures", "hold", ids["reference"], "--reason", "inquiry").exit_code == 0
    from accounts.models import Approval

    with acting("safeguarding_lead@reading") as actor, pytest.raises(NotAllowed, match="legal hold"):
        approvals.agree(actor, db.session.get_one(Approval, asked))
    db.session.rollback()
    db.session.remove()
    with acting("data_protection_officer@reading") as actor, pytest.raises(NotAllowed, match="legal hold"):
        erasing.ask(actor, ids["reference"], "Again.")
    db.session.rollback()
    assert run(app, "erasures", "release", ids["reference"]).exit_code == 0
    with acting("safeguarding_lead@reading") as actor:
        approvals.agree(actor, db.session.get_one(Approval, asked))
        db.session.commit()
    assert db.session.get(YoungPerson, ids["person_id"]) is None


def test_it_is_asked_for_at_the_command_line_in_a_persons_name(app, known, told):
    ids, _ = told
    by = known.emails["data_protection_officer@reading"]
    result = run(app, "erasures", "ask", ids["reference"], "--by", by, input="The family asked.\n")
    assert result.exit_code == 0, result.output
    assert "waits for a second person" in result.output
    assert run(app, "erasures", "ask", ids["reference"], "--by", by, input="Again.\n").exit_code == 1
    assert run(app, "erasures", "ask", "RDG-00-0000A", "--by", by, input="x\n").exit_code == 1
    assert (
        run(app, "erasures", "ask", ids["reference"], "--by", known.emails["analyst@reading"], input="x\n").exit_code
        == 1
    )


@pytest.mark.only("sqlite")
@pytest.mark.catalogue("C5")
def test_last_weeks_data_does_not_bring_them_back(app, acting, told, tmp_path, sign_in):
    """The whole check on SQLite: put back the file, nothing opens, tombstones are replayed, the trail verifies."""
    ids, keys = told
    backup = tmp_path / "last-week.sqlite3"
    db.session.execute(text("select 1"))
    db.session.rollback()
    with db.engine.connect() as connection:
        connection.connection.driver_connection.execute("vacuum into ?", (str(backup),))
    wrapped = [row.wrapped for row in keyring().store.fetch(keys)]
    erase(acting, ids)
    db.session.remove()
    db.engine.dispose()
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"data.sqlite3{suffix}").unlink(missing_ok=True)
    shutil.copy(backup, tmp_path / "data.sqlite3")
    with acting("coordinator@reading"), pytest.raises(LookupError):
        _ = db.session.get_one(YoungPerson, ids["person_id"]).surname
    db.session.remove()
    assert run(app, "keys", "replay-tombstones").output.startswith("1 ")
    assert db.session.get(YoungPerson, ids["person_id"]) is None
    assert rows_left(keys) == {}
    assert db.session.scalars(select(Tombstone.young_person_id)).one() == ids["person_id"]
    assert not [verdict for verdict in verify_all() if verdict.kind]
    db.session.rollback()
    assert run(app, "keys", "replay-tombstones").output.startswith("0 ")
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("keys.sqlite3*"))
    assert not [one for one in wrapped if one in raw]


def test_older_keys_do_not_bring_them_back_either(app, acting, told):
    """The data stands, the keys were put back from before: they are destroyed again."""
    from core.keystore import data_key, tombstone

    ids, keys = told
    before = {row.id: row.wrapped for row in keyring().store.fetch(keys)}
    erase(acting, ids)
    with keyring().store.engine.connect() as connection:
        connection.execute(tombstone.delete())
        for key_id, raw in before.items():
            connection.execute(
                data_key.update().where(data_key.c.id == key_id).values(wrapped=raw, destroyed_at=None)
            )  # fmt: skip
    assert len(keyring().unwrap(keys)) == len(keys)
    assert run(app, "keys", "replay-tombstones").output.startswith("1 ")
    assert keyring().unwrap(keys) == {}
    assert erasing.unfinished() == []
