"""A panel's working day: twenty people of eight roles in each of two areas, and young people they may or may not open."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from accounts.models import Membership, User
from accounts.roles import ROLES, Role
from audit.models import Event
from audit.services import record
from core.context import acting_as
from core.db import db
from core.ids import new_id
from panels.models import Case
from tests.factories import cases
from tests.support.installation import AGENCY_OF, FAR, Known

# How many of each role work in an area; with the installation's own they are 20, and 40 in two areas.
TEAM = {
    Role.COORDINATOR: 3, Role.LEAD: 4, Role.PROVIDER: 3, Role.PANEL_CHAIR: 2, Role.SAFEGUARDING_LEAD: 2,
    Role.PANEL_MEMBER: 2, Role.REFERRER: 2, Role.ANALYST: 2,
}  # fmt: skip
# Names that no search takes for one another.
SURNAMES = {
    "reading": ("Quillfeather", "Babington", "Thistlewood", "Okonjo", "Zephyrine", "Lampkin", "Marchetti", "Udall",
                "Fenwick", "Hargreaves"),
    "slough": ("Drummond", "Vasilenko", "Pemberton", "Wrexley", "Jablonski", "Castellano", "Ngubane", "Eastwick",
               "Iverson", "Tregothnan"),
}  # fmt: skip


@dataclass
class Child:
    """One young person's case, and who may open it. ``given_by``: one practitioner's key, or every one of the agency."""

    case_id: str
    person_id: str
    referral_id: str
    surname: str
    area: str
    lead: str
    given_by: set[str] = field(default_factory=set)


def team(known: Known) -> list[str]:
    """Add the colleagues that the installation lacks; returns the keys of all forty, as ``known.users`` has them."""
    keys = []
    with acting_as(job="test"):
        for area in known.areas:
            for role, count in TEAM.items():
                keys += [f"{role.value}@{area}", *(_colleague(known, role, area, n) for n in range(2, count + 1))]
        db.session.commit()
    return keys


def _colleague(known: Known, role: Role, area: str, number: int) -> str:
    key = f"{role.value}{number}@{area}"
    user = User(
        name=f"{ROLES[role].name} {area.title()} {number}", email=f"{role.value}{number}@{area}.example",
        password="!", active=True, fs_uniquifier=new_id(), training_until=FAR,
    )  # fmt: skip
    db.session.add(user)
    db.session.flush()
    member = Membership(
        user_id=user.id, role=role.value, agency_id=known.agencies[f"{AGENCY_OF.get(role, 'childrens_social_care')}@{area}"],
        area_id=known.areas[area], valid_from=date(2020, 1, 1), is_active=True,
    )  # fmt: skip
    db.session.add(member)
    record(Event.USER_INVITED, None, user, also=[member])
    known.users[key], known.memberships[key] = user.id, member.id
    return key


def children(known: Known, acting: Callable[..., Any]) -> list[Child]:
    """Ten cases in each area, shared out among its leads; some supported by one practitioner, some by an agency."""
    return [
        _child(known, acting, area, surname, number)
        for area, surnames in SURNAMES.items()
        for number, surname in enumerate(surnames)
    ]


def _child(known: Known, acting: Callable[..., Any], area: str, surname: str, number: int) -> Child:
    lead = Role.LEAD.value + ("" if number % 4 == 0 else str(number % 4 + 1))
    case_id = cases.open_case(acting, known, area=area, lead=lead, surname=surname)
    case = db.session.execute(select(Case.young_person_id, Case.referral_id).where(Case.id == case_id)).one()
    child = Child(case_id, *case, surname, area, f"{lead}@{area}")
    provider = Role.PROVIDER.value
    if number % 3 == 0:
        cases.make_offer(acting, known, case_id, area=area, accepted=True)
        child.given_by = {f"{provider}@{area}"}
    elif number % 3 == 1:
        cases.make_offer(acting, known, case_id, area=area, named=False, accepted=True)
        child.given_by = {f"{provider}{n}@{area}" for n in ("", 2, 3)}
    db.session.remove()
    return child
