"""The trail: it cannot be changed unseen, nothing leaves or changes without it, and many writers do not fork it."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from audit.models import APPEND_ONLY, AuditEntry, AuditSeal, Event
from audit.services import record
from audit.verify import verify, verify_all
from core.db import db
from core.row_rules import RULES
from tests.factories import cases, meetings
from tests.support.databases import WEB
from tests.support.tampering import as_owner, body_of, literal, where

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def chain(acting, known):
    """Reading's chain with ten entries about made-up subjects."""
    with acting("coordinator@reading") as actor:
        for number in range(10):
            record(Event.CASE_READ, actor, subjects=[f"subject{number:019d}"], detail={"number": number})
            db.session.commit()
    return known.areas["reading"]


def test_an_untouched_chain_verifies(chain):
    assert verify(chain).kind is None
    assert verify(chain).entries >= 10


@pytest.mark.catalogue("T5", part="changed")
@pytest.mark.parametrize("kind", ["changed body", "changed column", "changed leaf too"])
def test_a_changed_entry_is_named(chain, kind):
    forged = body_of(chain, 5).replace(b'"ok"', b'"no"')
    if kind == "changed column":
        as_owner(f"update audit_entry set actor_id = 'somebody' {where(chain, 5)}")
    else:
        as_owner(f"update audit_entry set body = {literal(forged)} {where(chain, 5)}")
    if kind == "changed leaf too":
        from audit.chain import leaf_of

        as_owner(f"update audit_seal set leaf = {literal(leaf_of(forged))} {where(chain, 5)}")
    assert (verify(chain).kind, verify(chain).seq) == ("changed", 5)


@pytest.mark.catalogue("T5", part="missing")
@pytest.mark.parametrize("tables", [("audit_entry",), ("audit_entry", "audit_seal")])
def test_a_missing_entry_is_named(chain, tables):
    as_owner(*(f"delete from {table} {where(chain, 4)}" for table in tables))
    assert (verify(chain).kind, verify(chain).seq) == ("missing", 4)


@pytest.mark.catalogue("T5", part="partly")
def test_an_inserted_entry_is_named(chain):
    last = verify(chain).entries
    body = json.loads(body_of(chain, last)) | {"seq": last + 1}
    raw = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    as_owner(
        "insert into audit_entry (chain, seq, at, event, outcome, actor_id, object_type, object_id, body)"
        f" select chain, {last + 1}, at, event, outcome, actor_id, object_type, object_id, {literal(raw)}"
        f" from audit_entry {where(chain, last)}"
    )
    assert (verify(chain).kind, verify(chain).seq) == ("inserted", last + 1)


@pytest.mark.catalogue("T5", part="inserted")
def test_an_entry_squeezed_in_with_a_made_up_seal_is_named(chain):
    """The rest is moved up by one, so that only the seals can tell."""
    from audit.chain import leaf_of

    last = verify(chain).entries
    moves = []
    for table in ("audit_entry", "audit_seal", "audit_subject"):
        moves += [f"update {table} set seq = {n + 1} {where(chain, n)}" for n in range(last, 5, -1)]
    body = body_of(chain, 5).replace(b'"seq":5', b'"seq":6')
    as_owner(
        *moves,
        "insert into audit_entry (chain, seq, at, event, outcome, actor_id, object_type, object_id, body)"
        f" select chain, 6, at, event, outcome, actor_id, object_type, object_id, {literal(body)}"
        f" from audit_entry {where(chain, 5)}",
        f"insert into audit_seal (chain, seq, leaf, mac) values ('{chain}', 6, {literal(leaf_of(body))}, {literal(bytes(32))})",
    )
    assert (verify(chain).kind, verify(chain).seq) == ("inserted", 6)


@pytest.mark.catalogue("T5", part="reordered")
def test_two_entries_that_changed_places_are_named(chain):
    swap = []
    for table in ("audit_entry", "audit_seal", "audit_subject"):
        swap += [f"update {table} set seq = {to} {where(chain, at)}" for at, to in ((5, 999), (6, 5), (999, 6))]
    as_owner(*swap)
    assert (verify(chain).kind, verify(chain).seq) == ("reordered", 5)


@pytest.mark.catalogue("T5", part="forked")
def test_an_entry_sealed_onto_an_older_head_is_a_fork(chain, app):
    """Somebody with the key rewrites the end of the chain from an older entry on."""
    from audit.chain import chain_key, mac_of

    older = db.session.scalar(select(AuditSeal.mac).where(AuditSeal.chain == chain, AuditSeal.seq == 3))
    leaf = db.session.scalar(select(AuditSeal.leaf).where(AuditSeal.chain == chain, AuditSeal.seq == 7))
    forked = mac_of(chain_key(chain), bytes(older), bytes(leaf))
    as_owner(f"update audit_seal set mac = {literal(forked)} {where(chain, 7)}")
    assert (verify(chain).kind, verify(chain).seq) == ("forked", 7)


@pytest.mark.catalogue("T5", part="index")
@pytest.mark.parametrize("change", ["delete", "add"])
def test_a_subject_index_that_disagrees_is_named(chain, change):
    seq = db.session.scalar(text(f"select min(seq) from audit_subject where chain = '{chain}'"))
    if change == "delete":
        as_owner(f"delete from audit_subject {where(chain, seq)}")
    else:
        as_owner(f"insert into audit_subject (subject_id, chain, seq) values ('{'z' * 26}', '{chain}', {seq})")
    assert (verify(chain).kind, verify(chain).seq) == ("index", seq)


@pytest.mark.catalogue("T5", part="index")
@pytest.mark.parametrize("seq", [0, 5_000])
def test_a_subject_of_an_entry_that_does_not_exist_is_named(chain, seq):
    as_owner(f"insert into audit_subject (subject_id, chain, seq) values ('{'z' * 26}', '{chain}', {seq})")
    assert (verify(chain).kind, verify(chain).seq) == ("index", seq)


@pytest.mark.catalogue("T5", part="command")
def test_the_command_names_the_first_bad_entry(chain, app):
    as_owner(f"update audit_entry set outcome = 'no' {where(chain, 5)}")
    result = app.test_cli_runner().invoke(args=["audit", "verify", "--area", "reading"])
    assert result.exit_code == 1
    assert "reading: BROKEN at entry 5: changed" in result.output


@pytest.mark.catalogue("T6", part="statements")
@pytest.mark.parametrize("table", ["audit_entry", "audit_seal", "audit_subject"])
@pytest.mark.parametrize("statement", ["update {} set seq = seq", "delete from {}", "truncate {}"])
def test_the_database_refuses_to_change_the_trail(chain, table, statement):
    if db.engine.dialect.name == "sqlite" and statement.startswith("truncate"):
        statement = "delete from {} where true"  # SQLite has no other way to empty a table
    with pytest.raises(SQLAlchemyError):
        db.session.execute(text(statement.format(table)))


# What somebody could ask of the database for the trail, at the address that the web process has.
ASKED = [
    (table, statement)
    for table in APPEND_ONLY
    for statement in (
        "update {} set chain = chain", "delete from {}", "truncate {}", "drop table {}",
        "alter table {} disable trigger user", "drop trigger {}_append_only_rows on {}", "alter table {} owner to current_user",
        "create trigger more after insert on {} execute function audit_append_only()", "drop policy own_rows on {}",
        "alter table {} disable row level security",
    )
    if table in RULES or "policy" not in statement
]  # fmt: skip


@pytest.mark.only("postgresql")
@pytest.mark.catalogue("T6", part="protection")
@pytest.mark.parametrize(("table", "statement"), ASKED)
def test_the_web_role_cannot_touch_the_trail_or_its_protection(chain, table, statement):
    assert db.session.scalar(text("select current_user")) == WEB
    with pytest.raises(SQLAlchemyError, match=r"permission denied|must be owner"):
        db.session.execute(text(statement.format(table, table)))


@pytest.mark.only("postgresql")
@pytest.mark.catalogue("T6", part="rights")
def test_the_web_role_cannot_give_itself_more(chain):
    for table in APPEND_ONLY:
        db.session.execute(text(f"grant update, delete, truncate on {table} to current_user"))
        rights = [db.session.scalar(text(f"select has_table_privilege('{table}', '{right}')"))
                  for right in ("update", "delete", "truncate", "trigger")]  # fmt: skip
        assert not any(rights), table


@pytest.mark.catalogue("T7", part="partly")
def test_a_rolled_back_change_leaves_no_entry(acting, known, chain):
    before = db.session.scalar(select(func.count()).select_from(AuditEntry))
    with acting("coordinator@reading") as actor:
        record(Event.CASE_READ, actor)
        db.session.flush()
        db.session.rollback()
        db.session.commit()
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == before


WRITERS, TURNS = 8, 1_000


def given_to(writer, app, known, acting, tmp_path):
    """What one writer works with: a case, a referral that is ready and a meeting of its own."""
    data, keys = app.extensions["addresses"]
    (tmp_path / str(writer)).mkdir()
    return {
        "number": writer, "turns": TURNS, "data": data, "keys": keys, "var": str(tmp_path / str(writer)), "known": asdict(known),
        "here": known.areas["reading"], "there": known.areas["slough"],
        "case": cases.open_case(acting, known), "meeting": meetings.meeting(acting, known),
        "referral": meetings.ready_referral(acting, known),
    }  # fmt: skip


def written_at_once(given):
    """So many processes at once; what each says that it wrote."""
    db.session.remove()
    writers = [
        subprocess.Popen([sys.executable, "-m", "tests.support.writer", json.dumps(one)], cwd=ROOT,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for one in given
    ]  # fmt: skip
    ended = [writer.communicate() for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * len(writers), [said[1][-1500:] for said in ended]
    return [json.loads(said[0]) for said in ended]


@pytest.mark.catalogue("T4")
def test_eight_processes_do_not_fork_a_chain(app, known, acting, tmp_path):
    """1,000 acts each: notes, step-ups, agendas, failed sign-ins and readings, every tenth of these in two areas' chains."""
    given = [given_to(writer, app, known, acting, tmp_path) for writer in range(WRITERS)]
    read_before = counted(Event.CASE_READ)
    said = written_at_once(given)
    verdicts = verify_all()
    assert [verdict.kind for verdict in verdicts] == [None] * len(verdicts)
    for verdict in verdicts:
        seqs = db.session.scalars(
            select(AuditEntry.seq).where(AuditEntry.chain == verdict.chain).order_by(AuditEntry.seq)
        )
        assert list(seqs) == list(range(1, verdict.entries + 1))
    # Nothing that was acknowledged is missing from the trail, and nothing stands there twice.
    changed = Counter((event, thing) for one in said for event, thing in one["changes"])
    assert changed.total() == WRITERS * TURNS // 8
    assert Counter(changes_in_the_trail(changed)) == changed
    assert counted(Event.CASE_READ) - read_before == sum((Counter(one["reads"]) for one in said), Counter())
    assert counted(Event.SIGN_IN_FAILED).total() == WRITERS * 3


def counted(event):
    """Entries of this kind by chain."""
    found = select(AuditEntry.chain, func.count()).where(AuditEntry.event == event.value).group_by(AuditEntry.chain)
    return Counter(dict(db.session.execute(found).tuples().all()))


def changes_in_the_trail(changed):
    things = {thing for _, thing in changed}
    rows = db.session.execute(select(AuditEntry.event, AuditEntry.object_id)).tuples()
    return [(event, thing) for event, thing in rows if thing in things]
