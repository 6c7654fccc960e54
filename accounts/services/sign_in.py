"""Signing in: count the try, check the password with no transaction open, then begin the one that writes."""

from flask import after_this_request, current_app, session
from flask.wrappers import Response
from sqlalchemy import select, update

from accounts import demonstration
from accounts.credentials import Proof
from accounts.models import Membership, User
from accounts.server_session import server_session
from accounts.services import alarms, devices, passwords, throttle
from accounts.services.memberships import as_actor, ways_of
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import now
from core.db import begin_writing, db, set_writing
from core.ids import Id, new_id


def tidy(email: str) -> str:
    return email.strip().casefold()


def is_demonstration() -> bool:
    """In a demonstration a password is enough (SETTLED 35)."""
    return bool(current_app.extensions["settings"].demonstration)


def check(email: str, password: str) -> User | None:
    """The account of this e-mail address and password, or None; the same work and the same entry for every None.

    Raise TooManyRequests where the throttle is spent, Unavailable where too many passwords are being checked.
    """
    email = tidy(email)
    throttle.count_try(email)
    found = db.session.execute(select(User.id, User.password, User.active).where(User.email == email)).first()
    db.session.rollback()
    right = passwords.matches(password, found.password if found and found.active else None)
    begin_writing()
    # An unknown account is looked for as well: one statement less would tell a stopwatch.
    user = db.session.get(User, found.id if found else new_id())
    # What was checked must still be so: the account may have been suspended while its password was hashed.
    unchanged = user is not None and found is not None and user.active and user.password == found.password
    if right and unchanged and not demonstration.is_refused(password):
        throttle.forgive(email)
        return user
    note_failure(user, email=email)
    return None


def note_failure(user: User | None, reason: str | None = None, email: str = "") -> None:
    """Kept although the request answers with a page: its own transaction, committed here.

    ``email``: what was typed, where that is no account's.
    """
    record(Event.SIGN_IN_FAILED, None, user, outcome="denied", reason=reason)
    alarms.count_failure(email or (user.email if user else ""))
    db.session.commit()
    set_writing(False)


def begin(user: User, proof: Proof) -> None:
    """A new session for what was proved. With one factor nobody acts yet; with two at once, if there is but one way to."""
    if proof is Proof.FIRST and is_demonstration():
        proof = Proof.DEMONSTRATION
    ways = ways_of(user.id)
    chosen = ways[0].id if len(ways) == 1 else None
    session["_user_id"] = user.fs_uniquifier
    server_session().begin(chosen, proof)
    membership = db.session.get(Membership, chosen) if chosen else None
    actor = as_actor(user, membership)
    if proof is Proof.FIRST:
        record(Event.FIRST_FACTOR, actor, user)
        return
    alarms.note_device(user, proof)
    devices.remember(user.email)
    # When it was is no change of the account: its version stays, so that an administrator's open form still saves.
    statement = update(User.__table__).where(User.__table__.c.id == user.id).values(last_sign_in_at=now())
    db.session.execute(statement.execution_options(loader=True))
    record(Event.SIGNED_IN, actor, user, also=[membership], reason=proof.value, detail={"ways": len(ways)})


def check_again(user_id: Id, password: str) -> bool:
    """The password of someone already signed in (a demonstration's step-up)."""
    throttle.count_again(user_id)
    stored = db.session.execute(select(User.password).where(User.id == user_id, User.active)).scalar_one()
    db.session.rollback()
    right = passwords.matches(password, stored)
    begin_writing()
    if not right:
        note_failure(db.session.get(User, user_id), "again")
        return False
    throttle.forgive_again(user_id)
    return True


def stepped_up(actor: Actor, proof: Proof) -> None:
    """Someone signed in has just proved it again, so acts that ask for it are open for five minutes."""
    current = server_session()
    current.strengthen(proof) if proof is Proof.PASSKEY else current.step_up()
    record(Event.STEPPED_UP, actor, reason=proof.value)


def choose(actor_user: User, membership: Membership) -> None:
    """Act under another membership, from the next request on."""
    server_session().choose(membership.id)
    record(Event.ROLE_CHOSEN, as_actor(actor_user, membership), membership)


def waiting_user() -> User | None:
    """Whose session this is, also while it waits for a second factor or a role. (An actor is only there after both.)"""
    key = session.get("_user_id")
    return db.session.scalars(select(User).where(User.fs_uniquifier == key, User.active)).first() if key else None


def end(actor: Actor | None) -> None:
    """Sign this device out; the browser is told to forget what it kept."""
    if actor is not None:
        record(Event.SIGNED_OUT, actor)
    user = waiting_user()
    if user is not None:
        alarms.note_left(user, server_session().proof)
    clear_browser()


def clear_browser() -> None:
    after_this_request(_forget)


def _forget(response: Response) -> Response:
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
