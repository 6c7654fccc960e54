"""What the world lacks: people to consider, a draft with answers, a meeting that decided, an action done, worries answered."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from accounts.roles import Role
from audit.models import Event
from audit.services import record
from cohort.models import Candidate
from cohort.services import candidates
from core import context
from core.codes.decisions import NotNominatedReason
from core.db import db
from panels.models import PanelAction, SupportSession
from referrals.models import Referral, ReferralDraft
from tests.factories import cohort, world
from tests.factories.forms import Place, called, decided_meeting


def make(known: Any, acting: Callable[..., Any], sign_in: Callable[..., Any]) -> dict[str, Any]:
    """``world.make`` and the rest, of Reading; made by the forms and services that make them in earnest."""
    ids = world.make(known)
    _people_to_consider(acting, known)
    _meeting_that_decided(Place(known, acting, sign_in, ids))
    with context.acting_as(job="test"):
        draft = db.session.get_one(ReferralDraft, ids["draft_id"])
        draft.answers = db.session.get_one(Referral, ids["referral_id"]).answers
        db.session.commit()
    _worries_answered(sign_in, ids)
    db.session.remove()
    return ids


def _people_to_consider(acting: Callable[..., Any], known: Any) -> None:
    """One whose name is written in two ways, with something from school, and one who was not nominated."""
    rows = [cohort.event(surname=name, ago=ago) for name, ago in (("Sefton", 20), ("Sefton", 60), ("Seften", 90))]
    rows += [cohort.event("Ines", "Moreau", ago=ago) for ago in (30, 100)]
    cohort.make_released(acting, known, rows, pupils=[cohort.pupil()])
    with acting("coordinator@reading") as actor:
        ines = next(found for found in db.session.scalars(select(Candidate)) if found.forename == "Ines")
        candidates.do_not_nominate(actor, ines, code=NotNominatedReason.ALREADY_SUPPORTED, words="Has a worker.")
        db.session.commit()


def _meeting_that_decided(place: Place) -> None:
    """Three: the first gave its member an action, which is done; the second's still waits; the third goes on."""
    member, chair = place.sign_in(Role.PANEL_MEMBER), place.sign_in(Role.PANEL_CHAIR)
    chair.submit(decided_meeting(place, chair), button="Confirm decisions")
    done = db.session.scalars(select(PanelAction.id).where(PanelAction.owner_id == member.actor.user_id)).one()
    db.session.rollback()
    member.submit(f"/actions/{done}/done", {"note": "Rang."})
    chair.submit(decided_meeting(place, chair), button="Confirm decisions")
    decided_meeting(place, chair)


def _worries_answered(sign_in: Callable[..., Any], ids: dict[str, Any]) -> None:
    """A session after which the worker was worried; a step-up that the front door has, and one that waits."""
    where = SupportSession.case_id == ids["case_id"], SupportSession.status == "planned"
    planned = db.session.scalars(select(SupportSession.id).where(*where).order_by(SupportSession.starts_at)).first()
    db.session.rollback()
    sign_in(Role.PROVIDER).submit(f"/sessions/{planned}", {
        "attendance": "yes", "minutes": "45", "what_happened": "Drew.", "concern": "tell_lead", "concern_words": "Tired.",
    })  # fmt: skip
    sign_in(Role.LEAD).submit(f"/cases/{ids['case_id']}/step-up", called())
    taken = {"acknowledged_by": "Duty desk", "front_door_reference": "FD 1"}
    coordinator, path = sign_in(Role.COORDINATOR), f"/step-ups/{ids['step_up_id']}"
    coordinator.submit(path, taken, button="Record who has it")
    coordinator.submit(path, {"outcome": "early_help", "outcome_note": "They will ring."}, button="Record the answer")
    with context.acting_as(job="test"):
        # One of a case: those of a meeting that nobody confirmed yet are nobody's.
        given = PanelAction.area_id == ids["area_id"], PanelAction.case_id.is_not(None)
        action = db.session.scalars(
            select(PanelAction).where(*given).order_by(PanelAction.due_on.desc()).limit(1)
        ).one()
        action.owner_id, action.done_at, action_id = coordinator.actor.user_id, None, action.id
        record(Event.ACTION_CHANGED, None, action)
        db.session.commit()
    coordinator.submit(f"/actions/{action_id}/done", {"note": "Rang."})
