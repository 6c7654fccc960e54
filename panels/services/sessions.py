"""Sessions: planned, recorded, and what happens at once when somebody is worried."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from accounts.models import Membership, User
from accounts.roles import Role
from audit.models import Event
from audit.services import change_of, record
from cohort.models import YoungPerson
from core.access import Actor
from core.clock import LONDON, in_london, now, today
from core.codes.base import Tag, label_of
from core.codes.cases import ATTENDED, SessionConcern, SessionMode, SessionStatus
from core.codes.offers import OfferStatus
from core.db import db
from core.ids import Id
from core.sensitivity import must_open
from core.working_days import working_days_between
from interventions.models import Intervention
from panels.models import Case, Offer, PanelAction, SupportSession
from panels.services import names, next_step, timeline
from panels.services.timeline import Happened
from panels.support_policies import sessions_visible_to

LATE_AFTER = 5
AHEAD = timedelta(days=8)
TO_RECORD = (SessionStatus.PLANNED.value, SessionStatus.NOT_RECORDED.value)
GIVEN = (OfferStatus.ACCEPTED.value, OfferStatus.ACTIVE.value)


class AlreadyRecorded(Exception):
    """Somebody recorded this session meanwhile."""


@dataclass(frozen=True)
class NextSession:
    """When and where to meet again; it begins as the same day, time and place a week later."""

    on: date
    at: time
    place: str


def moment_of(day: date, at: time) -> datetime:
    return datetime.combine(day, at, LONDON)


def tag_of(session: Any, at: datetime | None = None) -> Tag:
    """Planned, happened, did not happen, or not recorded: yellow, and red after five working days."""
    status = SessionStatus(session.status)
    if session.status not in TO_RECORD or session.starts_at > (at or now()):
        return status.tag
    late = working_days_between(in_london(session.starts_at).date(), today()) > LATE_AFTER
    return Tag(SessionStatus.NOT_RECORDED.label, "red" if late else "yellow")


def find_session(actor: Actor, session_id: Id) -> SupportSession:
    session: SupportSession = db.session.scalars(
        sessions_visible_to(actor).where(SupportSession.id == session_id)
    ).one()
    must_open(session.young_person_id)
    return session


def of_case(actor: Actor, case: Case) -> list[Any]:
    """Newest first, without opening anything."""
    seen = sessions_visible_to(actor).with_only_columns(SupportSession.id).where(SupportSession.case_id == case.id)
    return list(
        db.session.execute(
            select(
                SupportSession.id, SupportSession.starts_at, SupportSession.mode, SupportSession.status,
                SupportSession.attendance, SupportSession.concern, SupportSession.minutes,
                User.name.label("worker"), Intervention.name.label("intervention"),
            )
            .join(User, SupportSession.worker_id == User.id)
            .outerjoin(Offer, Offer.id == SupportSession.offer_id)
            .outerjoin(Intervention, Intervention.id == Offer.intervention_id)
            .where(SupportSession.id.in_(seen))
            .order_by(SupportSession.starts_at.desc())
            .limit(200)
        )
    )  # fmt: skip


def mine(actor: Actor) -> list[Any]:
    """What this person still has to record, and what they have today and this week, in order of time."""
    rows = db.session.execute(
        select(
            SupportSession.id, SupportSession.starts_at, SupportSession.status, SupportSession.mode,
            Case.reference, Intervention.name.label("intervention"), *names.person_columns(),
        )
        .join(Case, Case.id == SupportSession.case_id)
        .join(YoungPerson, YoungPerson.id == SupportSession.young_person_id)
        .outerjoin(Offer, Offer.id == SupportSession.offer_id)
        .outerjoin(Intervention, Intervention.id == Offer.intervention_id)
        .where(
            SupportSession.worker_id == actor.user_id, SupportSession.area_id == actor.area_id,
            SupportSession.status.in_(TO_RECORD), SupportSession.starts_at < now() + AHEAD,
        )
        .order_by(SupportSession.starts_at, SupportSession.id)
        .limit(200)
    ).all()  # fmt: skip
    names.load(rows)
    return list(rows)


def support_given(actor: Actor, case: Case) -> list[Any]:
    """Offers that sessions can be planned under: all of the case, or a provider's own."""
    statement = (
        select(Offer.id, Offer.practitioner_id, Offer.provider_id, Offer.planned_sessions, Intervention.name)
        .join(Intervention, Intervention.id == Offer.intervention_id)
        .where(Offer.case_id == case.id, Offer.status.in_(GIVEN))
        .order_by(Intervention.name)
    )
    if case.lead_id != actor.user_id and actor.role == Role.PROVIDER:
        statement = statement.where(or_(Offer.practitioner_id == actor.user_id, Offer.provider_id == actor.agency_id))
    return list(db.session.execute(statement))


def number_of(session: SupportSession) -> int:
    """Which session of its support this is, by date."""
    before = select(func.count()).where(
        SupportSession.offer_id == session.offer_id, SupportSession.case_id == session.case_id,
        SupportSession.starts_at < session.starts_at,
    )  # fmt: skip
    return (db.session.scalar(before) or 0) + 1


def plan_session(
    actor: Actor, case: Case, *, starts_at: datetime, place: str, mode: str = SessionMode.ONE_TO_ONE,
    worker_id: Id | None = None, offer_id: Id | None = None,
) -> SupportSession:  # fmt: skip
    session = _planned(case, starts_at, place, mode, worker_id or actor.user_id, offer_id)
    timeline.add(case, Happened.SESSION_PLANNED, actor, object_id=session.id)
    next_step.refresh(case)
    record(Event.SESSION_CHANGED, actor, session, also=[case])
    return session


def _planned(
    case: Case, starts_at: datetime, place: str, mode: str, worker_id: Id, offer_id: Id | None
) -> SupportSession:  # fmt: skip
    session = SupportSession(
        case_id=case.id, area_id=case.area_id, young_person_id=case.young_person_id, data_key_id=case.data_key_id,
        offer_id=offer_id, worker_id=worker_id, starts_at=starts_at, mode=str(mode),
        status=SessionStatus.PLANNED.value, place=place,
    )  # fmt: skip
    db.session.add(session)
    return session


def record_session(
    actor: Actor, session: SupportSession, case: Case, values: Mapping[str, Any], *, next_one: NextSession | None = None
) -> None:
    """Keep what happened, tell who must know of a worry, and plan the next session."""
    if session.status not in TO_RECORD:
        raise AlreadyRecorded
    came = values["attendance"] in ATTENDED
    status = SessionStatus.HAPPENED if came else SessionStatus.DID_NOT_HAPPEN
    who = {"status": status.value, "recorded_at": now(), "recorded_by_id": actor.user_id}
    changes = change_of(session, dict(values) | who)
    also: list[Any] = [case, *_follow_up(session, case, came)]
    if next_one is not None:
        moment = moment_of(next_one.on, next_one.at)
        also.append(_planned(case, moment, next_one.place, session.mode, session.worker_id, session.offer_id))
    happened = Happened.SESSION_HAPPENED if came else Happened.SESSION_MISSED
    timeline.add(case, happened, actor, object_id=session.id)
    if values.get("concern") not in (None, SessionConcern.NO):
        _tell(actor, session, case)
    next_step.refresh(case)
    record(Event.SESSION_CHANGED, actor, session, also=also, changes=changes, reason=values.get("concern"))


def _follow_up(session: SupportSession, case: Case, came: bool) -> list[Any]:
    """The first session begins the support; being seen counts as contact."""
    if not came:
        return []
    day = in_london(session.starts_at).date()
    case.last_contact_on = max(filter(None, (case.last_contact_on, day)))
    offer = db.session.get(Offer, session.offer_id) if session.offer_id else None
    if offer is None or offer.status != OfferStatus.ACCEPTED:
        return []
    offer.status = OfferStatus.ACTIVE.value
    return [offer]


def _tell(actor: Actor, session: SupportSession, case: Case) -> None:
    """The lead and the safeguarding leads each get an action for today; the words stay in the session."""
    day = in_london(session.starts_at).date()
    what = f"Read the worry raised in the session on {day.day} {day:%B %Y} and decide what to do"
    if session.concern == SessionConcern.DANGER_NOW:
        what = f"Someone said in the session on {day.day} {day:%B %Y} that they may be in danger now. Call the worker"
    actions = [
        PanelAction(
            area_id=case.area_id, young_person_id=case.young_person_id, data_key_id=case.data_key_id, case_id=case.id,
            owner_id=owner, due_on=today(), what=what,
        )
        for owner in told(case)
    ]  # fmt: skip
    db.session.add_all(actions)
    timeline.add(case, Happened.CONCERN, actor, object_id=session.id, summary=label_of(SessionConcern, session.concern))
    if actions:
        record(Event.ACTION_CHANGED, actor, actions[0], also=actions[1:], detail={"told": len(actions)})


def told(case: Case) -> list[Id]:
    """Who hears of a worry: the lead (or, without one, the area's coordinators) and the safeguarding leads."""
    roles = [Role.SAFEGUARDING_LEAD.value] + ([] if case.lead_id else [Role.COORDINATOR.value])
    people = db.session.scalars(
        select(Membership.user_id)
        .where(Membership.area_id == case.area_id, Membership.role.in_(roles), Membership.is_active)
        .order_by(Membership.user_id)
    )
    return list(dict.fromkeys(([case.lead_id] if case.lead_id else []) + list(people)))
