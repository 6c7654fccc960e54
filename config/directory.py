"""Reads and checks `areas.toml`: every mistake is named, none is guessed around."""

import datetime
import re
from collections.abc import Collection
from dataclasses import fields, replace
from pathlib import Path

from config.partnership import (
    EXIT_ADDRESS,
    AgencyEntry,
    AreaEntry,
    Directory,
    District,
    Eligibility,
    FormerArea,
    FrontDoor,
    Service,
    Targets,
)
from config.reader import ConfigError as ConfigError
from config.reader import Table, check_unique, finish, open_file

AREAS_FILE = Path(__file__).with_name("areas.toml")
_SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"
_SLUG_WORDS = "be small letters, digits and hyphens"
_GSS = r"[ENSW]\d{8}"
_GSS_WORDS = "be a GSS code like E06000038"
_PHONE = r"[0-9 ]{3,16}"
_DOMAIN = r"[a-z0-9-]+(\.[a-z0-9-]+)+"
LANGUAGES = frozenset({"en", "cy"})
_PHONE_WORDS = "be a telephone number; an area cannot start without it"


def load(path: Path = AREAS_FILE, *, agency_kinds: Collection[str] = (), exclusions: Collection[str] = ()) -> Directory:
    """Read and check the file; ConfigError names every mistake.

    The code lists live above this package: callers who can see them pass the codes an agency or exclusion may have.
    """
    root = open_file(path)
    targets = _targets(root.table("targets", optional=True), Targets())
    eligibility = _eligibility(root.table("eligibility", optional=True), Eligibility())
    directory = Directory(
        service=_service(root.table("service")),
        areas=tuple(_area(table, targets, eligibility) for table in root.tables("areas")),
        former_areas=tuple(_former(table) for table in root.tables("former_areas", label="name", optional=True)),
        force_agencies=tuple(_agency(table, None) for table in root.tables("agencies", optional=True)),
    )
    _check(root, directory)
    _check_codes(root, directory, frozenset(agency_kinds), frozenset(exclusions))
    finish(path, root)
    return directory


def _service(table: Table) -> Service:
    service = Service(
        name=table.text("name"),
        partnership=table.text("partnership"),
        police_force=table.text("police_force"),
        police_area_gss=table.text("police_area_gss", pattern=_GSS, words=_GSS_WORDS),
        contact_email=table.text("contact_email", pattern=r"\S+@\S+\.\S+", words="be an e-mail address"),
        contact_phone=table.text("contact_phone", pattern=_PHONE, words=_PHONE_WORDS),
        emergency_number=table.text("emergency_number", pattern=_PHONE, words=_PHONE_WORDS, default="999"),
        exit_address=table.text(
            "exit_address", pattern=r"https://\S+", words="be an https address", default=EXIT_ADDRESS
        ),
        helpline=table.text("helpline", default=""),
        helpline_number=table.text("helpline_number", pattern=r"[0-9 ]{0,16}", words=_PHONE_WORDS, default=""),
        languages=table.texts("languages", default=("en",)),
    )
    _check_languages(table, service.languages)
    table.done()
    return service


def _check_languages(table: Table, languages: tuple[str, ...]) -> None:
    if not languages or not set(languages) <= LANGUAGES or len(set(languages)) < len(languages):
        table.complain("'languages' must be one or more of en, cy; the first is shown to those who chose none")


def _targets(table: Table, base: Targets) -> Targets:
    values = {f.name: table.number(f.name, low=1, high=260, default=getattr(base, f.name)) for f in fields(Targets)}
    table.done()
    targets = replace(base, **values)
    if targets.review_weeks_min > targets.review_weeks_max:
        table.complain("'review_weeks_min' must not be more than 'review_weeks_max'")
    if targets.emergency_hours > 4:
        table.complain("'emergency_hours' must be from 1 to 4")
    return targets


def _eligibility(table: Table, base: Eligibility) -> Eligibility:
    eligibility = Eligibility(
        age_min=table.number("age_min", low=5, high=17, default=base.age_min),
        age_max=table.number("age_max", low=10, high=25, default=base.age_max),
        exclusions=table.texts("exclusions", default=base.exclusions),
    )
    table.done()
    if eligibility.age_min > eligibility.age_max:
        table.complain("'age_min' must not be more than 'age_max'")
    return eligibility


def _day(table: Table, key: str) -> datetime.date:
    return table.day(key) or datetime.date.min


def _area(table: Table, targets: Targets, eligibility: Eligibility) -> AreaEntry:
    slug = table.text("slug", pattern=_SLUG, words=_SLUG_WORDS)
    area = AreaEntry(
        slug=slug,
        name=table.text("name"),
        gss=table.text("gss", pattern=_GSS, words=_GSS_WORDS),
        prefix=table.text("prefix", pattern="[A-Z]{3}", words="be three capital letters"),
        panel_name=table.text("panel_name"),
        quorum=table.number("quorum", low=1, high=30, default=4),
        front_door=_front_door(table.table("front_door")),
        valid_from=_day(table, "valid_from"),
        valid_to=table.day("valid_to", optional=True),
        successors=table.texts("successors", default=()),
        targets=_targets(table.table("targets", optional=True), targets),
        eligibility=_eligibility(table.table("eligibility", optional=True), eligibility),
        districts=tuple(_district(t) for t in table.tables("districts", optional=True)),
        agencies=tuple(_agency(t, slug) for t in table.tables("agencies", optional=True)),
        takes_families=table.flag("takes_families"),
    )
    table.done()
    return area


def _front_door(table: Table) -> FrontDoor:
    front_door = FrontDoor(
        name=table.text("name"),
        day_number=table.text("day_number", pattern=_PHONE, words=_PHONE_WORDS),
        out_of_hours_number=table.text("out_of_hours_number", pattern=_PHONE, words=_PHONE_WORDS),
    )
    table.done()
    return front_door


def _district(table: Table) -> District:
    district = District(
        slug=table.text("slug", pattern=_SLUG, words=_SLUG_WORDS),
        name=table.text("name"),
        gss=table.text("gss", pattern=_GSS, words=_GSS_WORDS),
        valid_from=_day(table, "valid_from"),
        valid_to=table.day("valid_to", optional=True),
    )
    table.done()
    return district


def _agency(table: Table, area_slug: str | None) -> AgencyEntry:
    agency = AgencyEntry(
        slug=table.text("slug", pattern=_SLUG, words=_SLUG_WORDS),
        name=table.text("name"),
        kind=table.text("kind", pattern="[a-z_]+", words="be a kind of agency like 'school'"),
        area_slug=area_slug,
        email_domains=table.texts("email_domains", default=()),
    )
    for domain in agency.email_domains:
        if not re.fullmatch(_DOMAIN, domain):
            table.complain("'email_domains' must be small letters like 'school.example.org', without an @")
    table.done()
    return agency


def _former(table: Table) -> FormerArea:
    former = FormerArea(
        name=table.text("name"),
        gss=table.text("gss", pattern=_GSS, words=_GSS_WORDS),
        valid_to=_day(table, "valid_to"),
        successor_gss=table.text("successor_gss", pattern=_GSS, words=_GSS_WORDS),
    )
    table.done()
    return former


def _check(root: Table, directory: Directory) -> None:
    areas = directory.areas
    if not areas:
        root.complain("there must be at least one area")
    check_unique(root, "the area slug", [area.slug for area in areas])
    check_unique(root, "the reference prefix", [area.prefix for area in areas])
    check_unique(root, "the agency slug", [agency.slug for agency in directory.agencies])
    districts = [district.gss for area in areas for district in area.districts]
    check_unique(root, "the GSS code", [area.gss for area in areas] + districts)
    slugs = {area.slug for area in areas}
    for area in areas:
        _check_dates(root, area, slugs)
    for former in directory.former_areas:
        if former.successor_gss not in {area.gss for area in areas}:
            root.complain(f"former_areas ({former.name}): 'successor_gss' must be the GSS code of an area in this file")


def _check_dates(root: Table, area: AreaEntry, slugs: set[str]) -> None:
    if area.valid_to and area.valid_to < area.valid_from:
        root.complain(f"areas ({area.slug}): 'valid_to' must not be before 'valid_from'")
    if area.valid_to and not area.successors:
        root.complain(
            f"areas ({area.slug}): an area that ends needs 'successors', so that its cases have somewhere to go"
        )
    for successor in area.successors:
        if successor not in slugs - {area.slug}:
            root.complain(f"areas ({area.slug}): successor '{successor}' is not another area in this file")


def _check_codes(root: Table, directory: Directory, kinds: frozenset[str], exclusions: frozenset[str]) -> None:
    for agency in directory.agencies:
        if kinds and agency.kind not in kinds:
            root.complain(f"agencies ({agency.slug}): '{agency.kind}' is not a kind of agency we know")
    for area in directory.areas:
        for reason in area.eligibility.exclusions:
            if exclusions and reason not in exclusions:
                root.complain(f"areas ({area.slug}): '{reason}' is not a reason for not being eligible that we know")
