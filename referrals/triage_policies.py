"""Whose referrals and step-ups triage shows: those sent to the area that an actor acts in."""

from sqlalchemy import ColumnElement, and_, column, false, or_, select, table

from core.access import Actor, Permission
from core.db import id_type
from referrals.models import Referral, StepUp

# What a step-up of a case shows of it; the case itself belongs to the packages above this one.
CASES = table(
    "case_record", column("id", id_type()), column("reference"), column("lead_id", id_type()),
)  # fmt: skip


def in_area(actor: Actor) -> ColumnElement[bool]:
    """Referrals sent to the area in which the actor may read all of them."""
    if actor.area_id is None or not actor.can(Permission.REFERRAL_READ_AREA):
        return false()
    return Referral.area_id == actor.area_id


def step_ups_visible(actor: Actor) -> ColumnElement[bool]:
    """The area's for who reads all its referrals; for others, those that they raised there or of cases they lead."""
    if actor.area_id is None or not actor.can(Permission.REFERRAL_STEP_UP):
        return false()
    here = StepUp.area_id == actor.area_id
    if actor.can(Permission.REFERRAL_READ_AREA):
        return here
    mine: ColumnElement[bool] = StepUp.raised_by_id == actor.user_id
    if actor.can(Permission.CASE_WORK):
        mine = or_(mine, StepUp.case_id.in_(select(CASES.c.id).where(CASES.c.lead_id == actor.user_id)))
    return and_(here, mine)
