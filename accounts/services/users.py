"""Administering people: invite, invite again, suspend, let back in; and the lists that administrators see."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func, or_, select

from accounts.models import Agency, Area, District, Membership, User
from accounts.policies import manages_whole, users_visible_to
from accounts.roles import rules_of
from accounts.services import grants, letters, links
from accounts.services.grants import Grant, NotAllowed
from accounts.services.sign_in import tidy
from accounts.sessions import end_sessions
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import now, today
from core.db import db
from core.ids import Id, new_id
from core.languages import gettext as _
from core.paging import PER_PAGE, Paging


def invite(actor: Actor | None, *, name: str, email: str, grant: Grant) -> tuple[User, str]:
    """Make the account, propose its first role, send the link. Returns the account and the link. Raise NotAllowed."""
    email = tidy(email)
    if db.session.scalar(select(func.count()).where(User.email == email)):
        raise NotAllowed("There is an account with this email address. Find it and give it a role")
    user = User(
        name=name.strip(), email=email, active=True, fs_uniquifier=new_id(), sponsor_id=actor.user_id if actor else None
    )
    db.session.add(user)
    db.session.flush()
    membership = grants.propose(actor, user, grant)
    record(Event.USER_INVITED, actor, user, also=[membership])
    return user, send_invitation(user)


def send_invitation(user: User) -> str:
    """Make a link and a letter that will carry it; the link, for whoever has to hand it over themselves."""
    link = links.make(user, links.INVITATION)
    letters.invitation(user)
    return link


def invite_again(actor: Actor, user: User) -> None:
    """A fresh invitation; the link of the earlier one stops working."""
    if user.password is not None:
        raise NotAllowed("This account is set up. Its owner can reset the password")
    send_invitation(user)
    record(Event.USER_INVITED, actor, user, reason="again")


def suspend(actor: Actor, user: User) -> None:
    """Close the account at once: its sessions and links end with it."""
    check_whole(actor, user)
    grants.keep_an_administrator(without_user=user.id)
    user.active = False
    end_sessions(user.id)
    links.spend_all(user.id)
    record(Event.USER_SUSPENDED, actor, user)


def restore(actor: Actor, user: User) -> None:
    check_whole(actor, user)
    user.active, user.restored_at = True, now()
    record(Event.USER_CHANGED, actor, user, reason="restored")


def sign_out(actor: Actor, user: User) -> int:
    ended = end_sessions(user.id)
    record(Event.SESSIONS_ENDED, actor, user, detail={"sessions": ended})
    return ended


def check_whole(actor: Actor, user: User) -> None:
    """Raise NotAllowed where the account is the actor's own, or also somebody else's to manage."""
    if user.id == actor.user_id:
        raise NotAllowed("You cannot do this to your own account. Ask another administrator")
    if not db.session.scalar(select(func.count()).select_from(User).where(User.id == user.id, manages_whole(actor))):
        raise NotAllowed(
            "This person also works outside your area. Ask the force’s administrator, or end the role here"
        )


def find(actor: Actor, user_id: Id) -> User:
    """Raise NoResultFound where the actor may not see this account."""
    return db.session.scalars(users_visible_to(actor).where(User.id == user_id)).one()


@dataclass(frozen=True, slots=True)
class Held:
    """A membership in words, for a list."""

    id: Id
    user_id: Id
    user_name: str
    role: str
    place: str
    state: str
    valid_from: Any
    valid_to: Any
    proposed_by: str
    approved_by: str
    is_over: bool
    is_active: bool


def _held(statement: Select[Any]) -> list[Held]:
    """Memberships with the names around them, in one statement."""
    proposer, approver, holder = (db.aliased(User) for _one in range(3))
    named = (
        statement.join(holder, holder.id == Membership.user_id)
        .outerjoin(Agency, Agency.id == Membership.agency_id)
        .outerjoin(Area, Area.id == Membership.area_id)
        .outerjoin(District, District.id == Membership.district_id)
        .outerjoin(proposer, proposer.id == Membership.proposed_by_id)
        .outerjoin(approver, approver.id == Membership.approved_by_id)
        .with_only_columns(
            Membership.id, Membership.user_id, Membership.role, Membership.is_active, Membership.valid_from,
            Membership.valid_to, Membership.approved_by_id, holder.name.label("holder"), Agency.name.label("agency"),
            Area.name.label("area"), District.name.label("district"), proposer.name.label("proposer"),
            approver.name.label("approver"),
        )
        .order_by(Membership.created_at, Membership.id)
    )  # fmt: skip
    return [_in_words(row) for row in db.session.execute(named)]


def _in_words(row: Any) -> Held:
    place = ", ".join(part for part in (row.agency, row.area or _("whole force"), row.district) if part)
    return Held(
        row.id, row.user_id, row.holder, _(rules_of(row.role).name), place, _state(row), row.valid_from, row.valid_to,
        row.proposer or "", row.approver or "", _is_over(row), not _is_over(row) and row.is_active,
    )  # fmt: skip


def _is_over(row: Any) -> bool:
    return bool(row.valid_to and row.valid_to < today())


def _state(row: Any) -> str:
    if _is_over(row):
        return _("Ended") if row.approved_by_id or row.is_active else _("Ended or declined")
    return _("Active") if row.is_active else _("Waiting for a second person")


def memberships_of(user_ids: Iterable[Id]) -> dict[Id, list[Held]]:
    found: dict[Id, list[Held]] = defaultdict(list)
    for held in _held(select(Membership).where(Membership.user_id.in_(list(user_ids)))):
        found[held.user_id].append(held)
    return found


def in_words(statement: Select[Membership]) -> list[Held]:
    return _held(statement)


STATES = {"": "Everyone", "invited": "Invitation not answered", "in_use": "In use", "suspended": "Suspended"}


def listed(actor: Actor, *, text: str = "", state: str = "", page: int = 1) -> tuple[list[Any], Paging]:
    """Accounts the actor may see, by name; ``text`` is a part of a name or e-mail address."""
    statement = users_visible_to(actor)
    if text:
        like = f"%{text.strip().casefold().replace('%', '').replace('_', '')}%"
        statement = statement.where(or_(func.lower(User.name).like(like), User.email.like(like)))
    wanted = case((User.active.is_(False), "suspended"), (User.password.is_(None), "invited"), else_="in_use")
    if state in STATES and state:
        statement = statement.where(wanted == state)
    total = db.session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    columns = statement.with_only_columns(
        User.id, User.name, User.email, User.last_sign_in_at, wanted.label("state")
    ).order_by(func.lower(User.name), User.id)
    rows = db.session.execute(columns.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    return list(rows), Paging(page, total)
