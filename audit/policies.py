"""Which chains of the trail a person may read: their own area's, or every one where they act for no single area."""

from collections.abc import Iterable

from core.access import Actor, Permission
from core.ids import Id

P = Permission


def reads_every_chain(actor: Actor) -> bool:
    """Data protection officers and administrators of the whole service act without an area."""
    return actor.area_id is None and (actor.can(P.AUDIT_READ) or actor.can(P.AUDIT_VERIFY))


def readable(actor: Actor, chains: Iterable[str]) -> tuple[str, ...]:
    """Of the chains that exist, those that this person may read or check."""
    if reads_every_chain(actor):
        return tuple(chains)
    return (actor.area_id,) if actor.area_id and (actor.can(P.AUDIT_READ) or actor.can(P.AUDIT_VERIFY)) else ()


def may_review(actor: Actor, user_id: Id) -> bool:
    """Nobody reviews what they did themselves (SECURITY-DESIGN 4)."""
    return actor.user_id != user_id
