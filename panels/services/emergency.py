"""Opening one case in an emergency: read only, for an hour, told at once, reviewed within two days (SECURITY-DESIGN 5)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType

from sqlalchemy import select

from accounts.models import Area, User
from audit.models import Event
from audit.services import record
from cohort.models import YoungPerson
from core.access import Actor, Permission
from core.clock import now, today
from core.codes.decisions import ConflictKind
from core.context import current
from core.db import db
from core.ids import Id
from core.row_security import seeing, unclosed, viewer
from core.sensitivity import is_open_to
from core.working_days import add_working_days
from messages.kinds import MessageKind
from messages.services.recipients import holders
from messages.services.telling import tell
from panels import emergency_policies as policies
from panels import policies as case_policies
from panels.models import Case, Conflict, EmergencyAccess
from panels.services.cases import CaseFile
from referrals.models import Referral

REVIEW_WITHIN = 2
HOURS, MOST_HOURS = 1, 4
# Reading and nothing else: what the pages of an opened case are built for.
READER = frozenset({Permission.CASE_READ_AREA})


class NotOpened(ValueError):
    """The case is not opened. The words are for the page; they are the same whether or not such a case exists."""


class AlreadyYours(ValueError):
    """This person may open the case without an emergency. ``case_id`` is where."""

    def __init__(self, case_id: Id) -> None:
        super().__init__("You can open this case without emergency access")
        self.case_id = case_id


class OneAtATime(ValueError):
    """Another case is open in an emergency: it is ended first."""


CLOSE = (ConflictKind.RELATED.value, ConflictKind.KNOWS_SOCIALLY.value)
KEPT_FROM = "It is recorded that you are close to this young person. Call the safeguarding lead, or ask a colleague"
UNKNOWN = "We cannot open that reference here. Check it. If it is right, call the safeguarding lead of the area"


def minutes_of(area: Area) -> int:
    """How long the area lets a case stay open: one hour, at most four."""
    hours = int((area.targets or {}).get("emergency_hours", HOURS))
    return 60 * max(1, min(hours, MOST_HOURS))


def open_case(actor: Actor, *, reference: str, reason_code: str, reason: str) -> EmergencyAccess:
    """Open one case of the actor's area for reading. Raise NotOpened, AlreadyYours, OneAtATime.

    The area's safeguarding leads and data protection officers are told in the same transaction, without the record.
    """
    if open_now(actor) is not None:
        raise OneAtATime("A case is open already. End that first")
    case = _wanted(actor, reference)
    area, began = db.session.get_one(Area, case.area_id), now()
    access = EmergencyAccess(
        case_id=case.id, area_id=case.area_id, young_person_id=case.young_person_id, data_key_id=case.data_key_id,
        user_id=actor.user_id, membership_id=actor.membership_id, reason_code=reason_code, started_at=began,
        ends_at=began + timedelta(minutes=minutes_of(area)), review_by=add_working_days(today(), REVIEW_WITHIN),
        reason=reason,
    )  # fmt: skip
    db.session.add(access)
    told = reviewers(area.id, but=actor.user_id)
    tell(
        told, MessageKind.EMERGENCY_ACCESS, area_id=area.id, about=("emergency_access", access.id), by=access.review_by
    )
    record(Event.EMERGENCY_OPENED, actor, access, reason=reason_code, detail={"told": len(told)})
    return access


def _wanted(actor: Actor, reference: str) -> Case:
    typed = "".join(reference.split()).upper()
    with seeing(unclosed()):
        case = db.session.scalars(select(Case).where(Case.reference == typed, Case.area_id == actor.area_id)).first()
    if case is None:
        raise NotOpened(UNKNOWN)
    if _is_kept_from(actor, case):
        # Of a hidden record they learn no more than of one that is not there.
        raise NotOpened(UNKNOWN if case.young_person_id in viewer().hidden else KEPT_FROM)
    allowed = select(Case.id).where(Case.id == case.id, case_policies.visible(actor))
    if is_open_to(case.young_person_id) and db.session.scalar(allowed):
        raise AlreadyYours(case.id)
    return case


def _is_kept_from(actor: Actor, case: Case) -> bool:
    """Whether this person is one whom the record is kept from: they are known to be close to the young person."""
    theirs = select(Conflict.id).where(
        Conflict.young_person_id == case.young_person_id, Conflict.user_id == actor.user_id, Conflict.kind.in_(CLOSE)
    )
    with seeing(unclosed()):
        return db.session.scalars(theirs.limit(1)).first() is not None


def reviewers(area_id: Id, *, but: Id | None = None) -> list[Id]:
    """Safeguarding leads of the area and data protection officers."""
    return holders(Permission.EMERGENCY_READ, area_id, but=but)


def open_now(actor: Actor) -> EmergencyAccess | None:
    """What this person has open, if anything."""
    opened = policies.own(actor).where(EmergencyAccess.ended_at.is_(None), EmergencyAccess.ends_at > now())
    return db.session.scalars(opened.limit(1)).first()


@dataclass(frozen=True, slots=True)
class Opened:
    """An access with the record that it opens. ``reader`` is the person with nothing but reading."""

    access: EmergencyAccess
    file: CaseFile
    referral: Referral
    reader: Actor


def find(actor: Actor, access_id: Id) -> EmergencyAccess:
    """Raise NoResultFound where it is not this person's, under this membership."""
    return db.session.scalars(policies.own(actor).where(EmergencyAccess.id == access_id)).one()


def find_file(actor: Actor, access: EmergencyAccess) -> Opened:
    """The one case that the access opens, for reading."""
    row = db.session.execute(
        select(Case, YoungPerson, User.name, Referral)
        .join(YoungPerson, YoungPerson.id == Case.young_person_id)
        .join(Referral, Referral.id == Case.referral_id)
        .outerjoin(User, User.id == Case.lead_id)
        .where(Case.id == access.case_id, Case.area_id == actor.area_id)
    ).one()
    case, person, lead_name, referral = row
    current().looked_at("case_record", case.id)
    current().load_keys([case.data_key_id, person.data_key_id, referral.data_key_id])
    file = CaseFile(case, person, lead_name, referral.sent_at)
    return Opened(access, file, referral, replace(actor, permissions=READER))


@contextmanager
def reading(access: EmergencyAccess) -> Iterator[None]:
    """Look at this one young person as somebody named for them would; every other closed record stays closed."""
    who, person = viewer(), access.young_person_id
    restricted = {one: ask for one, ask in who.restricted.items() if one != person}
    with seeing(replace(who, hidden=who.hidden - {person}, restricted=MappingProxyType(restricted))):
        yield


def end(actor: Actor, access: EmergencyAccess) -> None:
    """End it before its time. Ending it twice changes nothing."""
    if access.is_open(now()):
        access.ended_at = now()
        record(Event.EMERGENCY_ENDED, actor, access)
