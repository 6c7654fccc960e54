"""Reports: an area's, the board's, a district's. Counts become words and charts here; small ones are hidden."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from accounts.models import Area, District
from core.codes.agencies import AgencyKind
from core.codes.base import label_of
from core.codes.cases import CaseStage
from core.codes.referrals import ReferralStatus
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from core.languages import ngettext
from oversight import measures
from oversight.kept import counted_once
from oversight.measures import STEPS, WAITS, Load, Scope, Wait
from oversight.periods import Period
from oversight.suppression import SMALLEST_SHOWN, Grid, alone, may_show_share, suppress

PRIVATE = "[c]"
STEP_WORDS = {"referred": "Referred", "decided": "Decided", "taking_part": "Taking part", "plan": "Plan agreed",
              "finished": "Finished"}  # fmt: skip
WAIT_WORDS = {"acknowledge": "Referral to acknowledged", "decide": "Referral to triage decision",
              "panel": "Ready to panel decision"}  # fmt: skip
TARGET_OF = {"acknowledge": ("acknowledge", 1), "decide": ("triage", 5), "panel": ("panel_wait", 15)}


@dataclass(frozen=True, slots=True)
class Count:
    """A labelled count; None is a private figure."""

    label: str
    value: int | None

    @property
    def text(self) -> str:
        return PRIVATE if self.value is None else f"{self.value:,}"


@dataclass(frozen=True, slots=True)
class WaitLine:
    """One kind of wait. ``guarded``: for those from whom small numbers are hidden."""

    label: str
    target: int
    wait: Wait | None
    guarded: bool = False

    @property
    def cells(self) -> list[str]:
        """How many, the median, the share within the target."""
        if self.guarded:
            return [PRIVATE, *self._guarded()]
        if self.wait is None:
            return [_("None yet"), "–", "–"]
        counted = _("%(within)s of %(all)s", within=f"{self.wait.within:,}", all=f"{self.wait.count:,}")
        share = f"{self.wait.share}% ({counted})"
        return [f"{self.wait.count:,}", _days(self.wait.median), share]

    def _guarded(self) -> list[str]:
        """Beside the funnel's counts, a number that waited would give away the few who did not wait yet."""
        if self.wait is None or self.wait.count < SMALLEST_SHOWN:
            return [PRIVATE, PRIVATE]
        is_shown = may_show_share(self.wait.within, self.wait.count)
        return [_days(self.wait.median), f"{self.wait.share}%" if is_shown else PRIVATE]


def _days(number: int) -> str:
    return ngettext("%(count)s working day", "%(count)s working days", number) if number else _("Same day")


@dataclass
class AreaReport:
    funnel: list[Count]
    waits: list[WaitLine]
    stages: list[Count] = field(default_factory=list)
    overdue: list[Count] = field(default_factory=list)
    workload: list[dict[str, Any]] = field(default_factory=list)
    sources: list[Count] = field(default_factory=list)
    too_few: bool = False


def targets_of(area: Area | None) -> dict[str, int]:
    held = (area.targets if area else None) or {}
    return {name: int(held.get(key, usual)) for name, (key, usual) in TARGET_OF.items()}


def area_report(area: Area, period: Period, *, workload: bool) -> AreaReport:
    """An area's own report, nothing hidden. Seven statements, however many cases there are."""
    return counted_once(("area", area.id, period, workload), [area.id], lambda: _area_report(area, period, workload))


def _area_report(area: Area, period: Period, workload: bool) -> AreaReport:
    scope, targets = Scope(period, area.id), targets_of(area)
    counted = measures.funnel(scope)
    loads = measures.open_cases(scope)
    waited = measures.waits(scope, targets)
    return AreaReport(
        funnel=_funnel(counted.by_area.get(area.id, (0,) * len(STEPS))),
        waits=[WaitLine(_(WAIT_WORDS[name]), targets[name], waited.get((area.id, name))) for name in WAITS],
        stages=_stages(loads), overdue=_overdue(area.id, loads, measures.open_referrals(scope)),
        workload=_workload(loads) if workload else [], sources=_sources(counted.by_kind),
    )  # fmt: skip


def _funnel(counts: Any) -> list[Count]:
    return [Count(_(STEP_WORDS[step]), value) for step, value in zip(STEPS, counts, strict=True)]


def _stages(loads: list[Load]) -> list[Count]:
    return [
        Count(stage.label, sum(load.cases for load in loads if load.stage == stage))
        for stage in CaseStage
        if stage.is_open and (stage is not CaseStage.REVIEW_DUE or any(load.stage == stage for load in loads))
    ]


def _overdue(area_id: Id, loads: list[Load], referrals: dict[str, tuple[int, int]]) -> list[Count]:
    none = (0, 0)
    return [
        Count(_("New referrals not acknowledged in time"), referrals.get(ReferralStatus.NEW.value, none)[1]),
        Count(_("Referrals in triage past their day"), referrals.get(ReferralStatus.IN_TRIAGE.value, none)[1]),
        Count(_("Step-ups without an answer"), measures.late_step_ups(area_id)),
        Count(_("Cases whose next step is late"), sum(load.overdue for load in loads)),
        Count(_("Reviews due"), sum(load.reviews for load in loads)),
        Count(_("Open cases that nobody leads"), sum(load.cases for load in loads if not load.lead)),
    ]


def _workload(loads: list[Load]) -> list[dict[str, Any]]:
    """Open cases of each worker, by name: a count of work, not a comparison of people."""
    found: dict[str, dict[str, Any]] = {}
    for load in loads:
        line = found.setdefault(load.lead, {"name": load.lead or "Nobody yet", "cases": 0, "overdue": 0})
        line["cases"] += load.cases
        line["overdue"] += load.overdue
    return [found[name] for name in sorted(found)]


def _sources(by_kind: dict[str, int]) -> list[Count]:
    found = [Count(label_of(AgencyKind, kind, missing="Not known"), count) for kind, count in by_kind.items()]
    return sorted(found, key=lambda count: (-(count.value or 0), count.label))


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One area on the board, or all of them."""

    name: str
    slug: str
    funnel: tuple[int | None, ...]
    waits: tuple[WaitLine, ...]

    @property
    def counts(self) -> list[Count]:
        return _funnel(self.funnel)


@dataclass(frozen=True, slots=True)
class Board:
    lines: list[BoardLine]
    total: BoardLine
    too_few: bool


def areas_in(period: Period) -> list[Area]:
    """Areas that there were in the period, by name."""
    ended = Area.valid_to.is_(None) | (Area.valid_to >= period.start)
    return list(db.session.scalars(select(Area).where(Area.valid_from <= period.end, ended).order_by(Area.name)))


def board(period: Period) -> Board:
    """Every area side by side, small numbers hidden. Four statements."""
    areas = areas_in(period)
    return counted_once(("board", period), [area.id for area in areas], lambda: _board(areas, period))


def _board(areas: list[Area], period: Period) -> Board:
    counted = measures.funnel(Scope(period)).by_area
    waited = measures.waits(Scope(period), targets_of(None))
    grid = suppress([counted.get(area.id, (0,) * len(STEPS)) for area in areas])
    lines = [
        BoardLine(area.name, area.slug, cells, _board_waits(waited, area.id))
        for area, cells in zip(areas, grid.cells, strict=True)
    ]
    total = BoardLine(_("All areas"), "", grid.totals, ())
    return Board(lines, total, grid.is_mostly_hidden)


def _board_waits(waited: dict[tuple[Id, str], Wait], area_id: Id) -> tuple[WaitLine, ...]:
    targets = targets_of(None)
    return tuple(
        WaitLine(_(WAIT_WORDS[name]), targets[name], waited.get((area_id, name)), guarded=True) for name in WAITS
    )


def guarded_report(area: Area, period: Period) -> AreaReport:
    """One area as the board shows it: the same hidden cells, or two pages together would tell what each hides."""
    found = board(period)
    line = next((line for line in found.lines if line.slug == area.slug), None)
    if line is None:
        return AreaReport([], [], too_few=True)
    return AreaReport(line.counts, list(line.waits), too_few=_mostly_hidden(line.funnel))


def _mostly_hidden(cells: tuple[int | None, ...]) -> bool:
    return Grid((cells,), ()).is_mostly_hidden


def district_report(district: District, period: Period) -> AreaReport:
    """A district's own figures; every small one hidden, and no total to set them against."""
    scope = Scope(period, district.area_id, district.id)
    counts = measures.funnel(scope).by_area.get(district.area_id, (0,) * len(STEPS))
    shown = alone(counts)
    waited = measures.waits(scope, targets_of(None))
    waits = _board_waits(waited, district.area_id)
    return AreaReport(_funnel(shown), list(waits), too_few=_mostly_hidden(shown))
