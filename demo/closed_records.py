"""Two restricted records and a hidden one in one area, closed by the safeguarding lead as their page does it."""

from sqlalchemy import select

from accounts.roles import Role
from cohort.models import YoungPerson
from cohort.services import sensitivity
from core.access import Actor
from core.codes.sensitivity import Sensitivity, SensitivityReason
from core.db import db
from core.ids import Id
from demo.cast import Cast, acting
from panels.models import Case
from referrals.models import StepUp
from sharing.models import Disclosure

CLOSED = (
    (Sensitivity.RESTRICTED, SensitivityReason.WITNESS,
     "Gives evidence in November. Nobody else needs to know until the trial is over."),
    (Sensitivity.RESTRICTED, SensitivityReason.STAFF_RELATIVE, "An aunt works in the team. She asked for this herself."),
    (Sensitivity.HIDDEN, SensitivityReason.ADDRESS, "Moved to a safe place. Someone is looking for the family."),
)  # fmt: skip


def close_three(cast: Cast) -> None:
    """A lead's open cases that are due first, so that their lines are on the first page of the list of cases."""
    # Other parts of the demonstration tell of step-ups and of what was shared.
    told = [select(model.case_id).where(model.case_id.is_not(None)) for model in (StepUp, Disclosure)]
    chosen = (
        select(Case.young_person_id, Case.lead_id)
        .where(Case.area_id == cast.area.id, Case.is_open, Case.lead_id == cast[Role.LEAD].user_id)
        .where(*(Case.id.not_in(cases) for cases in told))
        .order_by(Case.next_due_on, Case.reference)
        .limit(len(CLOSED))
    )
    with acting(cast[Role.SAFEGUARDING_LEAD]) as actor:
        for case, wanted in zip(db.session.execute(chosen).all(), CLOSED, strict=False):
            _close(actor, case.young_person_id, case.lead_id, *wanted)


def _close(
    actor: Actor, person_id: Id, lead_id: Id, level: Sensitivity, reason: SensitivityReason, words: str
) -> None:  # fmt: skip
    """Named are the worker, whom others may ask, and the safeguarding lead."""
    wanted = sensitivity.Wanted(level, reason.value, words, frozenset({lead_id, actor.user_id}), lead_id)
    sensitivity.change(actor, db.session.get_one(YoungPerson, person_id), wanted)
