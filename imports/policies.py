"""Whose lists are whose: a list is its owner's alone, as a draft is (SETTLED 1)."""

from sqlalchemy import Select, select

from core.access import Actor, Permission
from imports.models import ReferralImport


def lists_of(actor: Actor) -> Select[ReferralImport]:
    mine = ReferralImport.owner_id == actor.user_id
    return select(ReferralImport).where(mine if actor.can(Permission.REFERRAL_IMPORT) else mine & False)
