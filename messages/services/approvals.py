"""Telling second persons that something waits for them, and who asked that it was answered."""

from accounts.models import Approval
from accounts.policies import approvals_visible_to
from accounts.services import approvals
from core.access import Actor, Permission
from core.codes.approvals import ApprovalState
from core.db import db
from core.ids import Id
from messages.kinds import MessageKind
from messages.services.notices import Place, leads_to
from messages.services.recipients import holders
from messages.services.telling import tell


def _told(approval: Approval) -> None:
    """A request goes to whoever may agree in its area; an answer to who asked."""
    asked = approval.state == ApprovalState.ASKED.value
    people = _second_persons(approval) if asked else [approval.asked_by_id]
    kind = MessageKind.APPROVAL if asked else MessageKind.APPROVAL_ANSWERED
    tell(people, kind, area_id=approval.area_id, about=("approval", approval.id), by=approval.expires_at.date())


def _second_persons(approval: Approval) -> list[Id]:
    needs: tuple[Permission, ...] = approvals.KINDS[approval.kind].agrees
    found = {person for need in needs for person in holders(need, approval.area_id, but=approval.asked_by_id)}
    return sorted(found)


def _places(actor: Actor, ids: list[Id]) -> dict[Id, Place]:
    mine = approvals_visible_to(actor, approvals.kinds_to_decide(actor)).where(Approval.id.in_(ids))
    rows = db.session.execute(mine.with_only_columns(Approval.id, Approval.kind))
    known = {row.id: approvals.KINDS.get(row.kind) for row in rows}
    return {found: Place(kind.words, f"/approvals/{found}") for found, kind in known.items() if kind}


def register() -> None:
    approvals.tell_by(_told)
    leads_to("approval", _places)
