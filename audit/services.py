"""Recording: writes and decisions by ``record``, what a page showed by the gate, refusals in their own transaction."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from flask import g, has_request_context, request
from sqlalchemy import func, select

from audit.chain import Draft, canonical
from audit.models import AuditEntry, ChangeHistory, Event
from core.access import Actor, find_actor
from core.clock import now
from core.codes.purposes import Purpose
from core.context import AccessContext, find_current
from core.db import db
from core.ids import Id

VERSION = "0.1.0"
PENDING, COVERED = "audit_pending", "audit_covered"
SYSTEM_CHAIN = "system"


def last_changed(thing: Any) -> datetime | None:
    """When a record was last written, as the trail says; None where no entry of it can be seen."""
    object_id = getattr(thing, "id", None)
    if object_id is None:
        return None
    written = select(func.max(AuditEntry.at)).where(
        AuditEntry.object_id == object_id, AuditEntry.outcome == "ok", AuditEntry.event.not_like("read:%")
    )
    found: datetime | None = db.session.scalar(written)
    return found


def record(
    event: Event,
    actor: Actor | None,
    thing: Any = None,
    *,
    also: Iterable[Any] = (),
    subjects: Iterable[Id] = (),
    area_id: Id | None = None,
    fields: Iterable[str] = (),
    changes: Mapping[str, tuple[Any, Any]] | None = None,
    reason: str | None = None,
    outcome: str = "ok",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry to this transaction; it is sealed as the last thing before the commit.

    ``thing`` and ``also`` are the records the entry covers (the safety net looks for them). ``reason`` is a code, and
    ``detail`` holds counts and codes: neither may hold personal data. ``changes`` maps a field's name to its values
    before and after; they are kept under the person's key and the entry holds a commitment to them.
    """
    covered = [item for item in (thing, *also) if item is not None]
    session = db.session()
    session.info.setdefault(COVERED, {}).update({id(item): item for item in covered})
    salt = secrets.token_hex(16)
    body = _who_and_where(event, actor, salt) | {
        "outcome": outcome,
        "subjects": sorted({*subjects, *(s for item in covered if (s := _subject(item)))}),
        "fields": sorted({*fields, *(changes or ())}),
    }
    if covered:
        body |= {"object_type": covered[0].__tablename__, "object_id": covered[0].id}
    if reason:
        body["reason"] = reason
    if detail:
        body["detail"] = dict(detail)
    if changes and thing is not None:
        body["commitment"] = _keep_history(event, actor, thing, changes, salt)
    chain = area_id or getattr(thing, "area_id", None) or (actor.area_id if actor else None) or SYSTEM_CHAIN
    _add(session, chain, body)


def _subject(item: Any) -> Id | None:
    """Whom a record is about: sealed records name their subject; staff and configuration have none."""
    return getattr(item, "subject_id", None) if getattr(item, "__is_about_a_child__", True) else None


def _who_and_where(event: Event, actor: Actor | None, salt: str) -> dict[str, Any]:
    context = find_current()
    job = context.job if context else None
    body: dict[str, Any] = {
        "v": 1, "at": now().isoformat(), "event": event.value, "salt": salt, "software": VERSION,
        "actor": actor.user_id if actor else (f"job:{job}" if job else context.visitor if context else None),
    }  # fmt: skip
    if actor:
        body |= {"role": actor.role, "membership": actor.membership_id, "agency": actor.agency_id}
        body |= {"area": actor.area_id, "session": actor.session_ref[:16]}
    if has_request_context():
        agent = hashlib.sha256(request.headers.get("User-Agent", "").encode()).hexdigest()[:16]
        body |= {"request": g.get("request_id"), "route": request.endpoint, "ip": request.remote_addr, "agent": agent}
    return body


def _keep_history(
    event: Event, actor: Actor | None, thing: Any, changes: Mapping[str, tuple[Any, Any]], salt: str
) -> str:
    plain = {name: [_plain(before), _plain(after)] for name, (before, after) in changes.items()}
    db.session.add(
        ChangeHistory(
            subject=thing.subject_id, area_id=getattr(thing, "area_id", None), object_type=thing.__tablename__,
            object_id=thing.id, actor_id=actor.user_id if actor else None, event=event.value, changes=plain,
            data_key_id=thing.data_key_id,
        )
    )  # fmt: skip
    return hashlib.sha256(bytes.fromhex(salt) + canonical(plain)).hexdigest()


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | bool | list | dict) or value is None else str(value)


def _add(session: Any, chain: str, body: dict[str, Any]) -> None:
    columns = {
        "at": datetime.fromisoformat(body["at"]), "event": body["event"], "outcome": body.get("outcome", "ok"),
        "actor_id": body.get("actor"),
        "object_type": body.get("object_type"), "object_id": body.get("object_id"),
    }  # fmt: skip
    session.info.setdefault(PENDING, []).append(Draft(chain, body, tuple(body.get("subjects", ())), columns))


# Why a page of this kind is opened, where its route says nothing else (SECURITY-DESIGN 4).
PURPOSES = {
    "referral": Purpose.REFERRAL, "referral_status": Purpose.REFERRAL, "referrals": Purpose.REFERRAL,
    "draft": Purpose.REFERRAL, "triage": Purpose.TRIAGE, "arrival": Purpose.TRIAGE, "match": Purpose.TRIAGE,
    "meeting": Purpose.PANEL, "action": Purpose.PANEL, "case": Purpose.CASE_MANAGEMENT,
    "cases": Purpose.CASE_MANAGEMENT, "young_person": Purpose.CASE_MANAGEMENT, "found": Purpose.CASE_MANAGEMENT,
    "offer": Purpose.DIRECT_SUPPORT, "step_up": Purpose.SAFEGUARDING, "candidates": Purpose.COHORT,
    "candidate": Purpose.COHORT, "extract": Purpose.COHORT, "run": Purpose.COHORT, "disclosures": Purpose.SAFEGUARDING,
    "report": Purpose.REPORTING, "audit": Purpose.AUDIT_REVIEW, "alerts": Purpose.AUDIT_REVIEW,
}  # fmt: skip


def purpose_of(event: Event) -> str | None:
    """The usual purpose of looking at this kind of page, as a code; None where there is none."""
    found = PURPOSES.get(event.value.partition(":")[2])
    return found.value if found else None


def _told_by_the_change(seen: AccessContext) -> bool:
    """Add the opened fields to an entry of this transaction about the same young people, if there is one."""
    if seen.examined:
        return False
    pending: list[Draft] = db.session().info.get(PENDING, [])
    for draft in pending:
        same = draft.body["actor"] == (seen.actor.user_id if seen.actor else None)
        if same and draft.body["outcome"] == "ok" and set(seen.subjects) <= set(draft.subjects):
            draft.body["opened"] = sorted({*draft.body.get("opened", ()), *seen.fields})
            return True
    return False


class RequestTrail:
    """What the gate calls at the end of a request."""

    def note_reads(self, seen: AccessContext, *, kept: bool) -> None:
        """One entry for everything the page opened. What a form opened on its way to a change stands in the change's."""
        if kept and _told_by_the_change(seen):
            return
        event = Event(seen.reads) if seen.reads else Event.JOB_READ
        body = _who_and_where(event, seen.actor, secrets.token_hex(16)) | {
            "outcome": "ok", "subjects": sorted(seen.subjects), "fields": sorted(seen.fields),
        }  # fmt: skip
        if seen.object:
            body |= {"object_type": seen.object[0], "object_id": seen.object[1]}
        if purpose := seen.purpose or purpose_of(event):
            body["purpose"] = purpose
        if seen.examined or seen.detail:
            body["detail"] = dict(seen.detail) | {"examined": seen.examined}
        chain = (seen.actor.area_id if seen.actor else None) or SYSTEM_CHAIN
        _add(db.session(), chain, body)

    def note_denied(self, reason: str) -> None:
        """A refusal, with the ids that were asked for in the address (opaque), never what was typed."""
        self._note_asked(Event.DENIED, "denied", reason)

    def note_failed(self, reason: str) -> None:
        """A change that was tried and not kept: the entry of its success went with it."""
        self._note_asked(Event.FAILED, "failed", reason)

    def _note_asked(self, event: Event, outcome: str, reason: str) -> None:
        actor = find_actor()
        if actor is None:
            return
        ids = [value for value in (request.view_args or {}).values() if isinstance(value, str) and len(value) == 26]
        body = _who_and_where(event, actor, secrets.token_hex(16)) | {
            "outcome": outcome, "reason": reason, "subjects": [], "fields": [],
        }  # fmt: skip
        if ids:
            body |= {"object_type": "asked_for", "object_id": ids[-1]}
        _add(db.session(), actor.area_id or SYSTEM_CHAIN, body)


def change_of(record_: Any, values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Set the values on the record and return what really changed, for ``record(changes=...)``."""
    changed: dict[str, tuple[Any, Any]] = {}
    for name, after in values.items():
        before = getattr(record_, name)
        after = after if after not in ("", [], {}) else None
        if before != after:
            changed[name] = (before, after)
            setattr(record_, name, after)
    return changed
