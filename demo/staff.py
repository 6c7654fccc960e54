"""Forty invented members of staff: every role, all nine areas; Reading, with three in ten young people, the fullest team.

In each role of an area the first by e-mail address tells the
demonstration's own stories (``demo.cast``): in Reading those whom its accounts name.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from config.partnership import Directory


@dataclass(frozen=True)
class StaffMembership:
    """A role (the codes of accounts/roles.py) in an agency; without an area it is held for the whole force."""

    role: str
    agency_slug: str
    area_slug: str | None
    district_slug: str | None = None


@dataclass(frozen=True)
class FictionalStaff:
    forename: str
    surname: str
    job: str
    memberships: tuple[StaffMembership, ...]

    @property
    def name(self) -> str:
        return f"{self.forename} {self.surname}"

    @property
    def email(self) -> str:
        return f"{self.forename}.{self.surname}@{self.memberships[0].agency_slug}.example".lower().replace("'", "")


_READING = (
    ("Rosa", "Whitcombe", "Teacher", "referrer", "northbrook-academy"),
    ("Imran", "Saddiq", "Neighbourhood officer", "referrer", "reading-police"),
    ("Gwen", "Halloran", "Deputy head teacher", "agency_contact", "northbrook-academy"),
    ("Vera", "Hill", "Youth worker", "provider_practitioner", "northside-youth"),
    ("Winston", "Harbottle", "Mentor", "provider_practitioner", "riverside-mentors"),
    ("Pat", "Adeyemi", "Prevention practitioner", "lead_practitioner", "reading-youth-justice"),
    ("Priya", "Chaudhuri", "Prevention practitioner", "lead_practitioner", "reading-youth-justice"),
    ("Rowan", "Brandreth", "Family worker", "lead_practitioner", "reading-early-help"),
    ("Tomasz", "Winslade", "Family worker", "lead_practitioner", "reading-early-help"),
    ("Denise", "Okoro", "School nurse", "panel_member", "reading-school-nursing"),
    ("Graham", "Tull", "Service manager", "panel_chair", "reading-childrens-social-care"),
    ("Tess", "Grant", "Panel coordinator", "coordinator", "reading-prevention-partnership"),
    ("Rae", "Lowe", "Safeguarding lead", "safeguarding_lead", "reading-childrens-social-care"),
    ("Hugh", "Pargeter", "Partnership lead", "partnership_lead", "reading-prevention-partnership"),
)
_FORCE = (
    ("Colin", "Frobisher", "Policy officer", "oversight_viewer", "thames-valley-opcc", None),
    ("Mel", "Strand", "Systems administrator", "administrator", "thames-valley-police", None),
    ("Judith", "Akande", "Data protection officer", "data_protection_officer", "thames-valley-opcc", None),
    ("Owen", "Pryce", "Community safety officer", "oversight_viewer", "oxfordshire-community-safety", "cherwell"),
)
# Areas side by side share a coordinator, who acts in one of them at a time.
_COORDINATORS = (
    ("Sunil", "Mehta", ("bracknell-forest", "wokingham")),
    ("Carol", "Pinnock", ("west-berkshire",)),
    ("Harpreet", "Johal", ("slough", "windsor-and-maidenhead")),
    ("Lorna", "McKay", ("milton-keynes", "buckinghamshire")),
    ("Miriam", "Goldhawk", ("oxfordshire",)),
)
# area: chair, who is also the safeguarding lead; practitioner, who also sits on the panel and refers
_TEAMS = {
    "bracknell-forest": (("Frances", "Oduya"), ("Bryn", "Tolley")),
    "west-berkshire": (("Alistair", "Reeve"), ("Nadia", "Farouk")),
    "slough": (("Yvonne", "Castle"), ("Samir", "Aslam")),
    "windsor-and-maidenhead": (("Kwabena", "Addo"), ("Marek", "Sobczak")),
    "wokingham": (("Ruth", "Ellingham"), ("Joy", "Nwosu")),
    "milton-keynes": (("Farid", "Rahimi"), ("Stacey", "Bullen")),
    "buckinghamshire": (("Shabana", "Yaqub"), ("Callie", "Mott")),
    "oxfordshire": (("Desmond", "Pryor"), ("Lin", "Cheng")),
}


def staff(directory: Directory) -> list[FictionalStaff]:
    """All of them, where an adopter's own `areas.toml` has their agency; those who then work nowhere are left out."""
    known = {agency.slug for agency in directory.agencies}
    found = (
        replace(person, memberships=tuple(m for m in person.memberships if m.agency_slug in known))
        for person in _everyone()
    )
    return [person for person in found if person.memberships]


def _everyone() -> Iterator[FictionalStaff]:
    for forename, surname, job, role, agency in _READING:
        yield FictionalStaff(forename, surname, job, (StaffMembership(role, agency, "reading"),))
    for forename, surname, areas in _COORDINATORS:
        held = tuple(StaffMembership("coordinator", f"{area}-prevention-partnership", area) for area in areas)
        yield FictionalStaff(forename, surname, "Panel coordinator", held)
    for area, team in _TEAMS.items():
        yield from _team(area, *team)
    for forename, surname, job, role, agency, district in _FORCE:
        membership = StaffMembership(role, agency, "oxfordshire" if district else None, district)
        yield FictionalStaff(forename, surname, job, (membership,))
    # An analyst works area by area, one membership each, and acts under one at a time.
    analyst = tuple(StaffMembership("analyst", "thames-valley-police", area) for area in ("reading", *_TEAMS))
    yield FictionalStaff("Anita", "Bose", "Data analyst", analyst)


def _team(area: str, chair: tuple[str, str], practitioner: tuple[str, str]) -> Iterator[FictionalStaff]:
    care = f"{area}-childrens-social-care"
    leads = tuple(StaffMembership(role, care, area) for role in ("panel_chair", "safeguarding_lead"))
    yield FictionalStaff(*chair, "Service manager", leads)
    justice = f"{area}-youth-justice"
    roles = ("lead_practitioner", "panel_member", "provider_practitioner", "referrer")
    memberships = tuple(StaffMembership(role, justice, area) for role in roles)
    yield FictionalStaff(*practitioner, "Prevention practitioner", memberships)
