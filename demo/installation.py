"""Make the demonstration: schema, keys, areas, staff, 600 young people with some months of history; never in real data."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, select
from tqdm import tqdm

from accounts.demonstration import PASSWORD
from accounts.models import PARTNERSHIP, Agency, Agreement, Area, District, Installation, Membership, User
from accounts.services import directory, passwords
from audit.models import Event
from audit.services import record
from cohort.sources import COLUMNS, SourceKind
from config.catalogue import load_interventions
from config.partnership import Directory
from core import context
from core.clock import today
from core.codes.agencies import PROVIDER_KINDS
from core.codes.decisions import MeetingAttendance, MeetingStatus
from core.codes.offers import CostBand
from core.db import db
from core.ids import Id, new_id
from core.keyring import SYSTEM, keyring
from core.migrate import upgrade_all
from demo import lately
from demo.batch import Batch, at
from demo.people import SUPPORTED, known_people, people
from demo.place import Place, Sender
from demo.staff import staff
from demo.story import ORDER, SHARES, Story
from interventions.models import Intervention
from interventions.services import sync as sync_catalogue
from panels.models import Meeting, MeetingMember
from referrals.services.references import check_letter

YOUNG_PEOPLE = 600
BATCH = 200
FULLEST = "reading"
QUORUM = 2
DEAR, CHEAP = {"family-support", "speech-and-language-therapy"}, {"sports-programmes", "positive-activities"}


class NotADemonstration(RuntimeError):
    """The database holds something else; the demonstration fills only an empty one that it made (SETTLED 25)."""


def make_or_refuse() -> None:
    """Make and fill an empty database. Raise NotADemonstration for one that is not ours, with what to do."""
    from app import create_app

    app = create_app()
    with app.app_context():
        state = _state()
        # Migrations write on a connection of their own, which would wait for this one.
        db.session.remove()
        if state == "foreign":
            raise NotADemonstration(
                "this database is not empty and not a demonstration. Use an empty one, or start it as the operator's"
                " guide says"
            )
        upgrade_all()
        if state == "empty":
            fill(app.extensions["settings"].areas_file)


def _state() -> str:
    tables = set(inspect(db.engine).get_table_names())
    if not tables - {"alembic_version"}:
        return "empty"
    if "installation" in tables and db.session.scalar(select(Installation.is_demonstration)):
        return "filled"
    return "foreign"


def fill(areas_file: Path, young_people: int = YOUNG_PEOPLE) -> None:
    """Everything in it is invented. Shows progress; about a minute."""
    found = _with_small_panels(directory.read(areas_file))
    with context.acting_as(job="demonstration"):
        db.session.add(Installation(is_demonstration=True))
        keyring().ensure_scope(SYSTEM)
        directory.sync(found)
        db.session.flush()
        sync_catalogue(load_interventions())
        _add_costs()
        _add_staff(found)
        _add_agreements(found)
        db.session.commit()
        rng = random.Random(20261122)
        places = [place_of(area.slug, rng) for area in found.areas]
        add_people(places, found, young_people, rng, today())
    if any(area.slug == FULLEST for area in found.areas):
        lately.write(FULLEST)


def _with_small_panels(found: Directory) -> Directory:
    """Forty staff make panels of three agencies: a meeting that a visitor plans could not decide by a real quorum."""
    return replace(found, areas=tuple(replace(area, quorum=QUORUM) for area in found.areas))


def _add_costs() -> None:
    """What support costs in each area is invented as well: the file leaves it to those who pay."""
    for offer in db.session.scalars(select(Intervention).where(Intervention.area_id.is_not(None))):
        band = CostBand.HIGH if offer.code in DEAR else CostBand.LOW if offer.code in CHEAP else CostBand.MODERATE
        offer.cost = band.value


def _add_staff(found: Directory) -> None:
    """All share one password (printed for everyone), so one hash serves."""
    hashed = passwords.hashed(PASSWORD)
    areas = {area.slug: area.id for area in db.session.scalars(select(Area))}
    agencies = {agency.slug: agency.id for agency in db.session.scalars(select(Agency))}
    districts = {district.slug: district.id for district in db.session.scalars(select(District))}
    for person in staff(found):
        user = User(name=person.name, email=person.email, password=hashed, active=True, fs_uniquifier=new_id(),
                    training_until=today() + timedelta(days=300))  # fmt: skip
        db.session.add(user)
        db.session.flush()
        held = [
            Membership(
                user_id=user.id, role=m.role, agency_id=agencies[m.agency_slug],
                area_id=areas[m.area_slug] if m.area_slug else None,
                district_id=districts[m.district_slug] if m.district_slug else None,
                valid_from=date(2025, 4, 1), is_active=True,
            )
            for m in person.memberships
        ]  # fmt: skip
        db.session.add_all(held)
        record(Event.USER_INVITED, None, user, also=held)


def _add_agreements(found: Directory) -> None:
    """Every agency has signed the partnership's agreement; police and schools one for the analyst's extracts too."""
    _add_partnership()
    for area in db.session.scalars(select(Area)).all():
        for agency in db.session.scalars(select(Agency).where(Agency.area_id == area.id)).all():
            if agency.kind not in {"police", "virtual_school", "school"}:
                continue
            kind = SourceKind.POLICE if agency.kind == "police" else SourceKind.EDUCATION
            agreement = Agreement(
                area_id=area.id, agency_id=agency.id, kind="isa", reference=f"ISA-{agency.slug}"[:60],
                valid_from=today() - timedelta(days=200), valid_to=today() + timedelta(days=365),
                allowed_fields=[column.name for column in COLUMNS[kind]],
            )  # fmt: skip
            db.session.add(agreement)
            record(Event.CONFIGURED, None, agreement)


def _add_partnership() -> None:
    """An agency of the whole force signs in each area."""
    areas, agencies = db.session.scalars(select(Area)).all(), db.session.scalars(select(Agency)).all()
    for agency, area in ((agency, area) for agency in agencies for area in areas):
        if agency.area_id not in {None, area.id}:
            continue
        agreement = Agreement(
            area_id=area.id, agency_id=agency.id, kind=PARTNERSHIP, reference=f"PA-{area.prefix}-{agency.slug}"[:60],
            valid_from=today() - timedelta(days=200), valid_to=today() + timedelta(days=365),
        )  # fmt: skip
        db.session.add(agreement)
        record(Event.CONFIGURED, None, agreement)


@dataclass(frozen=True, slots=True)
class Member:
    user_id: Id
    agency_id: Id
    role: str


def place_of(slug: str, rng: random.Random) -> Place:
    """What stories need to know of an area; roles nobody holds there fall to those who are there."""
    area = db.session.scalars(select(Area).where(Area.slug == slug)).one()
    members = [
        Member(m.user_id, m.agency_id or "", m.role)
        for m in db.session.scalars(select(Membership).where(Membership.area_id == area.id).order_by(Membership.id))
    ]

    def holding(role: str) -> list[Member]:
        return [member for member in members if member.role == role]

    providers = {
        agency.id: agency
        for agency in db.session.scalars(
            select(Agency).where(Agency.area_id == area.id, Agency.kind.in_([k.value for k in PROVIDER_KINDS]))
        )
    }
    offered = db.session.execute(
        select(Intervention.id, Intervention.provider_id).where(
            Intervention.area_id == area.id, Intervention.is_harmful.is_(False)
        )
    )
    practitioners = holding("provider_practitioner") or holding("lead_practitioner")
    return Place(
        area_id=area.id, prefix=area.prefix,
        districts=list(db.session.scalars(select(District.id).where(District.area_id == area.id))),
        referrers=_senders(area.id),
        coordinator=holding("coordinator")[0].user_id,
        leads=[m.user_id for m in holding("lead_practitioner")],
        practitioners=[
            (m.user_id, m.agency_id if m.agency_id in providers else next(iter(providers))) for m in practitioners
        ],
        interventions=[(row[0], row[1] or "") for row in offered],
    )  # fmt: skip


def _senders(area_id: Id) -> list[Sender]:
    found = db.session.execute(
        select(User.id, Agency.id, User.name, Agency.name, User.email)
        .join(Membership, Membership.user_id == User.id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Membership.area_id == area_id, Membership.role == "referrer")
        .order_by(User.email)
    )
    return [Sender(*row) for row in found]


def shares_of(slugs: list[str], how_many: int, fullest: str = FULLEST) -> list[int]:
    """How many young people each area gets: the ``fullest`` three in ten, so that its caseload feels real."""
    most = round(how_many * 0.3) if fullest in slugs and len(slugs) > 1 else 0
    others = len(slugs) - bool(most)
    rest, places = how_many - most, [slug for slug in slugs if not (most and slug == fullest)]
    even = {slug: rest // others + (n < rest % others) for n, slug in enumerate(places)}
    return [even.get(slug, most) for slug in slugs]


def add_people(
    places: list[Place], found: Directory, how_many: int, rng: random.Random, on: date,
    shares: Mapping[str, int] = SHARES, fullest: str = FULLEST,
) -> None:  # fmt: skip
    """``how_many`` young people spread over the areas, saved in batches.

    ``shares`` weighs the stages of a story; the area ``fullest`` (a slug) gets three in ten, "" for all areas alike.
    """
    counts = shares_of([entry.slug for entry in found.areas], how_many, fullest)
    bar = tqdm(total=how_many, desc="Young people", unit="", disable=None)
    for number, place in enumerate(places):
        entry = found.areas[number]
        share = counts[number]
        batch = Batch(place.area_id)
        meetings(batch, place, on)
        schools = [agency.name for agency in entry.agencies if agency.kind == "school"]
        supported = known_people(on=on, area_slug=entry.slug)[: min(SUPPORTED, share)]
        others = people(number, share - len(supported), on=on, area_slug=entry.slug, schools=schools,
                        districts=[d.slug for d in entry.districts])  # fmt: skip
        numbers = rng.sample(range(1, max(10_000, share * 3)), share)
        sure = ["support"] * len(supported) + ["stepped_up"]  # what visitors look for, not left to chance
        for index, person in enumerate([*supported, *others]):
            stage = sure[index] if index < len(sure) else rng.choices(list(shares), list(shares.values()))[0]
            stem = f"{place.prefix}-{on:%y}-{numbers[index]:04d}"
            Story(batch, rng, place, person, on, stem + check_letter(stem)).write(stage)
            if (index + 1) % BATCH == 0:
                _save(batch, bar, BATCH)
        _save(batch, bar, share % BATCH)
    bar.close()


def _save(batch: Batch, bar: Any, count: int) -> None:
    batch.save(ORDER)
    db.session.commit()
    bar.update(count)


def meetings(batch: Batch, place: Place, on: date) -> None:
    """A weekly meeting for ten months back, and the next two."""
    members = db.session.scalars(
        select(Membership).where(
            Membership.area_id == place.area_id,
            Membership.role.in_(("panel_chair", "panel_member", "coordinator", "safeguarding_lead")),
        )
    ).all()
    chair = next(m.user_id for m in members if m.role == "panel_chair")
    thursday = on + timedelta(days=(3 - on.weekday()) % 7 or 7)
    for week in range(-44, 2):
        day = thursday + timedelta(weeks=week)
        past = day < on
        meeting = batch.add(
            Meeting, area_id=place.area_id, starts_at=at(day), place="Civic Centre, room 2", quorum=QUORUM, chair_id=chair,
            status=(MeetingStatus.ENDED if past else MeetingStatus.PLANNED).value,
            confirmed_at=at(day, 12) if past else None, confirmed_by_id=chair if past else None,
        )  # fmt: skip
        seen: set[Id] = set()
        for member in members:
            if member.user_id not in seen:
                seen.add(member.user_id)
                batch.add(MeetingMember, meeting_id=meeting, user_id=member.user_id, agency_id=member.agency_id,
                          attendance=MeetingAttendance.PRESENT.value if past else None)  # fmt: skip
        if past:
            place.past_meetings.append((meeting, day, chair))
        elif place.next_meeting is None:
            place.next_meeting = meeting
