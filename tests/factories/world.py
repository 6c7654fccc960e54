"""One record of everything in Reading, made from the demonstration's stories: for tests that try every door."""

import random
from datetime import timedelta

from sqlalchemy import select

from accounts.models import Approval, Membership
from cohort.models import OtherPanelContact
from core import context
from core.clock import today
from core.codes.offers import EvidenceRating
from core.db import db
from core.ids import new_id
from core.keyring import keyring
from demo.batch import Batch, at
from demo.people import people
from demo.place import Place, Sender
from demo.story import ORDER, Story
from interventions.models import Intervention
from panels.models import (
    AgendaItem,
    Case,
    CaseNote,
    Conflict,
    EmergencyAccess,
    Goal,
    Meeting,
    MeetingMember,
    Offer,
    SupportSession,
)
from referrals.models import PossibleMatch, Referral, ReferralDraft, StepUp
from sharing.models import Disclosure
from tests.factories import imports, invited

STAGES = ("new", "triage", "info", "ready", "stepped_up", "past", "asking", "plan_draft", "plan_agreed", "support",
          "review_due", "closing", "closed")  # fmt: skip


def place_in(known, area="reading"):
    """The area as stories need it, with the small installation's people."""
    intervention = Intervention(
        code="mentoring", name="Mentoring", category="mentoring", area_id=known.areas[area],
        provider_id=known.agencies[f"vcs@{area}"], rating=EvidenceRating.HIGH.value, places=10,
    )  # fmt: skip
    db.session.add(intervention)
    db.session.flush()
    return Place(
        area_id=known.areas[area], prefix="RDG" if area == "reading" else "SLO", districts=[],
        referrers=[Sender(known.users[f"referrer@{area}"], known.agencies[f"school@{area}"], "Rosa Whitcombe",
                          "Northbrook Academy", "rosa.whitcombe@school.example")],
        coordinator=known.users[f"coordinator@{area}"], leads=[known.users[f"lead_practitioner@{area}"]],
        practitioners=[(known.users[f"provider_practitioner@{area}"], known.agencies[f"vcs@{area}"])],
        interventions=[(intervention.id, known.agencies[f"vcs@{area}"])],
    )  # fmt: skip


def make(known, area="reading", each=1, stages=STAGES):
    """``each`` young people at each stage; returns the ids of one record of each kind, by the names routes use."""
    with context.acting_as(job="test"):
        place = place_in(known, area)
        batch = Batch(place.area_id)
        _meetings(batch, place, known, area)
        rng = random.Random(7)
        told = people(5, len(stages) * each, on=today(), area_slug=area, schools=["Northbrook Academy"], districts=[])
        for number, person in enumerate(told):
            reference = f"{place.prefix}-26-{number:04d}A"
            Story(batch, rng, place, person, today(), reference).write(stages[number % len(stages)])
        batch.save(ORDER)
        db.session.commit()
        ids = _one_of_each(known, area, place)
        db.session.remove()
    for number in range(each):
        ids["import_id"] = imports.in_each_state(known, area, number)
        ids |= {"link_id": invited.a_link(known, area), "arrival_id": invited.an_arrival(known, area)}
    return ids


def _meetings(batch, place, known, area):
    for weeks in (-30, -8, -4, -1, 1):
        day = today() + timedelta(weeks=weeks)
        meeting = batch.add(Meeting, area_id=place.area_id, starts_at=at(day), status="ended" if weeks < 0 else "planned",
                            chair_id=known.users[f"panel_chair@{area}"], quorum=2)  # fmt: skip
        for role in ("panel_chair", "panel_member", "coordinator"):
            key = f"{role}@{area}"
            member = db.session.get_one(Membership, known.memberships[key])
            batch.add(MeetingMember, meeting_id=meeting, user_id=known.users[key], agency_id=member.agency_id)
        if weeks < 0:
            place.past_meetings.append((meeting, day, known.users[f"panel_chair@{area}"]))
        else:
            place.next_meeting = meeting


def _one_of_each(known, area, place):
    def first(model, *where):
        """The first as they were told, whatever order a database finds them in."""
        order = [
            getattr(model, name) for name in ("reference", "position", "starts_at", "called_at") if hasattr(model, name)
        ]
        found = select(model).where(model.area_id == place.area_id, *where).order_by(*order, model.id)
        return db.session.scalars(found.limit(1)).one()

    supported = first(Case, Case.stage == "support")
    ready = first(Referral, Referral.status == "ready_for_panel")
    fresh = first(Referral, Referral.status == "in_triage")
    extra = Batch(place.area_id)
    item_meeting = place.next_meeting
    person_key = keyring().unwrap([supported.data_key_id])[supported.data_key_id]
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from demo.batch import PersonKey

    key = PersonKey(supported.data_key_id, AESGCM(person_key))
    tied = {"area_id": place.area_id, "young_person_id": supported.young_person_id}
    on_agenda = db.session.scalars(
        select(AgendaItem).where(AgendaItem.meeting_id == item_meeting).order_by(AgendaItem.position)
    ).first()
    item = on_agenda.id if on_agenda else extra.add(
        AgendaItem, key, **{**tied, "young_person_id": ready.young_person_id}, meeting_id=item_meeting,
        referral_id=ready.id, position=1, status="on_agenda",
    )  # fmt: skip
    conflict = extra.add(Conflict, key, **tied, item_id=item, user_id=known.users[f"panel_member@{area}"], kind="other")
    disclosure = extra.add(
        Disclosure, key, **tied, case_id=supported.id, from_agency_id=known.agencies[f"police@{area}"],
        to_agency_id=known.agencies[f"school@{area}"], data_class="identity", gateway="children-act-2004-s10",
        purpose="panel", outcome="allowed", decided_by_id=known.users[f"coordinator@{area}"],
        decided_at=at(today()), what="Where they feel safe", why_needed="To plan",
    )  # fmt: skip
    match = extra.add(
        PossibleMatch, key, referral_id=fresh.id, area_id=place.area_id, young_person_id=supported.young_person_id,
        reasons=["surname_dob"], answer="to_review",
    )  # fmt: skip
    draft_key = extra.key("referral_draft", draft_id := new_id())
    extra.add(ReferralDraft, draft_key, id=draft_id, owner_id=known.users[f"referrer@{area}"], area_id=place.area_id,
              kept_until=today() + timedelta(days=20), saved_at=at(today()), answers={"start": {"danger": "no"}})  # fmt: skip
    approval = extra.add(
        Approval, key, **tied, kind="disposal", state="asked", asked_by_id=known.users[f"data_protection_officer@{area}"],
        object_id=supported.id, asked_at=at(today()), expires_at=at(today() + timedelta(days=14)), terms={},
        reason="Nobody needs it",
    )  # fmt: skip
    access = extra.add(
        EmergencyAccess, key, **tied, case_id=supported.id, user_id=known.users[f"panel_chair@{area}"],
        membership_id=known.memberships[f"panel_chair@{area}"], reason_code="missing", started_at=at(today()),
        ends_at=at(today() + timedelta(days=1)), review_by=today(), reason="Missing since school, the police ask",
    )  # fmt: skip
    contact = extra.add(
        OtherPanelContact, area_id=place.area_id, young_person_id=supported.young_person_id, asking_area_id=place.area_id,
        referral_id=fresh.id, reference="SLO-26-0001A", asked_at=at(today()), due_on=today(),
    )  # fmt: skip
    extra.save(
        (ReferralDraft, PossibleMatch, AgendaItem, Conflict, Disclosure, Approval, EmergencyAccess, OtherPanelContact)
    )
    db.session.commit()
    return {
        "area_id": place.area_id, "case_id": supported.id, "person_id": supported.young_person_id,
        "any_id": supported.young_person_id, "referral_id": fresh.id, "draft_id": draft_id, "match_id": match,
        "meeting_id": item_meeting, "item_id": item, "conflict_id": conflict, "disclosure_id": disclosure,
        "note_id": first(CaseNote, CaseNote.case_id == supported.id).id,
        "goal_id": first(Goal, Goal.case_id == supported.id).id,
        "offer_id": first(Offer, Offer.case_id == supported.id).id,
        "session_id": first(SupportSession, SupportSession.case_id == supported.id).id,
        "step_up_id": first(StepUp).id, "intervention_id": place.interventions[0][0],
        "user_id": known.users[f"lead_practitioner@{area}"], "reference": supported.reference,
        "membership_id": known.memberships[f"lead_practitioner@{area}"],
        "action_id": _action(place), "surname": None, "approval_id": approval, "access_id": access, "contact_id": contact,
    }  # fmt: skip


def _action(place):
    from panels.models import PanelAction

    given = (
        select(PanelAction.id).where(PanelAction.area_id == place.area_id).order_by(PanelAction.due_on, PanelAction.id)
    )
    return db.session.scalars(given.limit(1)).first() or new_id()
