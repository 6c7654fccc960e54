"""Uploads of partners' lists: an agreement in date, a check that quotes nothing, rows sealed under one key."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, or_, select

from accounts.models import PARTNERSHIP, Agency, User
from audit.loader import load
from audit.models import Event
from audit.services import record
from cohort.checks import Checked, check_file
from cohort.models import SourceExtract, SourceRecord
from cohort.sources import COLUMNS, Problem, Reading, SourceKind
from core.access import Actor
from core.clock import now, today
from core.crypto import seal_value
from core.db import db
from core.formats import day
from core.ids import Id, new_id
from core.keyring import keyring
from core.languages import gettext as _
from core.spent_keys import destroy_after_commit
from sharing.models import Agreement

CHECKED, ACCEPTED, DISCARDED = "checked", "accepted", "discarded"


class NoAgreement(ValueError):
    """No agreement of this agency is in date in this area; the message is for the page."""


@dataclass(frozen=True, slots=True)
class AgreementLine:
    agreement: Agreement
    agency: str

    @property
    def is_in_date(self) -> bool:
        return in_date(self.agreement, today())


def in_date(agreement: Agreement, day: date) -> bool:
    return agreement.valid_from <= day <= agreement.valid_to


def agreements(actor: Actor) -> list[AgreementLine]:
    """The area's agreements, those that end last first."""
    rows = db.session.execute(
        select(Agreement, Agency.name)
        .join(Agency, Agency.id == Agreement.agency_id)
        .where(Agreement.area_id == actor.area_id, Agreement.kind != PARTNERSHIP)
        .order_by(Agreement.valid_to.desc(), Agreement.reference)
    )
    return [AgreementLine(agreement, name) for agreement, name in rows]


def partner_agencies(actor: Actor) -> list[Agency]:
    """Agencies of this area or of the whole force, that may send a list."""
    day = today()
    here = or_(Agency.area_id == actor.area_id, Agency.area_id.is_(None))
    in_force = (Agency.valid_from <= day) & (Agency.valid_to.is_(None) | (Agency.valid_to >= day))
    return list(db.session.scalars(select(Agency).where(here, in_force).order_by(Agency.name)))


def add_agreement(
    actor: Actor, *, agency_id: Id, kind: str, reference: str, valid_from: date, valid_to: date, fields: list[str]
) -> Agreement:
    agreement = Agreement(
        area_id=actor.area_id, agency_id=agency_id, kind=kind, reference=reference, valid_from=valid_from,
        valid_to=valid_to, allowed_fields=fields,
    )  # fmt: skip
    db.session.add(agreement)
    record(Event.CONFIGURED, actor, agreement, reason="agreement_added", detail={"fields": len(fields)})
    return agreement


def current_agreement(actor: Actor, agency_id: Id) -> Agreement:
    """The agreement that covers an upload today. Raise NoAgreement, saying whether one ran out."""
    held = [line for line in agreements(actor) if line.agreement.agency_id == agency_id]
    found = next((line.agreement for line in held if line.is_in_date), None)
    if found is not None:
        return found
    ended = next((line.agreement for line in held if line.agreement.valid_to < today()), None)
    if ended is not None:
        raise NoAgreement(_("The agreement with this agency ran out on %(day)s", day=day(ended.valid_to)))
    raise NoAgreement("No agreement. You cannot upload yet")


def upload(actor: Actor, *, kind: SourceKind, agency_id: Id, raw: bytes) -> SourceExtract:
    """Check a file and keep its good rows, sealed. Raise NoAgreement or FileProblem; the file itself is not kept."""
    agreement = current_agreement(actor, agency_id)
    reading = Reading(today(), actor.area_slug)
    checked = check_file(kind, raw, fields=agreement.allowed_fields, reading=reading)
    extract_id = new_id()
    key_id, key = keyring().new_data_key("source_extract", extract_id, str(actor.area_id))
    extract = SourceExtract(
        id=extract_id, area_id=actor.area_id, agency_id=agency_id, kind=kind.value, status=CHECKED,
        uploaded_by_id=actor.user_id, rows_read=checked.rows_read, rows_kept=len(checked.rows),
        report=checked.report(), agreement_id=agreement.id, key_id=key_id,
    )  # fmt: skip
    db.session.add(extract)
    db.session.flush()
    rows = _sealed_rows(extract, checked, key_id, AESGCM(key))
    load({SourceRecord: rows}, area_id=actor.area_id, actor=actor, event=Event.EXTRACT_UPLOADED, thing=extract)
    return extract


def _sealed_rows(extract: SourceExtract, checked: Checked, key_id: Id, cipher: AESGCM) -> list[dict[str, Any]]:
    made = now()
    found = []
    for number, values in checked.rows:
        row_id = new_id()
        found.append({
            "id": row_id, "created_at": made, "row_version": 1, "data_key_id": key_id, "extract_id": extract.id,
            "area_id": extract.area_id, "row_number": number,
            "row_sealed": seal_value(SourceRecord, "row", row_id, key_id, cipher, values),
        })  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class UploadLine:
    extract: SourceExtract
    agency: str
    uploaded_by: str

    @property
    def kind(self) -> str:
        return SourceKind(self.extract.kind).label.partition(":")[0]


def _lines(actor: Actor) -> Any:
    return (
        select(SourceExtract, Agency.name, User.name)
        .join(Agency, Agency.id == SourceExtract.agency_id)
        .join(User, User.id == SourceExtract.uploaded_by_id)
        .where(SourceExtract.area_id == actor.area_id)
    )


def uploads(actor: Actor) -> list[UploadLine]:
    """The area's newest uploads."""
    rows = db.session.execute(_lines(actor).order_by(SourceExtract.created_at.desc()).limit(50))
    return [UploadLine(*row) for row in rows]


def find_upload(actor: Actor, extract_id: Id) -> UploadLine:
    """Raise NoResultFound for another area's."""
    return UploadLine(*db.session.execute(_lines(actor).where(SourceExtract.id == extract_id)).one())


@dataclass(frozen=True, slots=True)
class ReportLine:
    column: str
    words: str
    rows: str
    count: int


def report_lines(extract: SourceExtract) -> list[ReportLine]:
    """What was wrong, by column and row number."""
    labels = {column.name: column.label for column in COLUMNS[SourceKind(extract.kind)]} | {"": _("Whole row")}
    return [
        ReportLine(labels.get(p["column"], p["column"]), Problem(p["problem"]).label, _row_words(p), p["count"])
        for p in extract.report.get("problems", [])
    ]


def _row_words(problem: dict[str, Any]) -> str:
    shown, more = problem["rows"], problem["count"] - len(problem["rows"])
    words = ", ".join(f"{number:,}" for number in shown)
    return _("%(rows)s and %(count)s more", rows=words, count=f"{more:,}") if more > 0 else words


def dropped_columns(extract: SourceExtract) -> list[str]:
    return [column["heading"] for column in extract.report.get("columns", []) if column["kept"] != "yes"]


def accept(actor: Actor, extract: SourceExtract) -> None:
    """The rows may be used by runs."""
    extract.status = ACCEPTED
    record(Event.EXTRACT_ACCEPTED, actor, extract, detail={"rows": extract.rows_kept})


def discard(actor: Actor | None, extract: SourceExtract) -> None:
    """The rows go now, and their key as soon as that is committed, so that no backup brings them back."""
    extract.status = DISCARDED
    db.session.execute(
        delete(SourceRecord).where(SourceRecord.extract_id == extract.id), execution_options={"loader": True}
    )
    record(Event.EXTRACT_DISCARDED, actor, extract, detail={"rows": extract.rows_kept})
    destroy_after_commit([extract.key_id] if extract.key_id else [])
