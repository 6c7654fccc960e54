"""Joiners, movers, leavers: who vouches for whom, ending everything at once, moving, and giving an account back."""

from datetime import timedelta

from sqlalchemy import delete, func, select

from accounts.credentials import Factor, Identity, RecoveryCode
from accounts.models import Membership, User
from accounts.services import grants, homes, letters, links
from accounts.services.grants import Grant, NotAllowed
from accounts.services.users import check_whole
from accounts.sessions import end_sessions
from audit.models import Event
from audit.services import record
from core.access import Actor
from core.clock import today
from core.db import db
from core.ids import new_id

# How somebody showed who they are, to the person who vouches for them.
PROOFS = {
    "in_person": "I met them, and I know them or saw their work identity card",
    "video": "I saw them on a video call, and I know them or saw their work identity card",
    "manager": "I called their manager on a number I already had, and the manager confirmed it",
}


def become_sponsor(actor: Actor, user: User) -> None:
    """Vouch for somebody from now on, where the one who did is gone or away. It is in the trail before it is used."""
    if user.id == actor.user_id:
        raise NotAllowed("You cannot vouch for yourself. Ask another administrator")
    user.sponsor_id = actor.user_id
    record(Event.SPONSOR_CHANGED, actor, user)


def leave(actor: Actor, user: User) -> None:
    """Somebody has left: roles, sessions, links, factors and linked accounts end in this moment. Raise NotAllowed."""
    check_whole(actor, user)
    grants.keep_an_administrator(without_user=user.id)
    held = db.session.scalars(
        select(Membership).where(Membership.user_id == user.id, func.coalesce(Membership.valid_to, today()) >= today())
    ).all()
    for membership in held:
        membership.is_active, membership.valid_to = False, today() - timedelta(days=1)
    user.active = False
    homes.forget(user)
    gone = _strip(user)
    record(Event.USER_LEFT, actor, user, also=[*held, *gone], detail={"roles": len(held), "factors": len(gone)})


def give_back(actor: Actor, user: User, proof: str) -> str:
    """After a lost device: everything that signed them in is taken away, and a new invitation sent. Returns its link.

    Only who vouches for them may do it, having made sure that it is them. Their other contact is told. Raise NotAllowed.
    """
    check_whole(actor, user)
    if not user.active:
        raise NotAllowed("This account is suspended. Open it first")
    if user.sponsor_id != actor.user_id:
        raise NotAllowed("The person who vouches for them does this. If they are away, become their sponsor first")
    gone = _strip(user)
    link = links.make(user, links.INVITATION)
    record(Event.ACCOUNT_GIVEN_BACK, actor, user, also=gone, reason=proof, detail={"factors": len(gone)})
    letters.given_back(user)
    return link


def _strip(user: User) -> list[Factor | Identity]:
    """No session, link, password, factor, code or linked account of this person works any more; what was deleted."""
    gone: list[Factor | Identity] = [
        *db.session.scalars(select(Factor).where(Factor.user_id == user.id)),
        *db.session.scalars(select(Identity).where(Identity.user_id == user.id)),
    ]
    for one in gone:
        db.session.delete(one)
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    user.password, user.fs_uniquifier = None, new_id()
    end_sessions(user.id)
    links.spend_all(user.id)
    return gone


def move(actor: Actor, user: User, *, old: Membership, grant: Grant) -> Membership:
    """Another job: the old role ends in the moment that the new one is proposed. Raise NotAllowed."""
    if old.user_id != user.id:
        raise NotAllowed("That role is somebody else’s")
    grants.end(actor, old.id)
    return grants.propose(actor, user, grant)
