"""An area as stories need it: who works there and when its panel meets."""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from core.ids import Id


class Sender(NamedTuple):
    """Someone who refers, and what they write on the page "Your details"."""

    user_id: Id
    agency_id: Id
    name: str
    agency: str
    email: str


@dataclass
class Place:
    """An area with the people and agencies that a story needs; ids, and who sends its referrals."""

    area_id: Id
    prefix: str
    districts: list[Id]
    referrers: list[Sender]
    coordinator: Id
    leads: list[Id]
    practitioners: list[tuple[Id, Id]]
    interventions: list[tuple[Id, Id]]
    past_meetings: list[tuple[Id, date, Id]] = field(default_factory=list)
    next_meeting: Id | None = None
    positions: dict[Id, int] = field(default_factory=dict)

    def position(self, meeting: Id) -> int:
        self.positions[meeting] = self.positions.get(meeting, 0) + 1
        return self.positions[meeting]
