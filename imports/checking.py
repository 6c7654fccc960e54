"""Checks each row as the pages would: fine rows become answers of a referral, the others mistakes by row and column."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from accounts.models import Area, District
from cohort.matching import normalise
from core.access import Actor
from core.codes.referrals import DangerAnswer, LawfulBasisChoice
from core.ids import Id
from core.languages import gettext as _
from imports.cells import Row, Sheet
from imports.columns import COLUMNS, START, BadCell, Column, bare_form, column_called, kept, values_for
from imports.limits import MOST_CELL, MOST_MISTAKES, FileProblem
from referrals import answers as a
from referrals.forms.starting import NOT_KNOWN_DISTRICT
from referrals.services import sending

FORMULA_WORDS = "This cell is worked out by a formula, or holds an error. Put the value itself here"
DANGER_WORDS = "A list is not for anyone in danger. Call 999 or the front door now, then refer them by the page"
SAY_DANGER = "Write no if nobody is in danger. If someone is, call 999 now, then refer them by the page"
URGENT_WORDS = "A list is not for emergencies. Call 999 or the front door now, then refer them by the page"
WHOLE_ROW = "Whole row"


@dataclass(frozen=True, slots=True)
class Mistake:
    row: int
    column: str
    words: str


@dataclass(frozen=True, slots=True)
class Fine:
    """A row that could be sent: its area, and its answers section by section."""

    row: int
    area_id: Id
    answers: dict[str, Any]

    @property
    def who(self) -> tuple[str, str, str]:
        person = self.answers["person"]
        return normalise(person["forename"]), normalise(person["surname"]), person["date_of_birth"]


@dataclass
class Checked:
    rows_read: int = 0
    fine: list[Fine] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    not_read: list[str] = field(default_factory=list)


def check_list(sheet: Sheet, checker: "RowChecker") -> Checked:
    """Raise FileProblem where a needed column is not there."""
    places, checked = _places(sheet), Checked(rows_read=len(sheet.rows))
    checked.not_read = _not_read(sheet)
    seen: dict[tuple[str, str, str], int] = {}
    for row in sheet.rows:
        fine, mistakes = checker.check(row, places)
        if fine is not None and (first := seen.setdefault(fine.who, row.number)) != row.number:
            words = _("The same name and date of birth as row %(first)s. Leave one of them out", first=first)
            fine, mistakes = None, [Mistake(row.number, WHOLE_ROW, words)]
        checked.mistakes += mistakes
        if fine is not None:
            checked.fine.append(fine)
    if not checked.rows_read:
        raise FileProblem("The list has no rows under its headings")
    del checked.mistakes[MOST_MISTAKES:]
    return checked


def _places(sheet: Sheet) -> dict[int, Column]:
    found: dict[int, Column] = {}
    for place, heading in enumerate(sheet.headings):
        column = column_called(heading)
        if column is not None and column in found.values():
            raise FileProblem(_("Two columns are called “%(heading)s”. Take one of them out", heading=column.heading))
        if column is not None:
            found[place] = column
    missing = [column.heading for column in COLUMNS if column.is_needed and column not in found.values()]
    if missing:
        raise FileProblem(
            _("The first row must name the columns. We cannot find: %(missing)s", missing=", ".join(missing))
        )
    return found


def _not_read(sheet: Sheet) -> list[str]:
    """By number: a list without headings begins with somebody's data, which is not to be repeated."""
    return [str(place) for place, heading in enumerate(sheet.headings, 1) if heading and column_called(heading) is None]


class RowChecker:
    """The pages' own forms, made once for a list. ``you``: what the service knows of whoever refers."""

    def __init__(self, actor: Actor, areas: Iterable[Area], districts: Iterable[District], you: Mapping[str, str]):
        self.actor, self.you = actor, dict(you)
        self.forms = {section: bare_form(section) for section in {column.section for column in COLUMNS} - {START}}
        self.start = bare_form(START)
        self.start.offer(list(areas), list(districts))
        self.lawful: dict[str, str] = {}

    def check(self, row: Row, places: Mapping[int, Column]) -> tuple[Fine | None, list[Mistake]]:
        wrong: dict[str, str] = {}
        texts = {
            column.field + "@" + column.section: row.cells[at] for at, column in places.items() if at < len(row.cells)
        }
        wrong |= {places[at].heading: FORMULA_WORDS for at in row.wrong if at in places}
        answers: dict[str, Any] = {"start": self._start(texts, wrong)}
        for section in self.forms:
            answers = a.with_page(answers, section, self._section(section, texts, wrong))
        if wrong:
            return None, [Mistake(row.number, heading, words) for heading, words in wrong.items()]
        answers["start"]["date_of_birth"] = answers["person"]["date_of_birth"]
        answers |= {"you": self.you, "events": {"list": []}, "people": {"list": []}}
        return Fine(row.number, answers["start"]["area_id"], answers), []

    def _section(self, section: str, texts: Mapping[str, str], wrong: dict[str, str]) -> dict[str, Any]:
        form = self.forms[section]
        self._fill(form, section, texts, wrong)
        if section == "sharing" and not form.basis.errors and (words := self._unlawful(form.basis.data)):
            wrong.setdefault(_heading(section, "basis"), words)
        return kept(form)

    def _fill(self, form: Any, section: str, texts: Mapping[str, str], wrong: dict[str, str]) -> None:
        """Send the cells of one section through its form; the first thing wrong with each cell is kept."""
        given: MultiDict[str, str] = MultiDict()
        for column in _of(section):
            text = texts.get(column.field + "@" + section, "")
            if not text or column.heading in wrong or column.field == "danger":
                continue
            try:
                if len(text) > MOST_CELL:
                    raise BadCell(_("Too long. Write %(limit)s characters or fewer", limit=f"{MOST_CELL:,}"))
                for name, value in values_for(form, column, text):
                    given.add(name, value)
            except BadCell as bad:
                wrong[column.heading] = str(bad)
        form.process(given)
        if not form.validate():
            for name, errors in form.errors.items():
                wrong.setdefault(_heading(section, name), str(errors[0]))

    def _start(self, texts: Mapping[str, str], wrong: dict[str, str]) -> dict[str, Any]:
        danger = texts.get(f"danger@{START}", "").casefold()
        if danger != DangerAnswer.NO.value:
            wrong[_heading(START, "danger")] = DANGER_WORDS if danger else SAY_DANGER
        given = dict(texts)
        if not given.get(f"area_id@{START}"):
            given[f"area_id@{START}"] = str(self.actor.area_id)
        if not given.get(f"district_id@{START}"):
            given[f"district_id@{START}"] = NOT_KNOWN_DISTRICT
        self._fill(self.start, START, given, wrong)
        answers: dict[str, Any] = self.start.kept()
        return {"danger": DangerAnswer.NO.value} | answers

    def _unlawful(self, basis: str) -> str:
        """Why this kind of agency cannot use this reason, with the law; "" where it can."""
        if basis == LawfulBasisChoice.EMERGENCY:
            return URGENT_WORDS
        if basis not in self.lawful:
            answer = sending.lawful_answer(self.actor.agency_kind, basis)
            fine = answer.may_share or answer.needs_reason
            self.lawful[basis] = (
                ""
                if fine
                else _("Choose another reason. %(reason)s (%(statute)s)", reason=answer.reason, statute=answer.statute)
            )
        return self.lawful[basis]


def _of(section: str) -> list[Column]:
    return _SECTIONS[section]


_SECTIONS: dict[str, list[Column]] = {}
for one in COLUMNS:
    _SECTIONS.setdefault(one.section, []).append(one)
_HEADINGS = {(column.section, column.field): column.heading for column in COLUMNS}


def _heading(section: str, name: str | None) -> str:
    return _HEADINGS.get((section, name or ""), WHOLE_ROW)


def is_still_of_age(answers: Mapping[str, Any], on: date) -> bool:
    """Whether they are 10 to 17 on the day that the row is sent."""
    return a.is_eligible_age(date.fromisoformat(answers["person"]["date_of_birth"]), on)
