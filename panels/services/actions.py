"""Actions: proposed at a panel item, open once the meeting is confirmed, done with a note by their owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from accounts.models import User
from audit.models import Event
from audit.services import change_of, record
from core.access import Actor
from core.clock import now
from core.context import current
from core.db import db
from core.ids import Id
from panels.meeting_policies import actions_visible_to
from panels.models import AgendaItem, Case, PanelAction
from panels.services import telling, timeline
from panels.services.timeline import Happened
from referrals.models import Referral

LIMIT = 50


@dataclass(frozen=True)
class Wanted:
    """One row of the live form: who does what by when."""

    what: str
    owner_id: Id
    due_on: date


def of_item(item: AgendaItem) -> list[PanelAction]:
    """In the order in which they were typed."""
    return list(
        db.session.scalars(
            select(PanelAction).where(PanelAction.item_id == item.id).order_by(PanelAction.created_at, PanelAction.id)
        )
    )


def of_meeting(meeting_id: Id) -> Sequence[Any]:
    """Every action of a meeting with its owner's name."""
    return db.session.execute(
        select(PanelAction, User.name).join(User, PanelAction.owner_id == User.id)
        .where(PanelAction.meeting_id == meeting_id).order_by(PanelAction.created_at, PanelAction.id)
    ).all()  # fmt: skip


def propose(actor: Actor, item: AgendaItem, wanted: list[Wanted]) -> None:
    """Make the item's proposed actions be these: rows are changed in place, added, or taken away."""
    kept = of_item(item)
    for n, row in enumerate(wanted):
        if n < len(kept):
            _change(actor, kept[n], row)
        else:
            _add(actor, item, row)
    for action in kept[len(wanted) :]:
        db.session.delete(action)
        record(Event.ACTION_CHANGED, actor, action, reason="removed")


def _change(actor: Actor, action: PanelAction, row: Wanted) -> None:
    changes = change_of(action, {"what": row.what, "owner_id": row.owner_id, "due_on": row.due_on})
    if changes:
        record(Event.ACTION_CHANGED, actor, action, changes=changes)


def _add(actor: Actor, item: AgendaItem, row: Wanted) -> None:
    action = PanelAction(
        area_id=item.area_id, young_person_id=item.young_person_id, meeting_id=item.meeting_id, item_id=item.id,
        owner_id=row.owner_id, due_on=row.due_on, is_proposed=True, data_key_id=item.data_key_id, what=row.what,
    )  # fmt: skip
    db.session.add(action)
    record(Event.ACTION_CHANGED, actor, action, reason="proposed")


def open_proposed(actor: Actor, item: AgendaItem) -> None:
    """With the meeting's confirmation; tied to the case where one was opened."""
    for action in of_item(item):
        if action.is_proposed:
            action.is_proposed, action.case_id = False, item.case_id
            record(Event.ACTION_CHANGED, actor, action, reason="opened")
            telling.action_opened(actor, action)


def mine(actor: Actor, *, done: bool = False) -> Sequence[Any]:
    """One's own actions, soonest due first (done ones: newest first), with the case's or the referral's number."""
    rows = (
        actions_visible_to(actor).add_columns(Case.reference, Referral.reference)
        .join(Case, PanelAction.case_id == Case.id, isouter=True)
        .join(AgendaItem, PanelAction.item_id == AgendaItem.id, isouter=True)
        .join(Referral, AgendaItem.referral_id == Referral.id, isouter=True)
    )  # fmt: skip
    if done:
        rows = rows.where(PanelAction.done_at.is_not(None)).order_by(PanelAction.done_at.desc())
    else:
        rows = rows.where(PanelAction.done_at.is_(None)).order_by(PanelAction.due_on, PanelAction.id)
    found = db.session.execute(rows.limit(LIMIT)).all()
    current().load_keys(row[0].data_key_id for row in found)
    return found


def find_action(actor: Actor, action_id: Id) -> PanelAction:
    return db.session.scalars(actions_visible_to(actor).where(PanelAction.id == action_id)).one()


def finish(actor: Actor, action: PanelAction, note: str) -> None:
    """Marking as done twice keeps the first time and note."""
    if action.done_at is None:
        changes = change_of(action, {"done_note": note})
        action.done_at, action.done_by_id = now(), actor.user_id
        record(Event.ACTION_CHANGED, actor, action, changes=changes, reason="done")
        case = db.session.get(Case, action.case_id) if action.case_id else None
        if case is not None:
            timeline.add(case, Happened.ACTION, actor, object_id=action.id, summary=f"Done: {action.what}"[:500])
