"""`docs/routes.md` from the running URL map: every address, who may use it, and the audit event of what it opens."""

from flask import Flask

from accounts.roles import ROLES
from core.access import Door, Requirement, requirement_of

INTRODUCTION = """# Addresses and permissions

The written access policy: every address of the product, the permission it declares, the roles that hold it, and the audit
event of what it opens. Written from the URL map by `make docs`; a test fails while this page differs from the application,
so a new or changed address is seen by whoever reviews the change. What a page then shows is decided by row policies, which
never cross the area of the membership: for an address with an id, a record that is not yours is "page not found".
"""


def _who(needed: Requirement) -> tuple[str, str]:
    if needed.door is Door.PUBLIC:
        return "open to all", "everyone"
    if needed.door is Door.SYSTEM:
        return "access token of an agency’s system", "no role"
    if needed.door is Door.SELF:
        return "signed in, for oneself", "every role"
    holders = [rules.name for rules in ROLES.values() if any(p in rules.permissions for p in needed.permissions)]
    return " or ".join(f"`{permission}`" for permission in needed.permissions), ", ".join(holders)


def routes_page(app: Flask) -> str:
    """The whole page, in the order of the addresses."""
    lines = [INTRODUCTION, "| Address | Methods | Permission | Roles | Audit event |", "|---|---|---|---|---|"]
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: (r.rule, r.endpoint)):
        needed = requirement_of(app, rule.endpoint)
        assert needed is not None
        permission, roles = _who(needed)
        methods = ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        address = rule.rule.replace("<", "{").replace(">", "}").replace("id:", "").replace("|", "/")
        event = f"`{needed.reads}`" if needed.reads else ""
        lines.append(f"| {address} | {methods} | {permission} | {roles} | {event} |")
    return "\n".join(lines) + "\n"
