"""Who has work with whom: the case, the offer, the referral, the meeting, the action, or having written about them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from accounts.models import User
from accounts.services import homes
from audit.models import AuditEntry, AuditSubject
from cohort.matching import parts
from cohort.models import Candidate, YoungPerson
from core import context
from core.codes.referrals import OPEN_REFERRALS
from core.crypto import sealed_column
from core.db import db
from core.ids import Id
from panels.models import AgendaItem, Case, EmergencyAccess, MeetingMember, Offer, PanelAction
from referrals.models import Referral, StepUp

AT_ONCE = 400
# Work that ended is still looked up: letters come, and a referrer rings.
AFTERWARDS = timedelta(days=90)
WROTE = ("create:%", "update:%", "review:%")
Pair = tuple[Id, Id]


def lots(ids: Iterable[Id]) -> Iterator[list[Id]]:
    """In lots that both databases take in one statement."""
    every = sorted(ids)
    return (every[at : at + AT_ONCE] for at in range(0, len(every), AT_ONCE))


def pairs(people: Iterable[Id], agencies: Mapping[Id, Id | None]) -> set[Pair]:
    """(user, young person) that have work together. ``agencies``: whom each of the users acted for."""
    found: set[Pair] = set()
    of_agency: dict[Id, list[Id]] = {}
    for user_id, agency_id in agencies.items():
        if agency_id:
            of_agency.setdefault(agency_id, []).append(user_id)
    for lot in lots(people):
        found.update((user, person) for user, person in db.session.execute(_wrote(lot, list(agencies))))
        for statement in _own(lot):
            found.update((user, person) for user, person in db.session.execute(statement) if user)
        for statement in _of_agencies(lot):
            for agency, person in db.session.execute(statement):
                found.update((user, person) for user in of_agency.get(agency, ()))
    return found


def _wrote(people: list[Id], users: list[Id]) -> Any:
    """Who ever changed something about them, from the trail itself."""
    return (
        select(AuditEntry.actor_id, AuditSubject.subject_id)
        .join(AuditEntry, and_(AuditEntry.chain == AuditSubject.chain, AuditEntry.seq == AuditSubject.seq))
        .where(
            AuditSubject.subject_id.in_(people), AuditEntry.outcome == "ok",
            or_(*(AuditEntry.event.like(pattern) for pattern in WROTE)), AuditEntry.actor_id.in_(users[:AT_ONCE]),
        )
        .distinct()
    )  # fmt: skip


def _own(people: list[Id]) -> Iterator[Any]:
    """What names the person themselves."""
    for column in (Case.lead_id, Case.closed_by_id, Case.closure_asked_by_id):
        yield select(column, Case.young_person_id).where(Case.young_person_id.in_(people))
    for model, column in ((Offer, Offer.practitioner_id), (PanelAction, PanelAction.owner_id),
                          (EmergencyAccess, EmergencyAccess.user_id), (StepUp, StepUp.raised_by_id)):  # fmt: skip
        yield select(column, model.young_person_id).where(model.young_person_id.in_(people))
    for column in (Referral.sent_by_id, Referral.owner_id):
        yield select(column, Referral.young_person_id).where(Referral.young_person_id.in_(people))
        yield select(column, Referral.id).where(Referral.id.in_(people))
    yield (
        select(MeetingMember.user_id, AgendaItem.young_person_id)
        .join(AgendaItem, AgendaItem.meeting_id == MeetingMember.meeting_id)
        .where(AgendaItem.young_person_id.in_(people))
    )


def _of_agencies(people: list[Id]) -> Iterator[Any]:
    """What names an organisation: whoever acts for it has work with them."""
    yield select(Offer.provider_id, Offer.young_person_id).where(Offer.young_person_id.in_(people))
    yield select(Referral.agency_id, Referral.young_person_id).where(Referral.young_person_id.in_(people))
    yield select(Referral.agency_id, Referral.id).where(Referral.id.in_(people))


def under_way(people: Iterable[Id], at: datetime) -> set[Id]:
    """Of these, those with anything open or ended lately: coordinators and safeguarding leads answer for all of them."""
    since = at - AFTERWARDS
    found: set[Id] = set()
    fresh = or_(Referral.status.in_([s.value for s in OPEN_REFERRALS]), Referral.decided_at >= since)
    undecided: ColumnElement[bool] = or_(Candidate.decided_at.is_(None), Candidate.decided_at >= since)
    for lot in lots(people):
        for statement in (
            select(Case.young_person_id).where(
                Case.young_person_id.in_(lot), or_(Case.is_open, Case.closed_at >= since)
            ),
            select(Referral.young_person_id).where(Referral.young_person_id.in_(lot), fresh),
            select(Referral.id).where(Referral.id.in_(lot), fresh),
            select(Candidate.young_person_id).where(Candidate.young_person_id.in_(lot), undecided),
            select(StepUp.young_person_id).where(StepUp.young_person_id.in_(lot), StepUp.answered_at.is_(None)),
        ):
            found.update(db.session.scalars(statement))
    return found


def known(people: Iterable[Id]) -> set[Id]:
    """Those that are young people or referrals; other ids stand for drafts, searches and the like."""
    return {
        row_id
        for lot in lots(people)
        for model in (YoungPerson, Referral)
        for row_id in db.session.scalars(select(model.id).where(model.id.in_(lot)))
    }


def same_surname(looked: Iterable[Pair]) -> list[Pair]:
    """Of (user, young person), those with one surname. Compared inside examining: nothing is shown, only how many."""
    wanted = list(looked)
    names = {
        row.id: set(parts(row.name.split()[-1]))
        for lot in lots({user for user, _ in wanted})
        for row in db.session.execute(select(User.id, User.name).where(User.id.in_(lot)))
        if row.name.split()
    }
    surnames = _surnames({person for _, person in wanted})
    return [(user, person) for user, person in wanted if names.get(user, set()) & surnames.get(person, set())]


def same_home(looked: Iterable[Pair]) -> list[Pair]:
    """Of (user, young person), those with one home postcode, now or when a referral was sent. Nothing is opened for
    users who gave no fingerprint of theirs.
    """
    wanted = list(looked)
    tokens = {
        row.id: row.home_token
        for lot in lots({user for user, _ in wanted})
        for row in db.session.execute(
            select(User.id, User.home_token).where(User.id.in_(lot), User.home_token.is_not(None))
        )
    }
    wanted = [(user, person) for user, person in wanted if user in tokens]
    postcodes = _postcodes({person for _, person in wanted})
    return [
        (user, person)
        for user, person in wanted
        if any(homes.is_same(user, tokens[user], postcode) for postcode in postcodes.get(person, ()))
    ]


def _surnames(people: set[Id]) -> dict[Id, set[str]]:
    fields = [(model, "surname", model.id) for model in (YoungPerson, Referral)]
    return {about: set(parts(value)) for about, value in _opened(people, fields)}


def _postcodes(people: set[Id]) -> dict[Id, set[str]]:
    """A young person's own, and those of their referrals, where they may have lived before."""
    fields = [(YoungPerson, "postcode", YoungPerson.id), (Referral, "answers", Referral.id),
              (Referral, "answers", Referral.young_person_id)]  # fmt: skip
    found: dict[Id, set[str]] = {}
    for about, value in _opened(people, fields):
        said = value.get("contact", {}).get("postcode") if isinstance(value, dict) else value
        if said:
            found.setdefault(about, set()).add(said)
    return found


def _opened(people: set[Id], fields: Iterable[tuple[Any, str, Any]]) -> list[tuple[Id, Any]]:
    """Sealed fields of rows that are about these people, to compare them; each field with the column that says whom."""
    seen, found = context.current(), []
    with seen.examining("unusual_access"):
        for lot in lots(people):
            for model, name, whom in fields:
                rows = db.session.execute(
                    select(model.id, model.data_key_id, sealed_column(model, name), whom).where(whom.in_(lot))
                ).all()
                seen.examined += len(rows)
                about = {row[0]: row[3] for row in rows}
                opened = seen.open_many(model, (name,), [row[:3] for row in rows])
                found += [(about[row_id], value) for row_id, (value,) in opened]
    return found
