"""Raising an alert once, who may see and review it, and telling those who do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, false, func, select, true

from accounts.models import User
from audit.models import Event
from audit.policies import may_review, reads_every_chain
from audit.services import record
from audit.watch.models import AccessAlert, AlertReview
from core.access import Actor, Permission
from core.clock import now
from core.codes.alerts import AlertOutcome, AlertRule
from core.db import db
from core.ids import Id
from core.paging import PER_PAGE, Paging
from messages.kinds import MessageKind
from messages.services.recipients import holders
from messages.services.telling import tell

P = Permission


class NotYours(ValueError):
    """This person may not review it; the words are for the page."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule noticed. ``thing`` makes it different from others of the same person, rule and day."""

    rule: AlertRule
    user_id: Id
    area_id: Id | None
    on_day: date
    person_id: Id | None = None
    chain: str | None = None
    seq: int | None = None
    thing: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def once(self) -> str:
        return f"{self.rule.value}|{self.user_id}|{self.on_day.isoformat()}|{self.thing or self.person_id or ''}"


def raise_alert(found: Finding) -> AccessAlert | None:
    """Keep it with its entry and tell who reviews it, in this transaction; None where it was raised before.

    Two at the same moment may both be kept: that is better than an answer that is withheld.
    """
    if db.session.scalar(select(AccessAlert.id).where(AccessAlert.once == found.once).limit(1)):
        return None
    alert = AccessAlert(
        area_id=found.area_id, user_id=found.user_id, rule=found.rule.value, noticed_at=now(), on_day=found.on_day,
        person_id=found.person_id, chain=found.chain, seq=found.seq, counts=dict(found.counts), once=found.once,
    )  # fmt: skip
    db.session.add(alert)
    people = [found.person_id] if found.person_id else []
    record(Event.ALERT_RAISED, None, alert, subjects=people, reason=found.rule.value, detail=dict(found.counts))
    tell(
        holders(P.AUDIT_READ, found.area_id, but=found.user_id), MessageKind.UNUSUAL_ACCESS, area_id=found.area_id,
        about=("access_alert", alert.id),
    )  # fmt: skip
    return alert


def visible_to(actor: Actor) -> Select[AccessAlert]:
    """Of one's own area, or all where one acts for no area; never about oneself (SECURITY-DESIGN 4)."""
    return select(AccessAlert).where(_theirs(actor))


def _theirs(actor: Actor) -> ColumnElement[bool]:
    if not actor.can(P.AUDIT_READ):
        return false()
    here = true() if reads_every_chain(actor) else AccessAlert.area_id == actor.area_id
    return and_(here, AccessAlert.user_id != actor.user_id)


def visible_ids(actor: Actor, ids: list[Id]) -> list[Id]:
    return list(db.session.scalars(visible_to(actor).with_only_columns(AccessAlert.id).where(AccessAlert.id.in_(ids))))


@dataclass(frozen=True, slots=True)
class Line:
    """One alert with the name of the colleague whom it is about."""

    alert: AccessAlert
    who: str

    @property
    def reason(self) -> str:
        return AlertRule(self.alert.rule).label

    @property
    def outcome(self) -> AlertOutcome | None:
        return AlertOutcome(self.alert.outcome) if self.alert.outcome else None


def listed(actor: Actor, page: int, *, reviewed: bool) -> tuple[list[Line], Paging]:
    """Fifty, newest first: those to review, or those that were."""
    state = AccessAlert.outcome.is_not(None) if reviewed else AccessAlert.outcome.is_(None)
    rows = db.session.execute(
        visible_to(actor)
        .where(state)
        .join(User, User.id == AccessAlert.user_id)
        .add_columns(User.name, func.count().over())
        .order_by(AccessAlert.noticed_at.desc(), AccessAlert.id)
        .limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    ).all()  # fmt: skip
    return [Line(row[0], row[1]) for row in rows], Paging(page, rows[0][2] if rows else 0)


def find(actor: Actor, alert_id: Id) -> Line:
    """Raise NoResultFound where it is not this person's to see."""
    row = db.session.execute(
        visible_to(actor).where(AccessAlert.id == alert_id).join(User, User.id == AccessAlert.user_id)
        .add_columns(User.name)
    ).one()  # fmt: skip
    return Line(row[0], row[1])


def waiting(actor: Actor) -> int:
    """How many this person has to review."""
    found = visible_to(actor).where(AccessAlert.outcome.is_(None))
    return db.session.scalar(select(func.count()).select_from(found.subquery())) or 0


def review_of(alert: AccessAlert) -> tuple[AlertReview, str] | None:
    """The review and its reviewer's name, where there is one."""
    row = db.session.execute(
        select(AlertReview, User.name).join(User, User.id == AlertReview.reviewed_by_id)
        .where(AlertReview.alert_id == alert.id)
    ).one_or_none()  # fmt: skip
    return (row[0], row[1]) if row else None


def review(actor: Actor, alert: AccessAlert, outcome: AlertOutcome, words: str) -> AlertReview:
    """Keep what somebody else found, once. An incident tells the data protection officers. Raise NotYours."""
    if not may_review(actor, alert.user_id) or alert.outcome is not None:
        raise NotYours("Someone else has reviewed this, or it is about what you did yourself")
    alert.outcome = outcome.value
    made = AlertReview(
        alert_id=alert.id, area_id=alert.area_id, user_id=alert.user_id, reviewed_by_id=actor.user_id,
        reviewed_at=now(), outcome=outcome.value, words=words,
    )  # fmt: skip
    db.session.add(made)
    record(Event.ALERT_REVIEWED, actor, alert, also=[made], reason=outcome.value)
    if outcome is AlertOutcome.INCIDENT:
        officers = holders(P.GRANT_APPROVE, alert.area_id, but=actor.user_id)
        told = [officer for officer in officers if officer != alert.user_id]
        tell(told, MessageKind.URGENT, area_id=alert.area_id, about=("access_alert", alert.id))
    return made


def counted(alert: AccessAlert) -> list[str]:
    """The counts behind it in words."""
    return [f"{value:,} {COUNTS.get(name, name)}" for name, value in alert.counts.items() if isinstance(value, int)]


COUNTS: Mapping[str, str] = {
    "people": "young people seen that day", "usual": "young people on a usual day", "searches": "searches",
    "opened": "records opened afterwards", "denied": "times turned away", "rows": "rows taken",
    "times": "exports and prints", "days": "days since they last did anything", "looks": "looks",
    "hour": "o’clock, the first of them",
}  # fmt: skip
