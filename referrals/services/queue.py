"""The triage queue: one area's referrals by where they are, oldest first, in two statements and one for keys."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, column, false, func, not_, or_, select, table, true
from sqlalchemy.orm import aliased

from accounts.models import Agency, Area, User
from audit.decoys import not_a_decoy
from core import context
from core.access import Actor, Permission
from core.clock import LONDON, in_london, today
from core.codes.base import label_of
from core.codes.referrals import ReferralStatus as S
from core.codes.referrals import SourceType
from core.crypto import sealed_column
from core.db import db, id_type
from core.formats import list_name
from core.ids import Id
from core.paging import PER_PAGE, Paging
from core.working_days import add_working_days
from referrals.models import Referral, StepUp
from referrals.services import step_ups
from referrals.triage_policies import in_area

NOBODY, MINE = "nobody", "mine"
# Working days that a referral may wait for a panel where its area says nothing else.
PANEL_WAIT = 15
# Counted here so that the queue shows it; what it is belongs to a package above this one.
ARRIVALS = table("arrival", column("area_id", id_type()), column("status"))


@dataclass(frozen=True, slots=True)
class Tab:
    slug: str
    words: str
    statuses: tuple[S, ...]
    empty: str


TABS = (
    Tab("new", "New", (S.NEW,), "No new referrals"),
    Tab("in-triage", "In triage", (S.IN_TRIAGE,), "Nothing is in triage"),
    Tab("information-needed", "Information needed", (S.INFORMATION_NEEDED,), "No questions are waiting for an answer"),
    Tab("ready", "Ready for panel", (S.READY_FOR_PANEL,), "Nothing is ready for panel"),
    Tab("safeguarding", "With safeguarding", (S.STEPPED_UP,), "Nothing is with safeguarding"),
    Tab(
        "past",
        "Past",
        (S.ACCEPTED, S.SIGNPOSTED, S.NOT_ELIGIBLE, S.ALREADY_OPEN, S.NOT_TAKEN_FORWARD, S.WITHDRAWN, S.CLOSED),
        "No referral has been decided yet",
    ),
)
BY_SLUG = {tab.slug: tab for tab in TABS}


@dataclass(frozen=True, slots=True)
class Row:
    id: Id
    reference: str
    name: str
    status: S
    sent_at: datetime
    agency: str
    owner: str | None
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many are on each tab, how many of them are nobody's, and when the newest came."""

    by_tab: dict[str, int]
    nobodys: dict[str, int]
    last_sent: datetime | None
    open_step_ups: int
    arrivals: int


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of a tab."""

    rows: list[Row]
    paging: Paging


def counts(actor: Actor) -> Counts:
    """One statement for the head of every tab."""
    nobody = func.sum(case((Referral.owner_id.is_(None), 1), else_=0))
    found = db.session.execute(
        select(
            Referral.status,
            func.count(),
            nobody,
            func.max(Referral.sent_at),
            step_ups.count_open(actor),
            arrivals_of(actor),
        )
        .where(in_area(actor), not_a_decoy(Referral.id))
        .group_by(Referral.status)
    ).all()
    by_tab = dict.fromkeys(BY_SLUG, 0)
    nobodys = dict.fromkeys(BY_SLUG, 0)
    for tab in TABS:
        for status, number, unowned, *_ in found:
            if status in tab.statuses:
                by_tab[tab.slug] += number
                nobodys[tab.slug] += unowned
    last_sent = max((row[3] for row in found), default=None)
    arrived = found[0][5] if found else db.session.scalar(select(arrivals_of(actor)))
    return Counts(by_tab, nobodys, last_sent, found[0][4] if found else 0, arrived or 0)


def arrivals_of(actor: Actor) -> Any:
    """How much came without an account and waits to be accepted, for those who accept it (package ``invited``)."""
    here = ARRIVALS.c.area_id == actor.area_id if actor.can(Permission.REFERRAL_TRIAGE) else false()
    return select(func.count()).select_from(ARRIVALS).where(here, ARRIVALS.c.status == "waiting").scalar_subquery()


def late(actor: Actor) -> ColumnElement[bool]:
    """Open referrals past the clock that ``_due_on`` shows for them."""
    day = today()
    waited_since = datetime.combine(_latest_start(actor), time(23, 59), LONDON)
    waits = and_(Referral.status == S.NEW.value, Referral.acknowledged_at.is_(None))
    undecided = Referral.status.in_([S.NEW.value, S.IN_TRIAGE.value, S.INFORMATION_NEEDED.value])
    return or_(
        and_(waits, Referral.acknowledge_by < day),
        and_(undecided, not_(waits), Referral.decide_by < day),
        and_(Referral.status == S.READY_FOR_PANEL.value, Referral.ready_at <= waited_since),
        and_(Referral.status == S.STEPPED_UP.value, _chase() < day),
    )


def _latest_start(actor: Actor) -> date:
    """The last day on which waiting for a panel had to begin to be too long by now."""
    area = db.session.get(Area, actor.area_id) if actor.area_id else None
    days = int((area.targets or {}).get("panel_wait", PANEL_WAIT)) if area else PANEL_WAIT
    start = today() - timedelta(days=days)
    while add_working_days(start, days) >= today():
        start -= timedelta(days=1)
    return start


def _chase() -> ScalarSelect[Any]:
    return select(func.max(StepUp.chase_on)).where(StepUp.referral_id == Referral.id).scalar_subquery()


def _whose(actor: Actor, whose: str) -> list[ColumnElement[bool]]:
    if whose == NOBODY:
        return [Referral.owner_id.is_(None)]
    return [Referral.owner_id == actor.user_id] if whose == MINE else []


def read(actor: Actor, tab: Tab, *, whose: str, page: int, overdue: bool = False) -> Queue:
    """The rows of one page, with names; each row's name is opened, so the page's entry names its young person."""
    wanted = and_(
        in_area(actor),
        not_a_decoy(Referral.id),
        Referral.status.in_([s.value for s in tab.statuses]),
        *_whose(actor, whose),
        late(actor) if overdue else true(),
    )
    owner = aliased(User)
    newest_first = tab.slug == "past"
    found = db.session.execute(
        select(
            Referral.id, Referral.reference, Referral.status, Referral.sent_at, Referral.data_key_id,
            Referral.young_person_id, Referral.acknowledge_by, Referral.acknowledged_at, Referral.decide_by,
            Referral.ready_at, Referral.source_type, Agency.name.label("agency"), owner.name.label("owner"),
            _chase().label("chase_on"), Area.targets,
            sealed_column(Referral, "forename").label("forename"), sealed_column(Referral, "surname").label("surname"),
            func.count().over().label("total"),
        )
        .join(Area, Area.id == Referral.area_id)
        .outerjoin(Agency, Agency.id == Referral.agency_id)
        .outerjoin(owner, Referral.owner_id == owner.id)
        .where(wanted)
        .order_by(Referral.sent_at.desc() if newest_first else Referral.sent_at, Referral.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()  # fmt: skip
    total = found[0].total if found else 0
    context.current().load_keys(row.data_key_id for row in found)
    rows = [_row(row) for row in found]
    return Queue(rows, Paging(page, total))


def _row(row: Any) -> Row:
    seen, about = context.current(), row.young_person_id or row.id
    forename, surname = (
        seen.open_value(Referral, name, row.id, row.data_key_id, about, getattr(row, name))
        for name in ("forename", "surname")
    )
    return Row(
        row.id, row.reference, list_name(forename, surname), S(row.status), row.sent_at,
        row.agency or label_of(SourceType, row.source_type, missing="Not known"),
        row.owner, _due_on(row),
    )  # fmt: skip


def _due_on(row: Any) -> date | None:
    """Which clock runs: acknowledge, decide, panel, or the front door's answer. None once it is over."""
    status = S(row.status)
    if status is S.NEW and row.acknowledged_at is None:
        return row.acknowledge_by  # type: ignore[no-any-return]
    if status is S.READY_FOR_PANEL and row.ready_at:
        return add_working_days(in_london(row.ready_at).date(), int((row.targets or {}).get("panel_wait", PANEL_WAIT)))
    if status is S.STEPPED_UP:
        return row.chase_on  # type: ignore[no-any-return]
    return row.decide_by if status.is_open else None
