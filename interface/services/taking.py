"""Taking a referral or a file from a system, by the services that the pages use; and saying how a referral stands."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from accounts.models import Area
from core.access import Actor
from core.codes.referrals import ReferralStatus as S
from core.db import db
from core.ids import Id
from files.models import StoredFile
from files.services import keeping
from files.services.examining import Examined
from files.services.keeping import Place
from referrals.answers import Answers
from referrals.models import Referral
from referrals.services import drafts, duplicates, sending, tracking

RECEIVED, NOT_TAKEN, CLOSED = "received", "not_taken_forward", "closed"
# The referrer's words as codes. As on the referrer's pages, a step-up to safeguarding is not told by the status.
STATUS_CODES: dict[S, str] = {
    S.DRAFT: RECEIVED, S.NEW: RECEIVED, S.IN_TRIAGE: RECEIVED, S.STEPPED_UP: RECEIVED,
    S.INFORMATION_NEEDED: "information_needed", S.READY_FOR_PANEL: "going_to_panel", S.SIGNPOSTED: NOT_TAKEN,
    S.NOT_ELIGIBLE: NOT_TAKEN, S.ALREADY_OPEN: NOT_TAKEN, S.NOT_TAKEN_FORWARD: NOT_TAKEN, S.WITHDRAWN: CLOSED,
    S.ACCEPTED: "being_helped", S.CLOSED: CLOSED,
}  # fmt: skip


def send(
    actor: Actor, *, start: Mapping[str, Any], sections: Mapping[str, Mapping[str, Any]], not_duplicates: list[Id]
) -> Referral:
    """A draft filled at once and sent: the same steps, checks and entries as page by page. Raise sending.NotReady."""
    draft = drafts.start_draft(actor, area_id=start["area_id"], start=start)
    for key, values in sections.items():
        drafts.save_section(draft, drafts.answers_of(draft, noted=False), key, values)
    if not_duplicates:
        drafts.not_duplicates(draft, drafts.answers_of(draft, noted=False), not_duplicates)
    return sending.send_referral(actor, draft=draft)


def alike(
    actor: Actor, sections: Mapping[str, Mapping[str, Any]], not_duplicates: list[Id]
) -> list[duplicates.Earlier]:
    """Referrals of this agency that may be about the same young person, by number and date alone."""
    answers: Answers = {"person": dict(sections["person"]), "not_duplicates": not_duplicates}  # type: ignore[typeddict-item]
    return duplicates.earlier_referrals(actor, answers)


def receipt(referral: Referral) -> dict[str, Any]:
    """What the sender gets back. Nothing in it changes later, and nothing names anyone."""
    area = db.session.get_one(Area, referral.area_id)
    return {
        "id": referral.id, "reference": referral.reference, "status": RECEIVED, "area": area.slug,
        "sent_at": referral.sent_at.isoformat(), "acknowledge_by": referral.acknowledge_by.isoformat(),
        "decide_by": referral.decide_by.isoformat(),
        "front_door": {"name": area.front_door_name, "day": area.front_door_day, "night": area.front_door_night},
    }  # fmt: skip


def find(actor: Actor, referral_id: Id) -> Referral:
    """Raise NoResultFound for what this agency's system did not send."""
    return tracking.find_sent(actor, referral_id)


def is_open(referral: Referral) -> bool:
    return tracking.is_open(referral)


def status(referral: Referral) -> dict[str, Any]:
    """How it stands, in the referrer's words, and its files by id. No sealed field is opened for it."""
    found = S(referral.status)
    return {
        "id": referral.id, "reference": referral.reference, "status": STATUS_CODES[found],
        "status_words": str(found.referrer_tag.text), "sent_at": referral.sent_at.isoformat(),
        "acknowledge_by": referral.acknowledge_by.isoformat(), "decide_by": referral.decide_by.isoformat(),
        "acknowledged_at": _moment(referral.acknowledged_at), "decided_at": _moment(referral.decided_at),
        "files": [_file(row) for row in _files(referral.id)],
    }  # fmt: skip


def _moment(at: Any) -> str | None:
    return at.isoformat() if at else None


def _files(referral_id: Id) -> Any:
    columns = StoredFile.id, StoredFile.kind, StoredFile.size, StoredFile.status
    theirs = select(*columns).where(StoredFile.referral_id == referral_id)
    return db.session.execute(theirs.order_by(StoredFile.added_at, StoredFile.id))


def _file(row: Any) -> dict[str, Any]:
    return {"id": row.id, "kind": row.kind, "size": row.size, "status": row.status}


def add_file(actor: Actor, referral: Referral, file: Examined) -> dict[str, Any]:
    """Keep a file with what was sent; nobody opens it before it was checked. Raise NotAccepted, StoreUnavailable."""
    place = Place(referral.area_id, referral_id=referral.id, young_person_id=referral.young_person_id)
    return _file(keeping.add(actor, place, file))
