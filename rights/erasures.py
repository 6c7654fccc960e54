"""Asking that a young person be erased, what will go, and the certificates; a second person agrees."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from accounts.models import Approval, Area
from accounts.services import approvals
from accounts.services.approvals import Kind, NotAllowed
from cohort.models import YoungPerson
from core.access import Actor, Permission
from core.codes import label_of
from core.codes.retention import ErasureReason
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from core.row_security import everything
from panels.models import Case
from referrals.models import Referral
from rights.erasing import erase
from rights.holds import is_held
from rights.models import Tombstone
from rights.person_records import find_by_reference
from rights.theirs import theirs

KIND = "erasure"
# What the page counts before an erasure, in its words.
COUNTED = {
    "case_record": "Cases", "referral": "Referrals", "support_session": "Sessions", "note": "Notes", "plan": "Plans",
    "stored_file": "Files", "disclosure": "Disclosures", "step_up": "Step-ups",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an erasure is about: nothing of it is opened."""

    person: YoungPerson
    reference: str
    area: str
    is_held: bool
    is_asked: bool
    # What goes, by table: how many rows. Copies in lists and in unsent forms are found when it runs.
    counts: dict[str, int]


def look_up(actor: Actor, reference: str) -> Id:
    """The young person of a case or referral that is this person's to decide about. Raise NoResultFound."""
    with everything():
        return find(actor, find_by_reference(reference)).person.id


def find(actor: Actor, person_id: Id) -> Subject:
    """A young person of the areas that this person looks after. Raise NoResultFound."""
    if not actor.can(Permission.RETENTION_DECIDE):
        raise NoResultFound
    with everything():
        person = db.session.scalars(select(YoungPerson).where(YoungPerson.id == person_id)).one()
        if actor.area_id not in {None, person.area_id}:
            raise NoResultFound
        reference = _reference_of(person_id)
        area = db.session.scalars(select(Area.name).where(Area.id == person.area_id)).one()
        asked = approvals.waiting_for(KIND, person.id) is not None
        return Subject(person, reference, area, is_held(person.id), asked, counts(person.id))


def _reference_of(person_id: Id) -> str:
    """Of their newest case, else of their newest referral. Raise NoResultFound."""
    case = select(Case.reference).where(Case.young_person_id == person_id).order_by(Case.opened_at.desc()).limit(1)
    referral = (
        select(Referral.reference)
        .where(Referral.young_person_id == person_id)
        .order_by(Referral.sent_at.desc())
        .limit(1)
    )
    return db.session.scalars(case).first() or db.session.scalars(referral).one()


def counts(person_id: Id) -> dict[str, int]:
    _, rows = theirs(person_id)
    return {table.name: len(ids) for table, ids in rows.items() if ids and table.name in COUNTED}


def ask(actor: Actor, reference: str, reason: str, why: ErasureReason = ErasureReason.OBJECTED) -> Approval:
    """Ask that the young person of this reference be erased. Raise NoResultFound, NotAllowed."""
    person = find(actor, find_by_reference(reference)).person
    if is_held(person.id):
        raise NotAllowed("A legal hold stands on this record: it must not be erased")
    return approvals.ask(
        actor, KIND, area_id=person.area_id, object_id=person.id, reason=reason, young_person_id=person.id,
        data_key_id=person.data_key_id, terms={"reference": reference, "why": why.value},
    )  # fmt: skip


def _terms(approval: Approval) -> list[tuple[str, str]]:
    return [
        (_("Reference"), approval.terms.get("reference", "")),
        (_("Ground"), label_of(ErasureReason, approval.terms.get("why", ""))),
        (_("What it does"), _("Everything about them goes, for good")),
    ]


def _run(actor: Actor, approval: Approval) -> None:
    with everything():
        if is_held(str(approval.object_id)):
            raise NotAllowed("A legal hold stands on this record: it must not be erased")
        erase(str(approval.object_id), actor, approval.id)


approvals.register(
    Kind(KIND, "Erase a young person's record", asks=(Permission.RETENTION_DECIDE,),
         agrees=(Permission.APPROVAL_DECIDE,), run=_run, terms=_terms)
)  # fmt: skip


def erasures(actor: Actor, most: int = 50) -> list[tuple[Tombstone, str]]:
    """What was erased, the newest first, with its area's name: the certificates, which name nobody."""
    rows = select(Tombstone, Area.name).join(Area, Area.id == Tombstone.area_id)
    if actor.area_id is not None:
        rows = rows.where(Tombstone.area_id == actor.area_id)
    with everything():
        return [(row[0], row[1]) for row in db.session.execute(rows.order_by(Tombstone.erased_at.desc()).limit(most))]
