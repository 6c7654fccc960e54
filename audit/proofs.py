"""A proof of one entry, and of two checkpoints: files that somebody else can check without the service."""

import base64
import json
from typing import Any

from sqlalchemy import select

from audit.checkpoints import newest
from audit.models import AuditEntry, AuditSeal, Event
from audit.notes import Note
from audit.services import record
from audit.tree import Tree, TreeBroken
from core import context
from core.db import db

__all__ = ["NoProof", "TreeBroken", "note", "of_entry", "of_pair", "path_in", "written"]
ENTRY, PAIR = "young-futures/entry-proof/1", "young-futures/consistency-proof/1"


class NoProof(LookupError):
    """There is no such entry, or no checkpoint covers it yet; the message is for people."""


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def of_entry(chain: str, seq: int, public_keys: str) -> dict[str, Any]:
    """The bytes of one entry, the path from them to the root of the newest checkpoint, and that checkpoint.

    ``public_keys`` is the PEM text of the installation's keys; it goes along for convenience, and the one who checks
    should have it from elsewhere. Raise NoProof.
    """
    body = db.session.scalar(select(AuditEntry.body).where(AuditEntry.chain == chain, AuditEntry.seq == seq))
    if body is None:
        gone = db.session.scalar(select(AuditSeal.seq).where(AuditSeal.chain == chain, AuditSeal.seq == seq))
        raise NoProof("This entry was dropped with age; only its seal is left" if gone else "There is no such entry")
    note = newest(chain, seq)
    if note is None:
        raise NoProof("No signed checkpoint covers this entry yet. Try again in a quarter of an hour")
    path = Tree(chain).inclusion(seq - 1, note.size)
    return {
        "format": ENTRY, "entry": _text(bytes(body)), "index": seq - 1, "path": [_text(step) for step in path],
        "checkpoint": note.text, "public_keys": public_keys,
    }  # fmt: skip


def of_pair(old: Note, new: Note) -> dict[str, Any]:
    """The path that shows that the newer checkpoint's trail begins with the older one's. Raise NoProof."""
    if old.chain != new.chain or not 0 < old.size <= new.size:
        raise NoProof("These are not two checkpoints of one trail, the older first")
    path = Tree(old.chain).consistency(old.size, new.size)
    return {"format": PAIR, "old": old.text, "new": new.text, "path": [_text(step) for step in path]}


def path_in(proof: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(step) for step in proof["path"]]


def written(proof: dict[str, Any]) -> str:
    return json.dumps(proof, indent=1, ensure_ascii=False) + "\n"


def note(chain: str, seq: int) -> None:
    """A proof taken from the command line is an entry of its chain."""
    db.session.rollback()
    with context.acting_as(job="audit_proof"):
        record(Event.AUDIT_PROVED, None, area_id=chain, detail={"seq": seq})
        db.session.commit()
