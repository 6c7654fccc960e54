"""Accounts that nobody uses: told after 38 days, suspended after 45 (SECURITY-DESIGN 6)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from accounts.models import User
from accounts.services import grants, letters, links
from accounts.services.grants import NotAllowed
from accounts.sessions import end_sessions
from audit.models import Event
from audit.services import record
from core.clock import now
from core.db import db
from core.ids import Id

SUSPENDED_AFTER = timedelta(days=45)
TOLD_BEFORE = timedelta(days=7)


@dataclass(slots=True)
class Done:
    told: int = 0
    suspended: int = 0
    kept: int = 0


def candidates() -> Sequence[Id]:
    """Accounts in use that nobody has used for 38 days; each is looked at again in its own transaction."""
    before = now() - (SUSPENDED_AFTER - TOLD_BEFORE)
    unused = [
        or_(column.is_(None), column < before) for column in (User.last_sign_in_at, User.restored_at, User.created_at)
    ]
    return db.session.scalars(select(User.id).where(User.active, *unused).order_by(User.id)).all()


def last_used(user: User) -> datetime:
    return max(moment for moment in (user.created_at, user.last_sign_in_at, user.restored_at) if moment)


def suspend_unused(progress: Callable[[Sequence[Id]], Iterable[Id]] = iter) -> Done:
    """Tell those who were not told, suspend those told a week ago. Commits after each; the last administrator is kept."""
    done, found = Done(), candidates()
    db.session.commit()
    for user_id in progress(found):
        _look_at(db.session.get_one(User, user_id), done)
        db.session.commit()
    return done


def _look_at(user: User, done: Done) -> None:
    used, told = last_used(user), user.unused_warned_at
    if not user.active or used > now() - (SUSPENDED_AFTER - TOLD_BEFORE):
        return
    if told is None or told < used:
        user.unused_warned_at = now()
        record(Event.USER_CHANGED, None, user, reason="told_unused")
        letters.soon_suspended(user, TOLD_BEFORE.days)
        done.told += 1
    elif used <= now() - SUSPENDED_AFTER and told <= now() - TOLD_BEFORE:
        _suspend(user, done)


def _suspend(user: User, done: Done) -> None:
    try:
        grants.keep_an_administrator(without_user=user.id)
    except NotAllowed:
        done.kept += 1
        return
    user.active = False
    end_sessions(user.id)
    links.spend_all(user.id)
    record(Event.USER_SUSPENDED, None, user, reason="unused")
    done.suspended += 1
