"""How big a list may be, and how it is said that one cannot be read."""

from core.languages import gettext as _
from files.limits import MEGABYTE

MOST_BYTES = 10 * MEGABYTE
MOST_ROWS = 5_000
MOST_COLUMNS = 100
# Empty rows between others are left out, but not for ever: a workbook can say that it has a million.
MOST_LINES = 20_000
MOST_CELL = 5_000
MOST_MISTAKES = 20_000


class FileProblem(ValueError):
    """The file as a whole cannot be used; the message says what to do, and quotes nothing from it."""


def too_many_rows() -> FileProblem:
    return FileProblem(
        _("The list must have %(most)s rows or fewer. Split it and upload the parts", most=f"{MOST_ROWS:,}")
    )
