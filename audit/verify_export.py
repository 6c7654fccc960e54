"""Check an exported trail without the application: ``python -m audit.verify_export FOLDER --key public.pem``.

Needs this folder ``audit`` and the package "cryptography"; no database, no settings, no Flask.
"""

import argparse
import base64
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from audit import notes
from audit.engine import BODIES_DROPPED, Check, Place, Total, Verdict, Witness, block_of, dropped_said, said_in
from audit.notes import Note, NoteBroken

_SAYS_DROPPED = BODIES_DROPPED.encode()


class Exported:
    """One chain of an export. Its file is read a line at a time, more than once where a fault is looked into."""

    def __init__(self, path: Path, changes: Mapping[int, int] | None = None) -> None:
        self.path, self.chain, self.changes = path, path.stem, dict(changes or {})

    def _lines(self) -> Iterator[dict[str, Any]]:
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)

    def places(self, whole_from: int) -> Iterator[Place]:
        for line in self._lines():
            yield Place(
                line["seq"], _bytes(line["leaf"]), _bytes(line["mac"]), _body(line),
                tuple(line["columns"]) if "columns" in line else None,
            )  # fmt: skip

    def seal(self, seq: int) -> tuple[bytes, bytes] | None:
        found = next((line for line in self._lines() if line["seq"] == seq), None)
        return (bytes.fromhex(found["leaf"]), bytes.fromhex(found["mac"])) if found and found["mac"] else None

    def macs(self, before: int) -> Iterable[bytes]:
        return (bytes.fromhex(line["mac"]) for line in self._lines() if line["seq"] < before and line["mac"])

    def key_changes(self) -> Mapping[int, int]:
        return self.changes

    def index_totals(self, total: Total) -> Mapping[int, int]:
        found: dict[int, int] = {}
        for line in self._lines():
            block = block_of(line["seq"])
            found[block] = found.get(block, 0) + sum(total(subject, line["seq"]) for subject in line["subjects"])
        return found

    def index_of(self, first: int, last: int) -> Mapping[int, set[str]]:
        return {
            line["seq"]: set(line["subjects"])
            for line in self._lines()
            if first <= line["seq"] <= last and line["subjects"]
        }

    def index_astray(self) -> int | None:
        """Here the index stands beside each entry."""
        return None

    def dropped_to(self) -> int:
        """What the chain itself says: whoever changes the files can write what they like beside it."""
        bodies = filter(None, map(_body, self._lines()))
        return max((dropped_said(self.chain, said_in(body)) for body in bodies if _SAYS_DROPPED in body), default=0)

    def bodies(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        for line in self._lines():
            if first <= line["seq"] <= last and (body := _body(line)) is not None:
                yield line["seq"], body


def _bytes(text: str | None) -> bytes | None:
    return bytes.fromhex(text) if text is not None else None


def _body(line: Mapping[str, Any]) -> bytes | None:
    return base64.b64decode(line["body"]) if "body" in line else None


def check(
    folder: Path, keys_file: Path | None, seal_keys: Mapping[str, Any], elsewhere: Iterable[Note] = ()
) -> list[Verdict]:
    """Check every chain of an export. Without a file of public keys no checkpoint is checked."""
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    keys = notes.public_keys(keys_file.read_text(encoding="utf-8")) if keys_file else []
    kept = [note for _, note in notes.in_folder(folder / "checkpoints") if note is not None]
    said = notes.by_chain([*kept, *elsewhere]) if keys else {}
    found = []
    # A chain whose checkpoints came along was in the export, whatever its list says now.
    for chain in sorted({*about["entries"], *(note.chain for note in kept if keys)}):
        distinct = {note.text: note for note in said.get(chain, ())}
        witnesses = [Witness(note.size, note.root, _is_signed(note, keys)) for note in distinct.values()]
        changes = {int(seq): int(version) for seq, version in about.get("key_changes", {}).get(chain, {}).items()}
        source = Exported(folder / f"{chain}.ndjson", changes)
        keys_of = _seal_keys(seal_keys.get(chain))
        verdict = Check(source, keys_of, witnesses, dropped_to=source.dropped_to()).run()
        found.append(_whole(verdict, about["entries"].get(chain, 0)))
    return found


def _whole(verdict: Verdict, entries: int) -> Verdict:
    """As many as the export's own list says: that needs no key, and finds what was lost on the way."""
    is_short = verdict.kind is None and verdict.entries < entries
    return replace(verdict, kind="truncated", seq=verdict.entries + 1) if is_short else verdict


def _seal_keys(said: Any) -> dict[int, bytes] | None:
    """By version. Exports of earlier releases had one key a chain."""
    if said is None:
        return None
    return {
        int(version): bytes.fromhex(key) for version, key in ({"1": said} if isinstance(said, str) else said).items()
    }


def _is_signed(note: Note, keys: Iterable[Any]) -> bool:
    try:
        notes.check(note, keys)
    except NoteBroken:
        return False
    return True


def said(verdict: Verdict, name: str) -> str:
    """One line of a result, as the command and this script print it."""
    if verdict.kind:
        return f"{name}: BROKEN at entry {verdict.seq}: {verdict.kind} ({verdict.entries} entries before it verify)"
    signed = f", {verdict.agreed} checkpoints agree, up to entry {verdict.covered}" if verdict.agreed else ""
    return f"{name}: verified, {verdict.entries} entries{signed}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--key", type=Path, help="the service's public keys, from elsewhere than the export")
    parser.add_argument("--checkpoints", type=Path, help="checkpoints kept elsewhere")
    parser.add_argument("--seal-keys", type=Path, help="seal-keys.json of an export made for an investigator")
    given = parser.parse_args()
    seal_keys = json.loads(given.seal_keys.read_text()) if given.seal_keys else {}
    elsewhere = [note for _, note in notes.in_folder(given.checkpoints) if note] if given.checkpoints else []
    try:
        verdicts = check(given.folder, given.key, seal_keys, elsewhere)
        names = json.loads((given.folder / "about.json").read_text(encoding="utf-8"))["names"]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        sys.exit(f"This cannot be read as an export, so it was changed or cut: {type(error).__name__}")
    for verdict in verdicts:
        sys.stdout.write(said(verdict, names.get(verdict.chain, verdict.chain)) + "\n")
    if not given.key:
        sys.stdout.write("No public key was given: no checkpoint was checked, so a cut or rewritten end is not seen.\n")
    sys.exit(1 if any(verdict.kind for verdict in verdicts) else 0)


if __name__ == "__main__":
    main()
