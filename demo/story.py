"""One young person's whole story as rows: from the referral to wherever its stage leaves it."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from cohort.models import BlindIndex, YoungPerson
from core.codes.cases import (
    CaseStage,
    ClosureReason,
    EngagementAnswer,
    EngagementStatus,
    PlanStatus,
)
from core.codes.offers import OfferStatus
from core.ids import new_id
from core.working_days import add_working_days
from demo.batch import at, by_now
from demo.referring import CASES, Referring
from demo.supporting import Supporting
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
from referrals.models import PossibleMatch, Referral, ReferralMessage, StepUp

ORDER: tuple[Any, ...] = (
    YoungPerson, BlindIndex, Referral, ReferralMessage, PossibleMatch, Meeting, MeetingMember, Case, AgendaItem, StepUp,
    Plan, Goal, Offer, EngagementAttempt, SupportSession, CaseNote, Review, PanelAction, TimelineEntry,
)  # fmt: skip
SHARES = {"new": 3, "triage": 6, "info": 2, "ready": 5, "stepped_up": 2, "past": 14, "asking": 9, "plan_draft": 8,
          "plan_agreed": 6, "support": 24, "review_due": 6, "closing": 3, "closed": 14}  # fmt: skip
# How many days ago the referral was sent: early stages are recent, or their clocks would be months overdue; support that is
# under way has begun.
AGES = {"new": (0, 1), "triage": (1, 4), "info": (4, 9), "ready": (6, 14), "stepped_up": (1, 3), "asking": (18, 28),
        "plan_draft": (24, 40), "plan_agreed": (30, 38), "support": (60, 150), "review_due": (60, 150),
        "closing": (60, 150)}  # fmt: skip
# Why support ends, or a lead asks for its end.
ENDS = (ClosureReason.GOALS_MET, ClosureReason.GOALS_MET, ClosureReason.PARTLY_MET, ClosureReason.ELSEWHERE,
        ClosureReason.MOVED)  # fmt: skip


class Story(Referring, Supporting):
    """Writes one person's rows into a batch. ``stage`` is a key of ``SHARES``."""

    def write(self, stage: str) -> None:
        age = self.rng.randint(*AGES.get(stage, (40, 300)))
        self.sent_on = self.today - timedelta(days=age)
        knows = stage not in {"new", "triage", "info"}
        owner = new_id()
        self.key = self.batch.key("young_person" if knows else "referral", owner)
        if knows:
            self.person_id = owner
            self._young_person()
        else:
            self.referral_id = owner
        self.reason = self.rng.choice(ENDS) if stage in {"closing", "closed"} else None
        self._referral(stage)
        if stage in CASES:
            self._case(stage)

    def _case(self, stage: str) -> None:
        meeting, met_on, chair = self.meeting
        self.opened_on = met_on
        self.lead = None if stage == "asking" and self.rng.random() < 0.12 else self.rng.choice(self.place.leads)
        self.case_id = new_id()
        self._agenda(meeting, at(met_on, 11), chair)
        self._happened(at(met_on, 12), Happened.CASE_OPENED, chair)
        self.closed_on = None
        self.review_on = None
        self.contact_on = None
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
            opened_at=at(met_on, 12), closed_at=by_now(self.closed_on, 16) if self.closed_on else None,
            closed_by_id=self.place.coordinator if self.closed_on else None,
            closure_asked_by_id=self.lead if case_stage is CaseStage.CLOSING else None,
            closure_asked_on=self.today - timedelta(days=1) if case_stage is CaseStage.CLOSING else None,
            closure_reason=self.reason.value if self.reason else None, going_well=self.tell.going_well(),
            worries=self.tell.worries(), closure_note=self.tell.closure(self.reason) if self.reason else None,
            exit_plan=self.tell.exit_plan() if self.reason else None,
            closure_feedback=self.tell.feedback(self.reason) if self.reason else None,
        )  # fmt: skip
        for moment, kind, actor, summary in self.lines:
            self.batch.add(
                TimelineEntry, self.key, case_id=self.case_id, area_id=self.place.area_id,
                young_person_id=self.person_id, at=moment, kind=kind, actor_id=actor, summary=summary or None,
            )  # fmt: skip

    def _asking(self) -> tuple[CaseStage, NextStep, date]:
        if self.lead is None:
            return CaseStage.ASSESSING, NextStep.ALLOCATE, add_working_days(self.opened_on, 2)
        tried = self.rng.random() < 0.8 and self.opened_on < self.today - timedelta(days=3)
        if tried:
            self._attempt(self.opened_on + timedelta(days=3), EngagementAnswer.NOT_REACHED)
            self.engagement = EngagementStatus.NOT_REACHED
        return CaseStage.ASSESSING, NextStep.ASK, add_working_days(self.opened_on, 13 if tried else 6)

    def _plan_draft(self) -> tuple[CaseStage, NextStep, date]:
        self._plan(PlanStatus.DRAFT)
        return CaseStage.PLAN_DRAFT, NextStep.AGREE_PLAN, add_working_days(self.opened_on, 20)

    def _plan_agreed(self) -> tuple[CaseStage, NextStep, date]:
        self._plan(PlanStatus.AGREED)
        self.review_on = add_working_days(self.today + timedelta(days=self.rng.randint(7, 50)), 0)
        if self.rng.random() < 0.6:
            self._offer(OfferStatus.OFFERED, [])
            return CaseStage.PLAN_AGREED, NextStep.ANSWER_OFFER, add_working_days(self.today, 2)
        agreed_on = min(self.opened_on + timedelta(days=11), self.today)
        return CaseStage.PLAN_AGREED, NextStep.CHOOSE_SUPPORT, add_working_days(agreed_on, 5)

    def _support(self) -> tuple[CaseStage, NextStep, date]:
        _, goals = self._plan(PlanStatus.AGREED)
        self._offer(OfferStatus.ACTIVE, goals)
        self._notes(self.rng.randint(2, 5))
        self.review_on = add_working_days(self.today + timedelta(days=self.rng.randint(2, 40)), 0)
        return CaseStage.SUPPORT, NextStep.REVIEW, self.review_on

    def _review_due(self) -> tuple[CaseStage, NextStep, date]:
        self._support()
        self.review_on = add_working_days(self.today - timedelta(days=self.rng.randint(0, 9)), 0)
        # The stage stays: pages say "Review due" from the day.
        return CaseStage.SUPPORT, NextStep.REVIEW, self.review_on

    def _closing(self) -> tuple[CaseStage, NextStep, date]:
        self._support()
        self._review(max(self.opened_on, self.today - timedelta(days=6)))
        self._happened(at(self.today - timedelta(days=1), 16), Happened.CLOSURE_ASKED)
        return CaseStage.CLOSING, NextStep.APPROVE_CLOSURE, add_working_days(self.today, 1)

    def _closed(self) -> tuple[CaseStage, NextStep, date]:
        self.closed_on = min(self.opened_on + timedelta(days=self.rng.randint(60, 150)), self.today)
        _, goals = self._plan(PlanStatus.AGREED)
        self._offer(OfferStatus.COMPLETED, goals)
        self._notes(3)
        self._review(max(self.opened_on, self.closed_on - timedelta(days=5)))
        self._happened(at(self.closed_on, 16), Happened.CLOSED, self.place.coordinator)
        return CaseStage.CLOSED, NextStep.NONE, self.closed_on
