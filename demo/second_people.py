"""What waits for a second person in one area: a case opened in an emergency, and a long list asked for as a file."""

from sqlalchemy import select

from core.access import Actor
from core.codes.purposes import EmergencyReason, Purpose
from core.db import db
from panels.models import Case
from panels.services import caseload_export, cases, emergency
from panels.services.caseload_export import ALONE, Wanted
from panels.services.caseload_query import Asked


def give_one_to_the_coordinator(coordinator: Actor) -> str | None:
    """The coordinator covers for one case: it is nobody else's to open. Its reference."""
    wanted = select(Case).where(Case.area_id == coordinator.area_id, Case.is_open, Case.lead_id.is_not(None))
    case = db.session.scalars(wanted.order_by(Case.reference.desc()).limit(1)).first()
    if case is not None:
        cases.allocate(coordinator, case, coordinator.user_id)
    return case.reference if case is not None else None


def open_in_an_emergency(lead: Actor, reference: str) -> None:
    """A lead read a case that is not theirs, and ended it; the safeguarding lead has not looked back at it yet."""
    access = emergency.open_case(
        lead, reference=reference, reason_code=EmergencyReason.MISSING.value,
        reason="Not home since school. The police asked who they may be with.",
    )  # fmt: skip
    db.session.flush()
    emergency.end(lead, access)


def ask_for_a_long_list(coordinator: Actor) -> None:
    """More cases than one person takes out alone."""
    rows = caseload_export.count(coordinator, Asked())
    if rows > ALONE:
        wanted = Wanted(Asked(), Purpose.CASE_MANAGEMENT.value, names=False)
        reason = "To plan the autumn's reviews with the providers on paper. Deleted after the meeting."
        caseload_export.ask(coordinator, wanted, rows, reason)
