"""Working days skip weekends and England's bank holidays; due words are those of the pages."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import today
from core.working_days import BANK_HOLIDAYS, add_working_days, due, is_working_day, working_days_between
from tools.bank_holidays import LAST, lines

days = st.dates(date(2024, 1, 1), date(2031, 12, 31))


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 11, 20), True),
        (date(2026, 11, 21), False),
        (date(2026, 12, 25), False),
        (date(2026, 12, 28), False),  # Boxing Day falls on a Saturday
        (date(2026, 4, 6), False),  # Easter Monday: England and Wales, not Scotland
        (date(2026, 8, 31), False),  # summer bank holiday
        (date(2026, 1, 2), True),  # a holiday in Scotland only
    ],
)
def test_bank_holidays_of_england_and_wales(day, working):
    assert is_working_day(day) is working


def test_the_listed_days_are_those_of_the_library_that_keeps_them_and_last_for_long():
    listed = [line for line in BANK_HOLIDAYS.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert listed == lines(), "run: python -m tools.bank_holidays"
    assert today().year + 20 < LAST


def test_a_friday_and_one_working_day_is_monday():
    assert add_working_days(date(2026, 11, 20), 1) == date(2026, 11, 23)


def test_sent_on_a_saturday_is_due_on_monday():
    assert add_working_days(date(2026, 11, 21), 1) == date(2026, 11, 23)
    assert add_working_days(date(2026, 11, 21), 0) == date(2026, 11, 23)


def test_over_christmas():
    assert add_working_days(date(2026, 12, 24), 2) == date(2026, 12, 30)


@given(days, st.integers(-60, 60))
def test_the_answer_is_a_working_day(day, count):
    assert is_working_day(add_working_days(day, count))


@given(days, st.integers(1, 60))
def test_between_is_the_inverse_of_adding(day, count):
    assert working_days_between(day, add_working_days(day, count)) == count


@given(days, days)
def test_between_is_antisymmetric_but_for_the_sign(a, b):
    assert working_days_between(a, b) == -working_days_between(b, a)


@given(days, st.integers(1, 30))
def test_back_and_forth_returns_to_a_working_day(day, count):
    start = add_working_days(day, 0)
    assert add_working_days(add_working_days(start, count), -count) == start


@pytest.mark.parametrize(
    ("day", "text", "tone"),
    [
        (date(2026, 11, 20), "Overdue by 2 days", "overdue"),
        (date(2026, 11, 21), "Overdue by 1 day", "overdue"),
        (date(2026, 11, 22), "Due today", "today"),
        (date(2026, 11, 23), "Due tomorrow", "today"),
        (date(2026, 11, 27), "by 27 Nov", "plain"),
        (date(2027, 1, 4), "by 4 Jan 2027", "plain"),
    ],
)
def test_due_words(day, text, tone):
    found = due(day, date(2026, 11, 22))
    assert (found.text, found.tone) == (text, tone)
