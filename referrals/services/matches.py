"""Comparing a referral with a record we hold: facts side by side, in words, and the coordinator's answer."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from audit.models import Event
from audit.services import change_of, record
from cohort.matching import MatchReason, nearly, normalise, parts, swapped
from cohort.models import YoungPerson
from core import context
from core.access import Actor
from core.clock import now, today
from core.codes.base import label_of
from core.codes.decisions import MatchAnswer
from core.codes.people import Sex
from core.db import db
from core.formats import age_on, day
from core.ids import Id
from core.languages import gettext as _
from core.sensitivity import is_restricted, must_open, whom_to_ask
from referrals.models import PossibleMatch, Referral
from referrals.services import story, triage
from referrals.services.checklist import Earlier

SAME, ALIKE, OTHER, ONE_SIDE = "Same", "Sounds alike", "Different", "Only in one"
TONES = {SAME: "green", ALIKE: "yellow", OTHER: "grey", ONE_SIDE: "grey"}
MANY_SAME = 2


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the comparison, for the component of the same shape."""

    label: str
    left: str
    right: str
    how: str = ""

    @property
    def tone(self) -> str:
        return TONES.get(self.how, "yellow")


def find(referral: Referral, match_id: Id) -> tuple[PossibleMatch, YoungPerson]:
    """The match with the record it suggests. Raise NoResultFound where it is not this referral's."""
    row = db.session.execute(
        select(PossibleMatch, YoungPerson)
        .join(YoungPerson, YoungPerson.id == PossibleMatch.young_person_id)
        .where(PossibleMatch.id == match_id, PossibleMatch.referral_id == referral.id)
    ).one()
    must_open(row[1].id)
    context.current().load_keys([referral.data_key_id, row[1].data_key_id])
    return row[0], row[1]


def reasons_in_words(match: PossibleMatch) -> str:
    """What agrees; of a restricted record only whom to ask."""
    if is_restricted(match.young_person_id):
        return _("Restricted – ask %(whom)s", whom=whom_to_ask(match.young_person_id))
    return "; ".join(label_of(MatchReason, code) for code in match.reasons)


def compare(referral: Referral, person: YoungPerson, earlier: list[Earlier]) -> list[Fact]:
    """Rows of sketch 4.3. Nothing is weighed or added up: the coordinator decides."""
    ours = story.person_data(referral)
    facts = [
        _names(ours, person),
        _other_names(ours, person),
        _born(ours.get("date_of_birth"), person.date_of_birth),
        _plain("Sex", _sex(ours.get("sex")), _sex(person.sex)),
        _plain("Where they live", ours.get("postcode"), person.postcode),
        _plain("School", ours.get("school"), person.school),
        _plain(_("UPN"), ours.get("upn"), person.upn),
        _plain(_("NHS number"), ours.get("nhs_number"), person.nhs_number),
    ]
    seen_before = Fact(_("Seen before"), "", "\n".join(f"{e.reference}, {e.status.label.lower()}" for e in earlier))
    return [fact for fact in facts if fact.how] + [seen_before]


def _sex(code: str | None) -> str:
    return label_of(Sex, code, missing="")


def _plain(label: str, left: str | None, right: str | None) -> Fact:
    return Fact(label, left or "", right or "", _how(normalise(left), normalise(right)))


def _how(left: str, right: str) -> str:
    if left and right:
        return SAME if left == right else OTHER
    return ONE_SIDE if left or right else ""


def _names(ours: dict[str, Any], person: YoungPerson) -> Fact:
    left = (ours.get("forename"), ours.get("surname"))
    right = (person.forename, person.surname)
    alike = all(_name_alike(one, other) for one, other in zip(left, right, strict=True))
    same = all(normalise(one) == normalise(other) for one, other in zip(left, right, strict=True))
    return Fact(_("Name"), " ".join(filter(None, left)), " ".join(filter(None, right)),
                SAME if same else ALIKE if alike else OTHER)  # fmt: skip


def _name_alike(one: str | None, other: str | None) -> bool:
    return any(nearly(left, right) for left in parts(one) for right in parts(other))


def _other_names(ours: dict[str, Any], person: YoungPerson) -> Fact:
    left = [ours.get("preferred_name"), *ours.get("aliases", [])]
    right = [person.preferred_name, *(person.aliases or [])]
    shared = {normalise(name) for name in left if name} & {normalise(name) for name in right if name}
    how = _how("left" if any(left) else "", "right" if any(right) else "")
    return Fact("Other names", ", ".join(filter(None, left)), ", ".join(filter(None, right)), SAME if shared else how)


def _born(left: date | None, right: date | None) -> Fact:
    how = _how(str(left or ""), str(right or ""))
    if left and right and swapped(left) == right:
        how = "Day and month swapped"
    return Fact(_("Date of birth"), _with_age(left), _with_age(right), how)


def _with_age(born: date | None) -> str:
    return f"{day(born)} ({age_on(born, today())})" if born else ""


def needs_why(answer: str, facts: list[Fact]) -> bool:
    """Saying that two records which agree on much are different people needs a reason that others can read."""
    return answer == MatchAnswer.DIFFERENT.value and sum(fact.how == SAME for fact in facts) >= MANY_SAME


def answer(
    actor: Actor, referral: Referral, match: PossibleMatch, person: YoungPerson, given: MatchAnswer, why: str
) -> None:
    """Keep the answer. "Same" links, and another answer after it undoes the link."""
    changes = change_of(match, {"answer": given.value, "why": why})
    match.answered_by_id, match.answered_at = actor.user_id, now()
    record(
        Event.MATCH_ANSWERED, actor, match, changes=changes, reason=given.value,
        subjects=[referral.subject_id, person.id],
    )  # fmt: skip
    if given is MatchAnswer.SAME:
        triage.link(actor, referral, person, [])
    elif referral.young_person_id == person.id:
        triage.unlink(actor, referral, [])
