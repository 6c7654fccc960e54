"""The later part of a story: asking the family, the plan, the offer, sessions, notes and reviews."""

from datetime import date, timedelta

from core.codes.cases import (
    AttemptMethod,
    Attendance,
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
from core.codes.offers import OfferStatus
from core.ids import Id
from core.working_days import add_working_days
from demo.batch import at, by_now
from demo.telling import Telling
from panels.models import CaseNote, EngagementAttempt, Goal, Offer, Plan, Review, SupportSession
from panels.services.timeline import Happened
from referrals.answers import safe_contact_line


class Supporting(Telling):
    """What is done with a young person once there is a case."""

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

    def _plan(self, status: PlanStatus) -> tuple[Id, list[Id]]:
        begun = self.opened_on + timedelta(days=4)
        self._attempt(min(begun, self.today), EngagementAnswer.YES)
        self.engagement = EngagementStatus.TAKING_PART
        agreed = min(begun + timedelta(days=7), self.today) if status is PlanStatus.AGREED else None
        plan = self.batch.add(
            Plan, self.key, **self._of_case(), created_at=by_now(min(begun, self.today), 17), number=1,
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
                outcome=self._outcome(number), their_words=goal.in_their_words,
                our_words=goal.in_ours, steps=goal.steps, who=goal.who,
            ))  # fmt: skip
        return plan, goals

    def _outcome(self, number: int) -> str | None:
        """What became of a goal, said when support ends: of all, or of the first before anything else."""
        if self.reason is None:
            return None
        is_reached = self.reason is ClosureReason.GOALS_MET or number == 1
        return (GoalOutcome.ACHIEVED if is_reached else GoalOutcome.PARTIAL).value

    def _offer(self, status: OfferStatus, goals: list[Id]) -> Id:
        practitioner, agency = self.rng.choice(self.place.practitioners)
        theirs = [offered for offered, provider in self.place.interventions if provider == agency]
        intervention = self.rng.choice(theirs or [offered for offered, _ in self.place.interventions])
        offered = status is OfferStatus.OFFERED
        start = self.opened_on + timedelta(days=21)
        offer = self.batch.add(
            Offer, self.key, **self._of_case(), intervention_id=intervention, provider_id=agency,
            practitioner_id=None if offered else practitioner, status=status.value,
            answer_by=add_working_days(self.today if offered else self.opened_on, 2),
            answered_at=None if offered else by_now(start - timedelta(days=3), 10), start_on=None if offered else start,
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

    def _review(self, day: date) -> None:
        changed, view = self.tell.review()
        self.batch.add(
            Review, self.key, **self._of_case(), held_on=day, author_id=self.lead, decision=ReviewDecision.KEEP.value,
            next_on=day + timedelta(weeks=6), what_changed=changed, their_view=view,
        )  # fmt: skip
        self._happened(at(day, 16), Happened.REVIEW)
