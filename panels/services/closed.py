"""The safeguarding lead's desk: closed records, and referrals that may be about a young person nobody may hear of."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select

from accounts.models import Area
from audit.models import Event
from audit.services import change_of, record
from cohort.models import YoungPerson
from cohort.policies import people_visible_to
from core.access import Actor, Permission
from core.clock import in_london, now
from core.codes.decisions import MatchAnswer
from core.codes.sensitivity import Sensitivity
from core.context import current
from core.db import db
from core.ids import Id
from core.sensitivity import must_open
from core.working_days import add_working_days
from panels.models import Case
from panels.policies import cases_visible_to
from panels.services import names
from referrals.models import PossibleMatch, Referral

ANSWER_DAYS = 2


def find_person(actor: Actor, person_id: Id) -> YoungPerson:
    """The young person, for whoever sees the area or works on one of their cases. Raise NoResultFound."""
    mine = select(Case.young_person_id).where(Case.id.in_(cases_visible_to(actor).with_only_columns(Case.id)))
    seen = people_visible_to(actor) | YoungPerson.id.in_(mine)
    person: YoungPerson = db.session.execute(select(YoungPerson).where(YoungPerson.id == person_id, seen)).scalar_one()
    must_open(person.id)
    current().looked_at("young_person", person.id)
    return person


@dataclass(frozen=True, slots=True)
class HiddenMatch:
    """A referral in triage that may be about a young person with a hidden record; ``answer_by`` is its clock."""

    id: Id
    reference: str
    referral_id: Id
    person_id: Id
    name: str
    found_on: date
    answer_by: date


def _matches(actor: Actor) -> Select[Any]:
    return (
        select(
            PossibleMatch.id, PossibleMatch.created_at, Referral.id.label("referral_id"), Referral.reference,
            Area.targets, *names.person_columns(),
        )
        .join(YoungPerson, YoungPerson.id == PossibleMatch.young_person_id)
        .join(Referral, Referral.id == PossibleMatch.referral_id)
        .join(Area, Area.id == PossibleMatch.area_id)
        .where(PossibleMatch.area_id == actor.area_id, YoungPerson.sensitivity == Sensitivity.HIDDEN.value)
    )  # fmt: skip


def hidden_matches(actor: Actor) -> list[HiddenMatch]:
    """Those that wait for an answer, longest first."""
    if not actor.can(Permission.SENSITIVITY_OVERSEE):
        return []
    rows = db.session.execute(
        _matches(actor)
        .where(PossibleMatch.answer == MatchAnswer.TO_REVIEW.value)
        .order_by(PossibleMatch.created_at, PossibleMatch.id)
    ).all()
    names.load(rows)
    return [_hidden_match(row) for row in rows]


def _hidden_match(row: Any) -> HiddenMatch:
    found = in_london(row.created_at).date()
    days = int(row.targets.get("hidden_match", ANSWER_DAYS))
    return HiddenMatch(
        row.id, row.reference, row.referral_id, row.person_id, names.in_list(row), found, add_working_days(found, days)
    )


def find_match(actor: Actor, match_id: Id) -> tuple[PossibleMatch, HiddenMatch]:
    """One of them, answered or not. Raise NoResultFound."""
    row = db.session.execute(_matches(actor).where(PossibleMatch.id == match_id)).one()
    names.load([row])
    return db.session.get_one(PossibleMatch, match_id), _hidden_match(row)


def answer(actor: Actor, match: PossibleMatch, given: MatchAnswer, why: str) -> None:
    """Keep what was found out. Linking is the coordinator's, who is named for the record first."""
    changes = change_of(match, {"answer": given.value, "why": why})
    match.answered_by_id, match.answered_at = actor.user_id, now()
    record(Event.MATCH_ANSWERED, actor, match, changes=changes, reason=given.value)
