"""Support of a kind that can cause harm: one person asks, another agrees, and only then is it offered (PAGES 3.6)."""

from dataclasses import asdict

from sqlalchemy import select

from accounts.models import Approval
from accounts.services import approvals
from accounts.services.approvals import Kind, NotAllowed
from core.access import Actor, Permission
from core.clock import now
from core.codes.approvals import ApprovalState
from core.db import db
from core.languages import gettext as _
from core.row_security import everything
from interventions.models import Intervention
from panels.models import Case
from panels.services import offers
from panels.services.offers import Wanted

P = Permission
KIND = "harmful_support"


def waits_for(case: Case, intervention: Intervention) -> bool:
    """Whether a request to offer this support in this case waits for an answer."""
    asked = select(Approval.terms).where(
        Approval.kind == KIND, Approval.young_person_id == case.young_person_id,
        Approval.state == ApprovalState.ASKED.value, Approval.expires_at > now(),
    )  # fmt: skip
    same = (case.id, intervention.id)
    return any((terms["case_id"], terms["intervention_id"]) == same for terms in db.session.scalars(asked))


def ask(actor: Actor, case: Case, intervention: Intervention, wanted: Wanted, reason: str) -> Approval | None:
    """Ask a second person before it is offered; None where the same request waits already."""
    if waits_for(case, intervention):
        return None
    return approvals.ask(
        actor, KIND, area_id=case.area_id, reason=reason, young_person_id=case.young_person_id,
        data_key_id=case.data_key_id, terms={"reference": case.reference, "case_id": case.id, "intervention_id": intervention.id},
        details=asdict(wanted),
    )  # fmt: skip


def _run(actor: Actor, approval: Approval) -> None:
    with everything():
        case = db.session.get_one(Case, approval.terms["case_id"])
        intervention = db.session.get_one(Intervention, approval.terms["intervention_id"])
        if case.area_id != approval.area_id:
            raise NotAllowed("The case has moved to another area")
        if not case.is_open:
            raise NotAllowed("The case is closed. Nothing can be offered")
        if not intervention.is_active:
            raise NotAllowed("This support is no longer offered")
        try:
            offers.make_offer(
                actor, case=case, intervention=intervention, harm_reason=approval.reason or "", agreed=approval,
                **asdict(Wanted(**(approval.details or {}))),
            )  # fmt: skip
        except ValueError:
            raise NotAllowed("The provider no longer gives support in this area") from None


def _terms(approval: Approval) -> list[tuple[str, str]]:
    intervention = db.session.get(Intervention, approval.terms["intervention_id"])
    details = approval.details or {}
    return [
        (_("Case"), approval.terms["reference"]),
        (_("Support"), intervention.name if intervention else _("No longer in the catalogue")),
        (_("What is known"), (intervention.warning or intervention.violence_effect) if intervention else ""),
        (_("What it should help with"), details.get("goal") or _("Decided by the panel")),
        (_("To keep in mind"), details.get("safety") or _("Nothing written")),
    ]


approvals.register(
    Kind(
        KIND, "Offer support that can cause harm", asks=(P.CASE_WORK, P.CASE_ALLOCATE, P.MEETING_DECIDE), run=_run,
        terms=_terms, where=lambda approval: f"/cases/{approval.terms['case_id']}", where_needs=P.CASE_READ_AREA,
    )
)  # fmt: skip
