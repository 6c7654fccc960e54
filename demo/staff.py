"""Forty invented members of staff: every role, all nine areas; Reading has the fullest team."""

from collections.abc import Iterator
from dataclasses import dataclass

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
    ("Pat", "Adeyemi", "Prevention practitioner", "lead_practitioner", "reading-youth-justice"),
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
# area: coordinator; chair, who is also the safeguarding lead; practitioner, who also sits on the panel and refers
_TEAMS = {
    "bracknell-forest": (("Sunil", "Mehta"), ("Frances", "Oduya"), ("Bryn", "Tolley")),
    "west-berkshire": (("Carol", "Pinnock"), ("Alistair", "Reeve"), ("Nadia", "Farouk")),
    "slough": (("Harpreet", "Johal"), ("Yvonne", "Castle"), ("Samir", "Aslam")),
    "windsor-and-maidenhead": (("Lottie", "Brandreth"), ("Kwabena", "Addo"), ("Marek", "Sobczak")),
    "wokingham": (("Dev", "Chaudhuri"), ("Ruth", "Ellingham"), ("Joy", "Nwosu")),
    "milton-keynes": (("Lorna", "McKay"), ("Farid", "Rahimi"), ("Stacey", "Bullen")),
    "buckinghamshire": (("Peter", "Winslade"), ("Shabana", "Yaqub"), ("Callie", "Mott")),
    "oxfordshire": (("Miriam", "Goldhawk"), ("Desmond", "Pryor"), ("Lin", "Cheng")),
}
_EXTRA = (("Kit", "Harbottle", "Mentor", "provider_practitioner", "concrete-roots-youth", "milton-keynes"),)


def staff(directory: Directory) -> list[FictionalStaff]:
    """All of them; those whose area or agency an adopter's own `areas.toml` does not have are left out."""
    known = {agency.slug for agency in directory.agencies}
    return [person for person in _everyone() if all(m.agency_slug in known for m in person.memberships)]


def _everyone() -> Iterator[FictionalStaff]:
    for forename, surname, job, role, agency in _READING:
        yield FictionalStaff(forename, surname, job, (StaffMembership(role, agency, "reading"),))
    for area, team in _TEAMS.items():
        yield from _team(area, *team)
    for forename, surname, job, role, agency, area in _EXTRA:
        yield FictionalStaff(forename, surname, job, (StaffMembership(role, agency, area),))
    for forename, surname, job, role, agency, district in _FORCE:
        membership = StaffMembership(role, agency, "oxfordshire" if district else None, district)
        yield FictionalStaff(forename, surname, job, (membership,))
    # An analyst works area by area, one membership each, and acts under one at a time.
    analyst = tuple(StaffMembership("analyst", "thames-valley-police", area) for area in ("reading", *_TEAMS))
    yield FictionalStaff("Anita", "Bose", "Data analyst", analyst)


def _team(
    area: str, coordinator: tuple[str, str], chair: tuple[str, str], practitioner: tuple[str, str]
) -> Iterator[FictionalStaff]:
    partnership = f"{area}-prevention-partnership"
    yield FictionalStaff(*coordinator, "Panel coordinator", (StaffMembership("coordinator", partnership, area),))
    care = f"{area}-childrens-social-care"
    leads = tuple(StaffMembership(role, care, area) for role in ("panel_chair", "safeguarding_lead"))
    yield FictionalStaff(*chair, "Service manager", leads)
    justice = f"{area}-youth-justice"
    roles = ("lead_practitioner", "panel_member", "provider_practitioner", "referrer")
    memberships = tuple(StaffMembership(role, justice, area) for role in roles)
    yield FictionalStaff(*practitioner, "Prevention practitioner", memberships)
