"""Hidden figures: small counts, and as many others as it takes that no total or neighbour gives a small one away."""

from collections.abc import Sequence
from dataclasses import dataclass

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


def suppress(rows: Sequence[Sequence[int]]) -> Grid:
    """Hide what must be. Each row is a funnel: no later cell is greater than an earlier one, and readers know that."""
    width = len(rows[0]) if rows else 0
    hidden = {(r, c) for r, row in enumerate(rows) for c, value in enumerate(row) if value < SMALLEST_SHOWN}
    bare: set[int] = set()
    while any([_hide_more(rows, column, hidden, bare) for column in range(width)]):
        continue
    return Grid(
        tuple(tuple(None if (r, c) in hidden else v for c, v in enumerate(row)) for r, row in enumerate(rows)),
        tuple(None if c in bare else sum(row[c] for row in rows) for c in range(width)),
    )


def _hide_more(rows: Sequence[Sequence[int]], column: int, hidden: set[tuple[int, int]], bare: set[int]) -> bool:
    """Hide one more cell of a column, or its total, where a hidden cell could be worked out. Whether it did."""
    if column in bare or not any(c == column for _, c in hidden):
        return False
    total = sum(row[column] for row in rows)
    if total >= SMALLEST_SHOWN and _is_safe(rows, column, hidden):
        return False
    places = [r for r in range(len(rows)) if (r, column) in hidden]
    if len(places) < len(rows) and total >= SMALLEST_SHOWN:
        hidden.add((_neighbour(places, len(rows)), column))
    else:
        bare.add(column)
    return True


def _neighbour(places: list[int], count: int) -> int:
    """The next row in the table's own order, whatever it holds: choosing the smallest would tell how small it is."""
    return next(r % count for r in range(places[0] + 1, places[0] + count) if r % count not in places)


def _is_safe(rows: Sequence[Sequence[int]], column: int, hidden: set[tuple[int, int]]) -> bool:
    places = [r for r in range(len(rows)) if (r, column) in hidden]
    left = sum(rows[r][column] for r in places)
    spans = {r: _span(rows, r, column, hidden, left) for r in places}
    small = [r for r in places if rows[r][column] < SMALLEST_SHOWN]
    wanted = {r: WIDTH_SMALL if r in small else WIDTH_OTHER for r in places}
    if any(_width(spans, r, left) < wanted[r] for r in places):
        return False
    # Who knows the rule may guess that every hidden cell is a small one: even then none may be certain.
    guessed = {r: (low, min(high, SMALLEST_SHOWN - 1)) for r, (low, high) in spans.items()}
    return len(small) < len(places) or all(_width(guessed, r, left) >= WIDTH_OTHER for r in places)


def _span(
    rows: Sequence[Sequence[int]], r: int, column: int, hidden: set[tuple[int, int]], left: int
) -> tuple[int, int]:
    """The least and the most that a cell can be by its own row."""
    return _bound(rows[r], r, column, hidden, 1), min(left, _bound(rows[r], r, column, hidden, -1, left))


def _width(spans: dict[int, tuple[int, int]], r: int, left: int) -> int:
    """How far apart the values lie that the column's total still allows for one hidden cell."""
    others = [span for other, span in spans.items() if other != r]
    low = max(spans[r][0], left - sum(high for _, high in others))
    return min(spans[r][1], left - sum(low for low, _ in others)) - low


def _bound(row: Sequence[int], r: int, column: int, hidden: set[tuple[int, int]], step: int, otherwise: int = 0) -> int:
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
