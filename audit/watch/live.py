"""What is noticed at once, in the transaction of the page itself: trip wires, many refusals, a great deal taken."""

from flask import Response, g
from sqlalchemy import func, select

from audit.models import Action, AuditEntry, Event
from audit.services import SYSTEM_CHAIN
from audit.watch import decoys
from audit.watch.alerts import Finding, raise_alert
from audit.watch.days import NOT_A_RECORD
from audit.watch.rules import DENIED, DENIED_WITHIN, is_bulk
from core import context
from core.access import Actor, find_actor
from core.clock import now, today
from core.codes.alerts import AlertRule
from core.context import AccessContext, acting_as
from core.db import db

JOB = "unusual-access"


def look(response: Response) -> bool:
    """A step of the gate, before the commit. Says whether anything was noticed. A quiet page costs no statement."""
    actor, seen = find_actor(), context.find_current()
    if actor is None:
        return False
    found = _after_a_denial(actor) if g.get("denied") else []
    if seen is not None and seen.has_reads and seen.reads and response.status_code < 400:
        found += _in_what_was_shown(actor, seen)
    if not found:
        return False
    with acting_as(job=JOB):
        for one in found:
            raise_alert(one)
        # Written here: what the job may see ends with it.
        db.session.flush()
    return True


def _in_what_was_shown(actor: Actor, seen: AccessContext) -> list[Finding]:
    event = Event(seen.reads or "")
    if event.value in NOT_A_RECORD:
        return []
    found = []
    rows = seen.detail.get("rows", 0)
    if event.action is Action.EXPORT and is_bulk(int(rows), len(seen.subjects)):
        found.append(_finding(AlertRule.BULK_EXPORT, actor, times=1, rows=max(int(rows), len(seen.subjects))))
    if event.action in (Action.READ, Action.PRINT) and seen.subjects and actor.area_id:
        found += [
            _finding(AlertRule.TRIP_WIRE, actor, person) for person in decoys.among(actor.area_id, list(seen.subjects))
        ]
    return found


def _after_a_denial(actor: Actor) -> list[Finding]:
    """This refusal is not in the trail yet, so it is counted on top."""
    before = db.session.scalar(
        select(func.count()).where(
            AuditEntry.actor_id == actor.user_id, AuditEntry.at >= now() - DENIED_WITHIN,
            AuditEntry.outcome == "denied",
        )
    )  # fmt: skip
    many = (before or 0) + 1
    return [_finding(AlertRule.DENIALS, actor, denied=many)] if many >= DENIED else []


def _finding(rule: AlertRule, actor: Actor, person: str | None = None, **counts: int) -> Finding:
    chain = actor.area_id or SYSTEM_CHAIN
    return Finding(rule, actor.user_id, actor.area_id, today(), person, chain, None, "", counts)
