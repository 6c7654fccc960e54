"""What to do first: the most pressing things of several kinds in one statement, by day, with references alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, case, func, literal, or_, select, union_all

from accounts.roles import Role
from cohort.models import OtherPanelContact
from core.access import Actor
from core.clock import today
from core.codes.decisions import StepUpStatus
from core.codes.offers import OfferStatus
from core.codes.referrals import ReferralStatus as S
from core.db import db
from core.working_days import Due, due
from panels import emergency_policies
from panels import policies as case_policies
from panels.meeting_policies import actions_visible_to
from panels.models import AgendaItem, Case, EmergencyAccess, Offer, PanelAction
from panels.services import other_panels
from panels.services.next_step import NextStep
from panels.support_policies import offers_visible_to
from referrals.models import Referral, StepUp
from referrals.services.step_ups import WAITING
from referrals.triage_policies import in_area, step_ups_visible

AHEAD = timedelta(days=7)
MOST = 8


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do: by when, what, on which record, where."""

    due: Due
    what: str
    reference: str
    href: str
    act: str


_ACTS: dict[str, tuple[str, str, str]] = {
    "call": ("Call the front door now", "/step-ups/{}", "Record the call"),
    "step_up": ("Step-up has no answer", "/step-ups/{}", "Chase the front door"),
    "acknowledge": ("Acknowledge a new referral", "/triage/{}", "Acknowledge"),
    "decide": ("Triage decision", "/triage/{}", "Decide"),
    "offer": ("Offer to answer", "/offers/{}", "Answer"),
    "action": ("Action from the panel", "/actions/{}/done", "Record it"),
    "worry": ("Worry raised in a session", "/actions/{}/done", "Read and record it"),
    "emergency": ("Emergency access to review", "/audit/emergency/{}", "Review"),
    "other_panel": ("Contact the panel of another area", "/other-panels/{}", "Contact them"),
    "approve_closure": ("Approve a closure", "/cases/{}/close", "Check and approve"),
}
_WAITS_FOR_COORDINATOR = (NextStep.ALLOCATE.value, NextStep.APPROVE_CLOSURE.value)


def _step_ups(actor: Actor) -> Any:
    kind = case((StepUp.status == StepUpStatus.TO_CALL.value, "call"), else_="step_up")
    return (
        select(
            kind.label("kind"), StepUp.id, StepUp.chase_on.label("due_on"),
            func.coalesce(Referral.reference, Case.reference).label("reference"),
        )
        .outerjoin(Referral, Referral.id == StepUp.referral_id)
        .outerjoin(Case, Case.id == StepUp.case_id)
        .where(step_ups_visible(actor), StepUp.status.in_(WAITING))
    )  # fmt: skip


def _referrals(actor: Actor) -> tuple[Any, Any]:
    fresh = and_(Referral.status == S.NEW.value, Referral.acknowledged_at.is_(None))
    in_hand = and_(Referral.status.in_([S.NEW.value, S.IN_TRIAGE.value]), Referral.acknowledged_at.is_not(None))
    return (
        select(literal("acknowledge"), Referral.id, Referral.acknowledge_by, Referral.reference).where(
            in_area(actor), fresh
        ),
        select(literal("decide"), Referral.id, Referral.decide_by, Referral.reference).where(in_area(actor), in_hand),
    )


def _cases(actor: Actor) -> Any:
    """Of one's own cases every next step; of the others what only a coordinator can do. Nobody approves their own."""
    mine = and_(Case.lead_id == actor.user_id, Case.next_step != NextStep.APPROVE_CLOSURE.value)
    not_asked = Case.closure_asked_by_id.is_distinct_from(actor.user_id)
    theirs = and_(Case.next_step.in_(_WAITS_FOR_COORDINATOR), not_asked)
    whose = or_(mine, theirs) if case_policies.sees_area(actor) else mine
    return select(Case.next_step, Case.id, Case.next_due_on, Case.reference).where(
        case_policies.visible(actor), Case.is_open, whose
    )


def _offers(actor: Actor) -> Any:
    return (
        offers_visible_to(actor)
        .join(Case, Case.id == Offer.case_id)
        .where(Offer.status == OfferStatus.OFFERED.value)
        .with_only_columns(literal("offer"), Offer.id, Offer.answer_by, Case.reference)
    )


def _actions(actor: Actor) -> Any:
    return (
        actions_visible_to(actor)
        .outerjoin(Case, Case.id == PanelAction.case_id)
        .outerjoin(AgendaItem, AgendaItem.id == PanelAction.item_id)
        .outerjoin(Referral, Referral.id == AgendaItem.referral_id)
        .where(PanelAction.done_at.is_(None))
        .with_only_columns(
            case((PanelAction.item_id.is_(None), "worry"), else_="action"),
            PanelAction.id,
            PanelAction.due_on,
            func.coalesce(Case.reference, Referral.reference),
        )
    )


def _emergencies(actor: Actor) -> Any:
    return (
        emergency_policies.shown_to(actor)
        .join(Case, Case.id == EmergencyAccess.case_id)
        .where(EmergencyAccess.outcome.is_(None), EmergencyAccess.user_id != actor.user_id)
        .with_only_columns(literal("emergency"), EmergencyAccess.id, EmergencyAccess.review_by, Case.reference)
    )


def _other_panels(actor: Actor) -> Any:
    return (
        other_panels.visible(actor)
        .where(OtherPanelContact.outcome.is_(None))
        .with_only_columns(
            literal("other_panel"), OtherPanelContact.id, OtherPanelContact.due_on, OtherPanelContact.reference
        )
    )


_PARTS: dict[str, Any] = {
    "step_ups": lambda actor: (_step_ups(actor),),
    "referrals": _referrals,
    "cases": lambda actor: (_cases(actor),),
    "offers": lambda actor: (_offers(actor),),
    "emergencies": lambda actor: (_emergencies(actor),),
    "other_panels": lambda actor: (_other_panels(actor),),
    "actions": lambda actor: (_actions(actor),),
}


# Which kinds of thing each role does first; roles without any are not here.
OF_ROLE: dict[Role, tuple[str, ...]] = {
    Role.COORDINATOR: ("step_ups", "referrals", "cases", "actions", "other_panels"),
    Role.PANEL_MEMBER: ("actions",),
    Role.PROVIDER: ("offers",),
    Role.LEAD: ("cases", "actions", "step_ups"),
    Role.SAFEGUARDING_LEAD: ("step_ups", "actions", "emergencies", "other_panels"),
    Role.PANEL_CHAIR: ("actions",),
}


def _every(actor: Actor, parts: Iterable[str]) -> Any:
    statements = [statement for part in parts for statement in _PARTS[part](actor)]
    named = [statement.subquery() for statement in statements]
    return union_all(
        *(select(*(column.label(n) for column, n in zip(part.c, ("kind", "id", "due_on", "reference"), strict=True)))
          for part in named)
    ).subquery()  # fmt: skip


def counted(actor: Actor, *parts: str) -> tuple[int, int]:
    """How many of the kinds named are due today, and how many are overdue, in one statement."""
    every = _every(actor, parts)
    row = db.session.execute(
        select(func.count().filter(every.c.due_on == today()), func.count().filter(every.c.due_on < today()))
    ).one()
    return row[0], row[1]


def pressing(actor: Actor, *parts: str) -> tuple[list[Item], int]:
    """The most pressing things of the kinds named and how many are due within a week, in one statement.

    A front door that owes an answer about a child's safety comes before everything else.
    """
    every = _every(actor, parts)
    unanswered = and_(every.c.kind.in_(("call", "step_up")), every.c.due_on <= today())
    rows = db.session.execute(
        select(every, func.count().over().label("total"))
        .where(every.c.due_on <= today() + AHEAD)
        .order_by(case((unanswered, 0), else_=1), every.c.due_on, every.c.reference)
        .limit(MOST)
    ).all()
    return [_item(row) for row in rows], rows[0].total if rows else 0


def _item(row: Any) -> Item:
    known = {step.value: step.label for step in NextStep}
    what, href, act = _ACTS.get(row.kind) or (known.get(row.kind, "Case"), "/cases/{}", "Open the case")
    return Item(due(row.due_on, today()), what, row.reference or "", href.format(row.id), act)
