"""Questions to the trail: each is put to every readable chain by its own index, and the newest answers are merged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Select, func, literal, select, union, union_all

from audit.models import Action, AuditEntry, AuditSeal, AuditSubject, Event
from audit.verify import said_in
from core.clock import LONDON
from core.db import db
from core.ids import Id
from core.paging import PER_PAGE, Paging

COUNT_UP_TO = 10_000
DECIDED = (
    Event.TRIAGE_DECIDED, Event.PANEL_DECIDED, Event.MEETING_CONFIRMED, Event.CANDIDATE_DECIDED, Event.NOMINATED,
    Event.MATCH_ANSWERED, Event.OFFER_ANSWERED, Event.CASE_CLOSED, Event.CASE_REOPENED, Event.GRANT_APPROVED,
    Event.STEPPED_UP_CASE, Event.STEP_UP_ANSWERED, Event.REVIEW_FINISHED,
)  # fmt: skip


def _of(*actions: Action) -> tuple[str, ...]:
    return tuple(event.value for event in Event if event.action in actions)


# What the page calls a group of acts, and the events in it.
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "looked": ("Looked", _of(Action.READ, Action.LIST, Action.PRINT)),
    "searched": ("Searched", _of(Action.SEARCH)),
    "changed": ("Changed", _of(Action.CREATE, Action.UPDATE, Action.DELETE, Action.CONFIG, Action.KEY)),
    "decided": ("Decided", tuple(event.value for event in DECIDED)),
    "exported": ("Exported or printed", _of(Action.EXPORT, Action.PRINT)),
    "signed-in": ("Signed in or out", _of(Action.LOGIN, Action.LOGOUT)),
    "denied": ("Was turned away", _of(Action.DENIED)),
}
OUTCOMES = {"ok": "Done", "denied": "Turned away", "failed": "Did not agree", "sent_back": "Sent back"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see: opaque ids, codes and days only, because these stand in addresses."""

    who: Id = ""
    role: str = ""
    record: Id = ""
    what: str = ""
    since: date | None = None
    until: date | None = None
    outcome: str = ""
    chain: str = ""
    page: int = 1

    @property
    def is_narrow(self) -> bool:
        return bool(
            self.who or self.role or self.record or self.what or self.since or self.until or self.outcome or self.chain
        )

    def codes(self) -> dict[str, str]:
        """For the address and for the entry about this question: what differs from "everything"."""
        named = {"who": self.who, "role": self.role, "record": self.record, "what": self.what}
        days = {name: day.isoformat() if day else "" for name, day in (("since", self.since), ("until", self.until))}
        return {
            name: value
            for name, value in (named | days | {"outcome": self.outcome, "chain": self.chain}).items()
            if value
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its columns, its bytes as they were sealed, and what those say."""

    chain: str
    seq: int
    at: datetime
    event: str
    outcome: str
    actor_id: str | None
    object_type: str | None
    object_id: Id | None
    body: bytes = field(repr=False)
    said: dict[str, Any] = field(repr=False)

    @property
    def subjects(self) -> list[Id]:
        return list(self.said.get("subjects", ()))


COLUMNS = (
    AuditEntry.chain, AuditEntry.seq, AuditEntry.at, AuditEntry.event, AuditEntry.outcome, AuditEntry.actor_id,
    AuditEntry.object_type, AuditEntry.object_id, AuditEntry.body,
)  # fmt: skip


def entry_of(row: Any) -> Entry:
    body = bytes(row.body)
    return Entry(
        row.chain, row.seq, row.at, row.event, row.outcome, row.actor_id, row.object_type, row.object_id, body,
        said_in(body),
    )  # fmt: skip


def about(chain: str, ids: Sequence[Id]) -> Select[Any]:
    """Sequence numbers of a chain's entries that are about any of these ids, or name one as what was opened."""
    subjects = select(AuditSubject.seq).where(AuditSubject.subject_id.in_(ids), AuditSubject.chain == chain)
    objects = select(AuditEntry.seq).where(AuditEntry.object_id.in_(ids), AuditEntry.chain == chain)
    return select(union(subjects, objects).subquery().c.seq)


def _conditions(chain: str, asked: Asked, ids: Sequence[Id]) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = [AuditEntry.chain == chain]
    parts += [AuditEntry.actor_id == asked.who] if asked.who else []
    parts += [_said_role(asked.role)] if asked.role else []
    parts += [AuditEntry.seq.in_(about(chain, ids))] if asked.record else []
    parts += [AuditEntry.event.in_(GROUPS[asked.what][1])] if asked.what else []
    parts += [AuditEntry.at >= _start_of(asked.since)] if asked.since else []
    parts += [AuditEntry.at < _start_of(asked.until + timedelta(days=1))] if asked.until else []
    parts += [AuditEntry.outcome == asked.outcome] if asked.outcome else []
    return parts


def _said_role(role: str) -> ColumnElement[bool]:
    """The role is in the sealed bytes alone: the one they acted in then, whatever they hold now."""
    wanted = f'"role":"{role}"'
    if db.session.get_bind().dialect.name == "postgresql":
        return AuditEntry.body.op("like")(literal(f"%{wanted}%".encode(), LargeBinary))
    return func.instr(AuditEntry.body, literal(wanted.encode(), LargeBinary)) > 0


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), LONDON)


def _merged(parts: Sequence[Any]) -> Any:
    """Each part keeps its own order and limit, which neither database allows inside a bare union."""
    return union_all(*(select(part.subquery()) for part in parts)).subquery()


def newest(chains: Sequence[str], asked: Asked, ids: Sequence[Id] = (), *, limit: int, offset: int = 0) -> list[Entry]:
    """The newest entries that match. One statement, however many chains."""
    wanted = [chain for chain in chains if asked.chain in ("", chain)]
    if not wanted:
        return []
    found = _merged(
        [
            select(*COLUMNS)
            .where(*_conditions(chain, asked, ids))
            .order_by(AuditEntry.at.desc(), AuditEntry.seq.desc())
            .limit(limit + offset)
            for chain in wanted
        ]
    )
    rows = db.session.execute(
        select(found).order_by(found.c.at.desc(), found.c.chain, found.c.seq.desc()).limit(limit).offset(offset)
    )
    return [entry_of(row) for row in rows]


def count(chains: Sequence[str], asked: Asked, ids: Sequence[Id] = ()) -> int:
    """How many match; beyond ten thousand nobody reads on, so counting stops there."""
    wanted = [chain for chain in chains if asked.chain in ("", chain)]
    if not wanted:
        return 0
    one = literal(1).label("one")
    found = _merged([select(one).where(*_conditions(c, asked, ids)).limit(COUNT_UP_TO) for c in wanted])
    total = db.session.scalar(select(func.count()).select_from(found)) or 0
    return min(total, COUNT_UP_TO)


def page_of(chains: Sequence[str], asked: Asked, ids: Sequence[Id] = ()) -> tuple[list[Entry], Paging]:
    """Fifty entries, newest first."""
    entries = newest(chains, asked, ids, limit=PER_PAGE, offset=(asked.page - 1) * PER_PAGE)
    return entries, Paging(asked.page, count(chains, asked, ids))


def find(chains: Sequence[str], chain: str, seq: int) -> Entry:
    """Raise NoResultFound where there is none, or none that may be read."""
    statement = select(*COLUMNS).where(AuditEntry.chain == chain, AuditEntry.seq == seq, AuditEntry.chain.in_(chains))
    return entry_of(db.session.execute(statement).one())


def has_acted(chains: Sequence[str], user_id: Id) -> bool:
    return bool(newest(chains, Asked(who=user_id), limit=1))


def group_counts(chains: Sequence[str], user_id: Id, since: datetime) -> Iterator[tuple[str, int]]:
    """How often one person looked, searched, changed and so on since then, in words."""
    rows = db.session.execute(
        select(AuditEntry.event, func.count())
        .where(AuditEntry.actor_id == user_id, AuditEntry.chain.in_(chains), AuditEntry.at >= since)
        .group_by(AuditEntry.event)
    ).all()
    for words, events in GROUPS.values():
        yield words, sum(number for event, number in rows if event in events)


def lengths(chains: Sequence[str]) -> dict[str, int]:
    """How many entries each chain holds: its last sequence number, read from the end of its index."""
    if not chains:
        return {}
    parts = [
        select(literal(chain).label("chain"), func.coalesce(func.max(AuditSeal.seq), 0).label("seq")).where(
            AuditSeal.chain == chain
        )
        for chain in chains
    ]
    return {row.chain: int(row.seq) for row in db.session.execute(union_all(*parts))}


def last_checks(chains: Sequence[str]) -> dict[str, Entry]:
    """The newest check of each chain, from the trail itself: its entry names the chain as what was checked."""
    if not chains:
        return {}
    found = _merged(
        [
            select(*COLUMNS)
            .where(
                AuditEntry.object_id == chain, AuditEntry.chain == chain, AuditEntry.event == Event.AUDIT_VERIFIED.value
            )
            .order_by(AuditEntry.seq.desc())
            .limit(1)
            for chain in chains
        ]
    )
    return {row.chain: entry_of(row) for row in db.session.execute(select(found))}


@dataclass(slots=True)
class Seen:
    """One young person in one colleague's entries: how often, first and last, what was done, which details."""

    person_id: Id
    times: int
    first: datetime
    last: datetime
    events: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)


def seen_by(chains: Sequence[str], user_id: Id, since: date, until: date) -> list[Seen]:
    """Every young person in one person's entries between two days, the most often seen first. One statement.

    Read from the entries' own bytes: what they say is what was sealed, and one person's days are not many entries.
    """
    rows = db.session.execute(
        select(AuditEntry.at, AuditEntry.event, AuditEntry.body)
        .where(
            AuditEntry.actor_id == user_id, AuditEntry.chain.in_(chains), AuditEntry.at >= _start_of(since),
            AuditEntry.at < _start_of(until + timedelta(days=1)), AuditEntry.outcome == "ok",
        )
        .order_by(AuditEntry.at)
        .execution_options(yield_per=1_000)
    )  # fmt: skip
    found: dict[Id, Seen] = {}
    for at, event, body in rows:
        said = said_in(bytes(body))
        for person in said.get("subjects", ()):
            one = found.setdefault(person, Seen(person, 0, at, at))
            one.times, one.last = one.times + 1, at
            one.events.add(event)
            one.fields.update((*said.get("fields", ()), *said.get("opened", ())))
    return sorted(found.values(), key=lambda one: (-one.times, one.first, one.person_id))
