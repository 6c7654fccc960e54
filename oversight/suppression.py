"""Hidden figures: small counts, small steps down, and as many others as it takes that no total or neighbour tells one."""

from collections.abc import Sequence
from dataclasses import dataclass

Rows = Sequence[Sequence[int]]
Places = set[tuple[int, int]]

SMALLEST_SHOWN = 5
# How far apart the lowest and highest value must lie that a reader could work out for a small hidden cell.
WIDTH_SMALL, WIDTH_OTHER = 5, 1


@dataclass(frozen=True, slots=True)
class Grid:
    """What may be shown: rows of cells and a total a column. None is a hidden figure, first or second order alike."""

    cells: tuple[tuple[int | None, ...], ...]
    totals: tuple[int | None, ...]

    @property
    def is_mostly_hidden(self) -> bool:
        every = [cell for row in self.cells for cell in row]
        return sum(cell is None for cell in every) * 2 > len(every)


def suppress(rows: Rows) -> Grid:
    """Hide what must be. Each row is a funnel: no later cell is greater than an earlier one, and readers know that."""
    totals = [sum(column) for column in zip(*rows, strict=True)]
    small = {(r, c) for r, row in enumerate(rows) for c, value in enumerate(alone(row)) if value is None}
    hidden, bare = set(small), {c for c, total in enumerate(alone(totals)) if total is None}
    while any([_hide_more(rows, column, small, hidden, bare) for column in range(len(totals))]):
        continue
    return Grid(
        tuple(tuple(None if (r, c) in hidden else v for c, v in enumerate(row)) for r, row in enumerate(rows)),
        tuple(None if c in bare else total for c, total in enumerate(totals)),
    )


def alone(row: Sequence[int]) -> tuple[int | None, ...]:
    """A funnel that stands by itself. Hidden is what is small, and what is a few less than the step shown before it."""
    shown: list[int | None] = []
    before = 0
    for value in row:
        is_small = value < SMALLEST_SHOWN or 0 < before - value < SMALLEST_SHOWN
        shown.append(None if is_small else value)
        before = before if is_small else value
    return tuple(shown)


def _hide_more(rows: Rows, column: int, small: Places, hidden: Places, bare: set[int]) -> bool:
    """Hide one more cell of a column, or its total, where a hidden cell could be worked out. Whether it did."""
    places = [r for r in range(len(rows)) if (r, column) in hidden]
    if column in bare or not places or _is_safe(rows, column, small, hidden):
        return False
    if len(places) < len(rows):
        hidden.add((_neighbour(places, len(rows)), column))
    else:
        bare.add(column)
    return True


def _neighbour(places: list[int], count: int) -> int:
    """The next row in the table's own order, whatever it holds: choosing the smallest would tell how small it is."""
    return next(r % count for r in range(places[0] + 1, places[0] + count) if r % count not in places)


def _is_safe(rows: Rows, column: int, small: Places, hidden: Places) -> bool:
    places = [r for r in range(len(rows)) if (r, column) in hidden]
    left = sum(rows[r][column] for r in places)
    spans = {r: _span(rows, r, column, hidden, left) for r in places}
    wanted = {r: WIDTH_SMALL if (r, column) in small else WIDTH_OTHER for r in places}
    if any(_width(spans, r, left) < wanted[r] for r in places):
        return False
    # Who knows the rule may guess that each is hidden for itself: even then none may be certain.
    guessed = {r: _guess(rows[r][column], *spans[r]) for r in places}
    is_one_other = any((r, column) not in small for r in places)
    return is_one_other or all(_width(guessed, r, left) >= WIDTH_OTHER for r in places)


def _guess(value: int, low: int, high: int) -> tuple[int, int]:
    """What a cell could be that is hidden for itself: a small number, or a few less than the step before it."""
    few = SMALLEST_SHOWN - 1
    return (low, min(high, few)) if value <= few else (max(low, high - few), high - 1)


def _span(rows: Rows, r: int, column: int, hidden: Places, left: int) -> tuple[int, int]:
    """The least and the most that a cell can be by its own row."""
    return _bound(rows[r], r, column, hidden, 1), min(left, _bound(rows[r], r, column, hidden, -1, left))


def _width(spans: dict[int, tuple[int, int]], r: int, left: int) -> int:
    """How far apart the values lie that the column's total still allows for one hidden cell."""
    others = [span for other, span in spans.items() if other != r]
    low = max(spans[r][0], left - sum(high for _, high in others))
    return min(spans[r][1], left - sum(low for low, _ in others)) - low


def _bound(row: Sequence[int], r: int, column: int, hidden: Places, step: int, otherwise: int = 0) -> int:
    """The nearest cell of the row that is shown, after (the least it can be) or before (the most)."""
    place = column + step
    while 0 <= place < len(row):
        if (r, place) not in hidden:
            return row[place]
        place += step
    return otherwise


def may_show_share(within: int, count: int) -> bool:
    """A share is hidden when the part inside or outside it is a small one."""
    parts = (within, count - within)
    return count >= SMALLEST_SHOWN and not any(0 < part < SMALLEST_SHOWN for part in parts)
