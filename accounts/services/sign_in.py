"""Signing in: count the try, check the password with no transaction open, then begin the one that writes."""

from flask import after_this_request
from flask.wrappers import Response
from sqlalchemy import select, update

from accounts import demonstration
from accounts.models import Membership, User
from accounts.services import passwords, throttle
from accounts.services.memberships import as_actor, ways_of
from accounts.sessions import server_session
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import now
from core.db import begin_writing, db, set_writing
from core.ids import Id


def tidy(email: str) -> str:
    return email.strip().casefold()


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
    user = db.session.get(User, found.id) if found else None
    # What was checked must still be so: the account may have been suspended while its password was hashed.
    unchanged = user is not None and found is not None and user.active and user.password == found.password
    if right and unchanged and not demonstration.is_refused(password):
        return user
    _note_failure(user)
    return None


def _note_failure(user: User | None) -> None:
    """Kept although the request answers with a page: its own transaction, committed here."""
    record(Event.SIGN_IN_FAILED, None, user, outcome="denied")
    db.session.commit()
    set_writing(False)


def begin(user: User) -> None:
    """After everything that proves who it is: a new session, acting at once where there is but one way to act."""
    ways = ways_of(user.id)
    chosen = ways[0].id if len(ways) == 1 else None
    server_session().begin(chosen)
    throttle.forgive(user.email)
    # When it was is no change of the account: its version stays, so that an administrator's open form still saves.
    statement = update(User.__table__).where(User.__table__.c.id == user.id).values(last_sign_in_at=now())
    db.session.execute(statement.execution_options(loader=True))
    membership = db.session.get(Membership, chosen) if chosen else None
    record(Event.SIGNED_IN, as_actor(user, membership), user, also=[membership], detail={"ways": len(ways)})


def check_again(user_id: Id, password: str) -> bool:
    """The password of someone already signed in (step-up); counted against the same throttle."""
    found = db.session.execute(select(User.email, User.password).where(User.id == user_id, User.active)).one()
    throttle.count_try(found.email)
    right = passwords.matches(password, found.password)
    begin_writing()
    if not right:
        _note_failure(db.session.get(User, user_id))
        return False
    throttle.forgive(found.email)
    return True


def choose(actor_user: User, membership: Membership) -> None:
    """Act under another membership, from the next request on."""
    server_session().choose(membership.id)
    record(Event.ROLE_CHOSEN, as_actor(actor_user, membership), membership)


def end(actor: Actor | None) -> None:
    """Sign this device out; the browser is told to forget what it kept."""
    if actor is not None:
        record(Event.SIGNED_OUT, actor)
    clear_browser()


def clear_browser() -> None:
    after_this_request(_forget)


def _forget(response: Response) -> Response:
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
