"""One day of the trail, person by person: what the nightly rules look at."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from audit.engine import said_in
from audit.models import Action, AuditEntry, Event
from audit.verify import chains
from core.clock import LONDON, in_london, in_utc
from core.db import db
from core.ids import Id

LOOKS = frozenset({Action.READ, Action.LIST, Action.SEARCH})
OPENS = frozenset({Action.READ, Action.PRINT, Action.EXPORT})
TAKES = frozenset({Action.PRINT, Action.EXPORT})
# Looking at the trail, or at what was noticed in it, is not looking at a young person's record.
NOT_A_RECORD = frozenset({Event.AUDIT_SEARCHED.value, Event.ALERTS_READ.value, Event.APPROVALS_READ.value})
WEEKEND = 24


@dataclass(frozen=True, slots=True)
class Act:
    """One entry: when, and where it stands in the trail."""

    at: datetime
    chain: str
    seq: int
    people: tuple[Id, ...] = ()
    rows: int = 0


@dataclass(slots=True)
class Day:
    """What one person did on one day."""

    user_id: Id
    on: date
    role: str = ""
    area_id: Id | None = None
    agency_id: Id | None = None
    people: set[Id] = field(default_factory=set)
    opened: dict[Id, Act] = field(default_factory=dict)
    opens: list[Act] = field(default_factory=list)
    slots: dict[int, Act] = field(default_factory=dict)
    searches: list[Act] = field(default_factory=list)
    denied: list[Act] = field(default_factory=list)
    taken: list[Act] = field(default_factory=list)
    last_at: datetime | None = None

    def add(self, event: str, outcome: str, act: Act, said: dict[str, Any]) -> None:
        self.last_at = in_utc(act.at)
        self.role, self.agency_id = said.get("role") or self.role, said.get("agency") or self.agency_id
        self.area_id = said.get("area") or self.area_id
        action = Action(event.partition(":")[0])
        if outcome == "denied":
            self.denied.append(act)
        if outcome != "ok":
            return
        if action in LOOKS:
            self.slots.setdefault(slot_of(act.at), act)
        if action is Action.SEARCH:
            self.searches.append(act)
        if action in TAKES:
            self.taken.append(act)
        if action in OPENS and event not in NOT_A_RECORD:
            self._add_opened(action, act)

    def _add_opened(self, action: Action, act: Act) -> None:
        self.people.update(act.people)
        if action is Action.READ and len(act.people) == 1:
            self.opens.append(act)
            self.opened.setdefault(act.people[0], act)


def slot_of(at: datetime) -> int:
    """The hour in London, 0 to 23; at weekends 24 to 47."""
    local = in_london(at)
    return local.hour + (WEEKEND if local.weekday() > 4 else 0)


def bounds(on: date) -> tuple[datetime, datetime]:
    """From midnight to midnight in London."""
    start = datetime.combine(on, time(), LONDON)
    return start, datetime.combine(on + timedelta(days=1), time(), LONDON)


def of(on: date) -> list[Day]:
    """Everyone's day, each chain read once by its index of times."""
    found: dict[Id, Day] = {}
    for chain in chains("audit_seal"):
        for user_id, event, outcome, act, said in _entries(chain, on):
            found.setdefault(user_id, Day(user_id, on)).add(event, outcome, act, said)
    return sorted(found.values(), key=lambda day: day.user_id)


def _entries(chain: str, on: date) -> Iterator[tuple[Id, str, str, Act, dict[str, Any]]]:
    start, end = bounds(on)
    rows = db.session.execute(
        select(
            AuditEntry.seq, AuditEntry.at, AuditEntry.event, AuditEntry.outcome, AuditEntry.actor_id, AuditEntry.body
        )
        .where(AuditEntry.chain == chain, AuditEntry.at >= start, AuditEntry.at < end)
        .order_by(AuditEntry.at, AuditEntry.seq)
        .execution_options(yield_per=2_000)
    )
    for seq, at, event, outcome, actor, body in rows:
        if actor and not actor.startswith(("job:", "link:", "public:")):
            said = said_in(bytes(body))
            rows_taken = (said.get("detail") or {}).get("rows", 0)
            people = tuple(said.get("subjects", ()))
            yield (
                actor,
                event,
                outcome,
                Act(at, chain, seq, people, rows_taken if isinstance(rows_taken, int) else 0),
                said,
            )
