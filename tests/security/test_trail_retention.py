"""Old bodies go, leaves and seals stay, the chain verifies; nobody but the owner of the tables can do it."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from audit import retention
from audit.models import AuditEntry, AuditSeal, AuditSubject, Event
from audit.verify import last_of, verify
from core.clock import LONDON, now
from core.db import db
from tests.audit.test_pages import entries
from tests.factories.trail import checkpoint, fill, run
from tests.support.tampering import as_owner, where

YEARS_LATER = timedelta(days=400)


@pytest.fixture
def aged(app, acting, known, time_machine):
    """Entries of long ago with a checkpoint over them, and five of today; the chain, and how many are old."""
    chain = known.areas["reading"]
    fill(acting, 20)
    checkpoint(app)
    old = last_of(chain)
    time_machine.move_to(now() + YEARS_LATER, tick=False)
    fill(acting, 5, first=20)
    return chain, old


def count(model, chain):
    return db.session.scalar(select(func.count()).select_from(model).where(model.chain == chain))


def test_nothing_goes_unless_it_is_asked_to(app, aged):
    chain, old = aged
    result = run(app, "audit", "retain", "--older-than", "12")
    assert result.exit_code == 0
    assert f"reading: {old} entries of " in result.output
    assert "Nothing was changed" in result.output
    assert count(AuditEntry, chain) == old + 5


def test_old_bodies_go_and_the_chain_still_verifies(app, aged, known, acting):
    chain, old = aged
    result = run(app, "audit", "retain", "--older-than", "12", "--apply")
    assert result.exit_code == 0, result.output
    assert count(AuditEntry, chain) == 6
    assert count(AuditSeal, chain) == old + 6
    assert count(AuditSubject, chain) == 5
    noted = entries(known, Event.AUDIT_BODIES_DROPPED)[-1]
    assert (noted["actor"], noted["detail"]["last"], noted["detail"]["entries"]) == ("job:retention", old, old)
    assert run(app, "audit", "verify").exit_code == 0
    found = verify(chain)
    assert (found.kind, found.entries) == (None, old + 6)
    checkpoint(app)
    said = run(app, "audit", "verify", "--area", "reading").output
    assert f"verified, {old + 6} entries, 2 checkpoints agree" in said
    assert "Nothing is old enough" in run(app, "audit", "retain", "--older-than", "12").output


def test_years_later_the_next_ones_go_too(app, aged, acting, time_machine):
    chain, old = aged
    run(app, "audit", "retain", "--older-than", "12", "--apply")
    time_machine.move_to(now() + YEARS_LATER, tick=False)
    fill(acting, 3, first=40)
    # In steps that each count by themselves, as many thousands go.
    assert retention.drop(retention.plan(retention.months_before(now(), 12)), at_once=4) == 8
    assert (count(AuditEntry, chain), count(AuditSubject, chain)) == (4, 3)
    assert verify(chain).kind is None
    assert verify(chain).entries == old + 6 + 4


def test_a_dropped_entry_cannot_be_proved_and_its_seal_still_counts(app, aged, tmp_path):
    chain, _ = aged
    run(app, "audit", "retain", "--older-than", "12", "--apply")
    result = run(app, "audit", "prove", "reading/3", "--out", str(tmp_path / "e.json"))
    assert "dropped with age; only its seal is left" in result.output
    as_owner(f"update audit_seal set leaf = mac {where(chain, 3)}")
    assert (verify(chain).kind, verify(chain).seq) == ("changed", 3)


def test_a_body_that_is_gone_without_an_entry_that_says_so_is_missing(app, aged):
    chain, old = aged
    run(app, "audit", "retain", "--older-than", "12", "--apply")
    as_owner(f"delete from audit_entry {where(chain, old + 2)}", f"delete from audit_subject {where(chain, old + 2)}")
    assert (verify(chain).kind, verify(chain).seq) == ("missing", old + 2)


def test_an_entry_that_says_so_cannot_be_made_up(app, aged):
    """Whoever deletes bodies and writes the entry that excuses it has no key to seal it with."""
    chain, old = aged
    last = last_of(chain)
    excuse = {"chain": chain, "seq": last + 1, "event": "delete:audit_bodies", "detail": {"last": old}, "subjects": []}
    body = json.dumps(excuse).encode()
    literal = f"'\\x{body.hex()}'" if db.engine.dialect.name == "postgresql" else f"x'{body.hex()}'"
    as_owner(
        f"delete from audit_entry where chain = '{chain}' and seq <= {old}",
        f"delete from audit_subject where chain = '{chain}' and seq <= {old}",
        "insert into audit_entry (chain, seq, at, event, outcome, body)"
        f" select chain, {last + 1}, at, 'delete:audit_bodies', 'ok', {literal} from audit_entry {where(chain, last)}",
    )
    assert verify(chain).kind == "inserted"


@pytest.mark.catalogue("T6", part="owner's way")
@pytest.mark.only("postgresql")
@pytest.mark.parametrize("table", ["audit_entry", "audit_subject"])
def test_the_web_role_cannot_take_the_owners_way(app, aged, table, postgres):
    """It may say that it drops with age, and may even be given the right to delete: the trigger asks who it is."""
    chain, _ = aged
    before = count(AuditEntry, chain)
    db.session.rollback()
    db.session.execute(text("select set_config('audit.retention', 'on', true)"))
    with pytest.raises(SQLAlchemyError, match="permission denied"):
        db.session.execute(text(f"delete from {table}"))
    db.session.rollback()
    web = db.engine.url.username
    as_owner(f'grant delete on {table} to "{web}"')
    db.session.execute(text("select set_config('audit.retention', 'on', true)"))
    with pytest.raises(SQLAlchemyError, match="append-only"):
        db.session.execute(text(f"delete from {table}"))
    db.session.rollback()
    assert count(AuditEntry, chain) == before


@pytest.mark.catalogue("T6", part="partly")
@pytest.mark.parametrize("table", ["audit_seal", "audit_entry", "audit_checkpoint", "audit_anchored"])
def test_not_even_the_way_of_old_bodies_removes_a_seal_or_changes_anything(app, aged, table):
    """SQLite's triggers refuse; PostgreSQL's policies show the owner no row to touch, and behind them are triggers."""
    verbs = ["update {} set chain = chain"] + ([] if table == "audit_entry" else ["delete from {}"])
    for verb in verbs:
        touched, refusal = 0, "append-only"
        try:
            with retention._as_owner() as connection:
                touched = connection.execute(text(verb.format(table))).rowcount
        except SQLAlchemyError as refused:
            refusal = str(refused)
        assert touched == 0
        assert "append-only" in refusal
    assert run(app, "audit", "verify").exit_code == 0


def test_months_are_whole_and_in_london():
    assert retention.months_before(datetime(2026, 11, 22, 9, tzinfo=LONDON), 84) == datetime(2019, 11, 1, tzinfo=LONDON)
    assert retention.months_before(datetime(2027, 1, 1, 0, tzinfo=LONDON), 12) == datetime(2026, 1, 1, tzinfo=LONDON)
    assert retention.months_before(datetime(2026, 3, 31, 9, tzinfo=LONDON), 13) == datetime(2025, 2, 1, tzinfo=LONDON)


def test_a_year_at_least_is_kept(app):
    assert run(app, "audit", "retain", "--older-than", "11").exit_code == 2
