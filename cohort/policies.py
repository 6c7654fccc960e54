"""Which young people an actor may see: those of the area they act in, by roles that may look for people there."""

from sqlalchemy import false, select
from sqlalchemy.sql import ColumnElement

from cohort.models import Candidate, CohortRun, YoungPerson
from core.access import Actor, Permission
from core.codes.decisions import RunStatus
from core.db import db
from core.ids import Id

AREA_WIDE = (Permission.REFERRAL_READ_AREA, Permission.CASE_READ_AREA)


def sees_area(actor: Actor) -> bool:
    return actor.area_id is not None and any(actor.can(permission) for permission in AREA_WIDE)


def people_visible_to(actor: Actor) -> ColumnElement[bool]:
    """The rule as a condition on ``YoungPerson``; merged records are reached through the record they became."""
    if not sees_area(actor):
        return false()
    return (YoungPerson.area_id == actor.area_id) & YoungPerson.merged_into_id.is_(None)


def find_person(actor: Actor, person_id: Id) -> YoungPerson:
    """Raise NoResultFound where the person is not this actor's to see."""
    return db.session.execute(
        select(YoungPerson).where(YoungPerson.id == person_id, people_visible_to(actor))
    ).scalar_one()


def candidates_visible_to(actor: Actor) -> ColumnElement[bool]:
    """The rule as a condition on ``Candidate`` joined to its run: the coordinator's area, once the run is released."""
    if actor.area_id is None or not actor.can(Permission.CANDIDATE_READ):
        return false()
    return (Candidate.area_id == actor.area_id) & (CohortRun.status == RunStatus.RELEASED.value)
