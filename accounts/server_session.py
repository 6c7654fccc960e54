"""What one signed-in session is while a request lasts: kept, touched, strengthened, given a new id."""

import json
from datetime import datetime, timedelta
from typing import Any, cast

from flask import g, session
from flask.sessions import SessionMixin
from werkzeug.datastructures import CallbackDict

from accounts.credentials import Proof
from accounts.roles import rules_of
from core.access import Actor
from core.clock import now

ABSOLUTE = timedelta(hours=10)
TOUCH_EVERY = timedelta(minutes=1)
# Where Flask keeps what the next page will say.
NOTICES = "_flashes"


class ServerSession(CallbackDict[str, Any], SessionMixin):
    """What Flask calls the session, kept in ``sign_in_session``; ``actor`` is who acts, or None."""

    def __init__(self, initial: dict[str, Any] | None = None, row: Any = None) -> None:
        super().__init__(initial, lambda _: setattr(self, "modified", True))
        self.modified = False
        self.accessed = True
        self.row = row
        self.new = row is None
        self.actor: Actor | None = None
        self.membership_id: str | None = row.membership_id if row else None
        self.stepped_up_at: datetime | None = row.stepped_up_at if row else None
        self.proof = Proof(row.proof) if row else Proof.FIRST
        self.renew = False
        self.began = False
        self.cookie: str | None = None
        self.drop_cookie = False
        self.unreachable = False
        self.touched = False
        self.told: Any = None
        self.claimed: bool | None = getattr(row, "claimed", None)

    def kept(self) -> dict[str, Any]:
        """What the row holds. A notice for the next page travels in a cookie of its own: no write, and none to clear it."""
        return {name: value for name, value in self.items() if name != NOTICES}

    @property
    def wants_row(self) -> bool:
        """Whether the row must be written with this answer."""
        if self.row is None:
            return self.modified
        changed = self.modified and (
            json.dumps(self.kept()) != self.row.data or self.membership_id != self.row.membership_id
        )
        return changed or self.renew or self.touched or self.wants_touch

    @property
    def wants_touch(self) -> bool:
        return bool(self.row) and (self.renew or now() - self.row.last_seen_at > TOUCH_EVERY)

    @property
    def ends_at(self) -> datetime | None:
        """When this session ends unless it is used: for the warning on the page."""
        if self.row is None or self.actor is None:
            return None
        idle = timedelta(minutes=rules_of(self.actor.role).idle_minutes)
        started: datetime = self.row.started_at
        return min(now() + idle, started + ABSOLUTE)

    def begin(self, membership_id: str | None, proof: Proof) -> None:
        """Someone has just proved who they are: a new session with its own clock, and a new form token.

        With the first factor alone nobody acts, and nothing counts as given again.
        """
        self.membership_id, self.proof, self.began, self.renew = membership_id, proof, True, True
        self.stepped_up_at = None if proof is Proof.FIRST else now()
        for name in ("timed_out", "csrf_token", "_id"):
            self.pop(name, None)
        g.pop("csrf_token", None)

    def stepped_up_within(self, minutes: int = 5) -> bool:
        """Whether the password (or more) was given a moment ago, for acts that ask for it (SETTLED 35)."""
        return self.stepped_up_at is not None and now() - self.stepped_up_at <= timedelta(minutes=minutes)

    def choose(self, membership_id: str) -> None:
        """Act under another membership: a new session id, as after any change of rights."""
        self.membership_id, self.renew, self.modified = membership_id, True, True

    def touch(self) -> None:
        """Note that this session is in use, now and not only once a minute."""
        self.touched = True

    def renew_id(self) -> None:
        self.renew, self.modified = True, True

    def strengthen(self, proof: Proof) -> None:
        """Someone signed in has proved more: a passkey where there was a code. A new session id."""
        self.proof = proof
        self.step_up()

    def step_up(self) -> None:
        self.stepped_up_at, self.renew, self.modified = now(), True, True


def server_session() -> ServerSession:
    return cast(ServerSession, session)
