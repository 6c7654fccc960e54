"""Who hears of offers, cases, meetings and actions, and where their notices lead."""

from collections.abc import Iterable

from sqlalchemy import select

from core.access import Actor, Permission
from core.clock import LONDON, now, today
from core.db import db
from core.formats import moment
from core.ids import Id
from core.languages import gettext as _
from messages.kinds import MessageKind as K
from messages.services.notices import Place, leads_to
from messages.services.recipients import holders
from messages.services.telling import tell
from panels import policies
from panels.meeting_policies import actions_visible_to, meetings_visible_to
from panels.models import Case, Meeting, MeetingMember, Offer, PanelAction
from panels.support_policies import offers_visible_to


def offered(offer: Offer, practitioners: Iterable[Id]) -> None:
    """Whom the offer names; else everybody at the provider who may answer it."""
    people = [offer.practitioner_id] if offer.practitioner_id else practitioners
    tell(people, K.OFFER, area_id=offer.area_id, about=("offer", offer.id), by=offer.answer_by)


def answered(actor: Actor, offer: Offer, case: Case) -> None:
    """The case's lead; the coordinators of a case that is nobody's."""
    people = [case.lead_id] if case.lead_id else holders(Permission.CASE_ALLOCATE, case.area_id)
    told = [user_id for user_id in people if user_id != actor.user_id]
    tell(told, K.OFFER_ANSWERED, area_id=offer.area_id, about=("offer", offer.id))


def allocated(actor: Actor, case: Case) -> None:
    if case.lead_id and case.lead_id != actor.user_id:
        tell([case.lead_id], K.ALLOCATED, area_id=case.area_id, about=("case", case.id))


def invited(actor: Actor, meeting: Meeting, members: Iterable[MeetingMember]) -> None:
    told = [member.user_id for member in members if member.user_id != actor.user_id]
    tell(told, K.MEETING, area_id=meeting.area_id, about=("meeting", meeting.id))


def papers(actor: Actor, meeting: Meeting) -> None:
    """There is something new to read before a meeting that is still to come: once a day, however much was added."""
    if meeting.starts_at < now():
        return
    members = db.session.scalars(
        select(MeetingMember.user_id).where(
            MeetingMember.meeting_id == meeting.id, MeetingMember.user_id != actor.user_id
        )
    ).all()  # fmt: skip
    key = f"papers|{meeting.id}|{today():%Y%m%d}"
    tell(members, K.PAPERS, area_id=meeting.area_id, about=("meeting", meeting.id), key=key)


def action_opened(actor: Actor, action: PanelAction) -> None:
    if action.owner_id != actor.user_id:
        tell([action.owner_id], K.ACTION, area_id=action.area_id, about=("action", action.id), by=action.due_on)


def _find_cases(actor: Actor, ids: list[Id]) -> dict[Id, Place]:
    rows = db.session.execute(select(Case.id, Case.reference).where(Case.id.in_(ids), policies.visible(actor)))
    return {row.id: Place(row.reference, f"/cases/{row.id}") for row in rows}


def _find_offers(actor: Actor, ids: list[Id]) -> dict[Id, Place]:
    offers = offers_visible_to(actor).join(Case, Case.id == Offer.case_id).where(Offer.id.in_(ids))
    rows = db.session.execute(offers.with_only_columns(Offer.id, Case.reference))
    return {row.id: Place(row.reference, f"/offers/{row.id}") for row in rows}


def _find_meetings(actor: Actor, ids: list[Id]) -> dict[Id, Place]:
    rows = db.session.execute(
        meetings_visible_to(actor).where(Meeting.id.in_(ids)).with_only_columns(Meeting.id, Meeting.starts_at)
    )
    return {
        row.id: Place(_("Meeting, %(when)s", when=moment(row.starts_at.astimezone(LONDON))), f"/meetings/{row.id}")
        for row in rows
    }


def _find_actions(actor: Actor, ids: list[Id]) -> dict[Id, Place]:
    rows = db.session.scalars(
        actions_visible_to(actor).where(PanelAction.id.in_(ids)).with_only_columns(PanelAction.id)
    )
    return {action_id: Place(_("The action"), f"/actions/{action_id}/done") for action_id in rows}


leads_to("case", _find_cases)
leads_to("offer", _find_offers)
leads_to("meeting", _find_meetings)
leads_to("action", _find_actions)
