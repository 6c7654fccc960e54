"""Everyone in the trail of one young person: how often, first and last, and who was turned away."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, tuple_

from audit.models import AuditEntry
from audit.search import COLUMNS, Entry, about, entry_of
from core.db import db
from core.ids import Id


@dataclass(frozen=True, slots=True)
class Visitor:
    """One person (or the service itself) in the entries about a record: how often, how often in vain, first and last."""

    actor_id: str | None
    entries: int
    turned_away: int
    first: datetime
    last: datetime

    @property
    def times(self) -> int:
        return self.entries - self.turned_away


def visitors(chains: Sequence[str], ids: Sequence[Id]) -> list[Visitor]:
    """Everyone in the entries about these ids, the latest first."""
    latest = func.max(AuditEntry.at)
    in_vain = func.count().filter(AuditEntry.outcome == "denied")
    rows = db.session.execute(
        select(AuditEntry.actor_id, func.count(), in_vain, func.min(AuditEntry.at), latest)
        .where(_matching(chains, ids))
        .group_by(AuditEntry.actor_id)
        .order_by(latest.desc())
    )
    return [Visitor(*row) for row in rows]


def last_of_each(chains: Sequence[str], ids: Sequence[Id], actors: Collection[str | None]) -> list[Entry]:
    """The last entry about these ids of each of these people in each chain, the latest first. One statement."""
    if not actors:
        return []
    last = (
        select(AuditEntry.chain, func.max(AuditEntry.seq))
        .where(_matching(chains, ids), AuditEntry.actor_id.in_(actors))
        .group_by(AuditEntry.chain, AuditEntry.actor_id)
    )
    found = select(*COLUMNS).where(tuple_(AuditEntry.chain, AuditEntry.seq).in_(last)).order_by(AuditEntry.at.desc())
    return [entry_of(row) for row in db.session.execute(found)]


def _matching(chains: Sequence[str], ids: Sequence[Id]) -> ColumnElement[bool]:
    return or_(*((AuditEntry.chain == chain) & AuditEntry.seq.in_(about(chain, ids)) for chain in chains))
