"""Rotation: a new key under everything, while others use it, ended halfway or not (C4 without traffic)."""

import pytest
from sqlalchemy import func, select, text

from accounts.models import Approval
from accounts.roles import Role
from audit.models import AuditEntry
from audit.verify import verify_all
from cohort import reindexing
from cohort.models import BlindIndex, YoungPerson
from cohort.services import people
from core import rotation
from core.db import db
from core.ids import new_id
from core.keyring import KeyDestroyed, KeyRing, KeysUnavailable, keyring, scope_bound
from core.keystore import NewerKeyExists
from core.providers import FileKeys, LocalKeys
from desk import rotating
from tests.conftest import ROOT_KEY
from tests.factories import world
from tests.security.test_sealing import make_people
from tests.support.client import words
from tests.support.keys import Counted

AREA = "reading"


def run(app, *arguments, **options):
    result = app.test_cli_runner().invoke(args=list(arguments), **options)
    db.session.rollback()
    return result


def another_process(app):
    """A key ring that knows nothing of what this one did since."""
    return KeyRing(app.extensions["keyring"].store, LocalKeys({1: ROOT_KEY}))


def test_rotating_an_area_leaves_nothing_under_the_old_key(app, known, sign_in):
    ids = world.make(known)
    area = known.areas[AREA]
    before = dict(((a, v), n) for a, v, n in keyring().store.counts())
    result = run(app, "keys", "rotate", "--area", AREA, "--batch", "7")
    assert result.exit_code == 0, result.output
    after = {(a, v): n for a, v, n in keyring().store.counts()}
    assert after[(area, 2)] == before[(area, 1)]
    assert (area, 1) not in after
    assert all(version == 2 for of, version in reindexing.versions_in_use() if of == area)
    assert sign_in(Role.COORDINATOR).get(f"/cases/{ids['case_id']}").status_code == 200
    assert not [verdict for verdict in verify_all() if verdict.kind]
    reasons = {entry for entry in db.session.scalars(select(AuditEntry.body).where(AuditEntry.event == "key:changed"))}
    assert any(b"rotation_begun" in body for body in reasons)
    assert any(b"rotation_ended" in body for body in reasons)


def test_another_area_is_left_alone(app, known, acting):
    make_people(acting, known)
    run(app, "keys", "rotate", "--area", AREA)
    assert keyring().store.versions(known.areas["slough"]) == [1]
    assert ("slough", 1) in {(slug_of(known, area), version) for area, version, _ in keyring().store.counts()}


def slug_of(known, area):
    return next((slug for slug, found in known.areas.items() if found == area), area)


def test_a_process_that_knows_only_the_old_key_reads_what_is_under_the_new_one(app, known, acting):
    person = make_people(acting, known)[0]
    key_id = db.session.get_one(YoungPerson, person).data_key_id
    other = another_process(app)
    opened = other.unwrap([key_id])
    db.session.rollback()
    run(app, "keys", "rotate", "--area", AREA)
    assert other.unwrap([key_id]) == opened


def test_a_process_that_knows_only_the_old_key_adds_nothing_under_it(app, known):
    area, other = known.areas[AREA], another_process(app)
    assert other.scope_key(area)[0] == 1
    run(app, "keys", "rotate", "--area", AREA)
    key_id, key = other.new_data_key("test", new_id(), area)
    assert keyring().store.fetch([key_id])[0].area_key_version == 2
    assert keyring().unwrap([key_id]) == {key_id: key}


def test_a_wrap_made_under_the_old_key_is_refused(app, known):
    area, other = known.areas[AREA], another_process(app)
    prepared = [other.prepare_data_key("test", new_id(), area)[0] for _ in range(3)]
    run(app, "keys", "rotate", "--area", AREA)
    for some in (prepared, prepared[:1]):
        with pytest.raises(NewerKeyExists):
            other.store.add(some)
    assert other.store.fetch([key.id for key in prepared]) == []


def test_giving_a_key_away_while_it_is_rotated_keeps_both(app, known, acting):
    person = make_people(acting, known)[0]
    key_id = db.session.get_one(YoungPerson, person).data_key_id
    db.session.rollback()
    ring, area = keyring(), known.areas[AREA]
    opened = ring.unwrap([key_id])
    other = another_process(app)
    other.scope_key(area)
    version = rotation.add_version(ring, area)
    stale = ring.store.fetch([key_id])[0]
    other.give_to(key_id, "referral", "r" * 26, area)
    # The rotation read the row before: what it wraps is for the old owner, and must not be kept.
    assert rotation._rewrap_rows(ring, [stale], version) == []
    row = ring.store.fetch([key_id])[0]
    assert (row.owner_kind, row.area_key_version) == ("referral", 2)
    assert ring.unwrap([key_id]) == opened


def test_a_rotation_does_not_bring_a_destroyed_key_back(app, known, acting):
    person = make_people(acting, known)[0]
    key_id = db.session.get_one(YoungPerson, person).data_key_id
    db.session.rollback()
    ring, area = keyring(), known.areas[AREA]
    version = rotation.add_version(ring, area)
    stale = ring.store.fetch([key_id])[0]
    ring.store.destroy([key_id])
    rotation._rewrap_rows(ring, [stale], version)
    assert ring.store.fetch([key_id])[0].wrapped is None


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_rotation_that_ended_halfway_goes_on_when_begun_again(app, known, steps):
    world.make(known)
    ring, area = keyring(), known.areas[AREA]
    version = rotation.add_version(ring, area)
    batches = rotation.rewrap(ring, area, version, size=5)
    for _ in range(steps):
        next(batches)
    batches.close()
    assert rotating.unfinished(area) > 0
    db.session.rollback()
    result = run(app, "keys", "rotate", "--area", AREA)
    assert result.exit_code == 0, result.output
    assert "this goes on with it" in result.output
    assert ring.store.versions(area) == [1, 2]
    assert rotating.unfinished(area) == 0


def test_indexes_half_made_anew_are_finished_and_found_all_the_while(app, known, acting):
    with acting("coordinator@reading") as actor:
        for number in range(3):
            values = {"forename": f"Kaya{'abc'[number]}", "surname": "Sefton", "upn": f"A{number}"}
            people.create_person(actor, area_id=actor.area_id, data=values, created_from="test")
        db.session.commit()
    ring, area = keyring(), known.areas[AREA]
    version = rotation.add_version(ring, area)
    batches = reindexing.reindex(area, version, size=1)
    for _ in range(3):
        assert found(area) == 3
        next(batches)
    assert found(area) == 3
    batches.close()
    assert reindexing.left_behind(area, version) == 0


def found(area):
    """How many of those three are found by their pupil numbers."""
    asked = [
        people.find_matches(area, forename=None, surname=None, date_of_birth=None, upn=f"A{number}")
        for number in range(3)
    ]
    db.session.rollback()
    return sum(len(answer) for answer in asked)


def test_a_key_that_does_not_open_is_named_and_left(app, known, acting):
    person, beside, _ = make_people(acting, known)
    keys = {i: db.session.get_one(YoungPerson, i).data_key_id for i in (person, beside)}
    db.session.rollback()
    with keyring().store.engine.connect() as connection:
        connection.execute(text("update data_key set owner_id = 'x' where id = :id"), {"id": keys[person]})
    result = run(app, "keys", "rotate", "--area", AREA, "--batch", "1")
    assert result.exit_code == 1
    assert "1 keys do not open" in result.output
    rows = {row.id: row.area_key_version for row in keyring().store.fetch(keys.values())}
    assert rows == {keys[person]: 1, keys[beside]: 2}


def test_old_keys_are_kept_until_they_are_dropped_and_then_are_gone(app, known, acting, sign_in):
    make_people(acting, known)
    area = known.areas[AREA]
    assert "Nothing to delete" in run(app, "keys", "drop-old", "--yes").output
    run(app, "keys", "rotate", "--area", AREA)
    assert "note  Old keys: " in run(app, "doctor").output
    # One person with a shell is not enough, nor one who asked: a second person agrees.
    alone = run(app, "keys", "drop-old", "--yes")
    assert (alone.exit_code, "version 1 kept" in alone.output) == (1, True)
    officer = sign_in(Role.DATA_PROTECTION_OFFICER)
    assert sign_in(Role.ADMINISTRATOR).get("/rights/keys").status_code == 403
    officer.submit("/rights/keys", {"area": area, "reason": "No copy from before is kept any more"})
    approval = db.session.scalars(select(Approval.id).where(Approval.kind == "key_destruction")).one()
    db.session.rollback()
    assert run(app, "keys", "drop-old", "--yes").exit_code == 1
    assert "You asked for this" in words(officer.get(f"/approvals/{approval}"))
    assert sign_in(Role.SAFEGUARDING_LEAD, area="slough").get(f"/approvals/{approval}").status_code == 404
    sign_in(Role.SAFEGUARDING_LEAD).submit(f"/approvals/{approval}", {"decision": "agree"})
    assert "reading: version 1 deleted" in run(app, "keys", "drop-old", "--yes").output
    assert db.session.get_one(Approval, approval).state == "done"
    db.session.rollback()
    assert keyring().store.versions(area) == [2]
    assert "note  Old keys" not in run(app, "doctor").output
    with pytest.raises(KeysUnavailable):
        another_process(app).scope_key(area, 1)
    assert sign_in(Role.COORDINATOR).get("/cases").status_code == 200


def test_an_old_key_that_is_needed_is_not_dropped(app, known, acting):
    make_people(acting, known)
    ring, area = keyring(), known.areas[AREA]
    rotation.add_version(ring, area)
    assert rotation.drop_version(ring, area, 1) is False
    assert "Nothing to delete" in run(app, "keys", "drop-old", "--yes").output
    assert ring.store.versions(area) == [1, 2]


def test_the_newest_key_is_never_dropped(app, known):
    ring = keyring()
    assert rotation.drop_version(ring, known.areas[AREA], 1) is False
    assert ring.store.versions(known.areas[AREA]) == [1]


def test_the_doctor_and_status_tell_of_an_unfinished_rotation(app, known, acting):
    make_people(acting, known)
    rotation.add_version(keyring(), known.areas[AREA])
    said = run(app, "doctor")
    assert said.exit_code == 0
    assert "flask keys rotate --area reading" in said.output
    assert "reading: version 2, opens" in run(app, "keys", "status").output


@pytest.mark.parametrize(("arguments", "said"), [
    ((), "Say what to rotate"),
    (("--area", "nowhere"), "There is no area called nowhere"),
    (("--person", "x" * 26), "There is no young person"),
])  # fmt: skip
def test_a_rotation_of_nothing_says_what_to_give(app, arguments, said):
    result = run(app, "keys", "rotate", *arguments)
    assert result.exit_code != 0
    assert said in result.output


def test_all_areas_and_the_system_at_once(app, known, acting):
    make_people(acting, known)
    assert run(app, "keys", "rotate", "--all-areas", "--system").exit_code == 0
    for scope in (*known.areas.values(), "system"):
        assert keyring().store.versions(scope) == [1, 2]


# ---- the root key


def with_file(app, tmp_path):
    """The installation's root key in a file, as version 1."""
    path = tmp_path / "keys" / "root.key"
    FileKeys.create(path)
    from core.providers import encode_keys

    path.write_text(encode_keys({1: ROOT_KEY}))
    app.extensions["keyring"].provider = FileKeys(path)
    return path


def test_the_root_is_rotated_while_a_process_knows_only_the_old_one(app, known, acting, tmp_path):
    person = make_people(acting, known)[0]
    key_id = db.session.get_one(YoungPerson, person).data_key_id
    db.session.rollback()
    path = with_file(app, tmp_path)
    other = KeyRing(keyring().store, FileKeys(path))
    assert run(app, "keys", "create", "--next", str(path)).exit_code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    app.extensions["keyring"].provider = FileKeys(path)
    assert "under an OLD root key" in run(app, "keys", "status").output
    result = run(app, "keys", "rotate", "--root")
    assert result.exit_code == 0, result.output
    assert rotation.under_old_root(keyring()) == []
    assert other.unwrap([key_id])  # it read the file again
    only_new = LocalKeys({2: FileKeys.read(path)[2]})
    assert KeyRing(keyring().store, only_new).unwrap([key_id])
    with pytest.raises(KeysUnavailable):
        another_process(app).unwrap([key_id])


def test_rotating_the_root_twice_changes_nothing_more(app, known, tmp_path):
    path = with_file(app, tmp_path)
    FileKeys.add_version(path)
    app.extensions["keyring"].provider = FileKeys(path)
    assert "0 keys" not in run(app, "keys", "rotate", "--root").output
    wrapped = keyring().store.scope_keys(known.areas[AREA])
    assert "root: 0 keys" in run(app, "keys", "rotate", "--root").output
    assert keyring().store.scope_keys(known.areas[AREA]) == wrapped


def test_a_root_key_that_opens_nothing_changes_nothing(app, known):
    app.extensions["keyring"].provider = LocalKeys({2: bytes(32)})
    result = run(app, "keys", "rotate", "--root")
    assert result.exit_code == 1
    assert KeyRing(keyring().store, LocalKeys({1: ROOT_KEY})).scope_key(known.areas[AREA])[0] == 1


# ---- one young person


def test_a_person_gets_new_keys_and_nothing_stands_under_the_old(app, known, sign_in):
    ids = world.make(known)
    person = ids["person_id"]
    old = set(db.session.scalars(select(YoungPerson.data_key_id).where(YoungPerson.id == person)))
    db.session.rollback()
    result = run(app, "keys", "rotate", "--person", person, "--batch", "3")
    assert result.exit_code == 0, result.output
    new = db.session.get_one(YoungPerson, person).data_key_id
    assert new not in old
    assert not old & rotating_keys_in_use()
    row = keyring().store.fetch([new])[0]
    assert not row.owner_kind.startswith("new:")
    db.session.rollback()
    assert sign_in(Role.COORDINATOR).get(f"/cases/{ids['case_id']}").status_code == 200
    assert run(app, "keys", "verify", "--all").exit_code == 0
    assert not [verdict for verdict in verify_all() if verdict.kind]


def rotating_keys_in_use():
    from core.key_checks import keys_in_use

    return keys_in_use()


def test_a_persons_rotation_that_ended_halfway_goes_on_with_the_same_key(app, known):
    from core import context, rekeying
    from rights.person_records import owners_of

    person = world.make(known)["person_id"]
    ring = keyring()
    with context.acting_as(job="test") as job:
        old = next(key for key in rekeying.keys_owned_by(ring, owners_of(person)) if rekeying.rows_under(key.id))
        begun = rekeying.successor(ring, old)
        from audit.models import Event
        from audit.services import record

        rekeying.reseal_batch(job, old.id, begun, size=2)
        record(Event.KEYS_CHANGED, None, subjects=[person])
        db.session.commit()
    assert run(app, "keys", "rotate", "--person", person).exit_code == 0
    with context.acting_as(job="test"):
        assert rekeying.rows_under(old.id) == 0
        assert rekeying.rows_under(begun) > 2
    assert ring.store.fetch([begun])[0].owner_kind == old.owner_kind


def test_a_form_that_was_open_while_a_person_was_rotated_does_not_overwrite(app, known, sign_in):
    ids = world.make(known)
    client = sign_in(Role.COORDINATOR)
    before = db.session.get_one(YoungPerson, ids["person_id"]).row_version
    db.session.rollback()
    run(app, "keys", "rotate", "--person", ids["person_id"])
    assert db.session.get_one(YoungPerson, ids["person_id"]).row_version == before + 1
    db.session.rollback()
    assert client.get(f"/cases/{ids['case_id']}").status_code == 200


# ---- the provider is asked rarely


def test_one_call_of_the_provider_for_each_area_key_in_fifteen_minutes(app, known):
    from tests.support.keys import Clock

    area, clock = known.areas[AREA], Clock()
    counted = Counted({1: ROOT_KEY})
    ring = KeyRing(keyring().store, counted, clock)
    for _ in range(100):
        ring.scope_key(area)
    clock.now = 15 * 60 - 1
    ring.scope_key(area)
    assert counted.calls == [scope_bound(area, 1).decode()]
    clock.now = 15 * 60
    ring.scope_key(area)
    assert len(counted.calls) == 2


def test_many_threads_ask_once(app, known):
    from tests.support.visitor import at_once

    counted = Counted({1: ROOT_KEY})
    ring = KeyRing(keyring().store, counted)
    at_once(8, lambda number: ring.scope_key(known.areas[AREA]))
    assert len(counted.calls) == 1


def test_the_cache_is_bounded(app, monkeypatch):
    from core import keyring as module

    monkeypatch.setattr(module, "MOST_SCOPES", 3)
    ring = KeyRing(keyring().store, LocalKeys({1: ROOT_KEY}))
    for number in range(6):
        ring.ensure_scope(f"audit:{number}")
        ring.scope_key(f"audit:{number}")
    assert len(ring._scopes) == 3


# ---- what is wrapped and then changed never opens, and never breaks


def test_index_tokens_differ_by_version(app, known):
    ring, area = keyring(), known.areas[AREA]
    rotation.add_version(ring, area)
    assert ring.token(area, "upn", "A1", 1) != ring.token(area, "upn", "A1", 2)


def test_blind_indexes_name_the_version_that_they_stand_under(app, known, acting):
    make_people(acting, known)
    assert db.session.scalar(select(func.count()).select_from(BlindIndex).where(BlindIndex.key_version != 1)) == 0


def test_a_data_key_cut_short_is_destroyed_not_a_crash(app, known, acting):
    person = make_people(acting, known)[0]
    key_id = db.session.get_one(YoungPerson, person).data_key_id
    db.session.rollback()
    with keyring().store.engine.connect() as connection:
        connection.execute(text("update data_key set wrapped = :raw where id = :id"), {"raw": b"x", "id": key_id})
    with pytest.raises(KeyDestroyed):
        keyring().unwrap([key_id])
