"""Who can sign in to the demonstration, without asking the database."""

from accounts.demonstration import PASSWORD
from accounts.roles import ROLES, Role
from config.directory import load
from demo.staff import FictionalStaff, staff

__all__ = ["PASSWORD", "accounts", "one_per_role"]


def accounts() -> list[dict[str, str]]:
    """Every account and role: role, area, agency, e-mail, password."""
    return [
        {
            "role": membership.role, "area": membership.area_slug or "whole force", "agency": membership.agency_slug,
            "email": person.email, "password": PASSWORD,
        }
        for person in _staff()
        for membership in person.memberships
    ]  # fmt: skip


def one_per_role() -> list[tuple[str, str, str]]:
    """Role in words, area and e-mail: the first account of each role, in the roles' order."""
    first: dict[str, tuple[str, str, str]] = {}
    for account in accounts():
        role = account["role"]
        first.setdefault(role, (ROLES[Role(role)].name, account["area"], account["email"]))
    return [first[role] for role in ROLES if role in first]


def _staff() -> list[FictionalStaff]:
    return staff(load())
