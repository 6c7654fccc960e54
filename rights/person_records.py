"""Which records are one young person's, whatever they hang on: their own, those merged into them, and their referrals'."""

from sqlalchemy import or_, select

from cohort.models import Candidate, YoungPerson
from core.db import db
from core.ids import Id
from panels.models import Case
from referrals.models import Referral


def area_of(person_id: Id) -> Id:
    """The area of a young person. Raise NoResultFound."""
    return db.session.scalars(select(YoungPerson.area_id).where(YoungPerson.id == person_id)).one()


def people_of(person_id: Id) -> set[Id]:
    """The young person, and every record that was merged into theirs, however far back."""
    found, looked_at = {person_id}, set[Id]()
    while fresh := found - looked_at:
        looked_at |= fresh
        found |= set(db.session.scalars(select(YoungPerson.id).where(YoungPerson.merged_into_id.in_(fresh))))
    return found


def owners_of(person_id: Id) -> set[Id]:
    """The ids under which a young person's data keys are kept: theirs, their referrals' and their candidates'."""
    people = people_of(person_id)
    referrals = set(db.session.scalars(select(Referral.id).where(Referral.young_person_id.in_(people))))
    candidates = select(Candidate.id).where(
        or_(Candidate.young_person_id.in_(people), Candidate.referral_id.in_(referrals))
    )
    return people | referrals | set(db.session.scalars(candidates))


def find_by_reference(reference: str) -> Id:
    """The young person of a case or referral. Raise NoResultFound."""
    cases = select(Case.young_person_id.label("person")).where(Case.reference == reference)
    referrals = select(Referral.young_person_id).where(
        Referral.reference == reference, Referral.young_person_id.is_not(None)
    )
    return db.session.scalars(cases.union(referrals)).one()
