"""Signed checkpoints: what they say, what they find, where they go, and who may sign (T5, T8)."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import ProgrammingError

from audit import anchors, checkpoints, notes, signing
from audit.chain import chain_key
from audit.engine import mac_of
from audit.merkle import Frontier, leaf_of
from audit.models import AuditCheckpoint, AuditSeal, AuditTree
from audit.signing import KeyRefused
from audit.tree import Tree
from audit.triggers import grant_checkpoints
from audit.verify import last_of
from config.settings import Settings
from core.clock import now
from core.db import db
from core.ids import new_id
from core.mail import Letter
from tests.factories.trail import checkpoint, fill, run
from tests.support.tampering import as_owner, body_of, literal, reworded, where

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def chain(app, acting, known):
    """Reading's chain with ten entries and a checkpoint over them, and three more entries."""
    fill(acting, 10)
    checkpoint(app)
    fill(acting, 3, first=10)
    return known.areas["reading"]


def verdict(app, *more):
    """What the command says of Reading's chain, after the name."""
    result = run(app, "audit", "verify", "--area", "reading", *more)
    line = next(line for line in result.output.splitlines() if line.startswith("reading: "))
    assert (result.exit_code == 1) == ("BROKEN" in line)
    return line.removeprefix("reading: ")


def signed_size(chain):
    return db.session.scalar(select(func.max(AuditCheckpoint.size)).where(AuditCheckpoint.chain == chain))


def naive_root(chain, size):
    frontier = Frontier()
    for leaf in db.session.scalars(
        select(AuditSeal.leaf).where(AuditSeal.chain == chain, AuditSeal.seq <= size).order_by(AuditSeal.seq)
    ):
        frontier.push(bytes(leaf))
    return frontier.root()


# --- what is signed ---------------------------------------------------------------------------------------------------


def test_a_checkpoint_holds_the_root_over_the_leaves(app, chain):
    row = db.session.scalars(select(AuditCheckpoint).where(AuditCheckpoint.chain == chain)).one()
    note = notes.parsed(row.note)
    assert note.origin == f"localhost/audit/{chain}"
    assert (note.size, note.root) == (row.size, naive_root(chain, row.size))
    keys = notes.public_keys(app.extensions["settings"].checkpoint_public_file.read_text())
    assert notes.check(note, keys)
    assert verdict(app) == f"verified, {last_of(chain)} entries, 1 checkpoints agree, up to entry {row.size}"


def test_one_is_due_after_a_thousand_entries_or_a_quarter_of_an_hour(app, chain, acting, time_machine):
    def due():
        return {s.chain for s in checkpoints.standings() if s.is_due(now())}

    assert chain not in due()
    time_machine.move_to(now() + timedelta(minutes=14), tick=False)
    assert chain not in due()
    time_machine.move_to(now() + timedelta(minutes=1), tick=False)
    assert chain in due()
    checkpoint(app)
    assert chain not in due()
    assert "signed" not in run(app, "audit", "checkpoint").output
    fill(acting, 999, first=100)
    assert chain not in due()
    fill(acting, 1, first=2_000)
    assert chain in due()


def test_a_tree_reads_kept_hashes_and_not_every_leaf(app, acting, known):
    """Three thousand leaves: the second root needs the last few hundred of them, however long the chain."""
    chain = known.areas["reading"]
    fill(acting, 1_100)
    checkpoint(app)
    fill(acting, 900, first=1_100)
    checkpoint(app)
    size = signed_size(chain)
    kept = db.session.scalar(select(func.count()).select_from(AuditTree).where(AuditTree.chain == chain))
    assert kept == size // 256
    tree = Tree(chain)
    assert tree.root(size) == naive_root(chain, size)
    assert set(tree._tiles) == {(8, 0), (0, size // 256)}
    for index in (0, 255, 256, 1_000, size - 1):
        assert tree.inclusion(index, size)


def test_a_chain_that_does_not_go_on_is_not_signed(app, chain, acting):
    """Whoever has the keys of the seals rewrites an old entry so well that only the checkpoint can tell."""
    rewrite_from(chain, 5)
    fill(acting, 2, first=20)
    result = run(app, "audit", "checkpoint")
    assert result.exit_code == 1
    assert "reading: NOT SIGNED" in result.output
    assert signed_size(chain) < last_of(chain)


# --- what they find (T5) ----------------------------------------------------------------------------------------------


def rewrite_from(chain, seq):
    """Change an entry and seal it and everything after it anew, with the key: the chain itself then verifies."""
    key, statements = chain_key(chain), []
    seals = db.session.execute(
        select(AuditSeal.seq, AuditSeal.leaf, AuditSeal.mac).where(AuditSeal.chain == chain).order_by(AuditSeal.seq)
    ).all()
    forged = reworded(chain, seq, software="9.9")
    previous = bytes(32)
    for row in seals:
        leaf = leaf_of(forged) if row.seq == seq else bytes(row.leaf)
        previous = mac_of(key, previous, leaf)
        statements.append(
            f"update audit_seal set leaf = {literal(leaf)}, mac = {literal(previous)} {where(chain, row.seq)}"
        )
    as_owner(f"update audit_entry set body = {literal(forged)} {where(chain, seq)}", *statements)


@pytest.mark.catalogue("T5", part="cut")
def test_a_cut_end_is_found_by_the_checkpoint(app, chain):
    size = signed_size(chain)
    tables = ("audit_entry", "audit_seal", "audit_subject")
    as_owner(*(f"delete from {table} where chain = '{chain}' and seq > {size - 2}" for table in tables))
    assert verdict(app) == f"BROKEN at entry {size - 1}: truncated ({size - 2} entries before it verify)"


@pytest.mark.catalogue("T5", part="cut")
@pytest.mark.parametrize("stays", ["audit_checkpoint", "audit_subject"])
def test_a_chain_that_was_deleted_whole_is_named(app, chain, stays):
    """No area is asked for: what is left of it has to be noticed."""
    tables = {"audit_entry", "audit_seal", "audit_subject", "audit_checkpoint"} - {stays}
    as_owner(*(f"delete from {table} where chain = '{chain}'" for table in sorted(tables)))
    result = run(app, "audit", "verify")
    assert result.exit_code == 1
    (line,) = (line for line in result.output.splitlines() if line.startswith("reading: "))
    assert ("BROKEN at entry 1: truncated" if stays == "audit_checkpoint" else ": index") in line


@pytest.mark.catalogue("T5", part="partly")
def test_a_cut_end_is_found_by_a_copy_kept_elsewhere(app, chain, tmp_path):
    """Whoever cuts the end cuts the checkpoints in the database too; the anchor's copy is out of reach."""
    size = signed_size(chain)
    tables = ("audit_entry", "audit_seal", "audit_subject")
    as_owner(
        *(f"delete from {table} where chain = '{chain}' and seq > {size - 2}" for table in tables),
        "delete from audit_checkpoint", "delete from audit_tree",
    )  # fmt: skip
    assert verdict(app).startswith("verified")
    copies = str(tmp_path / "checkpoints" / "copies")
    assert verdict(app, "--checkpoints", copies).startswith(f"BROKEN at entry {size - 1}: truncated")


@pytest.mark.catalogue("T5", part="rewritten")
def test_a_chain_rewritten_with_its_key_disagrees_with_the_checkpoint(app, chain):
    rewrite_from(chain, 5)
    assert verdict(app) == "BROKEN at entry 1: checkpoint (0 entries before it verify)"


@pytest.mark.catalogue("T5", part="partly")
def test_the_first_checkpoint_that_disagrees_bounds_where_it_was_rewritten(app, chain, acting):
    first = signed_size(chain)
    checkpoint(app)
    fill(acting, 5, first=30)
    checkpoint(app)
    rewrite_from(chain, first + 2)
    assert verdict(app).startswith(f"BROKEN at entry {first + 1}: checkpoint ({first} entries before it verify)")


@pytest.mark.catalogue("T5", part="signature")
@pytest.mark.parametrize("forged", ["signature", "root", "none"])
def test_a_checkpoint_that_nobody_signed_is_a_bad_signature(app, chain, forged):
    size = signed_size(chain)
    note = db.session.scalar(select(AuditCheckpoint.note).where(AuditCheckpoint.chain == chain))
    if forged == "signature":
        said = f"note = '{note.replace(note[-8:], 'AAAAAA=' + chr(10))}'"
    elif forged == "root":
        said = f"root = {literal(bytes(32))}"
    else:
        said = "note = 'nothing'"
    as_owner(f"update audit_checkpoint set {said} where chain = '{chain}'")
    assert verdict(app).startswith(f"BROKEN at entry {size}: signature")


@pytest.mark.catalogue("T5", part="partly")
def test_an_earlier_fault_is_named_before_a_later_one(app, chain):
    as_owner(
        f"delete from audit_subject {where(chain, _with_subject(chain))}",
        f"update audit_entry set outcome = 'no' {where(chain, last_of(chain))}",
    )
    assert verdict(app).startswith(f"BROKEN at entry {_first_indexed(chain)}: index")


def _with_subject(chain):
    return db.session.scalar(text(f"select min(seq) from audit_subject where chain = '{chain}'"))


def _first_indexed(chain):
    """The first entry that speaks of somebody the index no longer names."""
    for seq in range(1, last_of(chain) + 1):
        said = set(json.loads(body_of(chain, seq))["subjects"])
        held = set(db.session.scalars(text(f"select subject_id from audit_subject {where(chain, seq)}")))
        if said != held:
            return seq
    return None


def test_since_a_day_only_seals_of_earlier_entries_are_checked(app, chain, acting, time_machine):
    """More than a block of entries before that day: their bytes are not read, their leaves and seals are."""
    fill(acting, 1_200, first=100)
    time_machine.move_to(now() + timedelta(days=3), tick=False)
    fill(acting, 5, first=2_000)
    day = f"{now():%Y-%m-%d}"
    as_owner(f"update audit_entry set outcome = 'no' {where(chain, 3)}")
    assert verdict(app).startswith("BROKEN at entry 3: changed")
    assert verdict(app, "--since", day).startswith("verified")
    as_owner(f"update audit_seal set leaf = {literal(bytes(32))} {where(chain, 3)}")
    assert verdict(app, "--since", day).startswith("BROKEN at entry 3: changed")


# --- proofs -----------------------------------------------------------------------------------------------------------


def verify_entry(*arguments):
    """The script that a court gets, in a process of its own, away from the project."""
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / "verify_entry.py"), *map(str, arguments)], cwd="/", capture_output=True,
        text=True, check=False, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip


@pytest.mark.catalogue("T8", part="stand-alone")
def test_an_entry_is_proved_without_the_service(app, chain, tmp_path):
    public, out = tmp_path / "checkpoints" / "public.pem", tmp_path / "entry.json"
    copies = sorted((tmp_path / "checkpoints" / "copies" / chain).glob("*.txt"))
    result = run(app, "audit", "prove", "reading/4", "--out", str(out))
    assert result.exit_code == 0, result.output
    checked = verify_entry(out, "--key", public, "--checkpoint", copies[-1])
    assert checked.returncode == 0, checked.stderr
    assert f"PROVED: this is entry 4 of the trail localhost/audit/{chain}" in checked.stdout
    assert "WARNING" not in checked.stdout
    assert "WARNING" in verify_entry(out).stdout
    fingerprint = run(app, "audit", "checkpoint", "--show-key").output.strip()
    assert f"Signed by the key {fingerprint}" in checked.stdout


@pytest.mark.catalogue("T8", part="partly")
@pytest.mark.parametrize("part", ["entry", "index", "path", "checkpoint", "key", "kept", "format", "text"])
def test_an_altered_proof_is_not_believed(app, chain, tmp_path, part):
    public, out = tmp_path / "checkpoints" / "public.pem", tmp_path / "entry.json"
    assert run(app, "audit", "prove", "reading/4", "--out", str(out)).exit_code == 0
    proof, more = json.loads(out.read_text()), ["--key", public]
    other = tmp_path / "other"
    other.mkdir()
    strange = replace_files(app.extensions["settings"], other)
    if part == "entry":
        assert run(app, "audit", "prove", "reading/5", "--out", str(other / "5.json")).exit_code == 0
        proof["entry"] = json.loads((other / "5.json").read_text())["entry"]
    elif part == "index":
        proof["index"] += 1
    elif part == "path":
        proof["path"] = proof["path"][::-1]
    elif part == "checkpoint":
        proof["checkpoint"] = proof["checkpoint"].replace("\n1", "\n2", 1)
    elif part == "key":
        signing.create(strange)
        more = ["--key", strange.checkpoint_public_file]
    elif part == "kept":
        (other / "kept.txt").write_text(proof["checkpoint"].replace("a", "b"))
        more += ["--checkpoint", other / "kept.txt"]
    elif part == "format":
        proof["format"] = "something else"
    out.write_text("[]" if part == "text" else json.dumps(proof))
    checked = verify_entry(out, *more)
    assert checked.returncode == 1
    assert checked.stderr.startswith("NOT PROVED: ")
    assert "Traceback" not in checked.stderr


def replace_files(settings, folder):
    """The same settings with key files in another folder."""

    class Elsewhere(Settings):
        checkpoint_key_file = folder / "signing.key"
        checkpoint_public_file = folder / "public.pem"

    return Elsewhere(**{name: getattr(settings, name) for name in settings.__dataclass_fields__})


def test_an_entry_that_no_checkpoint_covers_yet_is_not_proved(app, chain, tmp_path):
    last = last_of(chain)
    result = run(app, "audit", "prove", f"reading/{last}", "--out", str(tmp_path / "e.json"))
    assert result.exit_code == 1
    assert "No signed checkpoint covers this entry yet" in result.output
    assert (
        "There is no such entry" in run(app, "audit", "prove", "reading/999", "--out", str(tmp_path / "e.json")).output
    )


@pytest.mark.catalogue("T8", part="checkpoints")
def test_any_two_checkpoints_are_consistent_unless_the_trail_was_rewritten(app, chain, tmp_path, acting):
    checkpoint(app)
    fill(acting, 700, first=50)
    checkpoint(app)
    copies = sorted((tmp_path / "checkpoints" / "copies" / chain).glob("*.txt"))
    assert len(copies) == 3
    for at, old in enumerate(copies):
        for new in copies[at:]:
            result = run(app, "audit", "consistency", str(old), str(new))
            assert result.exit_code == 0, result.output
    sizes = [str(int(path.stem)) for path in copies]
    assert run(app, "audit", "consistency", sizes[0], sizes[2], "--area", "reading").exit_code == 0
    assert run(app, "audit", "consistency", sizes[2], sizes[0], "--area", "reading").exit_code == 1
    rewrite_from(chain, 3)
    result = run(app, "audit", "consistency", str(copies[0]), str(copies[2]))
    assert result.exit_code == 1
    assert "NOT CONSISTENT" in result.output


# --- where they go ----------------------------------------------------------------------------------------------------


def test_an_anchor_that_was_away_gets_everything_it_missed(app, chain, tmp_path, monkeypatch):
    folder = tmp_path / "away"
    folder.write_text("not a folder")
    monkeypatch.setenv("CHECKPOINT_ANCHORS", f"folder:{folder}")
    result = run(app, "audit", "checkpoint")
    assert result.exit_code == 1
    assert "was not reached and will be tried again" in result.output
    folder.unlink()
    checkpoint(app)
    kept = sorted(int(path.stem) for path in (folder / chain).glob("*.txt"))
    assert kept == sorted(db.session.scalars(select(AuditCheckpoint.size).where(AuditCheckpoint.chain == chain)))
    assert len(kept) == 2


def test_the_data_protection_officer_gets_one_letter_a_day_with_nothing_personal(
    app, chain, acting, monkeypatch, time_machine
):
    letters: list[Letter] = []
    monkeypatch.setattr("core.mail.reaches_people", lambda: True)
    monkeypatch.setattr("core.mail.send", letters.append)
    monkeypatch.setenv("CHECKPOINT_ANCHORS", "mail:dpo@agency.example")
    time_machine.move_to(now(), tick=False)
    checkpoint(app)
    assert [letter.to for letter in letters] == ["dpo@agency.example"]
    blocks = [notes.parsed(f"{one}\n") for one in letter_blocks(letters[0].text)]
    assert (chain, signed_size(chain)) in {(note.chain, note.size) for note in blocks}
    fill(acting, 1_000, first=100)
    key = signing.load(app.extensions["settings"])
    places = anchors.configured("mail:dpo@agency.example")
    checkpoints.sign_due(key, "https://localhost")
    checkpoints.deliver(places)
    assert len(letters) == 1
    time_machine.move_to(now() + timedelta(days=1), tick=False)
    checkpoints.deliver(places)
    assert len(letters) == 2


def letter_blocks(letter):
    """Each checkpoint of a letter: it begins with the log's name and ends with its signature."""
    lines, blocks = letter.splitlines(), []
    for at, line in enumerate(lines):
        if line.startswith("localhost/audit/"):
            blocks.append("\n".join(lines[at : at + 5]))
    return blocks


class Shelf:
    """An anchor of somebody's own."""

    every = timedelta(0)
    name = "shelf"
    kept: list = []

    def __init__(self, argument):
        self.argument = argument

    def put(self, said):
        self.kept.extend((self.argument, note.chain, note.size) for note in said)


def test_a_plug_in_is_an_anchor(app, chain, monkeypatch):
    monkeypatch.setenv("CHECKPOINT_ANCHORS", f"{__name__}.Shelf:top")
    Shelf.kept.clear()
    checkpoint(app)
    assert ("top", chain, signed_size(chain)) in Shelf.kept
    monkeypatch.setenv("CHECKPOINT_ANCHORS", "no.such.Anchor:x")
    assert "neither folder, mail nor a class" in run(app, "audit", "checkpoint").output


def test_the_doctor_says_when_entries_wait_too_long_for_a_checkpoint(app, chain, time_machine):
    assert "Checkpoints:" not in run(app, "doctor").output
    time_machine.move_to(now() + timedelta(hours=2), tick=False)
    assert (
        "note  Checkpoints: Entries of the last hour and more are in no signed checkpoint" in run(app, "doctor").output
    )


# --- the key ----------------------------------------------------------------------------------------------------------


def test_the_key_is_its_owners_alone(app, chain, tmp_path):
    key = tmp_path / "checkpoints" / "signing.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o640)
    result = run(app, "audit", "checkpoint")
    assert result.exit_code == 1
    assert "Others may read the checkpoint key" in result.output


def test_a_key_that_the_web_process_could_read_does_not_sign(app, chain, tmp_path, monkeypatch):
    import pwd

    me = pwd.getpwuid(os.getuid()).pw_name
    settings = replace(app.extensions["settings"], web_user=me)
    with pytest.raises(KeyRefused, match="could sign what it likes"):
        signing.load(settings)
    assert signing.load(replace(settings, demonstration=True))
    assert signing.load(replace(settings, web_user="nobody" if me != "nobody" else "daemon"))
    # Without the setting: whoever owns the root key is the web process's user.
    root = tmp_path / "root.key"
    root.write_text("x")
    monkeypatch.setenv("ROOT_KEY_FILE", str(root))
    with pytest.raises(KeyRefused, match="as another user"):
        signing.load(replace(settings, web_user=""))
    with pytest.raises(KeyRefused, match="not a user of this machine"):
        signing.load(replace(settings, web_user="no such user"))


def test_a_new_key_signs_on_and_the_old_checkpoints_still_verify(app, chain, tmp_path):
    (tmp_path / "checkpoints" / "signing.key").rename(tmp_path / "old.key")
    checkpoint(app)
    assert len(notes.public_keys((tmp_path / "checkpoints" / "public.pem").read_text())) == 2
    assert "2 checkpoints agree" in verdict(app)


@pytest.fixture
def signer(app, postgres):
    """A role of its own, with the rights that `flask upgrade` gives to CHECKPOINT_ROLE; and the way to act as it."""
    role, admin = f"signer_{new_id()[:8]}", create_engine(postgres.url(db.engine.url.database))
    with admin.begin() as connection:
        connection.execute(text(f"create role {role}"))
        grant_checkpoints(connection, db.engine.url.username, role)

    def act(statement):
        with admin.begin() as connection:
            connection.execute(text(f"set local role {role}"))
            return connection.execute(text(statement))

    yield act
    with admin.begin() as connection:
        connection.execute(text(f"drop owned by {role}"))
        connection.execute(text(f"drop role {role}"))
    admin.dispose()


@pytest.mark.only("postgresql")
def test_the_signers_role_signs_and_reads_no_entry_and_the_web_role_adds_nothing(chain, signer):
    signer("select seq, leaf from audit_seal")
    signer("insert into audit_anchored values ('x', 'y', 1, now())")
    for refused in ("select body from audit_entry", "select id from young_person", "delete from audit_checkpoint"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            signer(refused)
    with pytest.raises(ProgrammingError, match="permission denied"):
        db.session.execute(text("insert into audit_checkpoint values ('x', 1, now(), '', '')"))
    db.session.rollback()
