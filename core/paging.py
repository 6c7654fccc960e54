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


def page_number(text: str | None) -> int:
    """The page asked for in an address; anything else is the first."""
    return int(text) if text and text.isascii() and text.isdigit() and 0 < int(text) < 10_000 else 1
