"""An exported trail is checked without the application: every kind of change is named in the files, too (T5)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit.chain import chain_key
from audit.engine import mac_of
from audit.models import Event
from audit.verify import last_of
from tests.factories.trail import checkpoint, fill, run

ROOT = Path(__file__).resolve().parents[2]


class Export:
    """One chain's file, to be changed and checked."""

    def __init__(self, folder, chain, public):
        self.folder, self.chain, self.public = folder, chain, public
        self.path = folder / f"{chain}.ndjson"

    def lines(self):
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def write(self, lines):
        self.path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    def check(self, *more):
        """What the stand-alone check says of this chain, in a process that cannot reach the application."""
        blocked = "import sys; sys.modules.update(dict.fromkeys(['flask', 'sqlalchemy', 'core', 'app']))"
        start = f"{blocked}; import runpy; runpy.run_module('audit.verify_export', run_name='__main__')"
        done = subprocess.run(
            [sys.executable, "-c", start, str(self.folder), "--key", str(self.public), *map(str, more)], cwd=ROOT,
            capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        line = next(line for line in done.stdout.splitlines() if line.startswith("reading: "))
        assert (done.returncode == 1) == ("BROKEN" in done.stdout)
        return line.removeprefix("reading: ")


@pytest.fixture
def exported(app, acting, known, tmp_path):
    """Reading's chain of more than ten entries, with a checkpoint over all but the last two, as files."""
    fill(acting, 10)
    checkpoint(app)
    fill(acting, 2, first=10)
    folder = tmp_path / "export"
    result = run(app, "audit", "export", "--out", str(folder), "--with-seal-keys")
    assert result.exit_code == 0, result.output
    return Export(folder, known.areas["reading"], tmp_path / "checkpoints" / "public.pem")


def seal_keys(exported):
    return ("--seal-keys", exported.folder / "seal-keys.json")


@pytest.mark.catalogue("T5", part="partly")
def test_an_untouched_export_verifies(exported):
    lines = exported.lines()
    said = exported.check()
    assert said == f"verified, {len(lines)} entries, 1 checkpoints agree, up to entry {len(lines) - 2}"
    assert exported.check(*seal_keys(exported)) == said


def change_leaf(lines):
    lines[4]["leaf"] = lines[5]["leaf"]


def take_line(lines):
    del lines[4]


def take_body(lines):
    del lines[4]["body"]


def take_seal(lines):
    lines[4] |= {"leaf": None, "mac": None}


def swap(lines):
    lines[4], lines[5] = lines[5] | {"seq": 5}, lines[4] | {"seq": 6}


def change_index(lines):
    lines[4]["subjects"] = ["z" * 26]


def change_column(lines):
    lines[4]["columns"][3] = "somebody else"


def cut(lines):
    del lines[8:]


def tell_another_story(lines):
    """Leaf and bytes agree: only the checkpoint knows better, and it speaks for everything from the first entry on."""
    rewrite(lines, 4, b"9.9")


@pytest.mark.catalogue("T5", part="export")
@pytest.mark.parametrize(("change", "kind", "at"), [
    (change_leaf, "changed", 5), (take_line, "missing", 5), (take_body, "missing", 5), (take_seal, "inserted", 5),
    (swap, "reordered", 5), (change_index, "index", 5), (change_column, "changed", 5), (cut, "truncated", 9),
    (tell_another_story, "checkpoint", 1),
])  # fmt: skip
def test_each_kind_of_change_is_named_without_any_key(exported, change, kind, at):
    lines = exported.lines()
    change(lines)
    exported.write(lines)
    assert exported.check().startswith(f"BROKEN at entry {at}: {kind}")


def test_a_body_that_the_list_calls_dropped_is_missing(exported):
    """What was dropped with age the chain itself says, sealed; the list beside it is anybody's to change."""
    lines, about = exported.lines(), exported.folder / "about.json"
    take_body(lines)
    exported.write(lines)
    about.write_text(json.dumps(json.loads(about.read_text()) | {"dropped": {exported.chain: len(lines)}}))
    assert exported.check().startswith("BROKEN at entry 5: missing")


def test_a_chain_that_was_taken_out_whole_is_named(exported):
    about = exported.folder / "about.json"
    said = json.loads(about.read_text())
    del said["entries"][exported.chain]
    about.write_text(json.dumps(said))
    exported.path.unlink()
    assert exported.check().startswith("BROKEN at entry 1: truncated")


def rewrite(lines, at, version):
    import base64

    from audit.merkle import leaf_of

    body = base64.b64decode(lines[at]["body"]).replace(b'"software":"0.1.0"', b'"software":"' + version + b'"')
    lines[at] |= {"body": base64.b64encode(body).decode(), "leaf": leaf_of(body).hex()}


@pytest.mark.catalogue("T5", part="partly")
@pytest.mark.parametrize("kind", ["forked", "changed", "inserted"])
def test_with_the_keys_of_the_seals_forks_and_made_up_seals_are_named_too(exported, kind):
    lines, key, at = exported.lines(), chain_key(exported.chain), 5
    if kind == "forked":
        lines[4]["mac"] = mac_of(key, bytes.fromhex(lines[1]["mac"]), bytes.fromhex(lines[4]["leaf"])).hex()
    elif kind == "changed":
        lines[4]["mac"] = bytes(32).hex()
    else:
        # One more entry than there was, between the last two, with a seal that nobody's key made.
        at = len(lines)
        last = lines[-1]
        lines[-1] = {**last, "mac": bytes(32).hex()}
        rewrite(lines, -1, b"9.9")
        lines.append({**last, "seq": at + 1})
    exported.write(lines)
    assert exported.check(*seal_keys(exported)).startswith(f"BROKEN at entry {at}: {kind}")


@pytest.mark.catalogue("T5", part="partly")
def test_a_checkpoint_signed_by_nobody_is_named(exported, tmp_path):
    note = next((exported.folder / "checkpoints" / exported.chain).glob("*.txt"))
    size = int(note.stem)
    note.write_text(note.read_text().replace("\u2014", "\u2014", 1)[:-9] + "AAAAAAA=\n")
    assert exported.check().startswith(f"BROKEN at entry {size}: signature")


def test_a_checkpoint_kept_elsewhere_is_compared(exported, app, acting, tmp_path):
    """The export was made after the end was cut, so it agrees with itself; the copy at the partner's does not."""
    copies = tmp_path / "checkpoints" / "copies"
    kept = exported.lines()[:-5]
    exported.write(kept)
    about = exported.folder / "about.json"
    about.write_text(json.dumps(json.loads(about.read_text()) | {"entries": {exported.chain: len(kept)}}))
    for note in (exported.folder / "checkpoints").rglob("*.txt"):
        note.unlink()
    assert exported.check().startswith("verified")
    assert exported.check("--checkpoints", copies).startswith(f"BROKEN at entry {len(kept) + 1}: truncated")


def test_an_export_is_recorded_and_does_not_write_over_another(exported, app, known):
    again = run(app, "audit", "export", "--out", str(exported.folder))
    assert again.exit_code == 1
    assert "is not empty" in again.output
    assert last_of(known.areas["reading"]) == len(exported.lines()) + 1
    from tests.audit.test_pages import entries

    noted = entries(known, Event.AUDIT_EXPORTED)[-1]
    assert noted["actor"] == "job:audit_export"
    assert noted["detail"] == {"rows": len(exported.lines()), "seal_keys": True}
    assert (exported.folder / "seal-keys.json").stat().st_mode & 0o777 == 0o600


def test_without_a_public_key_it_says_what_is_not_seen_and_finds_what_is_short_of_its_list(exported):
    def alone():
        command = [sys.executable, "-m", "audit.verify_export", str(exported.folder)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    done = alone()
    assert done.returncode == 0
    assert "a cut or rewritten end is not seen" in done.stdout
    lines = exported.lines()
    exported.write(lines[:-1])
    done = alone()
    assert (done.returncode, f"BROKEN at entry {len(lines)}: truncated" in done.stdout) == (1, True)
    for broken in ("[]\n", '{"seq": 1}\n', "half a li"):
        exported.path.write_text(broken)
        done = alone()
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("This cannot be read as an export, so it was changed or cut: ")
    exported.path.unlink()
    assert "BROKEN at entry 1: truncated" in alone().stdout
