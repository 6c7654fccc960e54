"""Every form that makes a record: who sends it, from where, and the least that it takes."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from accounts.roles import Role
from core.clock import today
from core.db import db
from core.working_days import add_working_days
from tests.factories import cohort
from tests.factories import referrals as referral_factory
from tests.referrals import walk


def day_parts(name, day):
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


class Place:
    """An installation with one record of everything (``ids``), and the tests' own tools."""

    def __init__(self, known, acting, sign_in, ids) -> None:
        self.known, self.acting, self.sign_in, self.ids = known, acting, sign_in, ids

    def first(self, model, *where):
        """The id of one record of Reading."""
        found = db.session.scalars(select(model.id).where(model.area_id == self.ids["area_id"], *where)).first()
        db.session.rollback()
        assert found, f"no {model.__tablename__} like that"
        return found

    def agency(self, kind="school"):
        return self.known.agencies[f"{kind}@reading"]


@dataclass(frozen=True)
class Making:
    """``path`` and ``fields`` are made from the place and the client; ``button`` names the form on the page."""

    role: Role
    path: Callable[[Place, Any], str]
    fields: Callable[[Place], dict[str, Any]] = field(default=lambda place: {})
    button: str | None = None
    # Where the form stands, when that is another page than the one it is sent to.
    opened_at: Callable[[Place, Any], str] | None = None


def of_case(rest, **where):
    """A path under the case of the world that has support, or another one as ``where`` says."""

    def path(place, client):
        from panels.models import Case

        case = place.first(Case, *(getattr(Case, k) == v for k, v in where.items())) if where else place.ids["case_id"]
        return f"/cases/{case}/{rest}".rstrip("/")

    return path


def _danger_answered(place, client):
    client.submit("/refer/danger", {"danger": "no"})
    return "/refer/eligible"


def _finished_draft(place, client):
    with place.acting("referrer@reading") as actor:
        draft = referral_factory.a_draft(actor, forename="Ottilie", surname="Quarmby").id
        db.session.commit()
    return f"/referrals/{draft}/check"


def _asked(place, client):
    from referrals.models import Referral

    return f"/referrals/{place.first(Referral, Referral.status == 'information_needed')}/reply"


def _candidate(place, client):
    from cohort.models import Candidate

    cohort.make_released(place.acting, place.known, [cohort.event(ago=20), cohort.event(ago=100)])
    return f"/refer/candidates/{place.first(Candidate)}"


def _uploads(place, client):
    with place.acting("analyst@reading") as actor:
        cohort.make_agreement(actor, place.agency("police"))
        db.session.commit()
    return "/cohort/uploads"


def _file(place):
    raw = cohort.as_csv([cohort.event(ago=20), cohort.event(ago=100)])
    return {"kind": "police", "agency": place.agency("police"), "file": lambda: (io.BytesIO(raw), "list.csv")}


def _extract(place, client):
    with place.acting("analyst@reading") as actor:
        cohort.make_agreement(actor, place.agency("police"))
        extract = cohort.make_upload(actor, place.agency("police"), [cohort.event(ago=20), cohort.event(ago=100)])
        place.ids["extract_id"] = extract.id
        db.session.commit()
    return "/cohort/runs"


def _person(place):
    return {"role": "referrer", "area_id": place.ids["area_id"], "agency_id": place.agency()}


def _draft_plan(place, client):
    path = of_case("plan")(place, client)
    client.submit(path, button="Change the plan")
    return path


def _no_plan_yet(place):
    """A case without a plan."""
    from tests.factories.cases import open_case

    return f"/cases/{open_case(place.acting, place.known)}"


def _meeting(rest, *, started=False, agenda=True):
    def path(place, client):
        from tests.factories import meetings

        sent = meetings.ready_referral(place.acting, place.known, forename="Ottilie", surname="Quarmby")
        place.ids["ready_id"] = sent
        on_it = (sent,) if agenda else ()
        return f"/meetings/{meetings.meeting(place.acting, place.known, referrals=on_it, started=started)}/{rest}"

    return path


def decided_meeting(place, client):
    path = _meeting("confirm", started=True)(place, client)
    decided = client.submit(path.replace("confirm", "live/1"), _decision(place), button="Save and next", follow=False)
    assert decided.status_code == 302
    return path


def _decision(place):
    return {"decision": "accept_assess", "rationale": "They like drama.", "what_1": "Ring the school",
            "lead": place.known.users["lead_practitioner@reading"], "who_1": place.known.users["panel_member@reading"],
            **day_parts("by_1", add_working_days(today(), 5))}  # fmt: skip


def _item_of(place):
    from panels.models import AgendaItem

    item = db.session.scalars(select(AgendaItem.id).where(AgendaItem.referral_id == place.ids["ready_id"])).one()
    db.session.rollback()
    return {"item": item, "who": place.known.users["panel_member@reading"], "kind": "other", "note": "A neighbour."}


def _triage(rest, status="in_triage"):
    def path(place, client):
        from tests.factories.triage import make_referral

        sent = make_referral(place.acting, place.known, status=status, forename="Ottilie", surname="Quarmby",
                             reference="RDG-26-7001X")  # fmt: skip
        return f"/triage/{sent}/{rest}".rstrip("/")

    return path


def _like_someone(place, client):
    """A new referral about somebody whose record is held: starting triage proposes it."""
    from cohort.services import people

    data = {"forename": "Ottilie", "surname": "Quarmby", "date_of_birth": date(2011, 5, 4)}
    with place.acting("coordinator@reading") as actor:
        people.create_person(actor, area_id=place.ids["area_id"], data=data, created_from="referral")
        db.session.commit()
    return _triage("start", "new")(place, client)


def called(place=None):
    return {**day_parts("called_on", today() - timedelta(days=1)), "called_time": "10:30am", "is_nrm": "no",
            "why": "They told their tutor that they are made to carry things."}  # fmt: skip


def _sharing(place):
    return {"from_agency": place.agency("police"), "to_whom": "The panel", "purpose": "panel", "data_class": "identity",
            "what": "Two visits.", "gateway": "children-act-2004-s10", "why_needed": "To plan.", "is_emergency": "y"}  # fmt: skip


def _planned_session(place, client):
    from panels.models import SupportSession

    return f"/sessions/{place.first(SupportSession, SupportSession.status == 'planned')}"


def _closing(place):
    return {"reason": "goals_met", "goal_1": "achieved", "goal_2": "achieved", "goal_3": "achieved",
            "exit_plan": "Their aunt.", "feedback": "Support has ended."}  # fmt: skip


NEXT_WEEK = timedelta(days=7)
MAKING: dict[str, Making] = {
    "referrals.eligible": Making(
        Role.REFERRER, _danger_answered, lambda p: walk.answers_about(p.known, "reading", 15)
    ),
    "referrals.entries": Making(
        Role.REFERRER, lambda p, c: f"/referrals/{p.ids['draft_id']}/events", lambda p: dict(walk.PAGES)["events"],
        "add another",
    ),
    "referrals.check": Making(Role.REFERRER, _finished_draft, lambda p: {"declared": "y"}, "Send"),
    "referrals.reply": Making(Role.REFERRER, _asked, lambda p: {"text": "Year 9."}),
    "referrals.nominate": Making(
        Role.COORDINATOR, _candidate,
        lambda p: {"words": "Two events.", "informed": "yes", "basis": "prevent_offending"}, "Nominate",
    ),
    "referrals.start_triage": Making(
        Role.COORDINATOR, _like_someone, button="Start triage", opened_at=lambda p, c: p.path.removesuffix("/start")
    ),
    "referrals.create_record": Making(
        Role.COORDINATOR, _triage("record"), button="Make a new record", opened_at=lambda p, c: p.path.removesuffix("/record")
    ),
    "referrals.step_up_referral": Making(Role.COORDINATOR, _triage("step-up"), called),
    "cohort.add_agreement": Making(
        Role.ANALYST, lambda p, c: "/cohort/agreements/new",
        lambda p: {"agency": p.agency("police"), "kind": "sharing", "reference": "ISA-9", "fields": ["forename"],
                   **day_parts("valid_from", today()), **day_parts("valid_to", today() + NEXT_WEEK)},
    ),
    "cohort.upload_list": Making(Role.ANALYST, _uploads, _file, "Check this file"),
    "cohort.run_list": Making(Role.ANALYST, _extract, lambda p: {"extracts": [p.ids["extract_id"]]}, "Start run"),
    "accounts.invite": Making(
        Role.ADMINISTRATOR, lambda p, c: "/admin/users/invite",
        lambda p: _person(p) | {"name": "Robin Ash", "email": "robin.ash@school.example"},
    ),
    "accounts.give_role": Making(
        Role.ADMINISTRATOR, lambda p, c: f"/admin/users/{p.ids['user_id']}/role", _person
    ),
    "interventions.add": Making(
        Role.COORDINATOR, lambda p, c: "/interventions/add",
        lambda p: {"name": "Boxing club", "category": "mentoring", "provider_id": p.agency("vcs"), "description": "Boxing."},
        "Add intervention",
    ),
    "panels.note_new": Making(
        Role.LEAD, of_case("notes/new"),
        lambda p: {"kind": "contact", "text": "Rang their aunt.", **day_parts("happened_on", today())},
    ),
    "panels.new_session": Making(
        Role.PROVIDER, of_case("sessions/new"),
        lambda p: {"at": "4pm", "place": "Library", **day_parts("on", today() + NEXT_WEEK)}, "Plan session",
    ),
    "panels.session_page": Making(
        Role.PROVIDER, _planned_session,
        lambda p: {"attendance": "yes", "minutes": "45", "what_happened": "Drew.", "concern": "tell_lead",
                   "concern_words": "They looked tired.", "next_at": "4pm", "next_place": "Library",
                   **day_parts("next_on", today() + NEXT_WEEK)},
        "Save session",
    ),
    "panels.plan_wants": Making(
        Role.LEAD, lambda p, c: f"{_no_plan_yet(p)}/plan/wants", lambda p: {"what_they_want": "Back to art"}, "Save"
    ),
    "panels.new_goal": Making(
        Role.LEAD, lambda p, c: f"{_draft_plan(p, c)}/goals/new",
        lambda p: {"their_words": "Art", "steps": "Ring the club", "who": "Nan", **day_parts("due_on", today() + NEXT_WEEK)},
        "Save goal",
    ),
    "panels.change_plan": Making(
        Role.LEAD, of_case("plan/change"), button="Change the plan", opened_at=lambda p, c: p.path.removesuffix("/change")
    ),
    "panels.new_review": Making(
        Role.LEAD, of_case("reviews/new"),
        lambda p: {"what_changed": "More sleep.", "their_view": "It is OK", "decision": "keep",
                   **day_parts("next_on", today() + NEXT_WEEK)},
        "Finish review",
    ),
    "panels.case_engagement": Making(
        Role.LEAD, of_case("engagement"),
        lambda p: {"method": "visit", "answer": "thinking", "notice_version": "3", **day_parts("made_on", today())},
    ),
    "panels.make_offer": Making(
        Role.LEAD, lambda p, c: of_case(f"interventions/choose/{p.ids['intervention_id']}")(p, c),
        lambda p: {"goal": "Back to art"}, "Make offer",
    ),
    "panels.offer_page": Making(
        Role.PROVIDER, lambda p, c: f"/offers/{_open_offer(p)}",
        lambda p: {"answer": "accept", **day_parts("start_on", today())}, "Send answer",
    ),
    "panels.case_step_up": Making(Role.LEAD, of_case("step-up"), called),
    "panels.case_close": Making(Role.LEAD, of_case("close"), _closing),
    "panels.case_reopen": Making(
        Role.COORDINATOR, of_case("reopen", is_open=False), lambda p: {"reason": "new_event", "words": "It began again."}
    ),
    "panels.share_of_case": Making(Role.COORDINATOR, of_case("sharing/new"), _sharing, "Record sharing"),
    "panels.plan_meeting": Making(
        Role.COORDINATOR, lambda p, c: "/meetings/new",
        lambda p: {"at": "10am", "place": "Room 4", "chair": p.known.memberships["panel_chair@reading"], "weeks": "1",
                   "asked": [p.known.memberships[f"{r}@reading"] for r in ("panel_chair", "panel_member")],
                   **day_parts("day", add_working_days(today(), 3))},
        "Plan meeting",
    ),
    "panels.add_to_agenda": Making(
        Role.COORDINATOR, _meeting("agenda/add", agenda=False), lambda p: {"referral_id": p.ids["ready_id"]},
        "Add", opened_at=lambda p, c: p.path.removesuffix("/add"),
    ),
    "panels.declare_conflict": Making(Role.COORDINATOR, _meeting("conflicts/new"), _item_of),
    "panels.share_at_meeting": Making(
        Role.COORDINATOR, _meeting("items/1/sharing/new"), _sharing, "Record sharing"
    ),
    "panels.live": Making(Role.PANEL_CHAIR, _meeting("live/1", started=True), _decision, "Save and next"),
    "panels.confirm": Making(Role.PANEL_CHAIR, decided_meeting, button="Confirm decisions"),
}  # fmt: skip


def _open_offer(place):
    from tests.factories import support
    from tests.factories.cases import open_case

    return support.offer(
        place.acting, place.known, open_case(place.acting, place.known), place.ids["intervention_id"],
        practitioner_id=place.known.users["provider_practitioner@reading"],
    )  # fmt: skip


# Forms that make nothing: they change a record that is there (its version or its state answers the second sending),
# sign somebody in or out, or only read.
NOT_MAKING = {
    "accounts.choose_role", "accounts.end_device", "accounts.change_password", "accounts.change_role",
    "accounts.sign_out_everywhere", "accounts.approve", "accounts.decline", "accounts.end_role", "accounts.act_on_user",
    "accounts.forgotten_password", "accounts.invitation", "accounts.reset_password", "security.login", "security.verify",
    "security.logout", "audit.trail_page", "audit.export", "audit.check_now", "desk.find", "drafts.save",
    "panels.finish_action", "panels.case_list", "panels.case_allocate", "panels.change_leads", "panels.case_close_answer",
    "panels.choose_harmful", "panels.note_page", "panels.agree_plan", "panels.change_goal", "panels.goals_now",
    "panels.move_on_agenda", "panels.remove_from_agenda", "panels.agenda_minutes", "panels.attendance",
    "panels.cancel_meeting", "panels.remove_conflict", "panels.edit_meeting", "panels.start_meeting", "panels.end_offer",
    "cohort.do_not_nominate", "cohort.release_run", "cohort.settle_upload", "interventions.change", "referrals.call_now",
    "referrals.danger", "referrals.remove_entry", "referrals.section", "referrals.autosave", "referrals.delete_draft",
    "referrals.duplicate", "referrals.change", "referrals.withdraw", "referrals.step_up", "referrals.chase_step_up",
    "referrals.return_step_up", "referrals.record_call", "referrals.acknowledge", "referrals.compare_match",
    "referrals.decide", "referrals.take_referral",
}  # fmt: skip
