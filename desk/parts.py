"""What a first page is made of: lines above everything, what to do first, tables of counts."""

from dataclasses import dataclass, field
from typing import Any

from desk.first import Item


@dataclass(frozen=True, slots=True)
class Line:
    """One count that leads to its list. ``late`` is None where nothing of the kind can be late."""

    text: str
    number: int
    href: str
    late: int | None = None
    late_href: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    lines: list[Line]

    @property
    def has_late(self) -> bool:
        return any(line.late is not None for line in self.lines)


@dataclass(frozen=True, slots=True)
class Notice:
    """A line above everything: the next meeting, the state of the trail."""

    text: str
    href: str = ""
    link_text: str = ""
    tag: tuple[str, str] | None = None


@dataclass(slots=True)
class Work:
    """All of one person's first page."""

    notices: list[Notice] = field(default_factory=list)
    first: list[Item] = field(default_factory=list)
    first_total: int = 0
    looks_first: bool = False
    tables: list[Table] = field(default_factory=list)
    sessions: list[Any] | None = None
    sent: Any = None

    @property
    def is_quiet(self) -> bool:
        return self.looks_first and not self.first
