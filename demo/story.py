"""One young person's whole story as rows: referral, triage, panel, case, plan, support, sessions, reviews, closure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from cohort.models import BlindIndex, YoungPerson
from cohort.services.people import index_rows
from core.codes.cases import (
    AttemptMethod,
    Attendance,
    CaseStage,
    ClosureReason,
    EngagementAnswer,
    EngagementGivenBy,
    EngagementStatus,
    GoalOutcome,
    NoteKind,
    PlanStatus,
    ReviewDecision,
    SessionMode,
    SessionStatus,
)
from core.codes.decisions import PanelDecision, PanelItemStatus, StepUpStatus, TriageOutcome
from core.codes.offers import OfferStatus
from core.codes.referrals import DangerAnswer, LawfulBasisChoice, ReferralReason, ReferralStatus, SourceType
from core.ids import Id, new_id
from core.working_days import add_working_days
from demo.batch import Batch, PersonKey, at
from demo.people import FictionalPerson
from demo.stories import Storyteller
from panels.models import (
    AgendaItem,
    Case,
    CaseNote,
    EngagementAttempt,
    Goal,
    Meeting,
    MeetingMember,
    Offer,
    PanelAction,
    Plan,
    Review,
    SupportSession,
    TimelineEntry,
)
from panels.services.next_step import NextStep
from panels.services.timeline import Happened
from referrals.answers import safe_contact_line
from referrals.models import PossibleMatch, Referral, ReferralMessage, StepUp

ORDER: tuple[Any, ...] = (
    YoungPerson, BlindIndex, Referral, ReferralMessage, PossibleMatch, Meeting, MeetingMember, Case, AgendaItem, StepUp,
    Plan, Goal, Offer, EngagementAttempt, SupportSession, CaseNote, Review, PanelAction, TimelineEntry,
)  # fmt: skip
AGENDA = 6
BEFORE_PANEL = ("new", "triage", "info", "ready", "stepped_up", "past")
CASES = ("asking", "plan_draft", "plan_agreed", "support", "review_due", "closing", "closed")
SHARES = {"new": 3, "triage": 6, "info": 2, "ready": 5, "stepped_up": 2, "past": 14, "asking": 9, "plan_draft": 8,
          "plan_agreed": 6, "support": 24, "review_due": 6, "closing": 3, "closed": 14}  # fmt: skip


@dataclass
class Place:
    """An area with the people and agencies that a story needs; ids only."""

    area_id: Id
    prefix: str
    districts: list[Id]
    referrers: list[tuple[Id, Id]]
    coordinator: Id
    leads: list[Id]
    practitioners: list[tuple[Id, Id]]
    interventions: list[tuple[Id, Id]]
    past_meetings: list[tuple[Id, date, Id]] = field(default_factory=list)
    next_meeting: Id | None = None
    positions: dict[Id, int] = field(default_factory=dict)

    def position(self, meeting: Id) -> int:
        self.positions[meeting] = self.positions.get(meeting, 0) + 1
        return self.positions[meeting]


class Story:
    """Writes one person's rows into a batch. ``stage`` is a key of ``SHARES``."""

    def __init__(
        self, batch: Batch, rng: Random, place: Place, person: FictionalPerson, today: date, reference: str
    ) -> None:
        self.batch, self.rng, self.place, self.person, self.today = batch, rng, place, person, today
        self.reference = reference
        self.tell = Storyteller(rng, person)
        self.key: PersonKey
        self.person_id: Id | None = None
        self.case_id = self.referral_id = ""
        self.meeting: tuple[Id, date, Id]
        self.lines: list[tuple[datetime, str, Id | None, str]] = []

    def write(self, stage: str) -> None:
        age = self.rng.randint(*{"new": (0, 1), "triage": (1, 4), "info": (4, 9), "ready": (6, 14), "stepped_up": (1, 3)}
                               .get(stage, (40, 300) if stage in {"past", "closed"} else (28, 150)))  # fmt: skip
        self.sent_on = self.today - timedelta(days=age)
        knows = stage not in {"new", "triage", "info"}
        owner = new_id()
        self.key = self.batch.key("young_person" if knows else "referral", owner)
        if knows:
            self.person_id = owner
            self._young_person()
        else:
            self.referral_id = owner
        self._referral(stage)
        if stage in CASES:
            self._case(stage)

    # -- the young person and the referral

    def answers(self) -> dict[str, Any]:
        person, tell = self.person, self.tell
        events = [
            {
                "id": new_id(),
                "type": e.type.value,
                "on": e.happened_on.isoformat(),
                "part": e.part.value,
                "text": e.what,
            }
            for e in tell.events(self.sent_on)
        ]
        helped = tell.help_tried()
        return {
            "start": {"danger": DangerAnswer.NO.value, "date_of_birth": person.date_of_birth.isoformat(),
                      "area_id": self.place.area_id, "reason": self.rng.choice(list(ReferralReason)).value},
            "person": {"forename": person.forename, "surname": person.surname,
                       "preferred_name": person.preferred_name or "", "other_names": ", ".join(person.other_names),
                       "pronouns": person.pronouns, "date_of_birth": person.date_of_birth.isoformat()},
            "contact": {"methods": [person.contact_method.value], "phone": person.phone or "",
                        "safe_when": person.safe_to_contact, "address": person.address, "postcode": person.postcode},
            "needs": {"sex": person.sex.value, "ethnicity": person.ethnicity.value, "ethnicity_source": "self",
                      "first_language": person.first_language,
                      "interpreter": "yes" if person.interpreter_needed else "no", "send": person.send.value,
                      "communication": person.communication_needs or ""},
            "education": {"status": person.education_status.value, "school": person.school or "",
                          "attendance": person.attendance.value},
            "strengths": {"text": tell.going_well(), "factors": [f.value for f in tell.factors]},
            "voice": {"child": tell.childs_words(), "family": tell.familys_view()},
            "worries": {"text": tell.worries(), "hopes": tell.hoped_for(),
                        "concerns": {c.concern.value: c.strength.value for c in tell.concerns}},
            "events": {"list": events},
            "tried": {"statutory": ["none"], "text": " ".join(h.how_it_went for h in helped),
                      "outcome": helped[0].outcome.value if helped else "not_started"},
            "family": {"informed": "yes", "young_person_knows": "yes"},
            "people": {"list": [
                {"id": new_id(), "name": carer.called, "relation": carer.relation.value,
                 "parental_responsibility": "yes" if carer.has_parental_responsibility else "no",
                 "contact": carer.phone or ""} for carer in person.carers]},
            "sharing": {"basis": LawfulBasisChoice.SAFEGUARD.value},
            "you": {"name": "On record", "agency": "On record", "email": "on.record@agency.example"},
        }  # fmt: skip

    def _young_person(self) -> None:
        person = self.person
        said = self.answers()
        values: dict[str, Any] = {
            "forename": person.forename, "surname": person.surname, "preferred_name": person.preferred_name,
            "aliases": list(person.other_names), "date_of_birth": person.date_of_birth, "sex": person.sex.value,
            "ethnicity": person.ethnicity.value, "postcode": person.postcode, "school": person.school,
            "safe_contact": safe_contact_line(said)[:500], "upn": person.upn, "nhs_number": person.nhs_number,
            "details": {"pronouns": person.pronouns, "contact": said["contact"], "needs": said["needs"],
                        "education": said["education"], "people": said["people"]["list"]},
        }  # fmt: skip
        self.batch.add(YoungPerson, self.key, id=self.person_id, area_id=self.place.area_id, created_from="professional",
                       **values)  # fmt: skip
        self.batch.add_plain(BlindIndex, index_rows(self.place.area_id, str(self.person_id), values))

    def _referral(self, stage: str) -> None:
        sender, agency = self.rng.choice(self.place.referrers)
        acknowledge_by = add_working_days(self.sent_on, 1)
        status, outcome, decided = self._status(stage)
        late = self.rng.random() < 0.08
        acknowledged = None if stage == "new" else at(acknowledge_by + timedelta(days=2 if late else 0), 9, 30)
        decided_at = at(add_working_days(self.sent_on, self.rng.randint(2, 6)), 14) if decided else None
        if decided_at and decided_at.date() > self.today:
            decided_at = at(self.today, 9)
        if acknowledged and acknowledged.date() > self.today:
            acknowledged = at(self.today, 9)
        ready_at = decided_at if stage == "ready" or stage in CASES else None
        if stage in CASES and ready_at:
            # The panel's decision ends what triage began; its meeting is the first after the referral was ready.
            self.meeting = self._meeting(ready_at.date())
            decided_at = at(self.meeting[1], 12)
        self.decided_at = decided_at
        self.referral_id = self.batch.add(
            Referral, self.key, id=self.referral_id or new_id(), reference=self.reference, area_id=self.place.area_id,
            district_id=self.rng.choice(self.place.districts) if self.place.districts else None, agency_id=agency,
            sent_by_id=sender, source_type=SourceType.PROFESSIONAL.value, young_person_id=self.person_id,
            status=status.value, owner_id=None if stage == "new" else self.place.coordinator,
            sent_at=at(self.sent_on, self.rng.randint(8, 17), self.rng.randint(0, 59)), acknowledge_by=acknowledge_by,
            acknowledged_at=acknowledged, decide_by=add_working_days(self.sent_on, 5), decided_at=decided_at,
            ready_at=ready_at,
            outcome=outcome.value if outcome else None, forename=self.person.forename, surname=self.person.surname,
            date_of_birth=self.person.date_of_birth, answers=self.answers(),
            reason_for_referrer=self.tell.message_to_referrer(outcome) if outcome else None,
            triage_notes=self.tell.triage_note(outcome) if outcome else None,
        )  # fmt: skip
        if stage == "info":
            self.batch.add(
                ReferralMessage, self.key, referral_id=self.referral_id, area_id=self.place.area_id,
                author_id=self.place.coordinator, kind="question", answer_by=add_working_days(self.today, 3),
                text=self.tell.message_to_referrer(TriageOutcome.ASK_FOR_INFORMATION),
            )  # fmt: skip
        if stage == "stepped_up":
            self._step_up()
        if (
            stage == "ready"
            and self.place.next_meeting
            and self.place.positions.get(self.place.next_meeting, 0) < AGENDA
        ):
            self._agenda(self.place.next_meeting, None, None)

    def _status(self, stage: str) -> tuple[ReferralStatus, TriageOutcome | None, bool]:
        early = {
            "new": (ReferralStatus.NEW, None, False), "triage": (ReferralStatus.IN_TRIAGE, None, False),
            "info": (ReferralStatus.INFORMATION_NEEDED, TriageOutcome.ASK_FOR_INFORMATION, False),
            "ready": (ReferralStatus.READY_FOR_PANEL, TriageOutcome.READY_FOR_PANEL, True),
            "stepped_up": (ReferralStatus.STEPPED_UP, TriageOutcome.STEP_UP, True),
        }  # fmt: skip
        if stage in early:
            return early[stage]
        if stage == "past":
            return self.rng.choice((
                (ReferralStatus.SIGNPOSTED, TriageOutcome.SIGNPOST, True),
                (ReferralStatus.NOT_ELIGIBLE, TriageOutcome.NOT_ELIGIBLE, True),
                (ReferralStatus.ALREADY_OPEN, TriageOutcome.ALREADY_OPEN, True),
            ))  # fmt: skip
        status = ReferralStatus.CLOSED if stage == "closed" else ReferralStatus.ACCEPTED
        return status, TriageOutcome.READY_FOR_PANEL, True

    def _step_up(self) -> None:
        called = at(self.sent_on + timedelta(days=1), 15, 20)
        self.batch.add(
            StepUp, self.key, area_id=self.place.area_id, referral_id=self.referral_id, young_person_id=self.person_id,
            status=StepUpStatus.RAISED.value, raised_by_id=self.place.coordinator, called_at=called,
            chase_on=add_working_days(called.date(), 1), why=self.tell.worries(), front_door_reference="FD 20417",
        )  # fmt: skip

    # -- panel and case

    def _agenda(self, meeting: Id, decided_at: datetime | None, decided_by: Id | None) -> None:
        decision = self.rng.choice((PanelDecision.ACCEPT_SUPPORT, PanelDecision.ACCEPT_ASSESS)) if decided_at else None
        item = self.batch.add(
            AgendaItem, self.key, meeting_id=meeting, area_id=self.place.area_id, referral_id=self.referral_id,
            young_person_id=self.person_id, position=self.place.position(meeting), case_id=self.case_id or None,
            status=(PanelItemStatus.DECIDED if decision else PanelItemStatus.ON_AGENDA).value,
            decision=decision.value if decision else None, decided_at=decided_at, decided_by_id=decided_by,
            rationale=self.tell.rationale(decision) if decision else None,
            dissent=self.tell.dissent() if decision else None,
        )  # fmt: skip
        if decision and self.rng.random() < 0.6:
            done = self.rng.random() < 0.7
            due = decided_at.date() + timedelta(days=14) if decided_at else self.today
            self.batch.add(
                PanelAction, self.key, area_id=self.place.area_id, young_person_id=self.person_id, meeting_id=meeting,
                item_id=item, case_id=self.case_id, owner_id=self.rng.choice([*self.place.leads, self.place.coordinator]),
                due_on=due, done_at=at(due, 12) if due < self.today - timedelta(days=0 if done else 12) else None,
                what=self.tell.actions(1)[0].what,
            )  # fmt: skip

    def _case(self, stage: str) -> None:
        meeting, met_on, chair = self.meeting
        self.opened_on = met_on
        self.lead = None if stage == "asking" and self.rng.random() < 0.12 else self.rng.choice(self.place.leads)
        self.case_id = new_id()
        self._agenda(meeting, at(met_on, 11), chair)
        self._happened(at(met_on, 12), Happened.CASE_OPENED, chair)
        self.closed_on: date | None = None
        self.review_on: date | None = None
        self.contact_on: date | None = None
        steps: dict[str, Callable[[], tuple[CaseStage, NextStep, date]]] = {
            "asking": self._asking, "plan_draft": self._plan_draft, "plan_agreed": self._plan_agreed,
            "support": self._support, "review_due": self._review_due, "closing": self._closing, "closed": self._closed,
        }  # fmt: skip
        case_stage, step, due = steps[stage]()
        self.batch.add(
            Case, self.key, id=self.case_id, reference=self.reference, area_id=self.place.area_id,
            young_person_id=self.person_id, referral_id=self.referral_id, stage=case_stage.value,
            is_open=case_stage is not CaseStage.CLOSED, engagement=self.engagement.value, lead_id=self.lead,
            next_step=step.value, next_due_on=due, review_due_on=self.review_on, last_contact_on=self.contact_on,
            opened_at=at(met_on, 12), closed_at=at(self.closed_on, 16) if self.closed_on else None,
            closed_by_id=self.place.coordinator if self.closed_on else None,
            closure_asked_by_id=self.lead if case_stage is CaseStage.CLOSING else None,
            closure_asked_on=self.today - timedelta(days=1) if case_stage is CaseStage.CLOSING else None,
            closure_reason=self.reason.value if self.closed_on else None, going_well=self.tell.going_well(),
            worries=self.tell.worries(), closure_note=self.tell.closure(self.reason) if self.closed_on else None,
            exit_plan=self.tell.exit_plan() if self.closed_on else None,
        )  # fmt: skip
        for moment, kind, actor, summary in self.lines:
            self.batch.add(
                TimelineEntry, self.key, case_id=self.case_id, area_id=self.place.area_id,
                young_person_id=self.person_id, at=moment, kind=kind, actor_id=actor, summary=summary or None,
            )  # fmt: skip

    reason = ClosureReason.GOALS_MET
    engagement = EngagementStatus.ASKING

    def _meeting(self, ready_on: date) -> tuple[Id, date, Id]:
        after = [m for m in self.place.past_meetings if m[1] > ready_on]
        return min(after, key=lambda m: m[1]) if after else self.place.past_meetings[-1]

    def _happened(self, moment: datetime, kind: Happened, actor: Id | None = None, summary: str = "") -> None:
        if moment.date() <= self.today:
            self.lines.append((moment, kind.value, actor or self.lead, summary[:500]))

    def _of_case(self) -> dict[str, Any]:
        return {"case_id": self.case_id, "area_id": self.place.area_id, "young_person_id": self.person_id}

    def _attempt(self, on: date, answer: EngagementAnswer) -> None:
        said_yes = answer is EngagementAnswer.YES
        self.batch.add(
            EngagementAttempt, self.key, **self._of_case(), made_on=on, made_by_id=self.lead or self.place.coordinator,
            method=self.rng.choice(list(AttemptMethod)).value, answer=answer.value,
            given_by=EngagementGivenBy.BOTH.value if said_yes else None, notice_version="3" if said_yes else None,
            notice_language=self.person.first_language if said_yes else None,
            their_words=self.tell.childs_words() if said_yes else None,
        )  # fmt: skip
        self._happened(at(on, 16, 10), Happened.ASKED, None, answer.label)
        self.contact_on = on if answer is not EngagementAnswer.NOT_REACHED else self.contact_on

    def _asking(self) -> tuple[CaseStage, NextStep, date]:
        if self.lead is None:
            return CaseStage.ASSESSING, NextStep.ALLOCATE, add_working_days(self.opened_on, 2)
        if self.rng.random() < 0.6 and self.opened_on < self.today:
            self._attempt(min(self.opened_on + timedelta(days=3), self.today), EngagementAnswer.NOT_REACHED)
            self.engagement = EngagementStatus.NOT_REACHED
        return CaseStage.ASSESSING, NextStep.ASK, self._soon()

    def _soon(self, late: float = 0.2) -> date:
        """A due day around now: some overdue, most within three weeks."""
        spread = self.rng.randint(-8, -1) if self.rng.random() < late else self.rng.randint(0, 21)
        return add_working_days(self.today + timedelta(days=spread), 0)

    def _plan(self, status: PlanStatus) -> tuple[Id, list[Id]]:
        begun = self.opened_on + timedelta(days=4)
        self._attempt(min(begun, self.today), EngagementAnswer.YES)
        self.engagement = EngagementStatus.TAKING_PART
        agreed = min(begun + timedelta(days=7), self.today) if status is PlanStatus.AGREED else None
        plan = self.batch.add(
            Plan, self.key, **self._of_case(), created_at=at(min(begun, self.today), 17), number=1,
            status=status.value, agreed_on=agreed, agreed_with=EngagementGivenBy.BOTH.value if agreed else None,
            author_id=self.lead, what_they_want=self.tell.childs_words(),
        )  # fmt: skip
        self._happened(at(min(begun, self.today), 17), Happened.PLAN_STARTED)
        if agreed:
            self._happened(at(agreed, 17), Happened.PLAN_AGREED)
        goals = []
        for number, goal in enumerate(self.tell.goals(), 1):
            start = self.rng.randint(1, 5)
            goals.append(self.batch.add(
                Goal, self.key, **self._of_case(), plan_id=plan, position=number, score_at_start=start,
                score_now=min(10, start + self.rng.randint(0, 4)), due_on=self.today + timedelta(days=40),
                outcome=GoalOutcome.ACHIEVED.value if self.closed_on else None, their_words=goal.in_their_words,
                our_words=goal.in_ours,
            ))  # fmt: skip
        return plan, goals

    def _plan_draft(self) -> tuple[CaseStage, NextStep, date]:
        self._plan(PlanStatus.DRAFT)
        return CaseStage.PLAN_DRAFT, NextStep.AGREE_PLAN, self._soon()

    def _plan_agreed(self) -> tuple[CaseStage, NextStep, date]:
        self._plan(PlanStatus.AGREED)
        self.review_on = add_working_days(self.today + timedelta(days=self.rng.randint(7, 50)), 0)
        if self.rng.random() < 0.6:
            self._offer(OfferStatus.OFFERED, [])
            return CaseStage.PLAN_AGREED, NextStep.ANSWER_OFFER, self._soon()
        return CaseStage.PLAN_AGREED, NextStep.CHOOSE_SUPPORT, self._soon()

    def _offer(self, status: OfferStatus, goals: list[Id]) -> Id:
        intervention, _ = self.rng.choice(self.place.interventions)
        practitioner, agency = self.rng.choice(self.place.practitioners)
        offered = status is OfferStatus.OFFERED
        start = self.opened_on + timedelta(days=21)
        offer = self.batch.add(
            Offer, self.key, **self._of_case(), intervention_id=intervention, provider_id=agency,
            practitioner_id=None if offered else practitioner, status=status.value,
            answer_by=add_working_days(self.today if offered else self.opened_on, 2),
            answered_at=None if offered else at(start - timedelta(days=3), 10), start_on=None if offered else start,
            planned_sessions=12, goal=self.tell.hoped_for(), safety=safe_contact_line(self.answers())[:500],
        )  # fmt: skip
        self._happened(at(start - timedelta(days=5), 10), Happened.OFFER_MADE)
        if not offered:
            self._happened(at(start - timedelta(days=3), 10), Happened.OFFER_ANSWERED, practitioner)
            self._sessions(offer, practitioner, start, goals)
        return offer

    def _sessions(self, offer: Id, worker: Id, start: date, goals: list[Id]) -> None:
        end = self.closed_on or self.today
        for number in range(12):
            day = start + timedelta(weeks=number)
            if day > end + timedelta(days=7) or (self.closed_on and day > self.closed_on):
                return
            self._session(offer, worker, day, goals)

    def _session(self, offer: Id, worker: Id, day: date, goals: list[Id]) -> None:
        moment = at(day, self.rng.choice((15, 16, 17)), self.rng.choice((0, 30)))
        future, chance = day >= self.today, self.rng.random()
        came = (
            None if future else Attendance.YES if chance < 0.7 else Attendance.LATE if chance < 0.8 else Attendance.NO
        )
        status = (
            SessionStatus.PLANNED if future
            else SessionStatus.DID_NOT_HAPPEN if came is Attendance.NO else SessionStatus.HAPPENED
        )  # fmt: skip
        why = self.tell.no_session() if came is Attendance.NO else None
        self.batch.add(
            SupportSession, self.key, **self._of_case(), offer_id=offer, worker_id=worker, starts_at=moment,
            mode=SessionMode.ONE_TO_ONE.value, status=status.value, attendance=came.value if came else None,
            no_session_code=why[0].value if why else None, minutes=45 if came and not why else None,
            goal_ids=goals[:1], recorded_at=moment + timedelta(hours=2) if came else None,
            recorded_by_id=worker if came else None, place="Library",
            what_happened=self.tell.session_note(came) if came and not why else None,
            their_words=self.tell.words_after_session() if came and not why else None,
        )  # fmt: skip
        if came:
            kind = Happened.SESSION_MISSED if why else Happened.SESSION_HAPPENED
            self._happened(moment + timedelta(hours=2), kind, worker)
            self.contact_on = self.contact_on if why else day

    def _notes(self, how_many: int) -> None:
        for _ in range(how_many):
            day = self.opened_on + timedelta(days=self.rng.randint(3, max(4, (self.today - self.opened_on).days)))
            day = min(day, self.closed_on or self.today)
            note = self.batch.add(
                CaseNote, self.key, **self._of_case(), kind=self.rng.choice(list(NoteKind)).value, happened_on=day,
                author_id=self.lead, text=self.tell.progress_note(),
            )  # fmt: skip
            assert note
            self._happened(at(day, 17, 20), Happened.NOTE)

    def _support(self) -> tuple[CaseStage, NextStep, date]:
        _, goals = self._plan(PlanStatus.AGREED)
        self._offer(OfferStatus.ACTIVE, goals)
        self._notes(self.rng.randint(2, 5))
        self.review_on = add_working_days(self.today + timedelta(days=self.rng.randint(2, 40)), 0)
        return CaseStage.SUPPORT, NextStep.REVIEW, self.review_on

    def _review_due(self) -> tuple[CaseStage, NextStep, date]:
        self._support()
        self.review_on = add_working_days(self.today - timedelta(days=self.rng.randint(0, 9)), 0)
        return CaseStage.REVIEW_DUE, NextStep.REVIEW, self.review_on

    def _review(self, day: date) -> None:
        changed, view = self.tell.review()
        self.batch.add(
            Review, self.key, **self._of_case(), held_on=day, author_id=self.lead, decision=ReviewDecision.KEEP.value,
            next_on=day + timedelta(weeks=6), what_changed=changed, their_view=view,
        )  # fmt: skip
        self._happened(at(day, 16), Happened.REVIEW)

    def _closing(self) -> tuple[CaseStage, NextStep, date]:
        self._support()
        self._review(max(self.opened_on, self.today - timedelta(days=6)))
        self._happened(at(self.today - timedelta(days=1), 16), Happened.CLOSURE_ASKED)
        return CaseStage.CLOSING, NextStep.APPROVE_CLOSURE, add_working_days(self.today, 1)

    def _closed(self) -> tuple[CaseStage, NextStep, date]:
        self.closed_on = min(self.opened_on + timedelta(days=self.rng.randint(60, 150)), self.today)
        self.reason = self.rng.choice((ClosureReason.GOALS_MET, ClosureReason.GOALS_MET, ClosureReason.PARTLY_MET,
                                       ClosureReason.ELSEWHERE, ClosureReason.MOVED))  # fmt: skip
        _, goals = self._plan(PlanStatus.AGREED)
        self._offer(OfferStatus.COMPLETED, goals)
        self._notes(3)
        self._review(max(self.opened_on, self.closed_on - timedelta(days=5)))
        self._happened(at(self.closed_on, 16), Happened.CLOSED, self.place.coordinator)
        return CaseStage.CLOSED, NextStep.NONE, self.closed_on
