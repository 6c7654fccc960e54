"""Who and whose: names of staff and references of records, looked up once for a whole page of entries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, exists, func, literal, null, or_, select, true, union_all

from accounts.models import Agency, Area, Membership, User
from accounts.roles import ROLES
from audit import policies, search
from audit.search import Entry
from audit.services import SYSTEM_CHAIN
from cohort.models import Candidate, YoungPerson
from core.access import Actor
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from panels.models import Case
from referrals.models import Referral

AT_ONCE = 400
WHOLE_SERVICE = "Whole service"


@dataclass(frozen=True, slots=True)
class Chains:
    """The chains that a person may read, with the area each belongs to."""

    names: dict[str, str]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.names)

    def name(self, chain: str) -> str:
        return self.names.get(chain, _("Another area"))


def chains_of(actor: Actor) -> Chains:
    """One's own area's chain without a statement; every chain in one."""
    if not policies.reads_every_chain(actor):
        return Chains({chain: actor.area_name for chain in policies.readable(actor, ())})
    rows = db.session.execute(select(Area.id, Area.name).order_by(Area.name))
    every = {row.id: row.name for row in rows} | {SYSTEM_CHAIN: WHOLE_SERVICE}
    return Chains({chain: every[chain] for chain in policies.readable(actor, every)})


def slug_of(chain: str) -> str:
    """What `flask audit verify --area` calls a chain."""
    return db.session.scalar(select(Area.slug).where(Area.id == chain)) or SYSTEM_CHAIN


@dataclass(frozen=True, slots=True)
class Names:
    """Names around entries: staff and agencies by id; a reference by the id of the record or of the young person.

    ``opens``: the ids whose page "Who has looked" opens for the ``reader``. Drafts, records of another area and what was
    erased are not among them.
    """

    users: dict[Id, str] = field(default_factory=dict)
    agencies: dict[Id, str] = field(default_factory=dict)
    references: dict[Id, str] = field(default_factory=dict)
    opens: frozenset[Id] = frozenset()
    reader: Id = ""

    def user_opens(self, user_id: Id | None) -> bool:
        """Whether "One person's activity" opens: never one's own (T10), never someone no longer known."""
        return bool(user_id) and user_id in self.users and user_id != self.reader


def _in_area(actor: Actor, column: Any) -> ColumnElement[bool]:
    """A reference of another area is not shown, even where somebody here asked for its page."""
    return column == actor.area_id if actor.area_id else true()


def names_for(actor: Actor, entries: Sequence[Entry]) -> Names:
    """Three statements for a page of entries."""
    staff = {e.actor_id for e in entries if e.actor_id and len(e.actor_id) == 26}
    staff |= {e.object_id for e in entries if e.object_id and e.object_type == "user_account"}
    agencies = {a for e in entries if (a := e.said.get("agency"))}
    things = {e.object_id for e in entries if e.object_id}
    things |= {e.subjects[0] for e in entries if len(e.subjects) == 1}
    references, opens = records(actor, things)
    return Names(users(staff), names_of(Agency, agencies), references, opens, actor.user_id)


def users(ids: Iterable[Id]) -> dict[Id, str]:
    return names_of(User, ids)


def names_of(model: Any, ids: Iterable[Id]) -> dict[Id, str]:
    return {
        row.id: row.name
        for part in _parts(ids)
        for row in db.session.execute(select(model.id, model.name).where(model.id.in_(part)))
    }


def references(actor: Actor, ids: Iterable[Id]) -> dict[Id, str]:
    """The numbers by which young people and records of the areas one reads are known."""
    return records(actor, ids)[0]


def records(actor: Actor, ids: Iterable[Id]) -> tuple[dict[Id, str], frozenset[Id]]:
    """The number of a referral or case by its own id and by its young person's (the case's wins, and the newest).

    And the ids that belong to a record in the areas one reads, with or without a number.
    """
    numbers: dict[Id, str] = {}
    opens: set[Id] = set()
    for part in _parts(ids):
        rows = db.session.execute(union_all(*_known(actor, part)))
        for row in sorted(rows, key=lambda row: (row.rank, row.at)):
            keys = [key for key in (row.id, row.person_id) if key]
            opens.update(keys)
            numbers |= {key: row.reference for key in keys if row.reference}
    return numbers, frozenset(opens)


def _known(actor: Actor, ids: list[Id]) -> list[Any]:
    """Young people, those to consider, referrals and cases: id, whose, number, when, and which number counts more."""

    def of(model: Any, person: Any, reference: Any, at: Any, rank: int) -> Any:
        either = model.id.in_(ids) if person is None else or_(model.id.in_(ids), person.in_(ids))
        columns = (model.id.label("id"), (null() if person is None else person).label("person_id"),
                   reference.label("reference"), at.label("at"), literal(rank).label("rank"))  # fmt: skip
        return select(*columns).where(_in_area(actor, model.area_id), either)

    return [
        of(Referral, Referral.young_person_id, Referral.reference, Referral.sent_at, 1),
        of(Case, Case.young_person_id, Case.reference, Case.opened_at, 2),
        of(Candidate, Candidate.young_person_id, literal(""), Candidate.created_at, 0),
        of(YoungPerson, None, literal(""), YoungPerson.created_at, 0),
    ]


def _parts(ids: Iterable[Id]) -> list[list[Id]]:
    """In lots that both databases take in one statement."""
    every = sorted(ids)
    return [every[start : start + AT_ONCE] for start in range(0, len(every), AT_ONCE)]


@dataclass(frozen=True, slots=True)
class Whose:
    """All the ids under which the trail may speak of one young person, and the reference they are known by."""

    id: Id
    ids: tuple[Id, ...]
    reference: str


def whose(actor: Actor, any_id: Id) -> Whose:
    """From the id of a young person, a referral or someone to consider. Raise NoResultFound outside one's areas."""
    person = db.session.scalar(
        select(
            func.coalesce(
                select(Referral.young_person_id).where(Referral.id == any_id).scalar_subquery(),
                select(Candidate.young_person_id).where(Candidate.id == any_id).scalar_subquery(),
                select(Case.young_person_id).where(Case.id == any_id).scalar_subquery(),
                literal(any_id),
            )
        )
    )
    rows = db.session.execute(union_all(*_records_of(actor, person))).all()
    if not rows:
        select_none = select(YoungPerson.id).where(YoungPerson.id == any_id, YoungPerson.id != any_id)
        db.session.execute(select_none).one()
    newest = [row.reference for row in sorted(rows, key=lambda row: row.rank) if row.reference]
    ids = tuple(sorted({row.id for row in rows}))
    return Whose(person, ids, newest[-1] if newest else _("someone to consider"))


def _records_of(actor: Actor, person: Id) -> list[Any]:
    """The young person, records merged into theirs, referrals, cases and candidacies: id, reference, which counts."""
    no_reference = literal("").label("reference")

    def of(model: Any, rank: int, reference: Any, *conditions: Any) -> Any:
        columns = (model.id.label("id"), reference, literal(rank).label("rank"))
        return select(*columns).where(_in_area(actor, model.area_id), or_(*conditions))

    theirs = select(Referral.id).where(or_(Referral.id == person, Referral.young_person_id == person))
    return [
        of(YoungPerson, 0, no_reference, YoungPerson.id == person, YoungPerson.merged_into_id == person),
        of(Candidate, 0, no_reference, Candidate.id == person, Candidate.young_person_id == person,
           Candidate.referral_id.in_(theirs)),
        of(Referral, 1, Referral.reference, Referral.id == person, Referral.young_person_id == person),
        of(Case, 2, Case.reference, Case.young_person_id == person),
    ]  # fmt: skip


def find_reference(actor: Actor, reference: str) -> Id | None:
    """The young person (or the referral not yet tied to one) behind a typed reference, in one's areas alone."""
    wanted = reference.strip().upper().replace(" ", "")
    for model in (Case, Referral):
        row = db.session.execute(
            select(model.id, model.young_person_id).where(
                _in_area(actor, model.area_id), func.upper(model.reference) == wanted
            )
        ).first()
        if row is not None:
            found: Id = row.young_person_id or row.id
            return found
    return None


def people(actor: Actor) -> list[tuple[Id, str]]:
    """Who works or has worked in the areas one reads, for the filter; never oneself (T10)."""
    here = exists().where(Membership.user_id == User.id, _in_area(actor, Membership.area_id))
    rows = db.session.execute(select(User.id, User.name).where(here, User.id != actor.user_id).order_by(User.name))
    return [(row.id, row.name) for row in rows]


def roles() -> list[tuple[str, str]]:
    return [(role.value, rules.name) for role, rules in ROLES.items()]


@dataclass(frozen=True, slots=True)
class Colleague:
    id: Id
    name: str
    roles: list[str]


def colleague(actor: Actor, user_id: Id, chains: Chains) -> Colleague:
    """Somebody with a role in the areas one reads, or who left entries in their chains. Raise NoResultFound."""
    rows = db.session.execute(
        select(User.name, Membership.role, Agency.name.label("agency"), Membership.area_id)
        .outerjoin(Membership, Membership.user_id == User.id)
        .outerjoin(Agency, Agency.id == Membership.agency_id)
        .where(User.id == user_id)
        .order_by(Membership.created_at)
    ).all()
    here = [row for row in rows if row.role and (actor.area_id is None or row.area_id == actor.area_id)]
    if not here and not search.has_acted(chains.ids, user_id):
        db.session.execute(select(User.id).where(User.id == user_id, User.id != user_id)).one()
    held = [", ".join(p for p in (_(ROLES[row.role].name), row.agency) if p) for row in here if row.role in ROLES]
    return Colleague(user_id, rows[0].name, held)
