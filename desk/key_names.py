"""What commands call a key: the area's slug, not its id."""

from accounts.models import Area
from core.db import db, reading


def area_names() -> dict[str, str]:
    with reading():
        return {row.id: row.slug for row in db.session.query(Area.id, Area.slug)}


def name_of(scope: str, names: dict[str, str]) -> str:
    """``reading`` for an area's key, ``audit:reading`` for its chain's."""
    kind, _, rest = scope.rpartition(":")
    return (kind + ":" if kind else "") + names.get(rest, rest)
