"""The catalogue: what can be offered to whom, places left, and changing what an area offers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import column, func, or_, select, table

from accounts.models import Agency, Area
from audit.models import Event
from audit.services import record
from config.catalogue import InterventionEntry
from core.access import Actor
from core.clock import today
from core.codes.agencies import AgencyKind
from core.codes.base import Tag, label_of
from core.codes.offers import CostBand, EvidenceConfidence, EvidenceRating, OfferStatus
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from core.sensitivity import is_known
from interventions.models import Intervention
from interventions.policies import interventions_visible_to

RATING_AGES_AFTER_DAYS = 365
EVERYWHERE = "All areas"
Key = tuple[str, Id | None, Id | None]
# Offers belong to panels, above this package; their table alone is counted, so that a place is never counted twice.
_OFFERS = table("offer", column("intervention_id"), column("status"), column("young_person_id"))
TAKES_A_PLACE = (OfferStatus.ACCEPTED, OfferStatus.ACTIVE, OfferStatus.PAUSED)


@dataclass(frozen=True)
class Choice:
    """One intervention as a list shows it."""

    intervention: Intervention
    provider: str
    area: str
    places_left: int | None

    @property
    def rating(self) -> Tag:
        return rating_tag(self.intervention)

    @property
    def confidence(self) -> str:
        return label_of(EvidenceConfidence, self.intervention.confidence, missing=EvidenceConfidence.NOT_RATED.label)

    @property
    def cost(self) -> str:
        return label_of(CostBand, self.intervention.cost, missing=CostBand.NOT_KNOWN.label)

    @property
    def is_old(self) -> bool:
        return is_old_rating(self.intervention)

    @property
    def is_full(self) -> bool:
        return self.places_left is not None and self.places_left <= 0


def rating_tag(intervention: Intervention) -> Tag:
    """The evidence rating as a tag; an unrated one says what to do about it."""
    rating = EvidenceRating(intervention.rating)
    return Tag(_("Unrated – check the toolkit"), "grey") if rating is EvidenceRating.UNRATED else rating.tag


def is_old_rating(intervention: Intervention, on: date | None = None) -> bool:
    """A rating looked up more than twelve months ago must be checked again."""
    return intervention.as_at is None or ((on or today()) - intervention.as_at).days > RATING_AGES_AFTER_DAYS


def places_left(interventions: Iterable[Intervention]) -> dict[Id, int | None]:
    """Places not taken, by intervention; None where places are not counted. One statement however many there are."""
    counted = {item.id: item.places for item in interventions}
    wanted = [key for key, places in counted.items() if places is not None]
    taken: dict[Id, int] = {}
    if wanted:
        rows = db.session.execute(
            select(_OFFERS.c.intervention_id, func.count())
            .where(
                _OFFERS.c.intervention_id.in_(wanted),
                _OFFERS.c.status.in_([s.value for s in TAKES_A_PLACE]),
                is_known(_OFFERS.c.young_person_id),
            )
            .group_by(_OFFERS.c.intervention_id)
        )
        taken = {key: count for key, count in rows}
    return {key: None if places is None else places - taken.get(key, 0) for key, places in counted.items()}


def available(actor: Actor, *, age: int | None = None, harmful: bool = False) -> list[Intervention]:
    """What the actor's area may offer now, its own first. Approaches that can cause harm only where asked for."""
    statement = interventions_visible_to(actor).where(Intervention.is_active)
    if age is not None:
        statement = statement.where(Intervention.min_age <= age, Intervention.max_age >= age)
    if not harmful:
        statement = statement.where(Intervention.is_harmful.is_(False))
    return sorted(db.session.scalars(statement), key=_own_first)


def _own_first(item: Intervention) -> tuple[bool, bool, str]:
    return (item.area_id is None, item.is_harmful, item.name)


def as_choices(found: list[Intervention]) -> list[Choice]:
    """With provider, area and places left; in the order given."""
    left = places_left(found)
    agencies = _names(Agency, {item.provider_id for item in found})
    areas = _names(Area, {item.area_id for item in found})
    return [
        Choice(
            item, agencies.get(item.provider_id or "", ""), areas.get(item.area_id or "", _("All areas")), left[item.id]
        )
        for item in found
    ]


def as_choice(found: Intervention, provider: str) -> Choice:
    """One whose provider is known and whose area is not shown."""
    return Choice(found, provider, "", places_left([found])[found.id])


def _names(model: type[Agency] | type[Area], ids: set[Id | None]) -> dict[Id, str]:
    wanted = [key for key in ids if key]
    if not wanted:
        return {}
    return {key: name for key, name in db.session.execute(select(model.id, model.name).where(model.id.in_(wanted)))}


def find_intervention(actor: Actor, intervention_id: Id) -> Intervention:
    """Raise NoResultFound for one the actor may not see."""
    return db.session.scalars(interventions_visible_to(actor).where(Intervention.id == intervention_id)).one()


def providers(area_id: Id) -> list[Agency]:
    """Who delivers support in an area now: its own agencies and those that work across the force."""
    here = or_(Agency.area_id == area_id, Agency.area_id.is_(None))
    now_valid = or_(Agency.valid_to.is_(None), Agency.valid_to >= today())
    return list(db.session.scalars(select(Agency).where(here, Agency.is_provider, now_valid).order_by(Agency.name)))


def categories() -> list[tuple[str, str]]:
    """For a filter or a select: value and words are the same."""
    found = db.session.scalars(select(Intervention.category).distinct().order_by(Intervention.category))
    return [(name, name) for name in found]


def ratings() -> list[tuple[str, str]]:
    return [(rating.value, rating.label) for rating in EvidenceRating]


def catalogue(actor: Actor, *, area: str = "", category: str = "", rating: str = "") -> list[Choice]:
    """The catalogue page: ``area`` is "own", "everywhere" or nothing; not offered any more comes last."""
    statement = interventions_visible_to(actor)
    if area:
        statement = statement.where(
            Intervention.area_id.is_(None) if area == "everywhere" else Intervention.area_id == actor.area_id
        )
    if category:
        statement = statement.where(Intervention.category == category)
    if rating:
        statement = statement.where(Intervention.rating == rating)
    found = sorted(db.session.scalars(statement), key=lambda item: (not item.is_active, *_own_first(item)))
    return as_choices(found)


def change(actor: Actor, intervention: Intervention, *, places: int | None, is_active: bool, description: str) -> None:
    """What an area says of its own offer; the evidence comes from the catalogue file."""
    before = {"places_before": intervention.places, "active_before": intervention.is_active}
    described = intervention.description != description
    intervention.places, intervention.is_active, intervention.description = places, is_active, description
    record(
        Event.CATALOGUE_CHANGED, actor, intervention,
        detail=before | {"places": places, "active": is_active, "described": described},
    )  # fmt: skip


@dataclass(frozen=True)
class LocalOffer:
    """What an area types to add an intervention of its own."""

    name: str
    category: str
    description: str
    provider_id: Id
    cost: str
    places: int | None
    min_age: int = 10
    max_age: int = 17
    is_harmful: bool = False
    warning: str = ""


def add_local(actor: Actor, offer: LocalOffer) -> Intervention:
    """Add an area's own intervention. One that can cause harm must say how, wherever it is shown."""
    if offer.is_harmful and not offer.warning.strip():
        raise ValueError("An approach that can cause harm needs a warning")
    intervention = Intervention(
        code="local", name=offer.name, category=offer.category, description=offer.description, area_id=actor.area_id,
        provider_id=offer.provider_id, rating=EvidenceRating.HARMFUL if offer.is_harmful else EvidenceRating.LOCAL,
        confidence="not_rated", cost=offer.cost, source=f"Added by {actor.area_name}", as_at=today(),
        is_harmful=offer.is_harmful, warning=offer.warning, places=offer.places, min_age=offer.min_age,
        max_age=offer.max_age,
    )  # fmt: skip
    db.session.add(intervention)
    record(Event.CATALOGUE_CHANGED, actor, intervention, detail={"added": 1, "harmful": offer.is_harmful})
    return intervention


# ---- Loading the catalogue file ----

# What an agency of a kind usually delivers, so that a new area starts with a list to correct, not an empty page.
USUAL: dict[str, tuple[str, ...]] = {
    AgencyKind.VOLUNTARY: ("mentoring", "sports-programmes", "positive-activities"),
    AgencyKind.HUB: ("young-futures-hub", "careers-and-training"),
    AgencyKind.YOUTH_JUSTICE: ("restorative-justice", "social-skills-training"),
    AgencyKind.EARLY_HELP: ("family-support", "parenting-programmes"),
    AgencyKind.SPEECH_AND_LANGUAGE: ("speech-and-language-therapy",),
    AgencyKind.SUBSTANCE_MISUSE: ("substance-misuse-support",),
    AgencyKind.HOSPITAL: ("local-hospital-navigator",),
}


def sync(entries: Iterable[InterventionEntry]) -> dict[str, int]:
    """Bring the approaches and each area's usual offers up to the file; an area's own words and places stay."""
    by_code = {entry.slug: entry for entry in entries}
    held = {(i.code, i.area_id, i.provider_id): i for i in db.session.scalars(select(Intervention))}
    agencies = db.session.scalars(select(Agency).where(Agency.is_provider, Agency.area_id.is_not(None)))
    wanted: list[Key] = [(code, None, None) for code in by_code]
    wanted += [
        (code, agency.area_id, agency.id)
        for agency in agencies
        for code in USUAL.get(agency.kind, ())
        if code in by_code
    ]
    counts = {"added": 0, "updated": 0}
    for key in wanted:
        counts["updated" if key in held else "added"] += 1
        _from_entry(held.get(key) or _new(*key), by_code[key[0]])
    return counts


def _new(code: str, area_id: Id | None, provider_id: Id | None) -> Intervention:
    intervention = Intervention(code=code, area_id=area_id, provider_id=provider_id)
    db.session.add(intervention)
    return intervention


def _from_entry(intervention: Intervention, entry: InterventionEntry) -> None:
    intervention.name, intervention.category = entry.name, entry.category
    intervention.rating, intervention.violence_effect = entry.rating, entry.violence_effect
    intervention.confidence, intervention.cost = entry.confidence, entry.cost
    intervention.source, intervention.as_at = entry.source, entry.as_at
    intervention.is_harmful = entry.harmful
    intervention.warning = entry.violence_effect if entry.harmful else ""
    intervention.description = intervention.description or entry.summary
