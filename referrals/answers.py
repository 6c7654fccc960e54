"""What a referral's ``answers`` hold, section by section, and when a section is finished.

``answers`` is one sealed JSON object, first of a draft and then of the referral: a key for each section below,
``start`` for what was said before it began, ``not_duplicates`` (ids already ruled out) and ``saved`` (how often each
section was saved, in drafts only). Dates are ISO strings; codes are the values of ``core.codes``. Empty answers may be
absent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NotRequired, TypedDict

from core.codes.base import ordered
from core.codes.people import ContactMethod, YesNoNotKnown
from core.formats import age_on, tidy_postcode
from core.languages import gettext as _

LONGEST_TEXT = 4000
YOUNGEST, OLDEST = 10, 17


class Called(TypedDict, total=False):
    """The call made because someone was in danger: who was told, when (as typed), and the reference they gave."""

    told: list[str]  # "999", "front_door"
    spoke_to: str
    called_at: str
    reference: str
    noted_at: str
    noted_by: str


class Start(TypedDict, total=False):
    danger: str  # DangerAnswer
    called: Called
    date_of_birth: str
    area_id: str
    district_id: str
    reason: str  # ReferralReason


class Person(TypedDict, total=False):
    forename: str
    surname: str
    preferred_name: str
    other_names: str
    pronouns: str
    date_of_birth: str


class Contact(TypedDict, total=False):
    methods: list[str]  # ContactMethod
    phone: str
    email: str
    safe_when: str
    must_not_know: str
    no_fixed_address: bool
    address: str
    postcode: str


class Needs(TypedDict, total=False):
    sex: str  # Sex
    ethnicity: str  # Ethnicity
    ethnicity_source: str  # EthnicitySource
    first_language: str
    interpreter: str  # YesNoNotKnown
    send: str  # SendStatus
    communication: str
    accessibility: str


class Education(TypedDict, total=False):
    status: str  # EducationStatus
    school: str
    attendance: str  # AttendanceBand


class Strengths(TypedDict, total=False):
    text: str
    factors: list[str]  # ProtectiveFactor


class Voice(TypedDict, total=False):
    child: str
    family: str


class Worries(TypedDict, total=False):
    text: str
    hopes: str
    concerns: dict[str, str]  # Concern: ConcernStrength
    worker_safety: str


class TriggerEvent(TypedDict, total=False):
    id: str
    type: str  # TriggerEventType
    on: str
    part: str  # PartInEvent
    reference: str
    text: str


class Tried(TypedDict, total=False):
    statutory: list[str]  # StatutoryStatus
    text: str
    outcome: str  # HelpTriedOutcome


class Family(TypedDict, total=False):
    informed: str  # "yes" or "no"
    why_not: str  # NotInformedReason
    why_not_text: str
    young_person_knows: str  # YesNoNotKnown


class OtherPerson(TypedDict, total=False):
    id: str
    name: str
    relation: str  # CarerRelation, or "worker"
    parental_responsibility: str  # YesNoNotKnown
    contact: str
    safe_to_contact: str


class Sharing(TypedDict, total=False):
    basis: str  # LawfulBasisChoice
    note: str


class You(TypedDict, total=False):
    name: str
    job: str
    agency: str
    email: str
    phone: str
    unavailable: str


class Entries(TypedDict, total=False):
    """A section of things added one by one (events, people)."""

    list: list[Any]


class Answers(TypedDict):
    start: NotRequired[Start]
    person: NotRequired[Person]
    contact: NotRequired[Contact]
    needs: NotRequired[Needs]
    education: NotRequired[Education]
    strengths: NotRequired[Strengths]
    voice: NotRequired[Voice]
    worries: NotRequired[Worries]
    events: NotRequired[Entries]
    tried: NotRequired[Tried]
    family: NotRequired[Family]
    people: NotRequired[Entries]
    sharing: NotRequired[Sharing]
    you: NotRequired[You]
    not_duplicates: NotRequired[list[str]]
    saved: NotRequired[dict[str, int]]


ABOUT, STORY, HELP, SEND = "About the young person", "Their story", "Family and help", "Send"


@dataclass(frozen=True, slots=True)
class Section:
    """One page of the task list. ``needs``: the answers without which it is unfinished; none makes it optional."""

    key: str
    title: str
    group: str
    needs: tuple[str, ...] = ()
    task: str = ""

    @property
    def is_optional(self) -> bool:
        return not self.needs

    @property
    def task_name(self) -> str:
        return _(self.task or self.title)

    @property
    def heading(self) -> str:
        return _(self.title)


SECTIONS: dict[str, Section] = {
    section.key: section
    for section in (
        Section("person", "Their name and date of birth", ABOUT, ("forename", "surname", "date_of_birth")),
        Section("contact", "Safe ways to contact them", ABOUT, ("methods",)),
        Section("needs", "About them", ABOUT, ("sex", "ethnicity", "interpreter", "send"),
                "About them: language, needs, ethnicity"),
        Section("education", "School or work", ABOUT, ("status",)),
        Section("strengths", "What is going well?", STORY, ("text",), "What is going well, and what they say"),
        Section("worries", "What is worrying you?", STORY, ("text",), "What is worrying you"),
        Section("events", "What has happened?", STORY, (), "What has happened"),
        Section("family", "Does the family know?", HELP, ("informed",)),
        Section("people", "Family and other workers", HELP),
        Section("tried", "Help already tried", HELP, ("statutory",)),
        Section("sharing", "Why you can share this", SEND, ("basis",)),
        Section("you", "Your details", SEND, ("name", "agency", "email")),
    )
}  # fmt: skip
GROUPS = (ABOUT, STORY, HELP, SEND)
ENTRY_SECTIONS = ("events", "people")


# Asked on one page, kept apart: a page's key, and the other section whose answers it asks for along.
TOGETHER: dict[str, tuple[str, tuple[str, ...]]] = {"strengths": ("voice", tuple(Voice.__annotations__))}


def on_page(answers: Mapping[str, Any], key: str) -> dict[str, Any]:
    """What is stored of everything that one page asks for."""
    other = TOGETHER[key][0] if key in TOGETHER else ""
    return dict(answers.get(key) or {}) | dict(answers.get(other) or {})


def with_page(answers: Mapping[str, Any], key: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """All answers with the new ones of one page in their sections."""
    other, names = TOGETHER.get(key, ("", ()))
    kept = dict(answers) | {key: {name: value for name, value in values.items() if name not in names}}
    if other:
        kept[other] = {name: values[name] for name in names if name in values}
    return kept


def is_finished(answers: Mapping[str, Any], section: Section) -> bool:
    """An optional section is finished once it was looked at; any other when all it needs is there and fits."""
    if answers.get(section.key) is None:
        return False
    values = on_page(answers, section.key)
    if any(isinstance(value, str) and len(value) > LONGEST_TEXT for value in values.values()):
        return False
    return all(values.get(name) for name in section.needs) and _rest_is_there(section.key, values)


def _rest_is_there(key: str, values: Mapping[str, Any]) -> bool:
    """What is needed only after some answers."""
    if key == "contact":
        return bool(tidy_postcode(values.get("postcode")) or values.get("no_fixed_address"))
    if key == "needs":
        return values["ethnicity"] == "NS" or bool(values.get("ethnicity_source"))
    if key == "family":
        return values["informed"] == YesNoNotKnown.YES or bool(values.get("why_not"))
    return True


def unfinished(answers: Mapping[str, Any]) -> list[Section]:
    """What still has to be done before the referral can be sent."""
    return [s for s in SECTIONS.values() if not s.is_optional and not is_finished(answers, s)]


def next_section(answers: Mapping[str, Any], after: str | None = None) -> Section | None:
    """The next unfinished page: later ones first, then any that was left behind; None leads to "Check your answers"."""
    order = list(SECTIONS.values())
    start = next((n + 1 for n, s in enumerate(order) if s.key == after), 0)
    waiting = [s for s in (*order[start:], *order[:start]) if s.key != after and not is_finished(answers, s)]
    return waiting[0] if waiting else None


def is_eligible_age(born: date, on: date) -> bool:
    return YOUNGEST <= age_on(born, on) <= OLDEST


def safe_contact_line(answers: Mapping[str, Any]) -> str:
    """The safety note that stands beside every contact detail: "Text message. After 4pm. Must not know: …"."""
    contact: Mapping[str, Any] = answers.get("contact") or {}
    parts = [", ".join(method.label for method in ordered(ContactMethod, contact.get("methods") or []))]
    parts += [contact.get("safe_when") or ""]
    if contact.get("must_not_know"):
        parts.append(_("Must not know: %(who)s", who=contact["must_not_know"]))
    return " ".join(part.rstrip(".") + "." for part in parts if part)
