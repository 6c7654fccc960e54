"""Writes what two partners might send: a police and an education extract about the same invented young people.

Both are CSV, UTF-8, with a heading row. Overlapping people are written down as offices write them: typing slips, day
and month swapped, one half of a double surname, accents lost. About one row in thirty is wrong on purpose, for the
validation report: impossible or missing dates of birth, an age of 30, a missing surname, cells that a spreadsheet
would run as a formula, codes nobody knows, a row sent twice.

police.csv
    record_id   the partner's own number for the row, P-000001
    forename, surname, dob (2012-05-04), sex (female, male, not_known), postcode
    event_type  what happened, in the partner's words: theft, robbery, ...
    event_date  2026-03-09, within the last two years
    role        victim, witness, suspected, with_others: never left out, never guessed
    area        the slug of the area, as in config/areas.toml

education.csv
    upn         one row a pupil; the council code in it (999) is no council's
    forename, surname, dob (04/05/2012), sex, postcode
    school
    attendance_band  over_95, 90_95, 50_90, under_50, not_known
    suspensions      how many this year
    area
"""

import argparse
import csv
import datetime
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from random import Random

from core.codes.events import PartInEvent
from core.codes.people import AttendanceBand, Sex
from demo.people import FictionalPerson, known_people, people
from demo.slips import slipped

Row = dict[str, str]

POLICE_COLUMNS = (
    "record_id", "forename", "surname", "dob", "sex", "postcode", "event_type", "event_date", "role", "area",
)  # fmt: skip
EDUCATION_COLUMNS = (
    "upn", "forename", "surname", "dob", "sex", "postcode", "school", "attendance_band", "suspensions", "area",
)  # fmt: skip
EVENT_TYPES = (
    "theft", "criminal damage", "common assault", "robbery", "public order", "possession of a weapon", "harassment",
    "drug possession", "vehicle interference", "affray",
)  # fmt: skip
_V, _W, _S, _O = PartInEvent.VICTIM, PartInEvent.WITNESS, PartInEvent.SUSPECTED, PartInEvent.WITH_OTHERS
# What happened to one person, as (part, days ago): once or twice suspected, far apart, or never, in a known share.
_Events = tuple[tuple[PartInEvent, range], ...]
_SECOND_TIME: _Events = ((_S, range(5, 150)), (_S, range(160, 340)))  # within 12 months
_HISTORIES: tuple[tuple[int, _Events], ...] = (
    (16, _SECOND_TIME),
    (6, ((_S, range(5, 90)), (_S, range(100, 200)), (_V, range(10, 300)))),
    (8, ((_S, range(5, 60)), (_S, range(440, 700)))),  # twice, but more than a year apart
    (12, ((_S, range(5, 300)), (_V, range(5, 300)))),  # once suspected, once a victim: not twice suspected
    (16, ((_S, range(5, 600)),)),
    (18, ((_V, range(5, 600)),)),
    (6, ((_V, range(5, 200)), (_V, range(210, 500)))),
    (10, ((_W, range(5, 600)),)),
    (8, ((_O, range(5, 400)), (_W, range(5, 400)))),
)


def roster(seed: int, count: int, *, on: datetime.date, area: str) -> list[FictionalPerson]:
    """Those whom the demonstration knows, so that a run can set some aside, then the seed's own; one in 25 is 18 already."""
    own = enumerate(people(seed, count, on=on, area_slug=area), 1)
    grown = [_eighteen(person, on) if number % 25 == 0 else person for number, person in own]
    return [*known_people(on=on, area_slug=area), *grown][:count]


def _eighteen(person: FictionalPerson, on: datetime.date) -> FictionalPerson:
    born = person.date_of_birth
    year = born.year - (18 - person.age_on(on))
    return replace(person, date_of_birth=born.replace(year=year, day=min(born.day, 28)))


def police_rows(seed: int, rows: int, *, on: datetime.date, area: str) -> list[Row]:
    rng = Random(f"{seed}:police")
    known = known_people(on=on, area_slug=area)
    found: list[Row] = []
    for person in roster(seed, rows, on=on, area=area):
        events = _draw(rng, _SECOND_TIME) if person in known else _history(rng)
        found += [_police_row(rng, person, part, on - datetime.timedelta(days=ago)) for part, ago in events]
        if len(found) >= rows:
            break
    spoiled = _spoil(rng, found[:rows], _POLICE_SPOILERS)
    return [{"record_id": f"P-{n:06}"} | row for n, row in enumerate(spoiled, start=1)]


def education_rows(seed: int, rows: int, *, on: datetime.date, area: str) -> list[Row]:
    """Two in three of the pupils may also be in the police extract; the roster is the same, every third is left out."""
    rng = Random(f"{seed}:education")
    everyone = roster(seed, rows * 3 // 2 + 1, on=on, area=area)
    pupils = [person for n, person in enumerate(everyone) if n % 3][:rows]
    return _spoil(rng, [_education_row(rng, person) for person in pupils], _EDUCATION_SPOILERS)


def _history(rng: Random) -> list[tuple[PartInEvent, int]]:
    return _draw(rng, rng.choices([h for _, h in _HISTORIES], [weight for weight, _ in _HISTORIES])[0])


def _draw(rng: Random, events: _Events) -> list[tuple[PartInEvent, int]]:
    return [(part, rng.choice(days)) for part, days in events]


def _police_row(rng: Random, person: FictionalPerson, part: PartInEvent, day: datetime.date) -> Row:
    known = slipped(rng, person)
    return {
        "forename": known.forename,
        "surname": known.surname,
        "dob": known.date_of_birth.isoformat(),
        "sex": _sex(person),
        "postcode": known.postcode,
        "event_type": rng.choice(EVENT_TYPES),
        "event_date": day.isoformat(),
        "role": part.value,
        "area": person.area_slug,
    }


def _education_row(rng: Random, person: FictionalPerson) -> Row:
    known = slipped(rng, person)
    attendance = person.attendance
    return {
        "upn": person.upn,
        "forename": known.forename,
        "surname": known.surname,
        "dob": f"{known.date_of_birth:%d/%m/%Y}",
        "sex": _sex(person),
        "postcode": known.postcode,
        "school": person.school or "",
        "attendance_band": attendance.value,
        "suspensions": str(rng.choices([0, 1, 2, 4], _SUSPENSIONS.get(attendance, (70, 20, 8, 2)))[0]),
        "area": person.area_slug,
    }


_SUSPENSIONS = {AttendanceBand.OVER_95: (94, 5, 1, 0), AttendanceBand.UNDER_50: (40, 25, 20, 15)}


def _sex(person: FictionalPerson) -> str:
    return person.sex.value if person.sex in {Sex.FEMALE, Sex.MALE} else Sex.NOT_KNOWN.value


Spoiler = Callable[[Row], Row]
_BOTH: tuple[Spoiler, ...] = (
    lambda row: row | {"dob": "31/02/2012"},
    lambda row: row | {"dob": ""},
    lambda row: row | {"dob": "not sure, about 14"},
    lambda row: row | {"dob": row["dob"].replace("20", "19", 1)},
    lambda row: row | {"surname": ""},
    lambda row: row | {"forename": '=HYPERLINK("http://example.org/","open")'},
    lambda row: row | {"surname": "@SUM(1+1)*cmd|' /C calc'!A0"},
    lambda row: row | {"postcode": "+44 RG1"},
    lambda row: row | {"sex": "X1"},
    lambda row: row | {"area": "somewhere-else"},
    lambda row: row | {"dob": "2096-01-01"},
    lambda row: row | {"forename": f"  {row['forename'].upper()}  ", "surname": row["surname"].upper()},
)
_THIRTY_YEARS = {"dob": "1996-05-04"}
_POLICE_SPOILERS: tuple[Spoiler, ...] = (
    *_BOTH,
    lambda row: row | _THIRTY_YEARS,
    lambda row: row | {"role": ""},
    lambda row: row | {"role": "person of interest"},
    lambda row: row | {"event_date": "2099-01-01"},
    lambda row: row | {"event_date": "yesterday"},
)
_EDUCATION_SPOILERS: tuple[Spoiler, ...] = (
    *_BOTH,
    lambda row: row | {"dob": "04/05/1996"},
    lambda row: row | {"upn": "12345"},
    lambda row: row | {"suspensions": "-2"},
    lambda row: row | {"attendance_band": "good"},
)


def _spoil(rng: Random, rows: list[Row], spoilers: Iterable[Spoiler]) -> list[Row]:
    """Each kind of mistake once, in a row of its own, and one row sent twice; then in the order of no order."""
    todo = list(spoilers)[: max(0, len(rows) // 10)]
    places = rng.sample(range(len(rows)), len(todo))
    for place, spoil in zip(places, todo, strict=True):
        rows[place] = spoil(rows[place])
    if len(rows) > 20:
        first, second = rng.sample([n for n in range(len(rows)) if n not in places], 2)
        rows[second] = dict(rows[first])
    rng.shuffle(rows)
    return rows


def write_csv(path: Path, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def write_extracts(directory: Path, *, seed: int, rows: int, on: datetime.date, area: str) -> list[Path]:
    directory.mkdir(parents=True, exist_ok=True)
    police, education = directory / "police.csv", directory / "education.csv"
    write_csv(police, POLICE_COLUMNS, police_rows(seed, rows, on=on, area=area))
    write_csv(education, EDUCATION_COLUMNS, education_rows(seed, rows, on=on, area=area))
    return [police, education]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m demo.extracts",
        description="Write a police and an education sample extract about invented young people.",
        epilog="Example: python -m demo.extracts var/extracts --seed 7 --area slough",
    )
    parser.add_argument("directory", type=Path, help="where police.csv and education.csv are written")
    parser.add_argument("--seed", type=int, default=1, help="the same seed writes the same files (default 1)")
    parser.add_argument("--rows", type=int, default=500, help="rows in each file (default 500)")
    parser.add_argument("--area", default="reading", help="slug of the area (default reading)")
    parser.add_argument("--on", type=datetime.date.fromisoformat, default=None, help="as if today were this date")
    options = parser.parse_args(arguments)
    if options.rows < 1:
        parser.error("--rows must be 1 or more")
    on = options.on or datetime.datetime.now(datetime.UTC).date()
    try:
        paths = write_extracts(options.directory, seed=options.seed, rows=options.rows, on=on, area=options.area)
    except OSError as error:
        sys.stderr.write(f"Could not write to {options.directory}: {error.strerror}\n")
        return 1
    sys.stdout.writelines(f"{path}: {options.rows} rows\n" for path in paths)
    return 0


if __name__ == "__main__":
    sys.exit(main())
