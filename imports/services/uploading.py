"""Taking a list in: checked before anything is kept, then its report and its fine rows, sealed under a key of their own."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask.typing import ResponseReturnValue
from sqlalchemy import delete, select

from audit.loader import load
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import now
from core.context import current
from core.crypto import seal_value
from core.db import db
from core.ids import Id, new_id
from core.keyring import SYSTEM, keyring
from core.spent_keys import destroy_after_commit
from imports.cells import Sheet
from imports.checking import Checked, RowChecker, check_list
from imports.limits import FileProblem
from imports.models import ImportRow, ImportStatus, ReferralImport, RowStatus
from imports.policies import lists_of
from imports.reading import read_list
from referrals.services import drafts, sending
from referrals.services.duplicates import SentBefore

KEPT_UNSENT = timedelta(hours=24)
# A list is compared with this many of the agency's newest referrals.
MOST_COMPARED = 5_000
SENT_BEFORE = "This list was sent already. If rows have changed, upload a list with only those rows"


@dataclass(frozen=True, slots=True)
class Examined:
    """What an upload says, before anything of it is kept."""

    checked: Checked
    again: frozenset[int]
    digest: bytes


def examine(actor: Actor, name: str, raw: bytes) -> Examined:
    """Read and check a list. Nothing is kept. Raise FileProblem where it cannot be used as a whole."""
    sheet = read_list(name, raw)
    areas, districts = sending.areas(), sending.districts()
    checker = RowChecker(actor, areas, districts, drafts.own_details(actor))
    before = SentBefore(actor, MOST_COMPARED)
    # The checking takes seconds: no transaction stands open meanwhile, and what it needs stays loaded.
    for one in (*areas, *districts):
        db.session.expunge(one)
    db.session.rollback()
    checked = check_list(sheet, checker)
    again = (fine.row for fine in checked.fine if before.has(fine.answers["person"]["surname"], fine.who[2]))
    return Examined(checked, frozenset(again), _digest(actor, sheet))


def _digest(actor: Actor, sheet: Sheet) -> bytes:
    """Of what the list says, whatever kind of file it was; keyed, because somebody might try lists against a hash."""
    said = json.dumps([sheet.headings, [row.cells for row in sheet.rows]]).encode()
    return keyring().token(SYSTEM, "import", f"{actor.agency_id or actor.user_id}|{hashlib.sha256(said).hexdigest()}")


def keep(actor: Actor, examined: Examined) -> ReferralImport:
    """The report and the fine rows, for a day. The same list again gives the one that waits. Raise FileProblem."""
    same = db.session.scalars(select(ReferralImport).where(ReferralImport.digest == examined.digest)).all()
    if any(one.status in (ImportStatus.SENDING, ImportStatus.DONE) for one in same):
        raise FileProblem(SENT_BEFORE)
    waiting = next((one for one in same if one.owner_id == actor.user_id and one.status == ImportStatus.CHECKED), None)
    return waiting or _kept(actor, examined)


def _kept(actor: Actor, examined: Examined) -> ReferralImport:
    checked, import_id = examined.checked, new_id()
    key_id, key = keyring().new_data_key("referral_import", import_id, str(actor.area_id))
    current().add_key(key_id, key)
    made = ReferralImport(
        id=import_id, data_key_id=key_id, owner_id=actor.user_id, membership_id=actor.membership_id,
        agency_id=actor.agency_id, area_id=actor.area_id, status=ImportStatus.CHECKED.value, digest=examined.digest,
        rows_read=checked.rows_read, rows_fine=len(checked.fine), rows_again=len(examined.again),
        kept_until=now() + KEPT_UNSENT, report=_report(checked),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    rows = _sealed_rows(made, examined, AESGCM(key))
    load({ImportRow: rows}, area_id=actor.area_id, actor=actor, event=Event.IMPORT_UPLOADED, thing=made)
    return made


def _report(checked: Checked) -> dict[str, Any]:
    return {
        "mistakes": [{"row": one.row, "column": one.column, "what": one.words} for one in checked.mistakes],
        "not_read": checked.not_read,
    }


def _sealed_rows(made: ReferralImport, examined: Examined, cipher: AESGCM) -> list[dict[str, Any]]:
    at, found = now(), []
    for fine in examined.checked.fine:
        row_id = new_id()
        found.append({
            "id": row_id, "created_at": at, "row_version": 1, "data_key_id": made.data_key_id, "import_id": made.id,
            "area_id": fine.area_id, "row_number": fine.row, "status": RowStatus.WAITING.value,
            "is_again": fine.row in examined.again,
            "answers_sealed": seal_value(ImportRow, "answers", row_id, made.data_key_id, cipher, fine.answers),
        })  # fmt: skip
    return found


def take(
    actor: Actor, name: str, raw: bytes, begin: Callable[[], ResponseReturnValue | None]
) -> ReferralImport | ResponseReturnValue:
    """Examine, then ``begin`` writing and keep; what ``begin`` answers, where the form was sent before. Raise FileProblem."""
    examined = examine(actor, name, raw)
    sent_before = begin()
    return keep(actor, examined) if sent_before is None else sent_before


def listed(actor: Actor) -> list[ReferralImport]:
    """One's own lists, newest first. Opens nothing."""
    return list(db.session.scalars(lists_of(actor).order_by(ReferralImport.created_at.desc()).limit(50)))


def find(actor: Actor, import_id: Id) -> ReferralImport:
    """Raise NoResultFound for anyone but its owner."""
    return db.session.scalars(lists_of(actor).where(ReferralImport.id == import_id)).one()


def throw_away(actor: Actor | None, made: ReferralImport, *, reason: str) -> None:
    """The rows and the report go now, and their key as soon as that is committed."""
    db.session.execute(
        delete(ImportRow).where(ImportRow.import_id == made.id), execution_options={"loader": True}
    )  # fmt: skip
    record(Event.IMPORT_ENDED, actor, made, reason=reason, detail={"rows": made.rows_fine, "made": made.rows_made})
    destroy_after_commit([made.data_key_id])
    db.session.delete(made)
