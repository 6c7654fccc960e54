"""How hard a text is to read: the Flesch-Kincaid grade, with syllables counted by rule, so that no word list is needed."""

import re
from collections.abc import Iterable

_WORD = re.compile(r"[A-Za-z][A-Za-z’'-]*")
_END = re.compile(r"[.!?]+(?:\s|$)")
_VOWELS = re.compile(r"[aeiouy]+")
# An e that is written and not said: at the end but in -le after a consonant, in -ed and -es after most letters.
_SILENT = re.compile(r"(?<![aeiouy])e$(?<![^aeiouy]le)|(?<=[^aeiouytd])ed$|(?<=[^aeiouysxzcgh])es$(?<![^aeiouy]les)")


def syllables(word: str) -> int:
    """At least one; a word with hyphens is the sum of its parts."""
    parts = [part for part in re.sub("[’']", "", word.lower()).split("-") if part]
    return sum(max(1, len(_VOWELS.findall(_SILENT.sub("", part)))) for part in parts) or 1


def words(text: str) -> list[str]:
    return _WORD.findall(text)


def sentences(blocks: Iterable[str]) -> list[str]:
    """Each block of a page ends a sentence, full stop or not; of four words or fewer ("Yes", "Their name") it is none."""
    return [part for block in blocks for part in _END.split(block) if len(words(part)) > 4]


def grade(blocks: Iterable[str]) -> float:
    """Years of school in the United States; 6 is an age of 11 (Kincaid and others, 1975)."""
    said = sentences(blocks)
    if not said:
        return 0.0
    every = [word for sentence in said for word in words(sentence)]
    return 0.39 * len(every) / len(said) + 11.8 * sum(map(syllables, every)) / len(every) - 15.59
