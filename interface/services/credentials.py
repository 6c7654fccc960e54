"""Credentials of agencies' systems: made and ended by an administrator, their secret shown once."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select, true
from sqlalchemy.orm import aliased

from accounts.models import Agency, Area, User
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import now, today
from core.db import db
from core.ids import Id, new_id
from core.paging import PER_PAGE
from interface.models import SystemCredential, SystemToken

SOON = timedelta(days=30)


def hashed(secret: str) -> str:
    """What is kept of a secret or a token. Both are 256 random bits, so nobody can work them out from it."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Line:
    """A credential in the administrator's list."""

    id: Id
    name: str
    client_id: str
    agency: str
    area: str
    made_by: str
    valid_to: date
    last_used_on: date | None
    is_ended: bool

    @property
    def state(self) -> str:
        if self.is_ended:
            return "Ended"
        if self.valid_to < today():
            return "Run out"
        return "Runs out soon" if self.valid_to < today() + SOON else "In use" if self.last_used_on else "Not used yet"


def make(actor: Actor, *, agency_id: Id, area_id: Id, name: str, days: int) -> tuple[SystemCredential, str]:
    """A credential for this agency's system in this area, and its secret, which is not kept."""
    agency, area = db.session.get_one(Agency, agency_id), db.session.get_one(Area, area_id)
    user, is_new = _service_user(agency, area)
    secret = secrets.token_urlsafe(32)
    credential = SystemCredential(
        agency_id=agency.id, area_id=area.id, user_id=user.id, name=name.strip(), client_id=f"sys-{new_id()}",
        secret_hash=hashed(secret), made_by_id=actor.user_id, valid_to=today() + timedelta(days=days),
    )  # fmt: skip
    db.session.add(credential)
    record(Event.CREDENTIAL_MADE, actor, credential, also=[user] if is_new else [])
    return credential, secret


def _service_user(agency: Agency, area: Area) -> tuple[User, bool]:
    """As whom the agency's systems act here. The address takes no post: ``.invalid`` never will (RFC 2606)."""
    email = f"{agency.slug}.{area.slug}@systems.invalid"[-254:]
    found = db.session.scalars(select(User).where(User.email == email, User.is_system)).first()
    if found is not None:
        return found, False
    user = User(
        name=f"System of {agency.name}"[:120], email=email, active=False, is_system=True, fs_uniquifier=new_id()
    )
    db.session.add(user)
    db.session.flush()
    return user, True


def _managed(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.area_id is None else SystemCredential.area_id == actor.area_id


def listed(actor: Actor) -> list[Line]:
    """Credentials of the actor's areas: those that work first, by agency."""
    maker = aliased(User)
    rows: Any = db.session.execute(
        select(SystemCredential, Agency.name, Area.name, maker.name)
        .join(Agency, Agency.id == SystemCredential.agency_id)
        .join(Area, Area.id == SystemCredential.area_id)
        .join(maker, maker.id == SystemCredential.made_by_id)
        .where(_managed(actor))
        .order_by(SystemCredential.ended_at.is_not(None), Agency.name, SystemCredential.created_at)
        .limit(PER_PAGE)
    )
    return [_line(*row) for row in rows]


def _line(found: SystemCredential, agency: str, area: str, maker: str) -> Line:
    return Line(
        found.id, found.name, found.client_id, agency, area, maker, found.valid_to, found.last_used_on,
        found.ended_at is not None,
    )  # fmt: skip


def find(actor: Actor, credential_id: Id) -> SystemCredential:
    """Raise NoResultFound where it is not this administrator's to end."""
    return db.session.scalars(
        select(SystemCredential).where(SystemCredential.id == credential_id, _managed(actor))
    ).one()


def end(actor: Actor, credential: SystemCredential) -> None:
    """It stops at once, and its tokens with it. A second time changes nothing."""
    if credential.ended_at is not None:
        return
    credential.ended_at, credential.ended_by_id = now(), actor.user_id
    db.session.execute(delete(SystemToken).where(SystemToken.credential_id == credential.id))
    record(Event.CREDENTIAL_ENDED, actor, credential)
