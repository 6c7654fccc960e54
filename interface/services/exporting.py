"""One referral as a JSON document: the answers as the interface takes them, with their references, dates and files."""

from typing import Any

from accounts.models import Agency, District
from core.access import Actor
from core.clock import in_london, now
from core.context import current
from core.db import db
from core.formats import moment
from files.services import keeping
from files.services.keeping import Place
from interface.services.taking import STATUS_CODES
from referrals.answers import SECTIONS, on_page
from referrals.models import Referral
from referrals.services.triage import TriageFile

FORMAT = "referral-1"


def document(actor: Actor, file: TriageFile, purpose: str) -> dict[str, Any]:
    """Everything the referrer sent; nothing of triage, the panel or a case. Opens and notes what it holds."""
    referral = file.referral
    seen = current()
    seen.looked_at("referral", referral.id)
    seen.purpose = purpose
    agency = db.session.get(Agency, referral.agency_id) if referral.agency_id else None
    return {
        "format": FORMAT, "marking": "OFFICIAL-SENSITIVE",
        "exported": {"at": moment(in_london(now())), "by": actor.name, "role": actor.role_name, "purpose": purpose},
        "id": referral.id, "reference": referral.reference, "source": referral.source_type,
        "status": STATUS_CODES[file.status], "area": file.area.slug, "agency": agency.slug if agency else None,
        "sent_at": referral.sent_at.isoformat(), "acknowledge_by": referral.acknowledge_by.isoformat(),
        "decide_by": referral.decide_by.isoformat(),
        "acknowledged_at": referral.acknowledged_at.isoformat() if referral.acknowledged_at else None,
        "decided_at": referral.decided_at.isoformat() if referral.decided_at else None,
        "outcome": referral.outcome, "said_to_referrer": referral.reason_for_referrer,
        "referral": _answers(file),
        "files": [
            {"id": one.id, "name": one.name, "kind": one.kind.value, "size": one.size, "status": one.status.value}
            for one in keeping.listed(Place(referral.area_id, referral_id=referral.id))
        ],
    }  # fmt: skip


def _answers(file: TriageFile) -> dict[str, Any]:
    """As the interface takes them: short names instead of ids, and only what was answered."""
    answers = file.referral.answers or {}
    found: dict[str, Any] = {key: _kept(on_page(answers, key)) for key in SECTIONS if key not in ("events", "people")}
    for key in ("events", "people"):
        found[key] = [_kept(one) for one in (answers.get(key) or {}).get("list", [])]
    return {"start": _start(file.referral, file.area.slug, answers.get("start") or {})} | found


def _start(referral: Referral, area: str, start: dict[str, Any]) -> dict[str, Any]:
    district = db.session.get(District, referral.district_id) if referral.district_id else None
    said = {name: start[name] for name in ("danger", "reason") if start.get(name)}
    if start.get("called"):
        said["called"] = _kept(start["called"])
    return said | {"area": area} | ({"district": district.slug} if district else {})


def _kept(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [], {}) and name != "id"}
