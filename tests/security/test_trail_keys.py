"""A chain's key changes, and the chain goes on: what came before verifies under the old key, what comes under the new."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from audit import key_changes
from audit.chain import KeyMovedOn, chain_keys
from audit.engine import mac_of
from audit.merkle import leaf_of
from audit.models import AuditChainKey, AuditEntry, AuditSeal, Event
from audit.services import record
from audit.verify import verify, verify_all
from audit.verify_export import check
from core import context
from core.db import db, reading
from core.keyring import keyring
from tests.security.test_keys_rotation import run
from tests.support.client import words
from tests.support.tampering import as_owner, literal, where


@pytest.fixture
def chain(known):
    return known.areas["reading"]


def write(chain, entries=3):
    with context.acting_as(job="test"):
        for _ in range(entries):
            record(Event.CASE_READ, None, area_id=chain, subjects=["s" * 26])
            db.session.commit()
    db.session.remove()


def verdict(chain):
    with reading():
        return verify(chain)


def rotated(app, chain):
    """Three entries, a new key, three more; the entry that says so."""
    write(chain)
    result = run(app, "keys", "rotate", "--trail")
    assert result.exit_code == 0, result.output
    assert "reading: entries are sealed under version 2 from now on" in result.output
    write(chain)
    db.session.rollback()
    return db.session.scalars(select(AuditChainKey.seq).where(AuditChainKey.chain == chain)).one()


def seals(chain):
    found = db.session.execute(
        select(AuditSeal.seq, AuditSeal.leaf, AuditSeal.mac).where(AuditSeal.chain == chain).order_by(AuditSeal.seq)
    ).all()
    db.session.rollback()
    return {row.seq: (bytes(row.leaf), bytes(row.mac)) for row in found}


def test_every_chain_goes_on_under_a_new_key_and_verifies(app, known, acting, chain, sign_in):
    at = rotated(app, chain)
    assert not [found for found in verify_all() if found.kind]
    keys, found = chain_keys(chain), seals(chain)
    assert sorted(keys) == [1, 2]
    for seq, version, other in ((at, 1, 2), (at + 1, 2, 1), (max(found), 2, 1)):
        leaf, mac = found[seq]
        assert mac_of(keys[version], found[seq - 1][1], leaf) == mac
        assert mac_of(keys[other], found[seq - 1][1], leaf) != mac
    # The page about one entry takes the key that held then, and a third key follows the second.
    lead = sign_in("safeguarding_lead")
    for seq in (at - 1, at, at + 1):
        assert "Does not agree" not in words(lead.get(f"/audit/entries/{chain}/{seq}"))
    assert run(app, "keys", "rotate", "--trail").exit_code == 0
    write(chain)
    assert key_changes.sealed_under(chain) == 3
    assert not [found for found in verify_all() if found.kind]
    assert run(app, "keys", "drop-old", "--yes").output.startswith("Nothing to delete")


@pytest.mark.parametrize("how", ["old key", "note removed", "note added", "other version"])
def test_who_has_only_the_old_key_adds_nothing_after_the_new_one(app, chain, how):
    at = rotated(app, chain)
    found, keys = seals(chain), chain_keys(chain)
    db.session.rollback()
    bad, kind = at, "changed"
    if how == "old key":  # the last entry again, sealed with the key that leaked
        bad, kind = max(found), "forked"
        forged = mac_of(keys[1], found[bad - 1][1], found[bad][0])
        as_owner(f"update audit_seal set mac = {literal(forged)} {where(chain, bad)}")
    elif how == "note removed":
        as_owner(f"delete from audit_chain_key where chain = '{chain}'")
    elif how == "note added":
        bad = at - 1
        as_owner(f"insert into audit_chain_key (chain, seq, version) values ('{chain}', {bad}, 2)")
    else:
        as_owner(f"update audit_chain_key set version = 9 where chain = '{chain}'")
    assert (verdict(chain).kind, verdict(chain).seq) == (kind, bad)


def test_a_rotation_that_ended_between_key_and_entry_goes_on(app, chain):
    write(chain)
    keyring().add_scope_version(f"audit:{chain}")
    assert key_changes.waiting() == [chain]
    write(chain)
    assert verdict(chain).kind is None
    assert key_changes.rotate(chain) == 2
    assert key_changes.waiting() == []
    with context.acting_as(job="test"):
        record(Event.CHAIN_KEY_CHANGED, None, key_changes.Chain(chain), area_id=chain, detail={"version": 2})
        with pytest.raises(KeyMovedOn):
            db.session.commit()
    db.session.rollback()
    assert verdict(chain).kind is None


def test_a_process_that_knew_only_the_old_key_seals_under_the_new_one(app, chain):
    """Its key ring holds version 1 alone; the head, read under the lock, tells it that there is another."""
    write(chain)
    key_changes.rotate(chain)
    ring = keyring()
    with ring._guard:
        held = ring._scopes[f"audit:{chain}"]
        ring._scopes[f"audit:{chain}"] = replace(held, keys={1: held.keys[1]}, derived={})
    write(chain)
    assert verdict(chain).kind is None
    assert key_changes.sealed_under(chain) == 2


def test_an_export_takes_its_keys_along_and_verifies_without_the_service(app, chain, tmp_path):
    at = rotated(app, chain)
    folder = tmp_path / "export"
    assert run(app, "audit", "export", "--out", str(folder), "--with-seal-keys").exit_code == 0
    keys = json.loads((folder / "seal-keys.json").read_text())
    assert sorted(keys[chain]) == ["1", "2"]
    assert not [found for found in check(folder, None, keys) if found.kind]
    wrong = {**keys, chain: {"1": keys[chain]["1"]}}
    found = {one.chain: (one.kind, one.seq) for one in check(folder, None, wrong)}
    assert found[chain] == ("changed", at + 1)


def test_bodies_that_were_dropped_leave_the_keys_known(app, chain):
    """The entry that changed the key goes with age; the note of it stays, and seals verify across it."""
    at = rotated(app, chain)
    body = bytes(
        db.session.scalars(select(AuditEntry.body).where(AuditEntry.chain == chain, AuditEntry.seq == at)).one()
    )
    assert seals(chain)[at][0] == leaf_of(body)
    with context.acting_as(job="retention"):
        detail = {"first": 1, "last": at + 1, "entries": at + 1}
        record(Event.AUDIT_BODIES_DROPPED, None, key_changes.Chain(chain), area_id=chain, detail=detail)
        db.session.commit()
    db.session.remove()
    for table in ("audit_entry", "audit_subject"):
        as_owner(f"delete from {table} where chain = '{chain}' and seq <= {at + 1}")
    assert verdict(chain).kind is None
    db.session.execute(text("select 1"))
