"""The sample extracts hold what the cohort needs: overlaps, slips, every part in an event, and rows that are wrong."""

import csv
import datetime
from collections import defaultdict

import pytest

from core.codes.events import PartInEvent
from core.codes.people import AttendanceBand
from demo.extracts import EDUCATION_COLUMNS, POLICE_COLUMNS, education_rows, main, police_rows
from demo.slips import mistyped, slipped, without_accents

ON = datetime.date(2026, 11, 22)


def police(seed: int = 1) -> list[dict[str, str]]:
    return police_rows(seed, 500, on=ON, area="reading")


def education(seed: int = 1) -> list[dict[str, str]]:
    return education_rows(seed, 500, on=ON, area="reading")


def test_both_files_have_five_hundred_rows_and_the_documented_columns(tmp_path, capsys):
    assert main([str(tmp_path), "--on", "2026-11-22"]) == 0
    for name, columns in (("police.csv", POLICE_COLUMNS), ("education.csv", EDUCATION_COLUMNS)):
        with (tmp_path / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 500
        assert tuple(rows[0]) == columns
    assert "police.csv: 500 rows" in capsys.readouterr().out


def test_the_same_seed_writes_the_same_rows():
    assert police() == police()
    assert education() == education()
    assert police(2) != police()


def test_every_part_in_an_event_is_there():
    found = {row["role"] for row in police()}
    assert found >= {part.value for part in PartInEvent if part is not PartInEvent.NOT_KNOWN}


def test_some_were_suspected_twice_in_a_year_and_some_only_look_like_it():
    days = defaultdict(list)
    victims = set()
    for row in police():
        who = (row["forename"], row["surname"], row["dob"])
        if row["role"] == "suspected" and row["event_date"].startswith("202"):
            days[who].append(datetime.date.fromisoformat(row["event_date"]))
        victims |= {who} if row["role"] == "victim" else set()
    twice = [sorted(found) for found in days.values() if len(found) > 1]
    within = [found for found in twice if (found[-1] - found[-2]).days <= 365]
    assert len(within) > 25
    assert len(within) < len(twice)
    assert any(len(found) == 1 and who in victims for who, found in days.items())


def test_the_two_files_overlap_and_each_has_people_of_its_own():
    def people(rows):
        return {(row["surname"].lower(), row["forename"].lower()) for row in rows}

    both = people(police()) & people(education())
    assert len(both) > 100
    assert people(police()) - both
    assert people(education()) - both


def test_rows_are_wrong_in_every_documented_way():
    rows = police() + education()
    births = [row["dob"] for row in rows]
    assert {"", "31/02/2012", "2096-01-01", "1996-05-04", "04/05/1996"} <= set(births)
    assert any(row["forename"].startswith("=") for row in rows)
    assert any(row["surname"].startswith("@") for row in rows)
    assert any(row["surname"] == "" for row in rows)
    assert any(row["area"] == "somewhere-else" for row in rows)
    assert {"", "person of interest"} <= {row["role"] for row in police()}
    assert "good" in {row["attendance_band"] for row in education()}


def test_nearly_all_rows_are_right():
    good = [row for row in education() if row["attendance_band"] in set(AttendanceBand) and row["upn"] != "12345"]
    assert len(good) > 490


def test_accented_and_double_names_are_there():
    names = [row["surname"] for row in police() + education()]
    assert any(not name.isascii() for name in names)
    assert any("-" in name for name in names)


def test_slips_change_one_in_five_and_never_the_first_letter():
    import random

    from demo.people import people

    found = list(people(3, 1000, on=ON, area_slug="reading"))
    rng = random.Random(5)
    changed = [
        p for p in found if (k := slipped(rng, p)) and (k.surname, k.date_of_birth) != (p.surname, p.date_of_birth)
    ]
    assert 40 < len(changed) < 200
    assert all(mistyped(rng, "Sefton").startswith("S") for _ in range(50))
    assert without_accents("Łukasz Wójcik Rostaș Yılmaz") == "Lukasz Wojcik Rostas Yilmaz"


def test_a_folder_that_cannot_be_written_ends_with_words_and_a_code(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([str(tmp_path / "file" / "below")]) == 1
    assert "Could not write" in capsys.readouterr().err


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "Example: python -m demo.extracts" in capsys.readouterr().out


def test_few_rows_are_possible(tmp_path):
    assert main([str(tmp_path), "--rows", "5"]) == 0
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--rows", "0"])
