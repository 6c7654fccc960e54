"""Access tokens (OAuth 2, client credentials: RFC 6749 section 4.4): given for a secret, kept as a hash, for half an hour."""

import hmac
import secrets
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import and_, delete, or_, select

from accounts.acting import SHARING_AGREEMENTS
from accounts.models import Agency, Agreement, Area, User
from audit.models import Event
from audit.services import record
from core.access import Actor, Limit
from core.clock import now, today
from core.db import db
from core.row_security import Viewer
from interface.models import SystemCredential, SystemToken
from interface.services.credentials import hashed

LASTS = timedelta(minutes=30)
ROLE, ROLE_NAME = "system", "An agency’s system"
# Compared where there is no such client, so that a wrong name takes as long as a wrong secret.
NOBODYS = hashed("no such client")


def give(client_id: str, secret: str) -> str | None:
    """A new token for the right secret of a credential that works, else None."""
    found = db.session.execute(
        _working()
        .add_columns(SystemCredential)
        .where(SystemCredential.client_id == client_id)
        .with_for_update(of=SystemCredential)
    ).first()
    kept = found.SystemCredential.secret_hash if found is not None else NOBODYS
    if not hmac.compare_digest(kept, hashed(secret)) or found is None:
        return None
    token = secrets.token_urlsafe(32)
    db.session.add(
        SystemToken(token_hash=hashed(token), credential_id=found.SystemCredential.id, expires_at=now() + LASTS)
    )
    found.SystemCredential.last_used_on = today()
    record(Event.TOKEN_GIVEN, _actor(found, hashed(token)), found.SystemCredential)
    return token


def refused(reason: str) -> None:
    """An entry for a try that failed; it names nobody, because nobody was proved."""
    record(Event.SIGN_IN_FAILED, None, outcome="denied", reason=reason)


def find(token: str) -> tuple[Actor, Viewer] | None:
    """Whose token this is, in one statement; None where it is not good, or its credential no longer."""
    row = db.session.execute(
        _working()
        .join(SystemToken, SystemToken.credential_id == SystemCredential.id)
        .where(SystemToken.token_hash == hashed(token), SystemToken.expires_at > now())
    ).first()
    if row is None:
        return None
    # Its own rows and its agency's; never an area's.
    who = Viewer(user_id=row.user_id, agency_id=row.agency_id, restricted=MappingProxyType({}))
    return _actor(row, hashed(token)), who


def _working() -> Any:
    """Credentials that are in date, of an agency that is, with what makes an actor."""
    agreed = (
        select(Agreement.id)
        .where(
            Agreement.agency_id == SystemCredential.agency_id, Agreement.area_id == SystemCredential.area_id,
            Agreement.kind.in_(SHARING_AGREEMENTS), Agreement.valid_from <= today(), Agreement.valid_to >= today(),
        )
        .correlate(SystemCredential)
        .exists()
    )  # fmt: skip
    return (
        select(
            SystemCredential.id, SystemCredential.user_id, SystemCredential.agency_id, SystemCredential.area_id,
            User.name, Agency.name.label("agency_name"), Agency.kind.label("agency_kind"),
            Area.name.label("area_name"), Area.slug.label("area_slug"), agreed.label("agreed"),
        )
        .join(User, User.id == SystemCredential.user_id)
        .join(Agency, Agency.id == SystemCredential.agency_id)
        .join(Area, Area.id == SystemCredential.area_id)
        .where(
            and_(SystemCredential.ended_at.is_(None), SystemCredential.valid_to >= today()),
            or_(Agency.valid_to.is_(None), Agency.valid_to >= today()),
        )
    )  # fmt: skip


def _actor(row: Any, token_hash: str) -> Actor:
    """The agency's system. It holds no permission of any role: ``Door.SYSTEM`` alone lets it in."""
    return Actor(
        user_id=row.user_id, name=row.name, membership_id=row.id, role=ROLE, role_name=ROLE_NAME,
        agency_id=row.agency_id, agency_name=row.agency_name, agency_kind=row.agency_kind, area_id=row.area_id,
        area_name=row.area_name, area_slug=row.area_slug, district_id=None, permissions=frozenset(),
        session_ref=token_hash, limits=() if row.agreed else (Limit.AGREEMENT,),
    )  # fmt: skip


def forget_old() -> int:
    """Take away tokens that have run out; how many. Commits."""
    gone = db.session.execute(
        delete(SystemToken).where(SystemToken.expires_at < now()).returning(SystemToken.token_hash)
    ).all()
    db.session.commit()
    return len(gone)
