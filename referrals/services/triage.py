"""Triage: finding a referral of one's area, acknowledging it, starting, linking it to a young person."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, literal, select, union_all
from sqlalchemy.orm import aliased

from accounts.models import Agency, Area, User
from audit.models import Event
from audit.services import change_of, record
from cohort.models import YoungPerson
from cohort.services import people
from core import context
from core.access import Actor
from core.clock import now
from core.codes.decisions import MatchAnswer
from core.codes.referrals import ReferralStatus as S
from core.db import db
from core.ids import Id, new_id
from core.keyring import keyring
from core.row_security import seeing, unclosed, viewer
from core.sensitivity import must_open
from files.services import keeping
from referrals.models import PossibleMatch, Referral, ReferralMessage
from referrals.services import elsewhere, story
from referrals.triage_policies import in_area

TO_TRIAGE = frozenset({S.NEW, S.IN_TRIAGE, S.INFORMATION_NEEDED})


class NotYet(Exception):
    """Something has to happen first; the message is for the page and holds no personal data."""


class AlreadyDone(Exception):
    """Someone else was first: the answer is the page "Someone else changed this"."""


@dataclass(frozen=True, slots=True)
class TriageFile:
    """A referral with the names around it, read in one statement."""

    referral: Referral
    area: Area
    sender: str
    agency: str
    owner: str | None

    @property
    def status(self) -> S:
        return S(self.referral.status)


def find_file(actor: Actor, referral_id: Id) -> TriageFile:
    """Raise NoResultFound where it is not this actor's to see."""
    owner = aliased(User)
    row = db.session.execute(
        select(Referral, Area, User.name, Agency.name, owner.name)
        .join(Area, Area.id == Referral.area_id)
        .join(User, Referral.sent_by_id == User.id)
        .outerjoin(Agency, Agency.id == Referral.agency_id)
        .outerjoin(owner, Referral.owner_id == owner.id)
        .where(Referral.id == referral_id, in_area(actor))
    ).one()
    must_open(row[0].young_person_id)
    context.current().looked_at("referral", row[0].id)
    return TriageFile(row[0], row[1], row[2], row[3] or "", row[4])


def matches_of(referral: Referral) -> list[PossibleMatch]:
    """Possible matches in a settled order, so that "1 of 2" stays the same."""
    return list(
        db.session.scalars(
            select(PossibleMatch)
            .where(PossibleMatch.referral_id == referral.id)
            .order_by(PossibleMatch.created_at, PossibleMatch.id)
        )
    )


def acknowledge(actor: Actor, referral: Referral) -> None:
    """The referrer knows that it arrived, and it is somebody's. Sending it twice changes nothing."""
    if referral.acknowledged_at is None:
        referral.acknowledged_at = now()
        referral.owner_id = referral.owner_id or actor.user_id
        record(Event.REFERRAL_ACKNOWLEDGED, actor, referral)


def take(actor: Actor, referral: Referral) -> None:
    """Make it the actor's own work."""
    if referral.owner_id != actor.user_id:
        record(Event.REFERRAL_CHANGED, actor, referral, changes=change_of(referral, {"owner_id": actor.user_id}))


def start(actor: Actor, referral: Referral) -> None:
    """Begin triage: acknowledge where nobody has, and look for records of the same young person."""
    if S(referral.status) is not S.NEW:
        return
    acknowledge(actor, referral)
    referral.status = S.IN_TRIAGE.value
    found, unsaid = find_matches(referral)
    record(
        Event.REFERRAL_CHANGED, actor, referral, also=found, reason="triage_started", detail={"matches": len(found)},
        subjects=unsaid,
    )  # fmt: skip
    elsewhere.ask(actor, referral)


def find_matches(referral: Referral) -> tuple[list[PossibleMatch], list[Id]]:
    """Suggest known young people of the area. Comparing is not showing: nobody suggested is read yet.

    Second: those with a hidden record, of whom only the safeguarding lead hears.
    """
    with context.current().examining("matching"):
        who = story.person_data(referral)
    with seeing(unclosed()):
        known = people.find_matches(
            referral.area_id, forename=who.get("forename"), surname=who.get("surname"),
            date_of_birth=who.get("date_of_birth"), upn=who.get("upn"), nhs_number=who.get("nhs_number"),
        )  # fmt: skip
        before = {match.young_person_id for match in matches_of(referral)} | {referral.young_person_id}
    new = [_match(referral, person_id, reasons) for person_id, reasons in known if person_id not in before]
    hidden = viewer().hidden
    made = [PossibleMatch(**values) for values in new if values["young_person_id"] not in hidden]
    db.session.add_all(made)
    unsaid = [values for values in new if values["young_person_id"] in hidden]
    _keep_unsaid(referral, unsaid)
    return made, [values["young_person_id"] for values in unsaid]


def _match(referral: Referral, person_id: Id | None, reasons: list[str]) -> dict[str, Any]:
    return {
        "referral_id": referral.id, "area_id": referral.area_id, "young_person_id": person_id, "reasons": reasons,
        "answer": MatchAnswer.TO_REVIEW.value, "data_key_id": referral.data_key_id,
    }  # fmt: skip


def _keep_unsaid(referral: Referral, matches: list[dict[str, Any]]) -> None:
    """Keep matches with hidden records. One statement whether there are any or none, so that its time tells nothing."""
    rows = [
        values | {"id": new_id(), "created_at": now(), "row_version": 1}
        for values in matches or [_match(referral, None, [])]
    ]
    columns = PossibleMatch.__table__.c
    lines = [
        select(*(literal(value, columns[name].type).label(name) for name, value in values.items())).where(
            literal(values["young_person_id"], columns.young_person_id.type).is_not(None)
        )
        for values in rows
    ]
    kept = insert(PossibleMatch.__table__).from_select(list(rows[0]), union_all(*lines))
    db.session.execute(kept, execution_options={"loader": True})  # the entry of the start names them


def link(actor: Actor, referral: Referral, person: YoungPerson, also: list[Any]) -> None:
    """The referral is about this young person: its key becomes theirs, so that erasing them erases it too."""
    if referral.young_person_id not in (None, person.id):
        raise NotYet("This referral is already linked to another record. Change that answer first")
    referral.young_person_id = person.id
    record(Event.PERSON_LINKED, actor, referral, also=also)
    db.session.flush()
    keyring().give_to(referral.data_key_id, "young_person", person.id, referral.area_id)
    keeping.belongs_to(actor, referral.id, person.id, referral.area_id)


def unlink(actor: Actor, referral: Referral, also: list[Any]) -> None:
    """Undo a link: the key goes back to the referral."""
    before = referral.young_person_id
    referral.young_person_id = None
    record(Event.PERSON_LINKED, actor, referral, also=also, subjects=[before] if before else [], reason="unlinked")
    db.session.flush()
    keyring().give_to(referral.data_key_id, "referral", referral.id, referral.area_id)
    keeping.belongs_to(actor, referral.id, None, referral.area_id)


def create_and_link(actor: Actor, referral: Referral) -> YoungPerson:
    """None of the records we hold is theirs: make one from the referral's answers, under the same key."""
    if referral.young_person_id is not None:
        raise AlreadyDone
    all_answered(referral, {MatchAnswer.DIFFERENT})
    person = people.create_person(
        actor, area_id=referral.area_id, data=story.person_data(referral), created_from="referral",
        data_key_id=referral.data_key_id,
    )  # fmt: skip
    link(actor, referral, person, [])
    return person


def all_answered(referral: Referral, allowed: set[MatchAnswer]) -> None:
    """Raise NotYet where a possible match still waits for an answer, or has one that is not allowed."""
    answers = {MatchAnswer(match.answer) for match in matches_of(referral)}
    if MatchAnswer.TO_REVIEW in answers:
        raise NotYet("Answer every possible match first")
    if answers - allowed:
        raise NotYet("A possible match is still “Not sure”. Answer it before you make a new record")


def in_triage(file: TriageFile) -> None:
    """Matches are answered while a referral is in triage: not before it has started, not after it was decided."""
    if file.status is S.NEW:
        raise NotYet("Start triage first")
    if file.status not in TO_TRIAGE and file.status is not S.STEPPED_UP:
        raise AlreadyDone


def messages_of(referral: Referral) -> list[tuple[ReferralMessage, str]]:
    """Questions and replies with who wrote them, oldest first."""
    rows = db.session.execute(
        select(ReferralMessage, User.name)
        .join(User, ReferralMessage.author_id == User.id)
        .where(ReferralMessage.referral_id == referral.id)
        .order_by(ReferralMessage.created_at)
    )
    return [(message, name) for message, name in rows]
