"""The kinds of support in `interventions.toml`, with what is known of their effect."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from config.reader import Table, check_unique, finish, open_file

INTERVENTIONS_FILE = Path(__file__).with_name("interventions.toml")
RATINGS = frozenset({"high", "moderate", "low", "promising", "insufficient", "unrated", "local", "harmful"})
CONFIDENCES = frozenset({"high", "moderate", "low", "not_rated"})
COSTS = frozenset({"low", "moderate", "high", "not_known"})


@dataclass(frozen=True)
class InterventionEntry:
    slug: str
    name: str
    category: str
    summary: str
    rating: str
    violence_effect: str
    confidence: str
    cost: str
    as_at: datetime.date
    source: str
    harmful: bool


def load_interventions(path: Path = INTERVENTIONS_FILE) -> tuple[InterventionEntry, ...]:
    root = open_file(path)
    entries = tuple(_entry(table) for table in root.tables("interventions"))
    check_unique(root, "the intervention slug", [entry.slug for entry in entries])
    finish(path, root)
    return entries


def _entry(table: Table) -> InterventionEntry:
    entry = InterventionEntry(
        slug=table.text("slug", pattern=r"[a-z0-9]+(-[a-z0-9]+)*", words="be small letters, digits and hyphens"),
        name=table.text("name"),
        category=table.text("category"),
        summary=table.text("summary"),
        rating=_one_of(table, "rating", RATINGS),
        violence_effect=table.text("violence_effect"),
        confidence=_one_of(table, "confidence", CONFIDENCES),
        cost=_one_of(table, "cost", COSTS),
        as_at=table.day("as_at") or datetime.date.min,
        source=table.text("source"),
        harmful=table.flag("harmful"),
    )
    if (entry.rating == "harmful") != entry.harmful:
        table.complain("'harmful = true' and 'rating = \"harmful\"' go together, so that the page warns")
    table.done()
    return entry


def _one_of(table: Table, key: str, allowed: frozenset[str]) -> str:
    return table.text(key, pattern="|".join(sorted(allowed)), words=f"be one of {', '.join(sorted(allowed))}")
