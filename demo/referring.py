"""The first part of a story: the young person, the referral, what triage made of it, and its place on an agenda."""

from datetime import date, datetime, timedelta
from typing import Any

from cohort.models import BlindIndex, YoungPerson
from cohort.services.people import index_rows
from core.codes.decisions import PanelDecision, PanelItemStatus, StepUpStatus, TriageOutcome
from core.codes.referrals import ReferralStatus, SourceType
from core.ids import Id, new_id
from core.working_days import add_working_days
from demo.batch import at, by_now
from demo.telling import Telling
from panels.models import AgendaItem, PanelAction
from referrals.answers import safe_contact_line
from referrals.models import Referral, ReferralMessage, StepUp

AGENDA = 6
CASES = ("asking", "plan_draft", "plan_agreed", "support", "review_due", "closing", "closed")


class Referring(Telling):
    """From the referral to the panel's decision."""

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
        acknowledge_by = add_working_days(self.sent_on, 1)
        status, outcome, decided = self._status(stage)
        late = self.rng.random() < 0.08
        acknowledged = None if stage == "new" else self._by_today(acknowledge_by + timedelta(days=2 if late else 0), 9)
        decide_on = add_working_days(self.sent_on, self.rng.randint(2, 6)) if decided else None
        decided_at = self._by_today(decide_on, 14) if decide_on else None
        ready_at = decided_at if stage == "ready" or stage in CASES else None
        if stage in CASES and ready_at:
            # The panel's decision ends what triage began; its meeting is the first after the referral was ready.
            self.meeting = self._meeting(ready_at.date())
            decided_at = at(self.meeting[1], 12)
        self.decided_at = decided_at
        self.referral_id = self.batch.add(
            Referral, self.key, id=self.referral_id or new_id(), reference=self.reference, area_id=self.place.area_id,
            district_id=self.rng.choice(self.place.districts) if self.place.districts else None, agency_id=self.sender.agency_id,
            sent_by_id=self.sender.user_id, source_type=SourceType.PROFESSIONAL.value, young_person_id=self.person_id,
            status=status.value, owner_id=None if stage == "new" else self.place.coordinator,
            sent_at=by_now(self.sent_on, self.rng.randint(8, 17), self.rng.randint(0, 59)), acknowledge_by=acknowledge_by,
            acknowledged_at=acknowledged, decide_by=add_working_days(self.sent_on, 5), decided_at=decided_at,
            ready_at=ready_at,
            outcome=outcome.value if outcome else None, forename=self.person.forename, surname=self.person.surname,
            date_of_birth=self.person.date_of_birth, answers=self.answers(),
            reason_for_referrer=self.tell.message_to_referrer(outcome) if outcome else None,
            triage_notes=self.tell.triage_note(outcome) if outcome else None,
            feedback=self.tell.feedback(self.reason) if stage == "closed" and self.reason else None,
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

    def _by_today(self, day: date, hour: int) -> datetime:
        return by_now(min(day, self.today), hour)

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
        called = by_now(self.sent_on + timedelta(days=1), 15, 20)
        self.batch.add(
            StepUp, self.key, area_id=self.place.area_id, referral_id=self.referral_id, young_person_id=self.person_id,
            status=StepUpStatus.RAISED.value, raised_by_id=self.place.coordinator, called_at=called,
            chase_on=add_working_days(called.date(), 1), why=self.tell.worries(), front_door_reference="FD 20417",
        )  # fmt: skip

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

    def _meeting(self, ready_on: date) -> tuple[Id, date, Id]:
        after = [m for m in self.place.past_meetings if m[1] > ready_on]
        return min(after, key=lambda m: m[1]) if after else self.place.past_meetings[-1]
