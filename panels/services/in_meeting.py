"""Whom the page of a meeting under way names: the people asked to it, and who may lead a case."""

from dataclasses import dataclass

from sqlalchemy import or_, select

from accounts.models import Agency, Membership, User
from core.db import db
from core.ids import Id
from panels.models import Meeting, MeetingMember
from panels.services import cases
from panels.services.cases import Lead
from panels.services.meetings import Invited


@dataclass(frozen=True)
class People:
    """The members in order of name, and those who may lead a case, fewest open cases first."""

    invited: list[Invited]
    leads: list[Lead]

    @property
    def names(self) -> dict[Id, str]:
        """Everyone who can be given an action."""
        return {p.member.user_id: p.name for p in self.invited} | {lead.id: lead.name for lead in self.leads}


def people_of(meeting: Meeting) -> People:
    """Both lists in one statement (SETTLED 28)."""
    leading = select(Membership.user_id).where(Membership.user_id == User.id, *cases.may_lead_in(meeting.area_id))
    may_lead = leading.correlate(User).exists()
    rows = db.session.execute(
        select(User.id, User.name, cases.open_cases().label("open_cases"), may_lead.label("may_lead"), MeetingMember,
               Agency.name.label("agency"))
        .join(MeetingMember, (MeetingMember.user_id == User.id) & (MeetingMember.meeting_id == meeting.id), isouter=True)
        .join(Agency, Agency.id == MeetingMember.agency_id, isouter=True)
        .where(or_(MeetingMember.id.is_not(None), may_lead)).order_by(User.name)
    ).all()  # fmt: skip
    invited = [Invited(row.MeetingMember, row.name, row.agency or "") for row in rows if row.MeetingMember]
    leads = [Lead(row.id, row.name, "", row.open_cases) for row in rows if row.may_lead]
    return People(invited, sorted(leads, key=lambda lead: (lead.open_cases, lead.name)))
