"""The look back: yesterday's entries through every rule each night, today's through some of them every ten minutes."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from accounts.roles import ROLES
from audit.models import AuditEntry, Event
from audit.services import record
from audit.watch import days, relationships
from audit.watch.alerts import Finding, raise_alert
from audit.watch.days import Day
from audit.watch.models import AccessDay, WatchedDay
from audit.watch.rules import AT_ONCE, Around, History, apply
from core.access import Permission
from core.clock import in_utc, now, today
from core.codes.alerts import AlertRule
from core.context import AccessContext, acting_as
from core.db import db
from core.ids import Id
from panels.models import EmergencyAccess

LOOKED_BACK = 30
JOB = "unusual-access"
EVERY = timedelta(minutes=10)
# Twice as long as between two looks, so that none falls between them.
LATELY = 2 * EVERY
# They answer for every young person of the area whose work is under way.
DUTY = frozenset(
    role.value for role, rules in ROLES.items()
    if {Permission.CASE_READ_AREA, Permission.REFERRAL_STEP_UP} <= rules.permissions
)  # fmt: skip


def run() -> int:
    """Every day not looked at yet, up to yesterday, but no further back than a month; how many alerts. Commits."""
    with acting_as(job=JOB):
        done = set(db.session.scalars(select(WatchedDay.on_day)))
        db.session.rollback()
    past = [today() - timedelta(days=back) for back in range(LOOKED_BACK, 0, -1)]
    return sum(look_at(on) for on in past if on not in done)


def look_at(on: date) -> int:
    """One day: remember how much each did, apply the rules, raise what is new, mark the day. Commits."""
    with acting_as(job=JOB) as seen:
        found = days.of(on)
        history = _histories(on, found)
        around = _around(on, found)
        raised = [raise_alert(one) for day in found for one in apply(day, history[day.user_id], around)]
        raised += [raise_alert(one) for one in _unreviewed(on)]
        _remember(on, found)
        count = sum(alert is not None for alert in raised)
        _note(seen, len(found), count)
        db.session.commit()
    return count


def look_now() -> int:
    """Today so far, of those who did something lately, through the rules that more of the day cannot change. Commits.

    Another look in ten minutes finds the same again: an alert is raised once a day. The night looks at the whole day.
    """
    with acting_as(job=JOB) as seen:
        lately = [day for day in days.of(today()) if day.last_at is not None and day.last_at >= now() - LATELY]
        history = _histories(today(), lately)
        looked = [
            (day.user_id, person) for day in lately for person, act in day.opened.items() if act.at >= now() - LATELY
        ]
        around = Around(
            same_surname=frozenset(relationships.same_surname(looked)),
            same_home=frozenset(relationships.same_home(looked)),
        )
        raised = [raise_alert(one) for day in lately for one in apply(day, history[day.user_id], around, AT_ONCE)]
        count = sum(alert is not None for alert in raised)
        if seen.examined or count:
            _note(seen, len(lately), count)
        db.session.commit()
    return count


def _note(seen: AccessContext, people: int, alerts: int) -> None:
    """Surnames and postcodes were compared: the entry says how many, and for what."""
    detail = {"examined": seen.examined, "examined_for": "unusual_access", "people": people, "alerts": alerts}
    record(Event.JOB_READ, None, detail=detail)


def _remember(on: date, found: Iterable[Day]) -> None:
    if db.session.scalar(select(WatchedDay.id).where(WatchedDay.on_day == on)):
        return
    db.session.add(WatchedDay(on_day=on))
    for day in found:
        if db.session.get(AccessDay, (day.user_id, on)) is None:
            db.session.add(AccessDay(user_id=day.user_id, on_day=on, people=len(day.people), hours=sorted(day.slots)))


def _histories(on: date, found: list[Day]) -> dict[Id, History]:
    """Two statements for everyone who was there."""
    users = [day.user_id for day in found]
    seen: dict[Id, list[tuple[int, list[int]]]] = {user: [] for user in users}
    since = on - timedelta(days=LOOKED_BACK)
    for lot in relationships.lots(users):
        for row in db.session.execute(
            select(AccessDay.user_id, AccessDay.people, AccessDay.hours).where(
                AccessDay.user_id.in_(lot), AccessDay.on_day >= since, AccessDay.on_day < on
            )
        ):
            seen[row.user_id].append((row.people, row.hours))
    last = _last_acts(users, days.bounds(on)[0])
    return {
        user: History([people for people, _ in past if people], [slots for _, slots in past], last.get(user))
        for user, past in seen.items()
    }


def _last_acts(users: list[Id], before: datetime) -> dict[Id, datetime]:
    found: dict[Id, datetime] = {}
    for lot in relationships.lots(users):
        rows = db.session.execute(
            select(AuditEntry.actor_id, func.max(AuditEntry.at))
            .where(AuditEntry.actor_id.in_(lot), AuditEntry.at < before)
            .group_by(AuditEntry.actor_id)
        )
        found |= {user: in_utc(at) for user, at in rows if user}
    return found


def _around(on: date, found: list[Day]) -> Around:
    looked = [(day.user_id, person) for day in found for person in day.opened]
    people = {person for _, person in looked}
    return Around(
        pairs=frozenset(relationships.pairs(people, {day.user_id: day.agency_id for day in found})),
        under_way=frozenset(relationships.under_way(people, days.bounds(on)[1])),
        records=frozenset(relationships.known(people)),
        same_surname=frozenset(relationships.same_surname(looked)),
        same_home=frozenset(relationships.same_home(looked)),
        duty_roles=DUTY,
    )


def _unreviewed(on: date) -> Iterable[Finding]:
    """Emergency access whose two working days ended on or before this day."""
    rows = db.session.execute(
        select(EmergencyAccess.id, EmergencyAccess.user_id, EmergencyAccess.area_id, EmergencyAccess.young_person_id,
               EmergencyAccess.review_by)
        .where(EmergencyAccess.outcome.is_(None), EmergencyAccess.review_by <= on)
    )  # fmt: skip
    for row in rows:
        yield Finding(AlertRule.EMERGENCY, row.user_id, row.area_id, row.review_by, row.young_person_id, thing=row.id)
