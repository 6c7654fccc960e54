"""Where checkpoints are kept outside the database: a folder, e-mail to the data protection officer, or a plug-in."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Protocol

from audit.notes import Note
from core import mail


class AnchorFailed(RuntimeError):
    """The anchor did not take the checkpoints; the message says why, without addresses."""


class Anchor(Protocol):
    """What a plug-in is: ``my_anchors.Bucket:argument`` in CHECKPOINT_ANCHORS calls ``my_anchors.Bucket("argument")``.

    ``put`` gets the checkpoints that it has not had, oldest first by chain, and raises AnchorFailed (or OSError) where
    it could not keep them; it then gets them again. ``every`` is how long it waits between two deliveries.
    """

    name: str
    every: timedelta

    def put(self, notes: Sequence[Note]) -> None: ...


def named(kind: str, argument: str) -> str:
    """How the database knows an anchor: neither an address nor a path of the server stands there."""
    return f"{kind}:{hashlib.sha256(argument.encode()).hexdigest()[:12]}"


class Folder:
    """A file for each checkpoint: ``CHAIN/SIZE.txt``, written once. A mounted bucket with object lock is such a folder."""

    every = timedelta(0)

    def __init__(self, path: str) -> None:
        if not path:
            raise ValueError("A folder is needed")
        self.path, self.name = Path(path), named("folder", path)

    def put(self, notes: Sequence[Note]) -> None:
        for note in notes:
            place = self.path / note.chain
            place.mkdir(parents=True, exist_ok=True)
            target, unfinished = place / f"{note.size:012d}.txt", place / f".{note.size:012d}.part"
            if target.exists():
                continue
            with unfinished.open("w", encoding="utf-8") as file:
                file.write(note.text)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(target)


class Mail:
    """One letter a day with the newest checkpoint of each chain. It holds roots and counts, and nothing personal."""

    every = timedelta(days=1)

    def __init__(self, address: str) -> None:
        if "@" not in address:
            raise ValueError("An address is needed")
        self.address, self.name = address, named("mail", address)

    def put(self, notes: Sequence[Note]) -> None:
        if not mail.reaches_people():
            raise AnchorFailed("No e-mail server is set (SMTP_HOST)")
        newest: dict[str, Note] = {}
        for note in notes:
            if note.chain not in newest or newest[note.chain].size < note.size:
                newest[note.chain] = note
        told = "\n".join(note.text for note in newest.values())
        mail.send(mail.Letter(self.address, "Checkpoints of the audit trail", LETTER.format(told=told)))


LETTER = """Keep this message. It holds signed checkpoints of the audit trail of the Young Futures Prevention Panels.

Each says how many entries a trail had, and a number that changes if any of them is changed. If the trail is ever
doubted, they show what it was today. To check one, save each block to a file of its own and run:
flask audit verify --checkpoints FOLDER

{told}
"""
KINDS: Mapping[str, type] = {"folder": Folder, "mail": Mail}


def configured(said: str) -> list[Anchor]:
    """The anchors of CHECKPOINT_ANCHORS: ``folder:/mnt/worm mail:dpo@agency.example my_anchors.Bucket:trail``.

    Raise AnchorFailed where one cannot be understood.
    """
    return [_anchor(one) for one in said.replace(",", " ").split()]


def _anchor(one: str) -> Anchor:
    kind, _, argument = one.partition(":")
    try:
        module, _, name = kind.rpartition(".")
        made: Anchor = (KINDS[kind] if kind in KINDS else getattr(import_module(module), name))(argument)
    except (ImportError, AttributeError, ValueError, TypeError):
        raise AnchorFailed(f"CHECKPOINT_ANCHORS names {kind}, which is neither folder, mail nor a class") from None
    return made
