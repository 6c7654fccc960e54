"""Believable stories for the demonstration: one person's interests, worries, goals and notes, in plain English.

A `Storyteller` keeps to one young person: the same interest, trusted adult and place run through everything it tells.
The same random generator tells the same story.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from core.codes.agencies import AgencyKind
from core.codes.cases import Attendance, ClosureReason, NoSessionReason
from core.codes.concerns import Concern, ConcernStrength
from core.codes.decisions import PanelDecision, TriageOutcome
from core.codes.events import PartInEvent, TriggerEventType
from core.codes.people import Sex
from core.codes.referrals import HelpTriedOutcome
from demo import child_words as child
from demo import work_words as work
from demo.people import FictionalPerson


@dataclass(frozen=True)
class ToldConcern:
    concern: Concern
    strength: ConcernStrength
    evidence: str


@dataclass(frozen=True)
class ToldEvent:
    type: TriggerEventType
    part: PartInEvent
    happened_on: datetime.date
    what: str


@dataclass(frozen=True)
class ToldHelp:
    what: str
    outcome: HelpTriedOutcome
    how_it_went: str


@dataclass(frozen=True)
class ToldGoal:
    in_their_words: str
    in_ours: str
    steps: str
    who: str


@dataclass(frozen=True)
class ToldAction:
    agency_kind: AgencyKind
    what: str


_PRONOUNS = {
    Sex.FEMALE: ("she", "her", "her", "herself"),
    Sex.MALE: ("he", "him", "his", "himself"),
}
_PLURAL = {"s": "", "es": "", "ies": "y", "is": "are", "has": "have", "was": "were", "does": "do"}
_SINGULAR = {"s": "s", "es": "es", "ies": "ies", "is": "is", "has": "has", "was": "was", "does": "does"}


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _slots(rng: Random, person: FictionalPerson) -> dict[str, str]:
    they, them, their, themself = _PRONOUNS.get(person.sex, ("they", "them", "their", "themself"))
    lower = {
        "they": they,
        "them": them,
        "their": their,
        "themself": themself,
        "carer": _carer(person),
        "interest": rng.choice(child.INTERESTS),
        "trusted": rng.choice(child.TRUSTED),
        "place": rng.choice(child.PLACES),
        "dream": rng.choice(child.DREAMS),
    }
    upper = {key.capitalize(): _upper_first(value) for key, value in lower.items()}
    fixed = {
        "name": person.known_as,
        "subject": rng.choice(child.SUBJECTS),
        "school": person.school or "College",
    }
    return lower | upper | fixed | (_SINGULAR if person.sex in _PRONOUNS else _PLURAL)


def _carer(person: FictionalPerson) -> str:
    return person.carers[0].called if person.carers else "the carer"


class Storyteller:
    """Tells one young person's story; every method gives new words for the same life."""

    def __init__(self, rng: Random, person: FictionalPerson) -> None:
        self._rng = rng
        self._slots = _slots(rng, person)
        self.factors = tuple(rng.sample(list(child.WORKING_WELL), rng.randint(2, 4)))
        self.concerns = tuple(self._concern(c) for c in rng.sample(list(child.WORRIES), rng.randint(2, 4)))

    def _tell(self, sentence: str) -> str:
        return _upper_first(sentence.format_map(self._slots))

    def _one(self, sentences: Sequence[str]) -> str:
        return self._tell(self._rng.choice(sentences))

    def _some(self, sentences: Sequence[str], low: int, high: int) -> str:
        count = min(self._rng.randint(low, high), len(sentences))
        return " ".join(self._tell(sentence) for sentence in self._rng.sample(sentences, count))

    def _concern(self, concern: Concern) -> ToldConcern:
        strength = self._rng.choices([ConcernStrength.YES, ConcernStrength.SUSPECTED], [3, 2])[0]
        return ToldConcern(concern, strength, self._one(child.WORRIES[concern]))

    # What the referral says

    def going_well(self) -> str:
        return " ".join(self._one(child.WORKING_WELL[factor]) for factor in self.factors)

    def worries(self) -> str:
        return " ".join(told.evidence for told in self.concerns)

    def childs_words(self) -> str:
        return self._some(child.CHILD_SAYS, 1, 2)

    def familys_view(self) -> str:
        return self._some(child.FAMILY_SAYS, 1, 2)

    def hoped_for(self) -> str:
        return self._one(child.DESIRED)

    def events(self, before: datetime.date, count: int | None = None) -> list[ToldEvent]:
        """Up to three events in the three months before the day, oldest first, each with the young person's part."""
        kinds = self._rng.sample(list(child.EVENTS), self._rng.randint(1, 3) if count is None else count)
        return sorted((self._event(kind, before) for kind in kinds), key=lambda event: event.happened_on)

    def _event(self, kind: TriggerEventType, before: datetime.date) -> ToldEvent:
        part, what = self._rng.choice(child.EVENTS[kind])
        day = before - datetime.timedelta(days=self._rng.randint(2, 80))
        return ToldEvent(kind, part, day, self._tell(what))

    def help_tried(self) -> list[ToldHelp]:
        found = self._rng.sample(child.TRIED, self._rng.randint(0, 2))
        return [ToldHelp(what, outcome, self._tell(how)) for what, outcome, how in found]

    # What the panel says

    def triage_note(self, outcome: TriageOutcome) -> str:
        return self._one(work.TRIAGE[outcome])

    def message_to_referrer(self, outcome: TriageOutcome) -> str:
        """Holds no name: it is read on the referrer's own page, and repeated in feedback."""
        return work.TO_REFERRER[outcome]

    def rationale(self, decision: PanelDecision) -> str:
        return self._one(work.RATIONALE[decision])

    def dissent(self) -> str | None:
        return self._one(work.DISSENT) if self._rng.random() < 0.12 else None

    def actions(self, count: int | None = None) -> list[ToldAction]:
        chosen = self._rng.sample(work.ACTIONS, self._rng.randint(1, 3) if count is None else count)
        return [ToldAction(kind, self._tell(what)) for kind, what in chosen]

    # What the case says

    def goals(self, count: int | None = None) -> list[ToldGoal]:
        chosen = self._rng.sample(work.GOALS, self._rng.randint(1, 3) if count is None else count)
        who = self._tell("{name}, {carer} and the worker")
        return [
            ToldGoal(self._tell(theirs), self._tell(ours), self._tell(steps), who) for theirs, ours, steps in chosen
        ]

    def session_note(self, attendance: Attendance = Attendance.YES) -> str:
        late = work.ATTENDED_NOTE.get(attendance, "").format_map(self._slots)
        return f"{late}{self._one(work.SESSION_DONE)} {self._one(work.SESSION_WELL)}"

    def words_after_session(self) -> str | None:
        return self._one(work.CHILD_AFTER) if self._rng.random() < 0.4 else None

    def no_session(self) -> tuple[NoSessionReason, str]:
        reason = self._rng.choice(list(work.NO_SHOW))
        return reason, self._one(work.NO_SHOW[reason])

    def progress_note(self) -> str:
        return self._some(work.PROGRESS, 1, 2)

    def review(self) -> tuple[str, str]:
        """What changed, and what the young person or family thinks of it."""
        return self._some(work.REVIEW_CHANGED, 1, 2), self._one(work.REVIEW_VIEW)

    def closure(self, reason: ClosureReason) -> str:
        return self._one(work.CLOSURE.get(reason, work.CLOSURE[ClosureReason.PARTLY_MET]))

    def feedback(self, reason: ClosureReason) -> str:
        """What the referrer reads when support has ended."""
        return self._one(work.FEEDBACK.get(reason, work.FEEDBACK[ClosureReason.PARTLY_MET]))

    def exit_plan(self) -> str:
        return self._one(work.EXIT_PLAN)


def audit_reason(rng: Random) -> str:
    """Why a worker opened a record; says nothing about the person."""
    return rng.choice(work.AUDIT_REASONS)
