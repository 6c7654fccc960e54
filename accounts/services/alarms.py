"""Telling people of suspicious tries: a device not used before, a password without its second factor, the whole site tried."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select

from accounts.credentials import Factor, Identity, Proof
from accounts.models import Membership, SignInSession, User
from accounts.roles import ROLES
from accounts.services import devices, throttle
from accounts.services.memberships import in_date
from audit.models import Event
from audit.services import record
from core import jobs, mail
from core.access import Permission
from core.clock import now, today
from core.db import db
from core.ids import Id

# Someone who types a wrong password is one account at one address. So many of both within an hour is not people.
MANY_ACCOUNTS, MANY_ADDRESSES = 20, 10
# Who has given a password and then nothing for so long is told that somebody did.
WAITED, LOOKED_BACK, LOOK_EVERY = timedelta(minutes=15), timedelta(days=1), timedelta(minutes=5)
TRIES, ACCOUNTS, ADDRESSES = "tries", "accounts", "addresses"


# ---- one person


def note_device(user: User, proof: Proof) -> None:
    """Before this device is remembered: tell its owner of one that is new, but at their very first sign-in."""
    is_first = user.last_sign_in_at is None
    if proof is not Proof.DEMONSTRATION and not is_first and devices.known(user.email) is None:
        mail.keep("new_device", user_id=user.id)


def tell_unfinished(user_id: Id) -> None:
    """Once a day: somebody who tries all night fills no mailbox."""
    mail.keep("second_factor_missing", user_id=user_id, key=f"unfinished-{today().isoformat()}")


def note_left(user: User, proof: Proof) -> None:
    """Who leaves between the two steps of an account that has a second factor never gave it."""
    if proof is Proof.FIRST and db.session.scalar(select(_has_second(user.id))):
        tell_unfinished(user.id)


def _has_second(user_id: Any) -> ColumnElement[bool]:
    """Of somebody without one it is their first sign-in: nothing is missing yet."""
    return or_(exists().where(Factor.user_id == user_id), exists().where(Identity.user_id == user_id))


def look_for_unfinished() -> int:
    """Sessions that have waited for their second factor; how many people there were. Commits."""
    waiting = select(SignInSession.user_id).where(
        SignInSession.proof == Proof.FIRST.value,
        SignInSession.started_at.between(now() - LOOKED_BACK, now() - WAITED),
        _has_second(SignInSession.user_id),
    )
    found = list(db.session.scalars(waiting.distinct()))
    for user_id in found:
        tell_unfinished(user_id)
    db.session.commit()
    return len(found)


# ---- the whole site


@dataclass(frozen=True, slots=True)
class Failed:
    """How many sign-ins failed in this hour, at how many accounts and from how many addresses."""

    tries: int
    accounts: int
    addresses: int

    @property
    def is_siege(self) -> bool:
        return self.accounts >= MANY_ACCOUNTS and self.addresses >= MANY_ADDRESSES


def count_failure(email: str) -> None:
    """In the transaction of the failure's entry. Each count is one statement, so rivals count one another."""
    throttle.bump("site", TRIES)
    if email and throttle.bump("failed-at", email) == 1:
        throttle.bump("site", ACCOUNTS)
    if throttle.bump_address("failed-from") == 1:
        throttle.bump("site", ADDRESSES)
    found = failed()
    if found.is_siege and throttle.bump("site", "told") == 1:
        _raise(found)


def failed() -> Failed:
    """What is counted now; nothing is kept of which accounts and addresses they were."""
    return Failed(*throttle.tried_all("site", (TRIES, ACCOUNTS, ADDRESSES)))


def _raise(found: Failed) -> None:
    counts = {TRIES: found.tries, ACCOUNTS: found.accounts, ADDRESSES: found.addresses}
    record(Event.SIGN_IN_ALARM, None, outcome="denied", detail=counts)
    for user_id in _guardians():
        mail.keep("sign_in_alarm", user_id=user_id)


def _guardians() -> list[Id]:
    """Who keeps the service running, and who answers for its data."""
    P = Permission
    roles = [
        role.value for role, rules in ROLES.items()
        if P.STATUS_READ in rules.permissions or {P.AUDIT_READ, P.GRANT_APPROVE} <= rules.permissions
    ]  # fmt: skip
    held = in_date().join(User, User.id == Membership.user_id).where(Membership.role.in_(roles), User.active)
    return sorted(db.session.scalars(held.with_only_columns(Membership.user_id).distinct()))


jobs.every("unfinished sign-ins", LOOK_EVERY, look_for_unfinished)
