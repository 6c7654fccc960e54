"""What every code list has in common: a stable value, a label for pages, and where useful a group or a tag."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, Self, TypeVar

from wtforms import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs


class Tag(NamedTuple):
    """A status tag: the words carry the meaning, the colour (a govuk-tag modifier) only helps."""

    text: str
    colour: str


class Labelled(StrEnum):
    """What every list's codes have.

    (The defaults of ``__new__`` below are only so that type checkers accept a look-up by value, `Sex("male")`.)
    """

    label: str

    @classmethod
    def _made(cls, value: str, label: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


class Code(Labelled):
    """A value in the database with the words a page shows for it."""

    def __new__(cls, value: str, label: str = "") -> Self:
        return cls._made(value, label)


class GroupedCode(Labelled):
    """A code that pages show under a heading."""

    group: str

    def __new__(cls, value: str, label: str = "", group: str = "") -> Self:
        member = cls._made(value, label)
        member.group = group
        return member


class Status(Labelled):
    """A code that pages show as a tag."""

    tag: Tag

    def __new__(cls, value: str, label: str = "", colour: str = "") -> Self:
        member = cls._made(value, label)
        member.tag = Tag(label, colour)
        return member


C = TypeVar("C", bound=Labelled)
G = TypeVar("G", bound=GroupedCode)


def choices(codes: type[C] | Iterable[C], *, blank: str | None = None) -> list[SelectChoice]:
    """Options for a WTForms select, radio or checkbox field, in the list's own order, grouped ones under headings."""
    first = [] if blank is None else [SelectChoice(value="", label=blank)]
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
        return missing
    return next((code.label for code in codes if code.value == value), value)


def ordered(codes: type[C], values: Iterable[str]) -> list[C]:
    """The stored values as codes, in the list's own order."""
    wanted = set(values)
    return [code for code in codes if code.value in wanted]
