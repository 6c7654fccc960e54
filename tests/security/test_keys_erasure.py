"""A young person is erased by two people, everywhere, and no old copy brings them back (C5)."""

import shutil

import pytest
from sqlalchemy import make_url, select

from accounts.roles import Role
from accounts.services import approvals
from accounts.services.approvals import NotAllowed
from audit.models import AuditEntry
from audit.verify import verify_all
from cohort.global_index import GlobalIndex, global_index
from cohort.models import BlindIndex, YoungPerson
from cohort.services import elsewhere
from core.db import db
from core.key_checks import key_columns
from core.keyring import keyring
from core.rekeying import keys_owned_by
from panels.models import Case
from rights import erasing, erasures
from rights.models import Tombstone
from rights.person_records import owners_of
from tests.factories import world
from tests.security.test_keys_rotation import run


@pytest.fixture
def told(known):
    """One young person with a case, and what is theirs."""
    ids = world.make(known)
    keys = {key.id for key in keys_owned_by(keyring(), owners_of(ids["person_id"]))}
    db.session.rollback()
    return ids, keys


def erase(acting, ids, asks="data_protection_officer@reading", agrees="safeguarding_lead@reading"):
    with acting(asks) as actor:
        asked = erasures.ask(actor, ids["reference"], "The family asked, and nothing speaks against it.").id
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
        asked = erasures.ask(actor, ids["reference"], "The family asked.").id
        db.session.commit()
    db.session.remove()
    assert run(app, "erasures", "hold", ids["reference"], "--reason", "inquiry").exit_code == 0
    from accounts.models import Approval

    with acting("safeguarding_lead@reading") as actor, pytest.raises(NotAllowed, match="legal hold"):
        approvals.agree(actor, db.session.get_one(Approval, asked))
    db.session.rollback()
    db.session.remove()
    with acting("data_protection_officer@reading") as actor, pytest.raises(NotAllowed, match="legal hold"):
        erasures.ask(actor, ids["reference"], "Again.")
    db.session.rollback()
    assert run(app, "erasures", "release", ids["reference"]).exit_code == 0
    with acting("safeguarding_lead@reading") as actor:
        approvals.agree(actor, db.session.get_one(Approval, asked))
        db.session.commit()
    assert db.session.get(YoungPerson, ids["person_id"]) is None


def test_the_index_of_all_areas_is_left_to_the_worker(app, acting, told, tmp_path):
    """The web process may not reach that database at all: the row waits, and the worker takes them out."""
    with acting("coordinator@reading") as actor:
        elsewhere.publish(actor, db.session.get_one(YoungPerson, told[0]["person_id"]))
        db.session.commit()
    while elsewhere.index_one():
        pass
    before = global_index().people()
    theirs = app.extensions["global_index"]
    app.extensions["global_index"] = GlobalIndex(f"sqlite:///{tmp_path}/nowhere/matching.sqlite3")
    erase(acting, told[0])
    app.extensions["global_index"] = theirs
    assert global_index().people() == before
    while elsewhere.index_one():
        pass
    assert global_index().people() == before - 1


def back_up(database, request, folder):
    """Last week's data: a copy of the file, or what pg_dump writes. Gives what puts it back."""
    db.session.remove()
    if database == "postgresql":
        name, server = make_url(str(db.engine.url)).database, request.getfixturevalue("postgres")
        server.dump(name, folder / "last-week.dump")
        return lambda: (db.engine.dispose(), server.restore(name, folder / "last-week.dump"))
    backup = folder / "last-week.sqlite3"
    with db.engine.connect() as connection:
        connection.connection.driver_connection.execute("vacuum into ?", (str(backup),))

    def put_back():
        db.engine.dispose()
        for suffix in ("-wal", "-shm"):
            (folder / f"data.sqlite3{suffix}").unlink(missing_ok=True)
        shutil.copy(backup, folder / "data.sqlite3")

    return put_back


@pytest.mark.catalogue("C5")
def test_last_weeks_data_does_not_bring_them_back(app, acting, told, tmp_path, database, request):
    """The data is put back, the keys are today's: nothing opens, tombstones are replayed, the trail verifies."""
    ids, keys = told
    put_back = back_up(database, request, tmp_path)
    wrapped = [row.wrapped for row in keyring().store.fetch(keys)]
    erase(acting, ids)
    db.session.remove()
    put_back()
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
