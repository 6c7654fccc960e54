"""The daily e-mail: how much is due today and how much is overdue, counted as each person's own first page counts it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select

from accounts.models import Agency, Area, Membership, User
from accounts.roles import Role, rules_of
from accounts.services.memberships import in_date
from cohort.models import NamedPerson, YoungPerson
from core.access import Actor, Permission
from core.clock import today
from core.codes.sensitivity import Sensitivity
from core.context import acting_as
from core.db import db
from core.ids import Id
from core.row_security import Viewer, seeing
from core.working_days import is_working_day
from desk import first
from messages.kinds import MessageKind
from messages.models import MessageChoice
from messages.services.telling import tell
from referrals.models import Referral, ReferralMessage
from referrals.services.tracking import QUESTION


def send() -> int:
    """Put today's e-mail into the outbox for everyone to whom something is due; how many. Once a day. Commits."""
    if not is_working_day(today()):
        return 0
    told = 0
    with acting_as(job="digest"):
        for user_id, counts in _counts().items():
            due, overdue = counts
            if due or overdue:
                tell([user_id], MessageKind.DIGEST, number=due, overdue=overdue, key=f"digest|{today():%Y%m%d}")
                told += 1
        db.session.commit()
    return told


def _counts() -> dict[Id, tuple[int, int]]:
    """Due today and overdue, by person, over everything that each may see in all their roles."""
    total: dict[Id, list[int]] = defaultdict(lambda: [0, 0])
    for actor in _actors():
        with seeing(_viewer(actor)):
            _add(total[actor.user_id], first.counted(actor, *first.OF_ROLE[Role(actor.role)]))
    for user_id, due, overdue in _questions():
        _add(total[user_id], (due, overdue))
    unwanted = set(db.session.scalars(select(MessageChoice.user_id).where(MessageChoice.daily.is_(False))))
    return {user_id: (n[0], n[1]) for user_id, n in total.items() if user_id not in unwanted}


def _add(sum_: list[int], more: Iterable[int]) -> None:
    for place, number in enumerate(more):
        sum_[place] += number


def _actors() -> list[Actor]:
    """Everybody who may act today in a role that has things to do."""
    rows = db.session.execute(
        in_date()
        .join(User, User.id == Membership.user_id)
        .outerjoin(Agency, Agency.id == Membership.agency_id)
        .outerjoin(Area, Area.id == Membership.area_id)
        .where(User.active, User.password.is_not(None), Membership.role.in_([role.value for role in first.OF_ROLE]))
        .with_only_columns(Membership, User.name, Agency.name, Agency.kind, Area.name, Area.slug)
    )
    return [_actor(*row) for row in rows]


def _actor(member: Membership, name: str, agency: str, kind: str, area: str, slug: str) -> Actor:
    rules = rules_of(member.role)
    return Actor(
        user_id=member.user_id, name=name, membership_id=member.id, role=member.role, role_name=rules.name,
        agency_id=member.agency_id, agency_name=agency or "", agency_kind=kind or "", area_id=member.area_id,
        area_name=area or "", area_slug=slug or "", district_id=member.district_id, permissions=rules.permissions,
    )  # fmt: skip


def _viewer(actor: Actor) -> Viewer:
    """What the database would show this person: not even a count tells of a record that is hidden from them."""
    hidden: frozenset[Id] = frozenset()
    if not actor.can(Permission.SENSITIVITY_OVERSEE):
        named = select(NamedPerson.young_person_id).where(NamedPerson.user_id == actor.user_id)
        hidden = frozenset(
            db.session.scalars(
                select(YoungPerson.id).where(
                    YoungPerson.area_id == actor.area_id, YoungPerson.sensitivity == Sensitivity.HIDDEN.value,
                    YoungPerson.id.not_in(named),
                )
            )
        )  # fmt: skip
    areas = (actor.area_id,) if actor.area_id else ()
    return Viewer(user_id=actor.user_id, agency_id=actor.agency_id or "", areas=areas, hidden=hidden)


def _questions() -> Iterable[Any]:
    """Questions that referrers have not answered, by referrer."""
    return db.session.execute(
        select(
            Referral.sent_by_id,
            func.count().filter(ReferralMessage.answer_by == today()),
            func.count().filter(ReferralMessage.answer_by < today()),
        )
        .join(Referral, Referral.id == ReferralMessage.referral_id)
        .where(ReferralMessage.kind == QUESTION, ReferralMessage.answered_at.is_(None))
        .group_by(Referral.sent_by_id)
    ).all()
