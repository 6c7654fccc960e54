"""What people do to their own account: set it up, change or reset their password, see and end their sessions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request
from sqlalchemy import delete, select

from accounts.models import Area, SignInSession, User
from accounts.services import identities, letters, links, passwords, throttle
from accounts.services.memberships import as_actor
from accounts.services.sign_in import tidy
from accounts.sessions import end_sessions
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import now
from core.db import begin_writing, db, set_writing
from core.ids import new_id
from core.languages import gettext as _

RESETS_PER_ACCOUNT = 5
SERVICE_WORDS = ("youngfutures", "preventionpanel", "preventionpanels", "panel", "panels", "prevention", "coordinator")


def _set_password(user: User, hashed: str) -> None:
    """A new password ends every session: the uniquifier that each of them carries changes too."""
    user.password, user.password_set_at, user.fs_uniquifier = hashed, now(), new_id()
    end_sessions(user.id)
    links.spend_all(user.id)


def use_link(token: str, kind: str, password: str) -> User | None:
    """Set the password by an invitation or a reset; None where the link works no longer."""
    hashed = passwords.hashed(password)
    begin_writing()
    user_id = links.spend(token, kind)
    user = db.session.get(User, user_id) if user_id else None
    if user is None or not user.active:
        return None
    _set_password(user, hashed)
    event = Event.INVITATION_USED if kind == links.INVITATION else Event.PASSWORD_CHANGED
    record(event, as_actor(user), user, reason=kind)
    if kind == links.RESET:
        letters.password_changed(user)
    return user


def use_link_for_identity(token: str, *, provider: str, issuer: str, subject: str) -> User | None:
    """Answer an invitation with an organisation's account: no password is made. None where the link works no longer.

    Raise AlreadyLinked. The caller's transaction writes.
    """
    user_id = links.spend(token, links.INVITATION)
    user = db.session.get(User, user_id) if user_id else None
    if user is None or not user.active:
        return None
    identities.link(user, provider=provider, issuer=issuer, subject=subject)
    record(Event.INVITATION_USED, as_actor(user), user, reason="organisation")
    return user


def ask_for_reset(email: str) -> None:
    """Send a link where the address is an account in use; say nothing either way."""
    email = tidy(email)
    throttle.count_try(email, per_account=RESETS_PER_ACCOUNT, purpose="-reset")
    begin_writing()
    user = db.session.scalars(select(User).where(User.email == email, User.active, User.password.is_not(None))).first()
    record(Event.PASSWORD_RESET_ASKED, None, user)
    if user is not None:
        links.make(user, links.RESET)
        letters.reset(user)
    db.session.commit()
    set_writing(False)


def change_password(actor: Actor, old: str, new: str) -> str | None:
    """Change one's own password; the new session key of this device, or None where the old one is wrong."""
    throttle.count_again(actor.user_id)
    stored = db.session.execute(select(User.password).where(User.id == actor.user_id)).scalar_one()
    if not passwords.matches(old, stored):
        begin_writing()
        record(Event.SIGN_IN_FAILED, actor, db.session.get(User, actor.user_id), outcome="denied", reason="change")
        db.session.commit()
        set_writing(False)
        return None
    hashed = passwords.hashed(new)
    begin_writing()
    user = db.session.get_one(User, actor.user_id)
    _set_password(user, hashed)
    throttle.forgive_again(actor.user_id)
    record(Event.PASSWORD_CHANGED, actor, user)
    letters.password_changed(user)
    return user.fs_uniquifier


@dataclass(frozen=True, slots=True)
class Device:
    """One signed-in device, for its owner's list. ``ref`` is a part of the hash, never of the cookie."""

    ref: str
    agent: str
    started_at: datetime
    last_seen_at: datetime
    is_this: bool


def devices_of(actor: Actor) -> list[Device]:
    rows = db.session.execute(
        select(SignInSession.id_hash, SignInSession.agent, SignInSession.started_at, SignInSession.last_seen_at)
        .where(SignInSession.user_id == actor.user_id)
        .order_by(SignInSession.last_seen_at.desc())
    )
    return [_device(row, actor) for row in rows]


def _device(row: Any, actor: Actor) -> Device:
    return Device(
        row.id_hash[:16], browser_of(row.agent), row.started_at, row.last_seen_at, row.id_hash == actor.session_ref
    )


def browser_of(agent: str) -> str:
    """``Firefox on Windows``: enough to know one's own device."""
    browsers = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
    systems = {
        "Windows": "Windows",
        "Android": "Android",
        "iPhone": "iPhone",
        "iPad": "iPad",
        "Mac OS": "Mac",
        "Linux": "Linux",
    }
    browser = next((name for sign, name in browsers.items() if sign in agent), _("A browser"))
    system = next((name for sign, name in systems.items() if sign in agent), "")
    return _("%(browser)s on %(system)s", browser=browser, system=system) if system else browser


def browser_here() -> str:
    """The name of this device, as far as its browser tells."""
    return browser_of(request.headers.get("User-Agent", ""))


def set_other_contact(actor: Actor, email: str) -> None:
    """Who else is told when this account is given back after a lost device."""
    user = db.session.get_one(User, actor.user_id)
    user.other_email = tidy(email) or None
    record(Event.USER_CHANGED, actor, user, reason="other_contact")


def end_device(actor: Actor, ref: str) -> int:
    """End one of one's own sessions; how many ended (0 where it is not theirs)."""
    hashes = db.session.scalars(select(SignInSession.id_hash).where(SignInSession.user_id == actor.user_id)).all()
    chosen = [found for found in hashes if found[:16] == ref]
    if chosen:
        db.session.execute(delete(SignInSession).where(SignInSession.id_hash.in_(chosen)))
        record(Event.SESSIONS_ENDED, actor, detail={"sessions": len(chosen)})
    return len(chosen)


def end_everywhere(actor: Actor, but_here: bool) -> int:
    ended = end_sessions(actor.user_id, keep=actor.session_ref if but_here else None)
    record(Event.SESSIONS_ENDED, actor, detail={"sessions": ended})
    return ended


def own_words(name: str, email: str) -> tuple[str, ...]:
    """What this person's password may not be made of: their own name, and the words of the service and its areas."""
    mine = [*name.split(), *email.replace("@", ".").split("."), name, email, email.partition("@")[0]]
    places = [word for row in db.session.execute(select(Area.name, Area.panel_name)) for word in row]
    named = [letters.service_name(), *places]
    return (*mine, *named, *(word for words in named for word in words.split()), *SERVICE_WORDS)
