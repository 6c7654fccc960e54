"""Hidden figures: no small cell is shown, and none can be worked out from totals and neighbours."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from oversight.suppression import SMALLEST_SHOWN, alone, may_show_share, suppress

# Rows of a funnel: each cell at most the one before.
funnels = st.lists(
    st.lists(st.integers(0, 40), min_size=3, max_size=5).map(lambda row: sorted(row, reverse=True)[:3]),
    min_size=2, max_size=6,
)  # fmt: skip


def known_range(grid, column, row):
    """What a reader can still believe of one cell, from the total, the other cells and the funnel's order."""

    def bounds(r):
        cells = grid.cells[r]
        before = [v for v in cells[:column] if v is not None]
        after = [v for v in cells[column + 1 :] if v is not None]
        return (after[0] if after else 0), (before[-1] if before else 10_000)

    low, high = bounds(row)
    if grid.totals[column] is None:
        return low, high
    left = grid.totals[column] - sum(cells[column] for cells in grid.cells if cells[column] is not None)
    others = [bounds(r) for r, cells in enumerate(grid.cells) if cells[column] is None and r != row]
    return max(low, left - sum(h for _, h in others)), min(high, left - sum(least for least, _ in others))


@given(funnels)
@settings(max_examples=400)
def test_no_small_cell_is_shown_and_none_can_be_worked_out(rows):
    grid = suppress(rows)
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            assert grid.cells[r][c] in (value, None)
            if value < SMALLEST_SHOWN:
                assert grid.cells[r][c] is None
            if grid.cells[r][c] is None:
                low, high = known_range(grid, c, r)
                assert low <= value <= high
                assert high - low >= (5 if value < SMALLEST_SHOWN or is_small_step(grid.cells[r][:c], value) else 1)
    for line in (*grid.cells, grid.totals):
        assert not any(shown is not None and is_small_step(line[:c], shown) for c, shown in enumerate(line))
    assert all(total is None or total >= SMALLEST_SHOWN for total in grid.totals)


def is_small_step(before, value):
    """Whether so few were lost since the last step that is shown that they could be recognised."""
    shown = [count for count in before if count is not None]
    return bool(shown) and 0 < shown[-1] - value < SMALLEST_SHOWN


@given(st.lists(st.integers(0, 9), min_size=2, max_size=4))
@settings(max_examples=300, deadline=None)
def test_even_who_knows_the_rule_cannot_tell_a_hidden_cell(cells):
    """Every table that would be published in just this way: each hidden cell takes more than one value among them."""
    shown = suppress([[cell] for cell in cells])
    hidden = [r for r, row in enumerate(shown.cells) if row[0] is None]
    if not hidden or shown.totals[0] is None:
        return
    possible = []
    for guess in product(range(sum(cells) + 1), repeat=len(hidden)):
        table = list(cells)
        for r, value in zip(hidden, guess, strict=True):
            table[r] = value
        if sum(table) == sum(cells) and suppress([[cell] for cell in table]) == shown:
            possible.append(guess)
    for place in range(len(hidden)):
        assert len({guess[place] for guess in possible}) > 1


def test_one_small_cell_takes_its_neighbour_with_it():
    grid = suppress([[30], [3], [12], [50]])
    assert [row[0] for row in grid.cells] == [30, None, None, 50]
    assert grid.totals == (95,)


def test_a_table_without_small_cells_is_whole():
    grid = suppress([[30, 20], [14, 9], [8, 8]])
    assert grid.cells == ((30, 20), (14, 9), (8, 8))
    assert grid.totals == (52, 37)
    assert not grid.is_mostly_hidden


def test_nobody_subtracts_one_step_from_the_next():
    """21 of whom 20 take part would say that one does not; the next area's step goes with it, or the total would say so."""
    grid = suppress([[21, 20, 12], [40, 30, 22], [50, 30, 20]])
    assert grid.cells == ((21, None, 12), (40, None, 22), (50, 30, 20))
    assert grid.totals == (111, 80, 54)
    assert alone([21, 20, 12]) == (21, None, 12)


def test_nothing_but_small_cells_hides_the_total_too():
    assert suppress([[1], [2]]).totals == (None,)


def test_a_share_with_a_small_part_is_hidden():
    assert may_show_share(8, 20)
    assert may_show_share(20, 20)
    assert not may_show_share(18, 20)
    assert not may_show_share(3, 20)
    assert not may_show_share(4, 4)
