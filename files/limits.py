"""How much is too much (SECURITY-DESIGN 7), and how refusing is said."""

MEGABYTE = 1024 * 1024
LARGEST = 10 * MEGABYTE
MOST_FILES = 20
MOST_A_DAY = 200 * MEGABYTE
MOST_PIXELS = 40_000_000
MOST_ENTRIES = 1000
MOST_UNPACKED = 100 * MEGABYTE
# Word's own files shrink to a tenth; what shrinks to a hundredth is made to fill a disk.
MOST_SHRUNK = 100


class NotAccepted(ValueError):
    """The file is not taken; the message says what to do and is for the page. It holds nothing of the file."""


def too_big() -> NotAccepted:
    return NotAccepted("The file must be smaller than 10MB")


def not_what_it_says() -> NotAccepted:
    return NotAccepted("We could not open this file. Check that it opens on your computer, then save it again")
