"""Which fifty of how many a list shows."""

from dataclasses import dataclass

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of a list, as the pagination macros want it."""

    page: int
    total: int
    size: int = PER_PAGE

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        return min((self.page - 1) * self.size + 1, self.total)

    @property
    def last(self) -> int:
        return min(self.page * self.size, self.total)

    @property
    def shown(self) -> list[int | None]:
        """The pages that are offered: the first, those beside this one, the last; None where some are left out."""
        near = sorted({1, self.pages, *range(max(1, self.page - 1), min(self.pages, self.page + 1) + 1)})
        offered: list[int | None] = []
        for before, number in zip([0, *near], near, strict=False):
            offered += [number] if number == before + 1 else [None, number]
        return offered


def page_number(text: str | None) -> int:
    """The page asked for in an address; anything else is the first."""
    return int(text) if text and text.isascii() and text.isdigit() and 0 < int(text) < 10_000 else 1
