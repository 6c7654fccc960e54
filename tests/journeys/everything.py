"""A record of every kind and state in Reading, for looking at every page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from accounts.models import District, Membership, User
from accounts.services import links
from audit.models import Event
from audit.services import record
from cohort.models import Candidate, CohortRun, SourceExtract
from core import context
from core.db import db
from imports.models import ReferralImport
from panels.models import AgendaItem, Case, Goal, Offer, Plan, SupportSession
from referrals.models import Referral, StepUp
from tests.conftest import actor_for
from tests.factories import cohort, invited, meetings, world


def make(known: Any) -> tuple[dict[str, str], list[str]]:
    """One id of each kind by the names of routes, and the addresses of the other states."""
    ids = world.make(known)
    acting = acting_for(known)
    under_way = meetings.meeting(
        acting, known, referrals=(meetings.ready_referral(acting, known, surname="Bell"),), started=True
    )
    cohort.make_released(acting, known, [cohort.event(), cohort.event(ago=9)], pupils=[cohort.pupil()])
    with context.acting_as(job="test"):
        for name, model in (("candidate_id", Candidate), ("run_id", CohortRun), ("extract_id", SourceExtract)):
            ids[name] = db.session.scalars(select(model.id)).first() or ""
        more = [*_each(Case, Case.stage, CASES), *_each(Referral, Referral.status, REFERRALS),
                *_each(StepUp, StepUp.outcome, ("/step-ups/{}",)), *_each(Offer, Offer.status, ("/offers/{}",)),
                *_each(SupportSession, SupportSession.status, ("/sessions/{}",)),
                *_each(ReferralImport, ReferralImport.status, ("/imports/{}",))]  # fmt: skip
        draft = db.session.scalars(select(Plan).where(Plan.status == "draft")).first()
        ids["draft_case_id"] = draft.case_id if draft else ""
        more += _links(known)
        more += [invited.open_address(known), f"/triage/arrivals/{invited.turned_away(known)}"]
        _second_role(known, "analyst@slough")
        _viewer_of_a_district(known, "oversight_viewer@slough")
        more += _sharing_at_a_meeting(ids)
        more += [f"/cases/{goal.case_id}/plan/goals/{goal.id}" for goal in db.session.scalars(
            select(Goal).where(Goal.case_id == ids["draft_case_id"]).limit(1))]  # fmt: skip
        db.session.remove()
    pages = ("", "/agenda", "/attendance", "/live/1", "/live/1?screen=share", "/items/1", "/minutes", "/confirm",
             "/conflicts/new", "/items/1/sharing/new")  # fmt: skip
    return ids, more + [f"/meetings/{under_way}{page}" for page in pages]


CASES = ("/cases/{}", "/cases/{}/close", "/cases/{}/plan", "/cases/{}/timeline", "/cases/{}/engagement",
         "/cases/{}/plan/agree", "/cases/{}/plan/wants", "/cases/{}/plan/goals/new", "/cases/{}/reopen",
         "/cases/{}/interventions/choose")  # fmt: skip


REFERRALS = ("/triage/{}", "/referrals/{}", "/referrals/{}/reply")


def _each(model: Any, state: Any, patterns: tuple[str, ...]) -> list[str]:
    """One record in each state: the newest."""
    of_state = {
        found: key for key, found in db.session.execute(select(model.id, state).order_by(model.created_at, model.id))
    }
    return [pattern.format(key) for key in of_state.values() for pattern in patterns]


def _links(known: Any) -> list[str]:
    """An invitation and a reset that nobody has used."""
    user = db.session.get_one(User, known.users["analyst@slough"])
    found = [links.make(user, kind) for kind in (links.INVITATION, links.RESET)]
    db.session.commit()
    return [urlsplit(link).path for link in found]


def _second_role(known: Any, who: str) -> None:
    first = db.session.get_one(Membership, known.memberships[who])
    second = Membership(user_id=first.user_id, role="referrer", agency_id=first.agency_id, area_id=first.area_id,
                        valid_from=first.valid_from, is_active=True)  # fmt: skip
    db.session.add(second)
    record(Event.USER_INVITED, None, first.user, also=[second])
    db.session.commit()


def _viewer_of_a_district(known: Any, who: str) -> None:
    """They see the figures of Reading's district and no others."""
    membership = db.session.get_one(Membership, known.memberships[who])
    membership.district_id = db.session.scalars(select(District.id).where(District.slug == "reading-district")).one()
    record(Event.USER_CHANGED, None, membership.user, also=[membership])
    db.session.commit()


def _sharing_at_a_meeting(ids: dict[str, str]) -> list[str]:
    """What was shared about the young person, as opened from the item under which a panel spoke of them."""
    about = AgendaItem.young_person_id == ids["person_id"]
    item = db.session.scalars(select(AgendaItem).where(about).order_by(AgendaItem.created_at, AgendaItem.id)).first()
    assert item, "no panel spoke of them"
    return [f"/meetings/{item.meeting_id}/items/{item.position}/sharing/{ids['disclosure_id']}"]


def acting_for(known: Any) -> Callable[[str], Any]:
    @contextmanager
    def go(key: str) -> Iterator[Any]:
        actor = actor_for(key, known)
        with context.acting_as(job="test", actor=actor):
            yield actor

    return go
