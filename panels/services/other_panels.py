"""Panels of other areas to contact about a young person whom both may know: the list, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, false, func, select

from accounts.models import Area
from audit.models import Event
from audit.services import record
from cohort.models import OtherPanelContact
from core.access import Actor, Permission
from core.clock import now, today
from core.codes.elsewhere import ContactOutcome
from core.db import db
from core.ids import Id
from core.paging import PER_PAGE, Paging
from core.working_days import Due, due
from messages.services.notices import Place, leads_to
from panels.models import Case

P = Permission


@dataclass(frozen=True, slots=True)
class Line:
    """One panel to contact: their reference, and the case that we have."""

    id: Id
    panel: str
    telephone: str
    reference: str
    asked_at: datetime
    due: Due
    case_id: Id | None
    case_reference: str | None
    outcome: str | None


def visible(actor: Actor) -> Select[OtherPanelContact]:
    """The area's, for its coordinators and safeguarding leads; a hidden young person's only for who knows of them."""
    if actor.area_id is None or not (actor.can(P.REFERRAL_TRIAGE) or actor.can(P.SENSITIVITY_OVERSEE)):
        return select(OtherPanelContact).where(false())
    return select(OtherPanelContact).where(OtherPanelContact.area_id == actor.area_id)


def _lines(actor: Actor) -> Select[*tuple[Any, ...]]:
    latest = (
        select(Case.id)
        .where(Case.young_person_id == OtherPanelContact.young_person_id)
        .order_by(Case.opened_at.desc())
        .limit(1)
        .correlate(OtherPanelContact)
        .scalar_subquery()
    )
    return (
        visible(actor)
        .join(Area, Area.id == OtherPanelContact.asking_area_id)
        .outerjoin(Case, Case.id == latest)
        .add_columns(Area.panel_name, Area.front_door_day, Case.id, Case.reference, func.count().over())
    )


def listed(actor: Actor, page: int) -> tuple[list[Line], Paging]:
    """Those to contact first, the most urgent on top."""
    rows = db.session.execute(
        _lines(actor)
        .order_by(
            OtherPanelContact.outcome.is_not(None), OtherPanelContact.done_at.desc(), OtherPanelContact.due_on,
            OtherPanelContact.id,
        )
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()  # fmt: skip
    return [_line(row) for row in rows], Paging(page, rows[0][5] if rows else 0)


def find(actor: Actor, contact_id: Id) -> tuple[OtherPanelContact, Line]:
    """Raise NoResultFound where it is not this person's to see."""
    row = db.session.execute(_lines(actor).where(OtherPanelContact.id == contact_id)).one()
    return row[0], _line(row)


def _line(row: Any) -> Line:
    contact, panel, telephone, case_id, case_reference, _ = row
    outcome = ContactOutcome(contact.outcome).label if contact.outcome else None
    return Line(
        contact.id, panel, telephone, contact.reference, contact.asked_at, due(contact.due_on, today()), case_id,
        case_reference, outcome,
    )  # fmt: skip


def finish(actor: Actor, contact: OtherPanelContact, outcome: ContactOutcome) -> None:
    """Keep what came of it. A later answer replaces an earlier one."""
    contact.outcome, contact.done_by_id, contact.done_at = outcome.value, actor.user_id, now()
    record(Event.ELSEWHERE_ANSWERED, actor, contact, subjects=[contact.young_person_id], reason=outcome.value)


def _find_contacts(actor: Actor, ids: list[Id]) -> dict[Id, Place]:
    rows = db.session.execute(
        visible(actor)
        .where(OtherPanelContact.id.in_(ids))
        .with_only_columns(OtherPanelContact.id, OtherPanelContact.reference)
    )
    return {row.id: Place(row.reference, f"/other-panels/{row.id}") for row in rows}


leads_to("other_panel_contact", _find_contacts)
