"""The partnership as configured in `areas.toml`: its service, areas, districts, front doors, targets and agencies."""

import datetime
from dataclasses import dataclass

EXIT_ADDRESS = "https://www.bbc.co.uk/weather"


@dataclass(frozen=True)
class Service:
    """The installation: what it is called and whom to ask."""

    name: str
    partnership: str
    police_force: str
    police_area_gss: str
    contact_email: str
    contact_phone: str
    emergency_number: str
    exit_address: str = EXIT_ADDRESS
    helpline: str = ""
    helpline_number: str = ""
    languages: tuple[str, ...] = ("en",)


@dataclass(frozen=True)
class FrontDoor:
    """Children's social care's first contact team (the MASH), under the name the area uses."""

    name: str
    day_number: str
    out_of_hours_number: str


@dataclass(frozen=True)
class Targets:
    """Clocks, in working days unless the name says otherwise."""

    acknowledge: int = 1
    triage: int = 5
    information: int = 5
    panel_wait: int = 15
    step_up_chase: int = 1
    offer: int = 2
    engagement: int = 20
    engagement_attempts: int = 3
    baseline: int = 20
    candidate: int = 10
    review_weeks_min: int = 6
    review_weeks_max: int = 12
    trigger_months: int = 3
    emergency_hours: int = 1
    case_years: int = 6
    referral_years: int = 2
    candidate_days: int = 30


@dataclass(frozen=True)
class Eligibility:
    age_min: int = 10
    age_max: int = 17
    exclusions: tuple[str, ...] = ()


@dataclass(frozen=True)
class District:
    slug: str
    name: str
    gss: str
    valid_from: datetime.date
    valid_to: datetime.date | None = None


@dataclass(frozen=True)
class AgencyEntry:
    """An agency of an area, or of the whole force where area_slug is None."""

    slug: str
    name: str
    kind: str
    area_slug: str | None
    email_domains: tuple[str, ...] = ()


@dataclass(frozen=True)
class AreaEntry:
    slug: str
    name: str
    gss: str
    prefix: str
    panel_name: str
    quorum: int
    front_door: FrontDoor
    valid_from: datetime.date
    valid_to: datetime.date | None
    successors: tuple[str, ...]
    targets: Targets
    eligibility: Eligibility
    districts: tuple[District, ...]
    agencies: tuple[AgencyEntry, ...]
    takes_families: bool = False


@dataclass(frozen=True)
class FormerArea:
    """A council that another replaced: old records and figures still name it."""

    name: str
    gss: str
    valid_to: datetime.date
    successor_gss: str


@dataclass(frozen=True)
class Directory:
    service: Service
    areas: tuple[AreaEntry, ...]
    former_areas: tuple[FormerArea, ...]
    force_agencies: tuple[AgencyEntry, ...]

    def area(self, slug: str) -> AreaEntry:
        return next(area for area in self.areas if area.slug == slug)

    @property
    def agencies(self) -> tuple[AgencyEntry, ...]:
        return self.force_agencies + tuple(agency for area in self.areas for agency in area.agencies)
