"""What partners' files look like: their columns, how each cell is read, and what may be wrong with it."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cohort.matching import normalise
from core.codes.base import Code
from core.codes.events import PartInEvent
from core.codes.people import AttendanceBand, Sex
from core.formats import age_on
from core.languages import gettext as _

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 20_000
LONGEST_CELL = 150  # as TOO_LONG says
# Wider than any criterion: whoever is older or younger is not kept at all.
YOUNGEST, OLDEST = 8, 18
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
# First bytes of other archives, PDF, pictures, rich text and pages.
_OTHER_KINDS = (b"PK", b"%PDF", b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"{\\rtf", b"\x1f\x8b", b"<")
_SPACES = re.compile(r"\s+")
_UPN = re.compile(r"[A-HJ-NP-RT-Z][0-9]{11}[0-9A-Z]")
_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}")
_DATE_FORMS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%d/%m/%y", "%Y/%m/%d")


class FileProblem(ValueError):
    """The file cannot be read as a list of rows; the message says what to do, and quotes nothing from it."""


class SourceKind(Code):
    POLICE = "police", "Police: what happened, and the young person's part in it"
    EDUCATION = "education", "Education: attendance and suspensions"


class Problem(Code):
    """What the report may say of a cell or a row. The first group loses the row, the others the cell or nothing."""

    MISSING = "missing", "Empty. The row was not kept"
    NOT_A_DATE = "not_a_date", "Not a real date. The row was not kept"
    IN_FUTURE = "in_future", "A date in the future. The row was not kept"
    OUT_OF_AGE = "out_of_age", "Not a school-age date of birth. The row was not kept"
    OTHER_AREA = "other_area", "Another area. The row was not kept"
    TOO_LONG = "too_long", "Longer than 150 characters. The row was not kept"
    TWICE = "twice", "The same as an earlier row. It was kept once"
    NOT_UNDERSTOOD = "not_understood", "Not understood. This answer was not kept"
    PART_NOT_KNOWN = "part_not_known", "Their part is missing or not understood. Kept as not known, and never counted"
    FORMULA = "formula", "Begins like a formula. Kept as text"

    @property
    def loses_row(self) -> bool:
        return self in LOSES_ROW


LOSES_ROW = frozenset({Problem.MISSING, Problem.NOT_A_DATE, Problem.IN_FUTURE, Problem.OUT_OF_AGE, Problem.OTHER_AREA,
                       Problem.TOO_LONG, Problem.TWICE})  # fmt: skip


class BadCell(ValueError):
    """A cell that is not what its column holds."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Reading:
    """What a cell is measured against."""

    today: date
    area_slug: str


@dataclass(frozen=True, slots=True)
class Column:
    """``also``: other headings that partners give it. ``read`` turns the text into what is kept, or raises BadCell."""

    name: str
    label: str
    read: Callable[[str, Reading], Any]
    also: tuple[str, ...] = ()
    required: bool = False


def _text(value: str, reading: Reading) -> str:
    return value


def read_date(text: str) -> date:
    """Day first, as British offices write it, or as computers do. Raise BadCell."""
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise BadCell(Problem.NOT_A_DATE)


def _born(text: str, reading: Reading) -> str:
    born = read_date(text)
    if born > reading.today:
        raise BadCell(Problem.IN_FUTURE)
    if not YOUNGEST <= age_on(born, reading.today) <= OLDEST:
        raise BadCell(Problem.OUT_OF_AGE)
    return born.isoformat()


def _happened(text: str, reading: Reading) -> str:
    day = read_date(text)
    if day > reading.today:
        raise BadCell(Problem.IN_FUTURE)
    return day.isoformat()


_PARTS = {
    **{part.value: part for part in PartInEvent},
    "suspect": PartInEvent.SUSPECTED, "sus": PartInEvent.SUSPECTED, "vic": PartInEvent.VICTIM,
    "aggrieved": PartInEvent.VICTIM, "wit": PartInEvent.WITNESS, "associate": PartInEvent.WITH_OTHERS,
}  # fmt: skip


def _part(text: str, reading: Reading) -> str:
    """Never guessed: what is not understood is "not known", which no rule counts."""
    found = _PARTS.get(text.casefold().replace(" ", "_"))
    if found is None:
        raise BadCell(Problem.PART_NOT_KNOWN)
    return found.value


def _code(kind: type[Code], others: dict[str, Code]) -> Callable[[str, Reading], str]:
    known = {member.value: member.value for member in kind} | {k: str(v) for k, v in others.items()}

    def read(text: str, reading: Reading) -> str:
        found = known.get(text.casefold().replace(" ", "_"))
        if found is None:
            raise BadCell(Problem.NOT_UNDERSTOOD)
        return found

    return read


def _shaped(pattern: re.Pattern[str]) -> Callable[[str, Reading], str]:
    def read(text: str, reading: Reading) -> str:
        found = text.upper()
        if not pattern.fullmatch(found):
            raise BadCell(Problem.NOT_UNDERSTOOD)
        return found

    return read


def _count(text: str, reading: Reading) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise BadCell(Problem.NOT_UNDERSTOOD)
    return int(text)


def _own_area(text: str, reading: Reading) -> None:
    """Only says where the row belongs; it is not kept."""
    if normalise(text) != normalise(reading.area_slug):
        raise BadCell(Problem.OTHER_AREA)


_WHO = (
    Column("forename", "First name", _text, ("first name", "given name"), required=True),
    Column("surname", "Last name", _text, ("last name", "family name"), required=True),
    Column("date_of_birth", "Date of birth", _born, ("dob", "birth date"), required=True),
    Column("sex", "Sex", _code(Sex, {"f": Sex.FEMALE, "m": Sex.MALE}), ("gender",)),
    Column("postcode", "Postcode", _shaped(_POSTCODE), ("post code",)),
    Column("area", "Area", _own_area, ("local authority",)),
)
COLUMNS: dict[SourceKind, tuple[Column, ...]] = {
    SourceKind.POLICE: (
        *_WHO,
        Column("event_type", "What happened", _text, ("offence", "event", "crime type"), required=True),
        Column("event_date", "Date it happened", _happened, ("offence date", "date"), required=True),
        Column("part", "Their part in it", _part, ("role", "part in event"), required=True),
        Column("reference", "Partner's own number", _text, ("record id", "crime reference", "occurrence")),
    ),
    SourceKind.EDUCATION: (
        *_WHO,
        Column("upn", "Unique pupil number (UPN)", _shaped(_UPN), ("unique pupil number",)),
        Column("school", "School", _text, ("school name",)),
        Column("attendance", "Attendance", _code(AttendanceBand, {}), ("attendance band",)),
        Column("suspensions", "Suspensions this year", _count, ("suspensions this year",)),
    ),
}


def _heading(text: str) -> str:
    return _SPACES.sub(" ", text.replace("_", " ")).strip().casefold()


def column_called(kind: SourceKind, heading: str) -> Column | None:
    """The column that a heading means, by its own name or one that partners use."""
    wanted = _heading(heading)
    return next((c for c in COLUMNS[kind] if wanted in (_heading(c.name), *c.also)), None)


def check_name(name: str | None) -> None:
    """Raise FileProblem for a name of another kind of file: what it is called and what it is must agree."""
    if not (name or "").lower().endswith(".csv"):
        raise FileProblem("Choose a file in CSV. Its name ends in .csv")


def decoded(raw: bytes) -> str:
    """The text of a file. Raise FileProblem with what to do."""
    if not raw.strip():
        raise FileProblem("The file is empty. Choose a file with rows in it")
    if len(raw) > MOST_BYTES:
        raise FileProblem("The file must be smaller than 10 MB. Split it and upload the parts")
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FileProblem("This is a spreadsheet. Save it as CSV, and choose that file")
    if raw.lstrip().startswith(_OTHER_KINDS):
        raise FileProblem("This file is not what its name says. Save it as CSV, and choose that file")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in raw:
        raise FileProblem("We cannot read this file. Save it as CSV UTF-8, and choose that file")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileProblem("Some letters in this file cannot be read. Save it as CSV UTF-8, and choose that file")


def table_of(text: str) -> tuple[list[str], Iterator[list[str]]]:
    """The headings, and the rows under them. Raise FileProblem, while reading too."""
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    rows = _rows(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    return next(rows), rows


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        for number, row in enumerate(reader):
            if number > MOST_ROWS:
                raise FileProblem(
                    _("The file must have %(most)s rows or fewer. Split it and upload the parts", most=f"{MOST_ROWS:,}")
                )
            yield [_SPACES.sub(" ", cell).strip() for cell in row]
    except csv.Error:
        raise FileProblem("The rows of this file cannot be told apart. Save it again as CSV UTF-8") from None
