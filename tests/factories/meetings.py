"""Panel meetings and what comes before them, for tests."""

from datetime import date, time, timedelta
from typing import Any

from accounts.models import Agency, Membership
from audit.models import Event
from audit.services import record
from cohort.models import YoungPerson
from core.clock import now, today
from core.codes.decisions import MeetingAttendance
from core.codes.referrals import ReferralStatus
from core.db import db
from core.ids import new_id
from core.working_days import add_working_days
from interventions.models import Intervention
from panels.services import agenda, meetings
from referrals.models import Referral

PANEL = ("panel_chair", "panel_member", "coordinator")

WHY = {"rationale": "School and nan agree that he needs someone to talk to."}


def ready_referral(
    acting: Any, known: Any, *, area: str = "reading", forename: str = "Kaya", surname: str = "Sefton",
    born: date = date(2011, 5, 4), waited: int = 3,
) -> str:  # fmt: skip
    """A referral that is ready for panel, tied to a young person; returns its id."""
    with acting(f"coordinator@{area}") as actor:
        child = YoungPerson(
            area_id=known.areas[area], created_from="test", forename=forename, surname=surname, date_of_birth=born
        )
        db.session.add(child)
        db.session.flush()
        referral = Referral(
            reference=f"T{new_id()[:9].upper()}", area_id=known.areas[area], agency_id=known.agencies[f"school@{area}"],
            sent_by_id=known.users[f"referrer@{area}"], source_type="professional", young_person_id=child.id,
            status=ReferralStatus.READY_FOR_PANEL.value, acknowledge_by=today(), decide_by=today(),
            ready_at=now() - timedelta(days=waited), data_key_id=child.data_key_id, forename=forename, surname=surname,
            date_of_birth=born,
            answers={
                "strengths": {"text": "Art club and her nan."}, "voice": {"child": "I want to be left alone to draw."},
                "worries": {"text": "Found with an older group twice."},
            },
        )  # fmt: skip
        db.session.add(referral)
        record(Event.REFERRAL_SENT, actor, referral, also=[child])
        referral_id = referral.id
        db.session.commit()
        return referral_id


def meeting(
    acting: Any, known: Any, *, area: str = "reading", referrals: tuple[str, ...] = (), started: bool = False,
    present: tuple[str, ...] = PANEL, asked: tuple[str, ...] = PANEL,
) -> str:  # fmt: skip
    """A planned meeting with its people; ``started`` also records who came (quorum in tests is 2 agencies)."""
    with acting(f"coordinator@{area}") as actor:
        people = {role: db.session.get_one(Membership, known.memberships[f"{role}@{area}"]) for role in asked}
        (planned,) = meetings.plan(
            actor, day=add_working_days(today(), 2), at=time(10), place="Room 4", chair=people.get("panel_chair"),
            asked=list(people.values()),
        )  # fmt: skip
        db.session.flush()
        for referral_id in referrals:
            agenda.add(actor, planned, referral_id)
            db.session.flush()
        if started:
            meetings.start(actor, planned)
            users = {known.users[f"{role}@{area}"] for role in present}
            came = {i.member.id: MeetingAttendance.PRESENT.value for i in meetings.invited(planned)
                    if i.member.user_id in users}  # fmt: skip
            meetings.record_attendance(actor, planned, came)
        meeting_id = planned.id
        db.session.commit()
        return meeting_id


def intervention(known: Any, *, area: str = "reading", name: str = "Boxing club", harmful: bool = False) -> str:
    """One kind of support from the area's voluntary provider."""
    row = Intervention(
        code=new_id()[:12], name=name, category="Mentoring", area_id=known.areas[area],
        provider_id=known.agencies[f"vcs@{area}"], rating="harmful" if harmful else "moderate", confidence="moderate",
        cost="low", is_harmful=harmful, min_age=10, max_age=17, is_active=True,
    )  # fmt: skip
    db.session.add(row)
    db.session.commit()
    return row.id


def agency(known: Any, key: str) -> Agency:
    return db.session.get_one(Agency, known.agencies[key])
