"""`docs/roles.md` from `accounts/roles.py`: who may do what, in words, role by role and permission by permission."""

from accounts.permission_words import WORDS
from accounts.roles import ROLES
from core.access import Permission

INTRODUCTION = """# Roles

Written from `accounts/roles.py` by `make docs`; a test fails when it is not current. Do not edit it by hand.

A person holds one or more **memberships**: a role, in an agency, for an area (or for the whole force). They act under
one at a time and switch openly. A permission says which pages and acts are open at all; which records a page shows is
decided by the policies of each package, and never reaches beyond the area of the membership. Referrers see what they
sent themselves, wherever it went. Panel members see the papers of the meetings that they are listed on, without the
items on which a conflict of interest is recorded for them.
"""


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _summary() -> list[str]:
    lines = ["\n## In short\n", _row("Role", "Held in", "A second person approves", "Signed out when unused for")]
    lines.append("|---|---|---|---|")
    for rules in ROLES.values():
        place = "an area" if rules.needs_area else "an area or the whole force"
        lines.append(_row(rules.name, place, "yes" if rules.needs_two else "no", f"{rules.idle_minutes} minutes"))
    return lines


def _by_role() -> list[str]:
    lines = ["\n## Role by role"]
    for rules in ROLES.values():
        lines.append(f"\n### {rules.name}\n")
        lines += [f"- {WORDS[permission]}" for permission in Permission if permission in rules.permissions]
    return lines


def _by_permission() -> list[str]:
    lines = ["\n## Permission by permission\n", _row("Permission", "What it opens", "Roles"), "|---|---|---|"]
    for permission in Permission:
        holders = [rules.name for rules in ROLES.values() if permission in rules.permissions]
        lines.append(_row(f"`{permission}`", WORDS[permission], ", ".join(holders) or "no role yet"))
    return lines


def roles_page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION.rstrip(), *_summary(), *_by_role(), *_by_permission()]) + "\n"
