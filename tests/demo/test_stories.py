"""Stories read as people write: no empty slots, agreeing pronouns, no labels, and hardly two the same."""

import datetime
import random
import re

import pytest

from core.codes.agencies import AgencyKind
from core.codes.cases import Attendance, ClosureReason
from core.codes.concerns import Concern, ProtectiveFactor
from core.codes.decisions import PanelDecision, TriageOutcome
from core.codes.events import PartInEvent, TriggerEventType
from core.codes.people import Sex
from demo import child_words, work_words
from demo.people import people
from demo.stories import Storyteller, audit_reason

ON = datetime.date(2026, 11, 22)
AVOIDED = re.compile(
    r"\b(offenders?|perpetrator|suspect|gangs?|nominal|at[- ]risk|high risk|score|hard to reach|refuse[ds]?|"
    r"failed to|DNA|non-compliant|disengaged|absconded|lifestyle|runner|dysfunctional|vulnerable|rejected|lorem)\b",
    re.IGNORECASE,
)


def tellers(count: int = 600, seed: int = 7) -> list[Storyteller]:
    found = people(seed, count, on=ON, area_slug="reading")
    return [Storyteller(random.Random(person.upn), person) for person in found]


def everything(story: Storyteller) -> list[str]:
    change, view = story.review()
    return [
        story.going_well(),
        story.worries(),
        story.childs_words(),
        story.familys_view(),
        story.hoped_for(),
        *(event.what for event in story.events(ON)),
        *(part for told in story.help_tried() for part in (told.what, told.how_it_went)),
        *(story.triage_note(outcome) for outcome in TriageOutcome),
        *(story.message_to_referrer(outcome) for outcome in TriageOutcome),
        *(story.rationale(decision) for decision in PanelDecision),
        story.dissent() or "None.",
        *(action.what for action in story.actions()),
        *(words for goal in story.goals() for words in (goal.in_their_words, goal.in_ours, goal.steps, goal.who)),
        story.session_note(Attendance.LATE),
        story.session_note(),
        story.words_after_session() or "None.",
        story.no_session()[1],
        story.progress_note(),
        change,
        view,
        *(story.closure(reason) for reason in ClosureReason),
        *(story.feedback(reason) for reason in ClosureReason),
        story.exit_plan(),
    ]


def test_every_slot_is_filled_and_no_label_is_used():
    for story in tellers(150):
        for text in everything(story):
            assert text
            assert not re.search(r"[{}]", text), text
            assert not AVOIDED.search(text), text
            assert text[0].isupper() or not text[0].isalpha(), text


def test_the_verbs_agree_with_the_pronoun():
    for story in tellers(400):
        for text in everything(story):
            assert not re.search(r"\b([Hh]e|[Ss]he) (are|were|have|do|like|want|know|choose|smoke|owe|go)\b", text), (
                text
            )
            assert not re.search(r"\b[Tt]hey (is|was|has|does|likes|wants|knows|chooses|smokes|owes|goes)\b", text), (
                text
            )


def test_they_is_used_for_those_who_did_not_say():
    person = next(p for p in people(7, 600, on=ON, area_slug="reading") if p.sex is Sex.NOT_SPECIFIED)
    texts = " ".join(text for seed in range(30) for text in everything(Storyteller(random.Random(seed), person)))
    names = " ".join([person.known_as, *(carer.called for carer in person.carers)])
    assert not re.search(r"\b([Hh]e|[Hh]is|himself|herself)\b", texts.replace(names, ""))
    assert " they " in texts


def test_six_hundred_young_people_do_not_read_the_same():
    stories = tellers()
    assert len({story.worries() for story in stories}) > 590
    assert len({story.going_well() for story in stories}) > 590
    assert len({story.rationale(PanelDecision.ACCEPT_SUPPORT) for story in stories}) > 250


def test_a_story_is_repeatable_and_keeps_to_one_life():
    assert everything(tellers(1)[0]) == everything(tellers(1)[0])
    story = tellers(1)[0]
    assert {story._slots["interest"]} == {story._slots["interest"] for _ in range(3)}


def test_every_event_has_a_part_and_lies_in_the_three_months_before():
    for story in tellers(100):
        for event in story.events(ON):
            assert isinstance(event.part, PartInEvent)
            assert 0 < (ON - event.happened_on).days <= 90


def test_a_message_to_the_referrer_names_nobody():
    assert all("{" not in words for words in work_words.TO_REFERRER.values())


def test_an_audit_reason_names_nobody():
    assert "{" not in audit_reason(random.Random(1))


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (child_words.WORRIES, Concern),
        (child_words.WORKING_WELL, ProtectiveFactor),
        (child_words.EVENTS, TriggerEventType),
        (work_words.RATIONALE, PanelDecision),
        (work_words.TRIAGE, TriageOutcome),
    ],
)
def test_the_words_belong_to_codes(words, codes):
    assert set(words) <= set(codes)
    assert all(words.values())


def test_every_decision_and_outcome_has_words():
    assert set(work_words.RATIONALE) == set(PanelDecision)
    assert set(work_words.TRIAGE) == set(work_words.TO_REFERRER) == set(TriageOutcome)
    assert {kind for kind, _ in work_words.ACTIONS} <= set(AgencyKind)
