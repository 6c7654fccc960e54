"""A small installation made once a run: two areas, agencies, one person of each role in each, known passwords."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from accounts.models import Agency, Agreement, Area, District, Installation, Membership, User
from accounts.roles import ROLES, Role
from audit.models import Event
from audit.services import record
from core import context, keystore
from core.db import db
from core.ids import new_id
from core.keyring import SYSTEM, keyring

PASSWORD = "correct horse battery staple"
TARGETS = {"acknowledge": 1, "triage": 5, "panel_wait": 15, "step_up_chase": 1, "offer": 2, "engagement": 20,
           "engagement_attempts": 3, "review_weeks": 6, "candidate": 10}  # fmt: skip
FAR = date(2099, 12, 31)
AGENCIES = ("police", "school", "youth_justice", "childrens_social_care", "vcs")


@dataclass
class Known:
    """Ids of what the small installation holds, by readable keys."""

    areas: dict[str, str] = field(default_factory=dict)
    agencies: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    memberships: dict[str, str] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)


def make(password_hash: str, *, demonstration: bool = False) -> Known:
    """Fill an empty database; returns what is in it. Keys: ``coordinator@reading``, ``school@slough``."""
    known = Known()
    keyring().ensure_scope(SYSTEM)
    db.session.add(Installation(is_demonstration=demonstration))
    for number, slug in enumerate(("reading", "slough")):
        _area(known, slug, number)
    db.session.flush()
    for slug in known.areas:
        for role in ROLES:
            _person(known, role, slug, password_hash)
    with context.acting_as(job="test"):
        db.session.commit()
    return known


def _area(known: Known, slug: str, number: int) -> None:
    area = Area(
        slug=slug, name=slug.title(), gss_code=f"E0600003{8 + number}", prefix={"reading": "RDG", "slough": "SLO"}[slug],
        panel_name=f"{slug.title()} Prevention Panel", front_door_name=f"{slug.title()} front door",
        front_door_day="0118 496 0100", front_door_night="0118 496 0101", targets=TARGETS, exclusions=[], quorum=2,
        valid_from=date(2020, 1, 1), takes_families=slug == "reading",
    )  # fmt: skip
    db.session.add(area)
    known.areas[slug] = area.id
    keyring().ensure_scope(area.id)
    db.session.flush()
    db.session.add(
        District(area_id=area.id, slug=f"{slug}-district", name=f"{slug.title()} district", gss_code=f"E0700017{number}",
                 valid_from=date(2020, 1, 1))
    )  # fmt: skip
    for kind in AGENCIES:
        agency = Agency(
            area_id=area.id, name=f"{slug.title()} {kind.replace('_', ' ')}", slug=f"{slug}-{kind}", kind=kind,
            is_provider=kind == "vcs", valid_from=date(2020, 1, 1),
        )  # fmt: skip
        db.session.add(agency)
        known.agencies[f"{kind}@{slug}"] = agency.id
        db.session.flush()
        agreement = Agreement(area_id=area.id, agency_id=agency.id, kind="partnership", reference=f"PA-{kind}-{number}",
                              valid_from=date(2020, 1, 1), valid_to=FAR)  # fmt: skip
        db.session.add(agreement)
        record(Event.CONFIGURED, None, agreement)


AGENCY_OF: dict[Any, str] = {
    Role.REFERRER: "school", Role.AGENCY_CONTACT: "school", Role.PROVIDER: "vcs", Role.PANEL_MEMBER: "police",
    Role.LEAD: "youth_justice",
}  # fmt: skip


def _person(known: Known, role: Role, slug: str, password_hash: str) -> None:
    key = f"{role.value}@{slug}"
    rules = ROLES[role]
    user = User(
        name=f"{rules.name} {slug.title()}", email=f"{role.value.replace('_', '.')}@{slug}.example",
        password=password_hash, active=True, fs_uniquifier=new_id(), training_until=FAR,
    )  # fmt: skip
    db.session.add(user)
    db.session.flush()
    membership = Membership(
        user_id=user.id, role=role.value,
        agency_id=known.agencies[f"{AGENCY_OF.get(role, 'childrens_social_care')}@{slug}"],
        area_id=None if role is Role.OVERSIGHT_VIEWER else known.areas[slug], valid_from=date(2020, 1, 1), is_active=True,
    )  # fmt: skip
    db.session.add(membership)
    record(Event.USER_INVITED, None, user, also=[membership])
    known.users[key], known.memberships[key], known.emails[key] = user.id, membership.id, user.email


def create_schema() -> None:
    """The schema as the migrations make it."""
    from core.migrate import upgrade_all

    upgrade_all()


def create_key_schema() -> None:
    keystore.metadata.create_all(keyring().store.engine)


def remove_wal(path: Path) -> None:
    for suffix in ("-wal", "-shm", ".lock"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
