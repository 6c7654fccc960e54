"""Which rows of partners' lists are about one young person: exact and compound matching, with the reason in words."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import Any

import jellyfish

from cohort.matching import MatchReason, normalise, parts, sound, swapped

SHORTEST_SLIP = 5
SHORTEST_PREFIX = 3


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a row says it is about, in comparable form."""

    forenames: tuple[str, ...]
    surnames: tuple[str, ...]
    born: date
    upn: str

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Identity":
        born = values["date_of_birth"]
        return cls(
            tuple(parts(values["forename"])) or ("",), tuple(parts(values["surname"])) or ("",),
            born if isinstance(born, date) else date.fromisoformat(born), normalise(values.get("upn")),
        )  # fmt: skip


def reason_same(one: Identity, other: Identity) -> MatchReason | None:
    """Why two identities are one young person, or None. A twin has the same surname and date of birth: that alone
    is never enough, and two different pupil numbers are two people whatever else agrees."""
    if one.upn and other.upn:
        return MatchReason.UPN if one.upn == other.upn else None
    if one.born == other.born:
        if _share(one.surnames, other.surnames) and _forenames_alike(one.forenames, other.forenames):
            return MatchReason.SURNAME
        if _share(one.forenames, other.forenames) and _surnames_alike(one.surnames, other.surnames):
            return MatchReason.FORENAME
        return None
    if swapped(one.born) == other.born and one.forenames == other.forenames and _share(one.surnames, other.surnames):
        return MatchReason.SWAPPED
    return None


def _share(one: Sequence[str], other: Sequence[str]) -> bool:
    return any(name and name in other for name in one)


def _forenames_alike(one: Sequence[str], other: Sequence[str]) -> bool:
    return any(_forename_alike(a, b) for a in one for b in other)


def _forename_alike(a: str, b: str) -> bool:
    return bool(a and a == b) or bool(sound(a) and sound(a) == sound(b)) or _begins(a, b) or _begins(b, a)


def _begins(short: str, long: str) -> bool:
    return len(short) >= SHORTEST_PREFIX and long.startswith(short)


def _surnames_alike(one: Sequence[str], other: Sequence[str]) -> bool:
    return any((sound(a) and sound(a) == sound(b)) or _one_slip(a, b) for a in one for b in other)


def _one_slip(a: str, b: str) -> bool:
    return min(len(a), len(b)) >= SHORTEST_SLIP and jellyfish.damerau_levenshtein_distance(a, b) == 1


@dataclass
class Group:
    """The rows (their places in what was given) about one young person, and why they were put together."""

    places: list[int] = field(default_factory=list)
    identities: list[Identity] = field(default_factory=list)
    reasons: set[MatchReason] = field(default_factory=set)


def group(identities: Sequence[Identity]) -> list[Group]:
    """Rows by young person, in the order in which each first appears."""
    places: dict[Identity, list[int]] = {}
    for place, identity in enumerate(identities):
        places.setdefault(identity, []).append(place)
    groups = _Groups(places)
    for one, other in _pairs(places):
        if reason := reason_same(one, other):
            groups.join(one, other, reason)
    return groups.found()


def _pairs(identities: Mapping[Identity, Any]) -> Iterator[tuple[Identity, Identity]]:
    """Only those that share a compound are compared, so that it does not grow with the square of the rows."""
    blocks: dict[Hashable, list[Identity]] = {}
    for identity in identities:
        for key in _keys(identity):
            blocks.setdefault(key, []).append(identity)
    for block in blocks.values():
        yield from combinations(block, 2)


def _keys(identity: Identity) -> Iterator[Hashable]:
    if identity.upn:
        yield identity.upn
    for name in identity.surnames:
        yield "surname", name, identity.born
        if other := swapped(identity.born):
            yield "swapped", name, min(identity.born, other)
    for name in identity.forenames:
        yield "forename", name, identity.born


class _Groups:
    """Union of identities that keeps each group to one pupil number."""

    def __init__(self, places: Mapping[Identity, list[int]]) -> None:
        self.of = {identity: Group(list(rows), [identity]) for identity, rows in places.items()}

    def join(self, one: Identity, other: Identity, reason: MatchReason) -> None:
        first, second = self.of[one], self.of[other]
        if first is second:
            return
        if len({identity.upn for identity in (*first.identities, *second.identities) if identity.upn}) > 1:
            return
        first.places += second.places
        first.identities += second.identities
        first.reasons |= {*second.reasons, reason}
        for identity in second.identities:
            self.of[identity] = first

    def found(self) -> list[Group]:
        unique = {id(found): found for found in self.of.values()}
        for found in unique.values():
            found.places.sort()
        return sorted(unique.values(), key=lambda found: found.places[0])
