"""Whole chains as files: a line of JSON for each entry, with checkpoints and public keys, to be checked anywhere."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import select

from audit import notes
from audit.anchors import Folder
from audit.chain import chain_keys
from audit.engine import Place
from audit.models import AuditCheckpoint, Event
from audit.services import record
from audit.verify import BATCH, Stored, last_of, spoken_of
from core import context
from core.db import db

FORMAT = "young-futures/audit-export/1"


def write(
    folder: Path,
    *,
    only: str | None = None,
    public_keys: str = "",
    with_seal_keys: bool = False,
    at: datetime,
    names: dict[str, str],
    progress: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Write the chains into an empty folder; returns how many entries each has. Raise FileExistsError.

    ``with_seal_keys`` adds the keys of the seals, with which forks are told apart from changes: whoever has them can
    make seals, so they go to an investigator and nobody else.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise FileExistsError(folder)
    wanted = [only] if only else spoken_of()
    lengths = {chain: _chain(folder, chain, progress) for chain in wanted}
    for chain in wanted:
        said = db.session.scalars(select(AuditCheckpoint.note).where(AuditCheckpoint.chain == chain))
        Folder(str(folder / "checkpoints")).put([notes.parsed(text) for text in said])
    (folder / "public.pem").write_text(public_keys, encoding="utf-8")
    if with_seal_keys:
        keys = {chain: {v: key.hex() for v, key in chain_keys(chain).items()} for chain in wanted}
        (folder / "seal-keys.json").write_text(json.dumps(keys, indent=1), encoding="utf-8")
        (folder / "seal-keys.json").chmod(0o600)
    about = {
        "format": FORMAT, "at": at.isoformat(), "entries": lengths, "names": {c: names.get(c, c) for c in wanted},
        "key_changes": {chain: dict(Stored(chain, last_of(chain)).key_changes()) for chain in wanted},
    }  # fmt: skip
    (folder / "about.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    return lengths


def _chain(folder: Path, chain: str, progress: Callable[[int], None] | None) -> int:
    source = Stored(chain, last_of(chain))
    with (folder / f"{chain}.ndjson").open("w", encoding="utf-8") as file:
        batch: list[Place] = []
        for place in source.places(1):
            batch.append(place)
            if len(batch) == BATCH:
                _lines(file, source, batch, progress)
                batch = []
        _lines(file, source, batch, progress)
    return source.last


def _lines(file: TextIO, source: Stored, batch: list[Place], progress: Callable[[int], None] | None) -> None:
    if not batch:
        return
    index = source.index_of(batch[0].seq, batch[-1].seq)
    for place in batch:
        file.write(json.dumps(dict(_line(place, sorted(index.get(place.seq, ())))), ensure_ascii=False) + "\n")
    if progress:
        progress(len(batch))


def _line(place: Place, subjects: list[str]) -> Iterator[tuple[str, Any]]:
    yield "seq", place.seq
    yield "leaf", place.leaf.hex() if place.leaf is not None else None
    yield "mac", place.mac.hex() if place.mac is not None else None
    if place.body is not None:
        yield "body", base64.b64encode(place.body).decode()
        yield "columns", list(place.columns or ())
    yield "subjects", subjects


def note(lengths: dict[str, int], *, with_seal_keys: bool) -> None:
    """An export from the command line is an entry of each chain that it holds."""
    db.session.rollback()
    with context.acting_as(job="audit_export"):
        for chain, count in lengths.items():
            detail = {"rows": count, "seal_keys": with_seal_keys}
            record(Event.AUDIT_EXPORTED, None, area_id=chain, detail=detail, reason="whole_chain")
        db.session.commit()
