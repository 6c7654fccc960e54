"""Who came up in a run: their events with their part in each, and who is set aside because they are known already."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import column, select, table

from cohort.criterion import Criterion
from cohort.linking import Group, Identity, reason_same
from cohort.matching import MatchReason, swapped
from cohort.models import Candidate, CohortRun
from cohort.services.people import find_matches
from cohort.sources import SourceKind
from core.codes.decisions import CandidateStatus, RunStatus
from core.codes.events import PartInEvent
from core.context import current
from core.db import db
from core.ids import Id
from core.sensitivity import is_known

# Cases belong to panels, above this package; only whether one is open is asked.
_CASES = table("case_record", column("young_person_id"), column("is_open"))
MOST_NAMES, MOST_EVENTS = 6, 60


@dataclass(frozen=True, slots=True)
class Line:
    """One opened row, with who sent it."""

    agency: str
    kind: str
    values: dict[str, Any]


@dataclass
class Found:
    """One young person of the lists."""

    identities: list[Identity]
    lines: list[Line]
    reasons: set[MatchReason]
    met_on: date | None = None
    known: list[dict[str, Any]] = field(default_factory=list)

    def most_often(self, name: str) -> Any:
        said = Counter(line.values[name] for line in self.lines if line.values.get(name) not in (None, ""))
        return said.most_common(1)[0][0] if said else None

    @property
    def born(self) -> date:
        return date.fromisoformat(self.most_often("date_of_birth"))

    @property
    def suspected_on(self) -> list[date]:
        """The days that count: those on which they were suspected, never a victim's or a witness's."""
        return [date.fromisoformat(line.values["event_date"]) for line in self._events() if _is_counted(line)]

    def _events(self) -> list[Line]:
        return [line for line in self.lines if line.kind == SourceKind.POLICE]

    def meets(self, criterion: Criterion, on: date) -> bool:
        self.met_on = criterion.met_on(self.suspected_on, on)
        return self.met_on is not None

    def order(self) -> tuple[date, str]:
        """By the day on which the rule was met, then by date of birth, so that no order says more than a date."""
        return self.met_on or date.max, self.born.isoformat()

    def sealed_fields(self) -> dict[str, Any]:
        return {
            "forename": self.most_often("forename"), "surname": self.most_often("surname"),
            "date_of_birth": self.born, "reasons": self._reasons(), "details": self._details(),
        }  # fmt: skip

    def _reasons(self) -> list[dict[str, Any]]:
        """Events in date order, each with the part in it, who told us, and whether the rule counted it."""
        events = [
            {"on": line.values["event_date"], "what": line.values["event_type"], "part": line.values["part"],
             "agency": line.agency, "counted": _is_counted(line), "reference": line.values.get("reference", "")}
            for line in self._events()
        ]  # fmt: skip
        once = {(e["on"], e["what"], e["part"], e["agency"]): e for e in events}
        return sorted(once.values(), key=lambda event: str(event["on"]))[-MOST_EVENTS:]

    def _details(self) -> dict[str, Any]:
        names = Counter(f"{line.values['forename']} {line.values['surname']}" for line in self.lines)
        found = {name: self.most_often(name) for name in ("sex", "postcode", "upn", "school")}
        return {name: value for name, value in found.items() if value} | {
            "met_on": self.met_on.isoformat() if self.met_on else "",
            "names": [name for name, _ in names.most_common(MOST_NAMES)],
            "why_one": sorted(reason.value for reason in self.reasons),
            "education": self._education(), "known": self.known,
        }  # fmt: skip

    def _education(self) -> list[dict[str, Any]]:
        """Context only: the rule does not read it."""
        names = ("school", "attendance", "suspensions")
        found = [
            {"agency": line.agency} | {name: line.values[name] for name in names if line.values.get(name)}
            for line in self.lines
            if line.kind == SourceKind.EDUCATION
        ]
        return [line for place, line in enumerate(found) if line not in found[:place]][:MOST_NAMES]


def _is_counted(line: Line) -> bool:
    return bool(line.values.get("part") == PartInEvent.SUSPECTED)


def found_in(groups: Iterable[Group], lines: Sequence[Line]) -> list[Found]:
    return [Found(group.identities, [lines[place] for place in group.places], group.reasons) for group in groups]


def set_aside(area_id: Id, met: list[Found]) -> tuple[list[Found], dict[str, int]]:
    """Who is left to consider; who came up before with nothing new, and who is supported already, are counted."""
    earlier = _earlier(area_id)
    new = [found for found in met if not _came_up_before(found, earlier)]
    supported = _supported(area_id, new)
    left = [found for found, is_supported in zip(new, supported, strict=True) if not is_supported]
    return left, {"before": len(met) - len(new), "supported": len(new) - len(left)}


@dataclass(frozen=True, slots=True)
class _Earlier:
    identity: Identity
    waits: bool
    last_event: str


def _earlier(area_id: Id) -> dict[Any, list[_Earlier]]:
    """Released candidates of this area, opened to be compared, by date of birth and pupil number."""
    candidates = db.session.scalars(
        select(Candidate)
        .join(CohortRun, CohortRun.id == Candidate.run_id)
        .where(Candidate.area_id == area_id, CohortRun.status == RunStatus.RELEASED.value)
    ).all()
    seen = current()
    seen.load_keys({candidate.data_key_id for candidate in candidates})
    found: dict[Any, list[_Earlier]] = {}
    with seen.examining("cohort_run"):
        seen.examined += len(candidates)
        for candidate in candidates:
            for key, earlier in _keyed(candidate):
                found.setdefault(key, []).append(earlier)
    return found


def _keyed(candidate: Candidate) -> list[tuple[Any, _Earlier]]:
    if not (candidate.forename and candidate.surname and candidate.date_of_birth):
        return []
    details = candidate.details or {}
    identity = Identity.of({
        "forename": candidate.forename, "surname": candidate.surname, "date_of_birth": candidate.date_of_birth,
        "upn": details.get("upn"),
    })  # fmt: skip
    counted = [str(event.get("on", "")) for event in candidate.reasons or [] if event.get("counted")]
    waits = candidate.status == CandidateStatus.TO_REVIEW.value
    earlier = _Earlier(identity, waits, max(counted, default=""))
    return [(key, earlier) for key in (identity.born, identity.upn) if key]


def _came_up_before(found: Found, earlier: dict[Any, list[_Earlier]]) -> bool:
    """Still waiting for a decision, or decided and nothing has happened since."""
    last = max(day.isoformat() for day in found.suspected_on)
    for identity in found.identities:
        for key in (identity.born, swapped(identity.born), identity.upn):
            for one in earlier.get(key, ()) if key else ():
                if (one.waits or last <= one.last_event) and reason_same(identity, one.identity):
                    return True
    return False


def _supported(area_id: Id, found: list[Found]) -> list[bool]:
    """Whether each has an open case. Only a sure match sets somebody aside; the coordinator is shown a likely one."""
    matches = [
        find_matches(area_id, forename=one.most_often("forename"), surname=one.most_often("surname"),
                     date_of_birth=one.born, upn=one.most_often("upn"))
        for one in found
    ]  # fmt: skip
    open_ids = _with_open_case({person_id for pairs in matches for person_id, _ in pairs})
    for one, pairs in zip(found, matches, strict=True):
        one.known = [{"reasons": codes, "open_case": person_id in open_ids} for person_id, codes in pairs]
    return [any(person_id in open_ids and _is_sure(codes) for person_id, codes in pairs) for pairs in matches]


def _is_sure(codes: Sequence[str]) -> bool:
    return MatchReason.UPN.value in codes or {MatchReason.SURNAME.value, MatchReason.FORENAME.value} <= set(codes)


def _with_open_case(person_ids: set[Id]) -> set[Id]:
    ids = sorted(person_ids)
    found: set[Id] = set()
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        open_cases = select(_CASES.c.young_person_id).where(
            _CASES.c.is_open, _CASES.c.young_person_id.in_(some), is_known(_CASES.c.young_person_id)
        )
        found |= set(db.session.scalars(open_cases))
    return found
