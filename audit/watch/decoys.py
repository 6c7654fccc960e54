"""Trip wires: asked for by a safeguarding lead, agreed by a second person, made as a past referral of nobody.

The ids of the young people in them carry a mark that only the area's trail key can see, so a page knows without asking
the database that it shows none; only where the mark is there is the table asked.
"""

import hashlib
import hmac
import secrets
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, true

from accounts.models import Approval, Area, User
from accounts.services import approvals
from accounts.services.approvals import Kind
from audit.decoys import Decoy
from audit.models import Event
from audit.services import record
from cohort.models import YoungPerson
from core import context
from core.access import Actor, Permission
from core.clock import now
from core.codes.referrals import ReferralStatus
from core.db import db
from core.ids import Id, new_id
from core.keyring import keyring
from referrals.models import Referral
from referrals.services.references import new_reference

P = Permission
KIND = "decoy"
# One id in 65,536 carries the mark by chance, and then costs one statement.
MARK = bytes(2)


def key_of(area_id: Id) -> bytes:
    return keyring().derived(f"audit:{area_id}", "decoy")


def is_marked(key: bytes, person_id: Id) -> bool:
    return hmac.digest(key, person_id.encode(), hashlib.sha256)[: len(MARK)] == MARK


def marked_id(area_id: Id) -> Id:
    """A new id that carries the area's mark: drawn until one does."""
    key = key_of(area_id)
    while not is_marked(key, drawn := new_id()):
        pass
    return drawn


def among(area_id: Id, people: Any) -> list[Id]:
    """Those of the ids that are trip wires of this area; without a statement where none carries the mark."""
    key = key_of(area_id)
    marked = [person for person in people if is_marked(key, person)]
    if not marked:
        return []
    return list(
        db.session.scalars(select(Decoy.person_id).where(Decoy.person_id.in_(marked), Decoy.ended_at.is_(None)))
    )


def may_ask(actor: Actor) -> bool:
    """Safeguarding leads: they read their area's trail and its records."""
    return actor.area_id is not None and actor.can(P.AUDIT_READ) and actor.can(P.CASE_READ_AREA)


def ask(actor: Actor, *, forename: str, surname: str, born: date, reason: str) -> Decoy:
    """Ask a second person for a trip wire under an invented name. Raise approvals.NotAllowed."""
    if not may_ask(actor):
        raise approvals.NotAllowed("Your role cannot ask for this")
    decoy = Decoy(
        area_id=actor.area_id, asked_by_id=actor.user_id, forename=forename, surname=surname, date_of_birth=born
    )
    db.session.add(decoy)
    db.session.flush()
    record(Event.DECOY_ASKED, actor, decoy)
    approvals.ask(actor, KIND, area_id=actor.area_id, object_id=decoy.id, reason=reason, data_key_id=decoy.data_key_id)
    return decoy


def _make(actor: Actor, approval: Approval) -> None:
    """The second person agreed: the past referral of nobody. Its maker is its sender, so nobody is written to about it."""
    decoy = db.session.get_one(Decoy, approval.object_id)
    area = db.session.get_one(Area, decoy.area_id)
    with context.current().examining("trip_wire"):
        name = {"forename": decoy.forename, "surname": decoy.surname, "date_of_birth": decoy.date_of_birth}
    person = YoungPerson(id=marked_id(area.id), area_id=area.id, created_from="referral", **name)
    db.session.add(person)
    db.session.flush()
    referral = _referral(decoy, area, person, name)
    decoy.person_id, decoy.referral_id, decoy.made_at = person.id, referral.id, now()
    record(Event.DECOY_MADE, actor, decoy, also=[person, referral])


def _referral(decoy: Decoy, area: Area, person: YoungPerson, name: dict[str, Any]) -> Referral:
    """Decided some weeks ago. No index is made of the name: a real referral must not be compared with it."""
    sent = now() - timedelta(days=28 + secrets.randbelow(28))
    made = Referral(
        reference=new_reference(area), area_id=area.id, agency_id=None, sent_by_id=decoy.asked_by_id,
        source_type="professional", young_person_id=person.id, data_key_id=person.data_key_id,
        status=ReferralStatus.NOT_TAKEN_FORWARD.value, sent_at=sent, acknowledged_at=sent + timedelta(hours=5),
        acknowledge_by=sent.date(), decide_by=(sent + timedelta(days=7)).date(), decided_at=sent + timedelta(days=6),
        answers={"worries": {"text": "Spending time with older people after school."}}, **name,
    )  # fmt: skip
    db.session.add(made)
    return made


def end(actor: Actor, decoy: Decoy) -> None:
    """Opening it is noticed no longer. The record stays, out of lists and figures as before."""
    decoy.ended_at = now()
    record(Event.DECOY_MADE, actor, decoy, reason="ended")


def listed(actor: Actor) -> list[tuple[Decoy, str, str | None]]:
    """The area's trip wires, newest first, each with who asked and its reference once it is made."""
    rows = db.session.execute(
        select(Decoy, User.name, Referral.reference)
        .join(User, User.id == Decoy.asked_by_id)
        .outerjoin(Referral, Referral.id == Decoy.referral_id)
        .where(_in_areas_of(actor))
        .order_by(Decoy.created_at.desc(), Decoy.id)
    ).all()
    context.current().load_keys(row[0].data_key_id for row in rows)
    return [(row[0], row[1], row[2]) for row in rows]


def find(actor: Actor, decoy_id: Id) -> Decoy:
    """Raise NoResultFound outside one's area."""
    return db.session.scalars(select(Decoy).where(Decoy.id == decoy_id, _in_areas_of(actor))).one()


def _in_areas_of(actor: Actor) -> ColumnElement[bool]:
    """A data protection officer who acts for no single area sees all of them."""
    return true() if actor.area_id is None else Decoy.area_id == actor.area_id


def _terms(approval: Approval) -> list[tuple[str, str]]:
    decoy = db.session.get_one(Decoy, approval.object_id)
    return [
        ("Invented name", f"{decoy.forename} {decoy.surname}"), ("Invented date of birth", f"{decoy.date_of_birth:%-d %B %Y}"),
    ]  # fmt: skip


approvals.register(
    Kind(KIND, "Make a trip wire", asks=(P.AUDIT_READ,), agrees=(P.APPROVAL_DECIDE,), run=_make, terms=_terms)
)
