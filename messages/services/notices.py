"""What's new for one person: their notices, each with the record it leads to as far as they may still see it."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update

from core.access import Actor
from core.clock import now
from core.db import db
from core.ids import Id
from core.paging import PER_PAGE, Paging
from messages.kinds import RULES, MessageKind
from messages.models import MessageChoice, Notice


@dataclass(frozen=True, slots=True)
class Place:
    """Where a notice leads, and the reference that its reader knows it by."""

    text: str
    href: str


# For each kind of record: of these ids, those that the actor may see, in one statement that opens nothing.
Finder = Callable[[Actor, list[Id]], dict[Id, Place]]
FINDERS: dict[str, Finder] = {}


def leads_to(object_type: str, finder: Finder) -> None:
    """Say how notices about this kind of record find it; packages above this one do."""
    FINDERS[object_type] = finder


@dataclass(frozen=True, slots=True)
class Line:
    """One notice in words."""

    id: Id
    text: str
    at: datetime
    by: date | None
    is_unread: bool
    place: Place | None


def listed(actor: Actor, page: int) -> tuple[list[Line], Paging]:
    """One page of the actor's notices, newest first; one statement for each kind of record among them."""
    mine = Notice.user_id == actor.user_id
    total = db.session.scalar(select(func.count()).select_from(Notice).where(mine)) or 0
    rows = db.session.execute(
        select(Notice.id, Notice.kind, Notice.created_at, Notice.by_on, Notice.read_at, Notice.object_type,
               Notice.object_id)
        .where(mine)
        .order_by(Notice.created_at.desc(), Notice.id)
        .limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    ).all()  # fmt: skip
    places = _places(actor, rows)
    return [_line(row, places) for row in rows], Paging(page, total)


def _places(actor: Actor, rows: Any) -> dict[Id, Place]:
    asked: dict[str, list[Id]] = defaultdict(list)
    for row in rows:
        if row.object_type in FINDERS and row.object_id:
            asked[row.object_type].append(row.object_id)
    return {found: place for kind, ids in asked.items() for found, place in FINDERS[kind](actor, ids).items()}


def _line(row: Any, places: dict[Id, Place]) -> Line:
    words = RULES[MessageKind(row.kind)].notice
    return Line(row.id, words, row.created_at, row.by_on, row.read_at is None, places.get(row.object_id))


def mark_read(actor: Actor, notice_id: Id | None = None) -> int:
    """Mark one of one's own notices as read, or all of them; how many were not."""
    statement = update(Notice).where(Notice.user_id == actor.user_id, Notice.read_at.is_(None))
    if notice_id is not None:
        statement = statement.where(Notice.id == notice_id)
    return int(db.session.execute(statement.values(read_at=now())).rowcount)  # type: ignore[attr-defined]


def wants_daily(user_id: Id) -> bool:
    choice = db.session.get(MessageChoice, user_id)
    return choice is None or choice.daily


def choose_daily(actor: Actor, wants: bool) -> None:
    choice = db.session.get(MessageChoice, actor.user_id)
    if choice is None:
        db.session.add(MessageChoice(user_id=actor.user_id, daily=wants))
    else:
        choice.daily = wants
