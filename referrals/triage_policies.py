"""Whose referrals and step-ups triage shows: those sent to the area that an actor acts in."""

from sqlalchemy import ColumnElement, and_, false

from core.access import Actor, Permission
from referrals.models import Referral, StepUp


def in_area(actor: Actor) -> ColumnElement[bool]:
    """Referrals sent to the area in which the actor may read all of them."""
    if actor.area_id is None or not actor.can(Permission.REFERRAL_READ_AREA):
        return false()
    return Referral.area_id == actor.area_id


def step_ups_visible(actor: Actor) -> ColumnElement[bool]:
    """The area's for who reads all its referrals; for others, those that they raised there."""
    if actor.area_id is None or not actor.can(Permission.REFERRAL_STEP_UP):
        return false()
    here = StepUp.area_id == actor.area_id
    if actor.can(Permission.REFERRAL_READ_AREA):
        return here
    return and_(here, StepUp.raised_by_id == actor.user_id)
