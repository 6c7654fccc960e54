"""From `config/areas.toml` into the database: areas, districts, agencies, and the keys of each area."""

from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from accounts.models import Agency, Area, District
from audit.models import Event
from audit.services import record
from config.directory import load
from config.partnership import AgencyEntry, AreaEntry, Directory
from core.clock import today
from core.codes.agencies import PROVIDER_KINDS, AgencyKind
from core.codes.decisions import NotEligibleReason
from core.db import db
from core.keyring import SYSTEM, keyring
from core.providers import KeyProviderError


def read(path: Path) -> Directory:
    """Raise ConfigError with every mistake."""
    return load(path, agency_kinds=list(AgencyKind), exclusions=list(NotEligibleReason))


def organisation(directory: Directory) -> dict[str, str]:
    """What public pages and e-mails say about who runs this."""
    service = directory.service
    return {
        "name": service.partnership,
        "service": service.name,
        "police_force": service.police_force,
        "email": service.contact_email,
        "dpo_email": service.contact_email,
        "phone": service.contact_phone,
        "emergency_number": service.emergency_number,
        "exit_address": service.exit_address,
        "helpline": service.helpline,
        "helpline_number": service.helpline_number,
        "languages": " ".join(service.languages),
    }


def check_keys() -> None:
    """Raise KeyProviderError where areas have lost their keys: new ones would open nothing, and hide that they are lost."""
    if not keyring().store.scopes() and db.session.scalar(select(Area.id).limit(1)) is not None:
        raise KeyProviderError(
            "There are areas already, and the database of keys is empty. Put back its newest backup: new keys open nothing"
        )


def sync(directory: Directory) -> dict[str, int]:
    """Make and update rows as the file says; what it no longer names ends today. Returns how many of each changed."""
    changed = {"areas": 0, "districts": 0, "agencies": 0}
    areas: dict[str, Area] = {}
    for entry in directory.areas:
        areas[entry.slug], new = _area(entry)
        changed["areas"] += new
    db.session.flush()
    for entry in directory.areas:
        first = entry.successors[0] if entry.successors else None
        areas[entry.slug].successor_id = areas[first].id if first else None
        changed["districts"] += _districts(entry, areas[entry.slug])
    began = min(entry.valid_from for entry in directory.areas)
    changed["agencies"] = sum(_agency(entry, areas, began) for entry in directory.agencies)
    changed["agencies"] += _end_missing({entry.slug for entry in directory.agencies})
    record(Event.CONFIGURED, None, detail=changed)
    for scope in (SYSTEM, *(area.id for area in areas.values())):
        keyring().ensure_scope(scope)
    return changed


def _put(model: Any, slug: str, values: dict[str, Any]) -> tuple[Any, int]:
    """The row of this slug with these values, and 1 when that changed anything."""
    row = db.session.scalars(select(model).where(model.slug == slug)).first()
    if row is None:
        row = model(slug=slug, **values)
        db.session.add(row)
        return row, 1
    different = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    return row, int(bool(different))


def _area(entry: AreaEntry) -> tuple[Area, int]:
    targets = asdict(entry.targets)
    # Reviews have a shortest and a longest gap; the plan's due date is counted from the shortest.
    targets |= {"review_weeks": entry.targets.review_weeks_min}
    targets |= {"age_min": entry.eligibility.age_min, "age_max": entry.eligibility.age_max}
    door = entry.front_door
    return _put(Area, entry.slug, {
        "name": entry.name, "gss_code": entry.gss, "prefix": entry.prefix, "panel_name": entry.panel_name,
        "front_door_name": door.name, "front_door_day": door.day_number, "front_door_night": door.out_of_hours_number,
        "targets": targets, "exclusions": list(entry.eligibility.exclusions), "quorum": entry.quorum,
        "valid_from": entry.valid_from, "valid_to": entry.valid_to,
        "takes_families": entry.takes_families,
    })  # fmt: skip


def _districts(entry: AreaEntry, area: Area) -> int:
    return sum(
        _put(District, district.slug, {
            "area_id": area.id, "name": district.name, "gss_code": district.gss, "valid_from": district.valid_from,
            "valid_to": district.valid_to,
        })[1]
        for district in entry.districts
    )  # fmt: skip


def _agency(entry: AgencyEntry, areas: dict[str, Area], began: date) -> int:
    area = areas[entry.area_slug] if entry.area_slug else None
    return _put(Agency, entry.slug, {
        "area_id": area.id if area else None, "name": entry.name, "kind": entry.kind,
        "is_provider": entry.kind in {kind.value for kind in PROVIDER_KINDS},
        "valid_from": area.valid_from if area else began, "valid_to": area.valid_to if area else None,
        "email_domains": list(entry.email_domains) or None,
    })[1]  # fmt: skip


def _end_missing(named: set[str]) -> int:
    """Agencies that left the file: kept, because records name them, but ended."""
    gone = db.session.scalars(select(Agency).where(Agency.slug.not_in(named), Agency.valid_to.is_(None))).all()
    for agency in gone:
        agency.valid_to = max(today() - timedelta(days=1), agency.valid_from)
    return len(gone)
