"""The page about ASVS is whole: every requirement once, one of three answers, files that exist, and counts that agree."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "asvs.md"
ANSWERS = ("met", "not applicable", "not met")
# ASVS 5.0.0, levels 1 and 2: in each section they are the first ones, so its last number says which.
LAST = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3, "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
    "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1, "12.1": 3, "12.2": 2, "12.3": 4,
    "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
    "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip
# What we set ourselves of level 3.
MORE = [
    "1.2.10", "2.3.5", "3.4.7", "3.4.8", "3.5.8", "5.2.4", "5.2.6", "6.3.5", "6.3.7", "6.3.8", "6.4.6", "6.5.6",
    "7.5.3", "8.3.2", "11.2.4", "11.2.5", "11.3.4", "13.1.2", "13.1.3", "13.2.6", "14.2.6", "14.2.7", "15.4.1",
    "15.4.2", "15.4.3", "15.4.4", "16.5.4",
]  # fmt: skip


def rows():
    """Ids, answer and place of each line of the tables."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.match(r"\d+\.\d+\.\d+", cells[0]):
            assert len(cells) == 4, line
            yield cells[0].split(", "), cells[2], cells[3]


def named(place):
    """What a place sets as code and has the form of a path."""
    return [code for code in re.findall(r"`([^`]+)`", place) if re.fullmatch(r"[\w./-]+/[\w./-]+|[\w-]+\.\w+", code)]


def test_every_requirement_stands_there_once():
    ids = [one for many, _, _ in rows() for one in many]
    wanted = [f"{section}.{number}" for section, last in LAST.items() for number in range(1, last + 1)]
    assert len(wanted) == 253
    assert [one for one, times in Counter(ids).items() if times > 1] == []
    assert set(ids) == {*wanted, *MORE}


def test_every_line_has_one_of_three_answers():
    assert [ids for ids, answer, _ in rows() if answer not in ANSWERS] == []


def test_every_file_that_is_named_exists():
    assert [(ids, path) for ids, _, place in rows() for path in named(place) if not (ROOT / path).exists()] == []


def test_what_is_met_says_where_and_what_is_not_says_why():
    assert [ids for ids, answer, place in rows() if answer == "met" and not named(place)] == []
    assert [ids for ids, answer, place in rows() if answer != "met" and not re.sub(r"`[^`]*`", "", place).strip()] == []


def test_the_counts_at_the_top_agree():
    counted = Counter(answer for ids, answer, _ in rows() for _ in ids)
    words = [f"{counted[answer]} {answer}" for answer in ANSWERS]
    text = PAGE.read_text(encoding="utf-8").partition("\n## ")[0]
    assert f"Of {sum(counted.values())} requirements: {', '.join(words)}." in text
