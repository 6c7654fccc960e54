"""One statement says who is acting, and in which role, agency and area; and what that lets them do."""

from functools import cache
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, column, exists, func, literal, or_, select, table

from accounts.credentials import Proof
from accounts.looking import looking
from accounts.models import PARTNERSHIP, Agency, Agreement, Approval, Area, Membership, SignInSession, User
from accounts.roles import ROLES, rules_of
from core import submissions
from core.access import Actor, Limit, Permission
from core.clock import today
from core.codes.approvals import ApprovalState
from core.db import db
from core.ids import Id

# Agreements to share information in the panel's work. An impact assessment is none.
SHARING_AGREEMENTS = ("isa", "sharing", PARTNERSHIP)

_other = select(Membership.id).where(
    Membership.user_id == SignInSession.user_id,
    Membership.is_active,
    Membership.valid_from <= bindparam("day"),
    func.coalesce(Membership.valid_to, bindparam("day")) >= bindparam("day"),
)
# Only who decides as a second person is told how many wait; it costs the frame no statement of its own.
MOST_UNREAD = 100
_deciding = [role.value for role, rules in ROLES.items() if Permission.APPROVAL_DECIDE in rules.permissions]
_waiting = (
    select(func.count())
    .select_from(Approval)
    .where(
        Membership.role.in_(_deciding), Approval.state == ApprovalState.ASKED.value,
        Approval.expires_at > bindparam("now"), Approval.asked_by_id != SignInSession.user_id,
        or_(Membership.area_id.is_(None), Membership.area_id == Approval.area_id),
    )
    .correlate(Membership, SignInSession)
    .scalar_subquery()
)  # fmt: skip
# The notices of a package above this one: their count comes with who is acting, so that a page asks nothing more.
_notices = table("notice", column("user_id"), column("read_at"))
# "99+" is the most that a page says: nobody waits for thousands to be counted.
_some_unread = (
    select(_notices.c.user_id)
    .where(_notices.c.user_id == SignInSession.user_id, _notices.c.read_at.is_(None))
    .correlate(SignInSession)
    .limit(MOST_UNREAD)
    .subquery()
)
_unread = select(func.count()).select_from(_some_unread).scalar_subquery()
# An agreement of the agency in this area (anywhere, for a role of the whole force) that is in date.
_agreed = (
    select(Agreement.id)
    .where(
        Agreement.agency_id == Membership.agency_id, Agreement.kind.in_(SHARING_AGREEMENTS),
        Agreement.valid_from <= bindparam("day"), Agreement.valid_to >= bindparam("day"),
        or_(Membership.area_id.is_(None), Agreement.area_id == Membership.area_id),
    )
    .correlate(Membership)
    .exists()
)  # fmt: skip
_who = (
    select(
        SignInSession.id_hash, SignInSession.user_id, SignInSession.data, SignInSession.started_at,
        SignInSession.last_seen_at, SignInSession.stepped_up_at, SignInSession.membership_id,
        SignInSession.proof, User.name, User.active, User.fs_uniquifier, User.training_until,
        Membership.role, Membership.is_active, Membership.valid_from, Membership.valid_to,
        Membership.agency_id, Membership.area_id, Membership.district_id,
        Agency.name.label("agency_name"), Agency.kind.label("agency_kind"),
        Area.name.label("area_name"), Area.slug.label("area_slug"),
        select(func.count()).select_from(_other.correlate(SignInSession).subquery()).scalar_subquery().label("others"),
        _waiting.label("waiting"), _unread.label("unread"), _agreed.label("agreed"),
    )
    .join(User, User.id == SignInSession.user_id)
    .outerjoin(Membership, (Membership.id == SignInSession.membership_id) & (Membership.user_id == User.id))
    .outerjoin(Agency, Agency.id == Membership.agency_id)
    .outerjoin(Area, Area.id == Membership.area_id)
    .where(SignInSession.id_hash == bindparam("id_hash"))
)  # fmt: skip


@cache
def who_on(dialect: str, claims: bool) -> Any:
    """What the person may see comes first: what follows is read under it. A form's one-time key may be claimed with it."""
    found = _who.with_only_columns(looking(dialect), *_who.selected_columns)
    if not claims:
        return found
    owner = select(SignInSession.user_id).where(SignInSession.id_hash == bindparam("id_hash"))
    return found.add_columns(exists(select(submissions.claimed_with(owner).c.key)).label("claimed"))


def acting_under(membership_id: Id) -> Actor | None:
    """Whom a membership lets act today, for work that somebody began in a session and a job finishes; None once it ended."""
    day = today()
    row = db.session.execute(
        select(
            User.name, User.training_until, Membership.user_id, Membership.id.label("membership_id"), Membership.role,
            Membership.agency_id, Membership.area_id, Membership.district_id, Agency.name.label("agency_name"),
            Agency.kind.label("agency_kind"), Area.name.label("area_name"), Area.slug.label("area_slug"),
            _agreed.label("agreed"), literal("").label("id_hash"), literal(1).label("others"),
            literal(0).label("waiting"), literal(0).label("unread"),
        )
        .join(User, User.id == Membership.user_id)
        .outerjoin(Agency, Agency.id == Membership.agency_id)
        .outerjoin(Area, Area.id == Membership.area_id)
        .where(
            Membership.id == membership_id, User.active, Membership.is_active, Membership.valid_from <= bindparam("day"),
            func.coalesce(Membership.valid_to, bindparam("day")) >= bindparam("day"),
        ),
        {"day": day},
    ).first()  # fmt: skip
    return actor_of(row) if row is not None else None


def is_enough(proof: Proof, role: str) -> bool:
    """Whether what was proved lets somebody act in this role: two factors, and a passkey where the role asks for one."""
    if proof is Proof.DEMONSTRATION:
        return bool(current_app.extensions["settings"].demonstration)
    return proof is Proof.PASSKEY or (proof is not Proof.FIRST and not rules_of(role).needs_passkey)


def _limits(row: Any) -> tuple[Limit, ...]:
    """Training that ran out (or was never recorded), and an agency without an agreement in date."""
    trained = row.training_until is not None and row.training_until >= today()
    found = ((Limit.TRAINING, not trained), (Limit.AGREEMENT, not row.agreed))
    return tuple(limit for limit, holds in found if holds)


def actor_of(row: Any) -> Actor:
    rules = rules_of(row.role)
    return Actor(
        user_id=row.user_id, name=row.name, membership_id=row.membership_id, role=row.role, role_name=rules.name,
        agency_id=row.agency_id, agency_name=row.agency_name or "", agency_kind=row.agency_kind or "",
        area_id=row.area_id, area_name=row.area_name or "", area_slug=row.area_slug or "",
        district_id=row.district_id, permissions=rules.permissions, session_ref=row.id_hash,
        membership_count=row.others, limits=_limits(row), approvals_waiting=row.waiting or 0, unread=row.unread or 0,
    )  # fmt: skip
