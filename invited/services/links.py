"""One-time links to refer by: sent to an agency with an agreement, confirmed by a code, ended by a coordinator or by time."""

import hmac
import secrets
from datetime import timedelta

from sqlalchemy import Select, func, or_, select, update

from accounts.acting import SHARING_AGREEMENTS
from accounts.models import Agency, Agreement, User
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import now, today
from core.db import db
from core.ids import Id, new_id
from core.paging import PER_PAGE, Paging
from invited.models import ReferralLink
from invited.policies import links_of
from invited.services.tokens import code_of, send_code, send_link, token_of
from invited.services.visits import HOUR, QUARTER, code_hash, hashed, slow_down, visiting

WORKS_FOR = timedelta(hours=72)
CODE_WORKS_FOR = timedelta(minutes=15)
IDLE = timedelta(minutes=30)
CODE_TRIES, CODES_AN_HOUR = 5, 5


def with_agreement(area_id: Id) -> Select[Agency]:
    """Agencies of today that have an agreement to share information in this area, in date."""
    day = today()
    agreed = select(Agreement.agency_id).where(
        Agreement.area_id == area_id, Agreement.kind.in_(SHARING_AGREEMENTS),
        Agreement.valid_from <= day, Agreement.valid_to >= day,
    )  # fmt: skip
    there = Agency.valid_from <= day, or_(Agency.valid_to.is_(None), Agency.valid_to >= day)
    return select(Agency).where(Agency.id.in_(agreed), *there).order_by(Agency.name)


def is_agreed(link: ReferralLink) -> bool:
    """Whether the agency's agreement still stands: asked at every step, because it may run out meanwhile."""
    found = db.session.scalar(
        with_agreement(link.area_id).where(Agency.id == link.agency_id).with_only_columns(Agency.id)
    )
    return found is not None


def invite(actor: Actor, *, agency: Agency, email: str) -> ReferralLink:
    """Send a link. The agency is one of ``with_agreement``, and the address one of its people's."""
    assert actor.area_id is not None
    link_id = new_id()
    link = ReferralLink(
        id=link_id, area_id=actor.area_id, agency_id=agency.id, email=email, token_hash=hashed(token_of(link_id)),
        sent_by_id=actor.user_id, expires_at=now() + WORKS_FOR,
    )  # fmt: skip
    db.session.add(link)
    record(Event.LINK_SENT, actor, link, detail={"to_agency": agency.id})
    send_link(link)
    return link


def end(actor: Actor, link: ReferralLink) -> None:
    """It stops working now, also for whoever is writing. Doing it twice changes nothing."""
    if link.works:
        link.ended_at, link.ended_by_id = now(), actor.user_id
        record(Event.LINK_ENDED, actor, link)


def find_own(actor: Actor, link_id: Id) -> ReferralLink:
    """Raise NoResultFound outside the actor's area."""
    return db.session.scalars(links_of(actor).where(ReferralLink.id == link_id)).one()


def listed(actor: Actor, page: int) -> tuple[list[tuple[ReferralLink, str, str]], Paging]:
    """One page of links with agency and who sent each, newest first; one statement."""
    rows = db.session.execute(
        links_of(actor)
        .join(Agency, Agency.id == ReferralLink.agency_id)
        .join(User, User.id == ReferralLink.sent_by_id)
        .with_only_columns(ReferralLink, Agency.name, User.name, func.count().over())
        .order_by(ReferralLink.created_at.desc(), ReferralLink.id)
        .limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    ).all()  # fmt: skip
    return [(row[0], row[1], row[2]) for row in rows], Paging(page, rows[0][3] if rows else 0)


# --- the visitor --------------------------------------------------------------------------


def find(token: str) -> ReferralLink | None:
    """The link, if it works and its agency's agreement stands. Looking spends nothing: mail scanners open links."""
    with visiting(hashed(token)):
        link = db.session.scalars(select(ReferralLink).where(ReferralLink.token_hash == hashed(token))).first()
        return link if link is not None and link.works and is_agreed(link) else None


def open_link(token: str) -> str | None:
    """Somebody pressed the button: send a code to the address. Returns the secret of their visit; None: no such link."""
    slow_down("link-open", 30, QUARTER)
    link = find(token)
    if link is None:
        return None
    link_id, visit = link.id, secrets.token_urlsafe(32)
    ask_code(link_id)
    with visiting(hashed(token), visitor=link_id):
        link = db.session.scalars(select(ReferralLink).where(ReferralLink.token_hash == hashed(token))).one()
        is_first = link.opened_at is None
        link.opened_at = link.opened_at or now()
        link.visit_hash, link.visit_seen_at, link.confirmed_at = hashed(visit), now(), None
        if is_first:
            record(Event.LINK_OPENED, None, link)
        db.session.flush()
    return visit


def ask_code(link_id: Id) -> None:
    """A fresh code takes the place of the last one. Raise TooManyRequests after five in an hour."""
    slow_down("link-code", CODES_AN_HOUR, HOUR, link_id)
    until = now() + CODE_WORKS_FOR
    with visiting(link_id):
        link = db.session.get_one(ReferralLink, link_id)
        link.code_hash, link.code_until, link.code_tries = code_hash(link_id, code_of(link_id, until)), until, 0
        send_code(link, until)
        db.session.flush()


def find_visit(visit: str | None) -> ReferralLink | None:
    """The link that this browser opened, whether or not its address is confirmed; None where it works no more."""
    if not visit:
        return None
    with visiting(hashed(visit)):
        link = db.session.scalars(select(ReferralLink).where(ReferralLink.visit_hash == hashed(visit))).first()
        # What was sent can still show its receipt, until the visit is over.
        return link if link is not None and (link.used_at or (link.works and is_agreed(link))) else None


def is_idle(link: ReferralLink) -> bool:
    return link.visit_seen_at is None or now() - link.visit_seen_at > IDLE


def confirm(link_id: Id, typed: str) -> bool:
    """Whether this is the code. Each try is counted, and kept, before it is looked at; after five a code is dead."""
    with visiting(link_id, visitor=link_id):
        counted = (
            update(ReferralLink)
            .where(ReferralLink.id == link_id, ReferralLink.code_tries < CODE_TRIES, ReferralLink.code_until > now())
            .values(code_tries=ReferralLink.code_tries + 1)
            .returning(ReferralLink.code_hash)
            .execution_options(synchronize_session=False)
        )
        wanted = db.session.execute(counted).scalar()
        db.session.commit()
        if not wanted or not hmac.compare_digest(wanted, code_hash(link_id, typed)):
            return False
        link = db.session.get_one(ReferralLink, link_id, populate_existing=True)
        link.code_hash, link.confirmed_at, link.visit_seen_at = None, now(), now()
        record(Event.LINK_CONFIRMED, None, link)
        db.session.flush()
    return True
