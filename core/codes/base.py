"""What every code list has in common: a stable value, a label for pages, and where useful a group or a tag."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, Self, TypeVar

from wtforms import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from core.languages import gettext


class Tag(NamedTuple):
    """A status tag: the words carry the meaning, the colour (a govuk-tag modifier) only helps."""

    text: str
    colour: str


class Labelled(StrEnum):
    """What every list's codes have; their words are written in English and shown in the language of the request.

    (The defaults of ``__new__`` below are only so that type checkers accept a look-up by value, `Sex("male")`.)
    """

    words: str

    @classmethod
    def _made(cls, value: str, label: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.words = label
        return member

    @property
    def label(self) -> str:
        return gettext(self.words)


class Code(Labelled):
    """A value in the database with the words a page shows for it."""

    def __new__(cls, value: str, label: str = "") -> Self:
        return cls._made(value, label)


class GroupedCode(Labelled):
    """A code that pages show under a heading."""

    heading: str

    def __new__(cls, value: str, label: str = "", group: str = "") -> Self:
        member = cls._made(value, label)
        member.heading = group
        return member

    @property
    def group(self) -> str:
        return gettext(self.heading)


class Status(Labelled):
    """A code that pages show as a tag."""

    colour: str

    def __new__(cls, value: str, label: str = "", colour: str = "") -> Self:
        member = cls._made(value, label)
        member.colour = colour
        return member

    @property
    def tag(self) -> Tag:
        return Tag(self.label, self.colour)


C = TypeVar("C", bound=Labelled)
G = TypeVar("G", bound=GroupedCode)


def choices(codes: type[C] | Iterable[C], *, blank: str | None = None) -> list[SelectChoice]:
    """Options for a WTForms select, radio or checkbox field, in the list's own order, grouped ones under headings."""
    first = [] if blank is None else [SelectChoice(value="", label=gettext(blank))]
    return first + [SelectChoice(c.value, c.label, optgroup=getattr(c, "group", None)) for c in codes]


def grouped(codes: type[G] | Iterable[G]) -> dict[str, list[G]]:
    """The codes under their headings, both in the list's own order."""
    groups: dict[str, list[G]] = {}
    for code in codes:
        groups.setdefault(code.group, []).append(code)
    return groups


def label_of(codes: type[C], value: str | None, *, missing: str = "Not asked") -> str:
    """The label of a stored value; "Not asked" for nothing; the bare value for a code this release does not know."""
    if not value:
        return gettext(missing)
    return next((code.label for code in codes if code.value == value), value)


def ordered(codes: type[C], values: Iterable[str]) -> list[C]:
    """The stored values as codes, in the list's own order."""
    wanted = set(values)
    return [code for code in codes if code.value in wanted]
