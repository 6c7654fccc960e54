"""Sending the outbox: one letter at a time, leased, tried again later and later, given up after a day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import delete, or_, select, update

from accounts.models import Agency, Area, Membership, User
from accounts.services import links
from accounts.services.letters import service_name
from core import mail
from core.clock import now
from core.db import db
from core.ids import Id, new_id
from core.languages import gettext as _
from core.languages import offered, speaking
from messages.kinds import RULES, Letter, MessageKind
from messages.letters import Facts, whole, words_of
from messages.models import FAILED, SENDING, SENT, WAITING, Message, Notice

log = structlog.get_logger()
LEASE = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=1)
KEPT = timedelta(days=90)
# Letters that carry a one-time link, which is made anew at each try and stands in no row.
LINKS = {
    MessageKind.INVITATION: links.INVITATION, MessageKind.GIVEN_BACK: links.INVITATION, MessageKind.RESET: links.RESET,
}  # fmt: skip
# The same for letters of packages above this one: by kind, what makes the link or code from the key of the telling, or
# answers None where it works no more.
_MAKERS: dict[MessageKind, Callable[[str], str | None]] = {}


def carries(kind: MessageKind, maker: Callable[[str], str | None]) -> None:
    """Letters of this kind carry what ``maker`` makes when they leave."""
    _MAKERS[kind] = maker


@dataclass(frozen=True, slots=True)
class Leased:
    """A message that is ours to send, with what its letter says."""

    id: Id
    lease: str
    kind: MessageKind
    to: str | None
    link: str | None
    facts: Facts
    attempts: int
    created_at: datetime


def send_one() -> bool:
    """Send the letter that has waited longest; False where none waits. Commits before it sends and after."""
    leased = _claim()
    if leased is None:
        return False
    try:
        if leased.to is None:
            raise mail.Impossible("not_in_use")
        if leased.link is None:
            raise mail.Impossible("link_over")
        mail.deliver(_letter(leased), current_app.extensions["settings"])
    except mail.Impossible as error:
        _settle(leased, FAILED, str(error))
    except mail.Postponed as error:
        is_over = now() - leased.created_at > GIVE_UP_AFTER
        _settle(leased, FAILED if is_over else WAITING, str(error))
    else:
        _settle(leased, SENT)
    return True


def _claim() -> Leased | None:
    """Take one that is due, or whose worker has died. Of two workers only one gets it (SQLite: the write lock)."""
    due = select(Message).where(Message.status.in_([WAITING, SENDING]), Message.next_at <= now())
    message = db.session.scalars(due.order_by(Message.next_at).limit(1).with_for_update(skip_locked=True)).first()
    if message is None:
        db.session.rollback()
        return None
    message.status, message.lease, message.next_at = SENDING, new_id(), now() + LEASE
    message.attempts += 1
    leased = _leased(message)
    db.session.commit()
    return leased


def _leased(message: Message) -> Leased:
    area = db.session.get(Area, message.area_id) if message.area_id else None
    kind = MessageKind(message.kind)
    facts = Facts(
        message.by_on, message.number or 0, message.overdue or 0, _duty_number(area), service_name(),
        _asker(kind, message, area),
    )  # fmt: skip
    return Leased(
        message.id, message.lease or "", kind, message.address or _address(message.user_id), _link(kind, message),
        facts, message.attempts, message.created_at,
    )  # fmt: skip


def _link(kind: MessageKind, message: Message) -> str | None:
    """Where the letter leads: the home page, or a one-time link (or a code) while it still works."""
    if kind in _MAKERS:
        return _MAKERS[kind](message.once_key)
    if kind not in LINKS:
        return f"{current_app.extensions['settings'].public_url}/"
    return links.open_address(message.user_id, LINKS[kind]) if message.user_id else None


def _asker(kind: MessageKind, message: Message, area: Area | None) -> str:
    """Who asked for the letter, where it says so: an agency, or an area's panel."""
    if kind is MessageKind.REFERRAL_LINK and area is not None:
        return area.panel_name
    return _agency(message.user_id) if kind is MessageKind.INVITATION else ""


def _agency(user_id: Id | None) -> str:
    """The agency that an invitation speaks for: that of the newest role."""
    theirs = select(Agency.name).join(Membership, Membership.agency_id == Agency.id)
    newest = theirs.where(Membership.user_id == user_id).order_by(Membership.created_at.desc()).limit(1)
    return db.session.scalar(newest) or ""


def _address(user_id: Id | None) -> str | None:
    """The address of an account in use; who was suspended since is not written to."""
    found: str | None = db.session.scalar(select(User.email).where(User.id == user_id, User.active))
    return found


def _duty_number(area: Area | None) -> str:
    if area is None:
        return ""
    with speaking(offered()[0]):
        return _("%(day)s, or %(night)s outside office hours", day=area.front_door_day, night=area.front_door_night)


def _letter(leased: Leased) -> mail.Letter:
    with speaking(offered()[0]):
        subject, paragraph = words_of(RULES[leased.kind].letter or Letter.NEWS, leased.facts)
        text = whole(paragraph, leased.facts.service, leased.link or "")
    return mail.Letter(
        leased.to or "",
        subject,
        text,
        ref=leased.id,
        tried=leased.attempts > 1,
        is_printed=leased.kind in {*LINKS, *_MAKERS},
    )


def _settle(leased: Leased, status: str, error: str | None = None) -> None:
    """Write down what became of it, unless the lease ran out and it is another worker's by now."""
    values: dict[str, Any] = {"status": status, "lease": None, "error": error}
    if status == WAITING:
        values["next_at"] = now() + min(timedelta(minutes=2 ** (leased.attempts - 1)), LONGEST_WAIT)
    else:
        values["settled_at"] = now()
    db.session.execute(update(Message).where(Message.id == leased.id, Message.lease == leased.lease).values(**values))
    db.session.commit()
    log.info("message", kind=leased.kind.value, status=status, error=error, attempts=leased.attempts)


def tidy() -> None:
    """Forget what was sent, and read, three months ago. Commits."""
    before = now() - KEPT
    db.session.execute(delete(Message).where(Message.status.in_([SENT, FAILED]), Message.created_at < before))
    db.session.execute(delete(Notice).where(or_(Notice.read_at < before, Notice.created_at < before - KEPT)))
    db.session.commit()


def stuck() -> tuple[int, int]:
    """How many letters have waited for over an hour, and how many failed in the last week: for the operator."""
    waiting = select(Message.id).where(
        Message.status.in_([WAITING, SENDING]), Message.created_at < now() - timedelta(hours=1)
    )
    failed = select(Message.id).where(Message.status == FAILED, Message.created_at > now() - timedelta(days=7))
    return len(db.session.scalars(waiting).all()), len(db.session.scalars(failed).all())
