"""The rules over one person's day. Each says what it noticed; none says why it happened, which a person finds out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from audit.watch.alerts import Finding
from audit.watch.days import Act, Day
from core.codes.alerts import AlertRule as R
from core.ids import Id

# What counts as much. A rule that cries every day is not read, so each has a floor below which it keeps quiet.
MANY_TIMES, MANY_AT_LEAST, MANY_NEEDS_DAYS = 3, 20, 5
OFFICE = range(7, 19)
HOUR_IS_USUAL_AFTER = 3
SEARCHES, OPENED_PER_SEARCH, OPENED_WITHIN = 10, 0.2, timedelta(minutes=10)
DENIED, DENIED_WITHIN = 10, timedelta(hours=1)
TAKEN_TIMES, TAKEN_ROWS, TAKEN_PEOPLE = 5, 500, 50
DORMANT_DAYS = 60


@dataclass(frozen=True, slots=True)
class History:
    """What is known of one person before the day: young people seen on each of their last 30 days' working days, the
    hours they worked on each, and when they were last there."""

    people: Sequence[int] = ()
    slots: Sequence[Sequence[int]] = ()
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What is known beside the day: who has work with whom, whose work is under way, who shares a surname or a home."""

    pairs: frozenset[tuple[Id, Id]] = frozenset()
    under_way: frozenset[Id] = frozenset()
    records: frozenset[Id] = frozenset()
    same_surname: frozenset[tuple[Id, Id]] = frozenset()
    same_home: frozenset[tuple[Id, Id]] = frozenset()
    duty_roles: frozenset[str] = field(default_factory=frozenset)


Rule = Callable[[Day, History, Around], Iterator[Finding]]


def _found(rule: R, day: Day, act: Act | None, person_id: Id | None = None, thing: str = "", **counts: int) -> Finding:
    return Finding(
        rule, day.user_id, day.area_id, day.on, person_id, act.chain if act else None, act.seq if act else None, thing,
        counts,
    )  # fmt: skip


def no_work(day: Day, history: History, around: Around) -> Iterator[Finding]:
    """One alert for the day, with how many: somebody who browses must not bury it under a hundred."""
    strange = [
        (person, act)
        for person, act in day.opened.items()
        if person in around.records
        and (day.user_id, person) not in around.pairs
        and not (day.role in around.duty_roles and person in around.under_way)
    ]
    if strange:
        person, act = strange[0]
        yield _found(R.NO_WORK, day, act, person if len(strange) == 1 else None, "day", looks=len(strange))


def own_surname(day: Day, history: History, around: Around) -> Iterator[Finding]:
    for person, act in day.opened.items():
        if (day.user_id, person) in around.same_surname:
            yield _found(R.OWN_SURNAME, day, act, person)


def own_address(day: Day, history: History, around: Around) -> Iterator[Finding]:
    for person, act in day.opened.items():
        if (day.user_id, person) in around.same_home:
            yield _found(R.OWN_ADDRESS, day, act, person)


def many(day: Day, history: History, around: Around) -> Iterator[Finding]:
    """Against one's own usual days, not against others': a coordinator's day is no practitioner's."""
    if len(history.people) < MANY_NEEDS_DAYS or len(day.people) < MANY_AT_LEAST:
        return
    usual = median(history.people)
    if len(day.people) > MANY_TIMES * usual:
        yield _found(R.MANY, day, day.opens[-1] if day.opens else None, people=len(day.people), usual=round(usual))


def hours(day: Day, history: History, around: Around) -> Iterator[Finding]:
    """Outside Monday to Friday, seven to seven, unless they often work then: out-of-hours teams do."""
    unusual = {
        slot: act
        for slot, act in day.slots.items()
        if slot not in OFFICE and sum(slot in slots for slots in history.slots) < HOUR_IS_USUAL_AFTER
    }
    if unusual:
        slot = min(unusual, key=lambda one: unusual[one].at)
        yield _found(R.HOURS, day, unusual[slot], hour=slot % 24)


def serial_search(day: Day, history: History, around: Around) -> Iterator[Finding]:
    if len(day.searches) < SEARCHES:
        return
    opened = sum(
        any(timedelta(0) <= act.at - search.at <= OPENED_WITHIN for act in day.opens) for search in day.searches
    )
    if opened <= len(day.searches) * OPENED_PER_SEARCH:
        yield _found(R.SERIAL_SEARCH, day, day.searches[-1], searches=len(day.searches), opened=opened)


def denials(day: Day, history: History, around: Around) -> Iterator[Finding]:
    times = [act.at for act in day.denied]
    for first, act in enumerate(day.denied):
        within = sum(act.at <= at <= act.at + DENIED_WITHIN for at in times[first:])
        if within >= DENIED:
            yield _found(R.DENIALS, day, act, denied=within)
            return


def bulk_export(day: Day, history: History, around: Around) -> Iterator[Finding]:
    large = [act for act in day.taken if is_bulk(act.rows, len(act.people))]
    if large or len(day.taken) >= TAKEN_TIMES:
        act = large[0] if large else day.taken[-1]
        rows = sum(max(one.rows, len(one.people)) for one in day.taken)
        yield _found(R.BULK_EXPORT, day, act, times=len(day.taken), rows=rows)


def is_bulk(rows: int, people: int) -> bool:
    return rows >= TAKEN_ROWS or people >= TAKEN_PEOPLE


def dormant(day: Day, history: History, around: Around) -> Iterator[Finding]:
    """An account that woke up: a password that was found in a drawer, or somebody who should have left the service."""
    acts = [*day.slots.values(), *day.denied]
    if history.last_at is None or not acts:
        return
    first = min(acts, key=lambda act: act.at)
    away = (first.at - history.last_at).days
    if away >= DORMANT_DAYS:
        yield _found(R.DORMANT, day, first, days=away)


RULES: tuple[Rule, ...] = (
    no_work, own_surname, own_address, many, hours, serial_search, denials, bulk_export, dormant,
)  # fmt: skip


# What more of the day cannot put right: work may still be begun with whom was looked at, and a search still be opened.
AT_ONCE: tuple[Rule, ...] = (own_surname, own_address, many, hours, dormant)


def apply(day: Day, history: History, around: Around, rules: tuple[Rule, ...] = RULES) -> Iterator[Finding]:
    """Everything that is unusual about one person's day."""
    for rule in rules:
        yield from rule(day, history, around)
