"""Reads a TOML file strictly: every mistake is named in plain words with its place, all of them at once."""

import datetime
import re
import tomllib
from pathlib import Path
from typing import Any


class ConfigError(ValueError):
    """What is wrong with a configuration file; one problem a line."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        self.path = path
        self.problems = problems
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))


class Table:
    """One table of the file; takes values by name and remembers what was wrong or left over."""

    def __init__(self, data: dict[str, Any], where: str, problems: list[str]) -> None:
        self._data = data
        self._left = set(data)
        self.where = where
        self.problems = problems

    def complain(self, words: str) -> None:
        self.problems.append(f"{self.where}: {words}" if self.where else words)

    def has(self, key: str) -> bool:
        return key in self._data

    def _take(self, key: str, kind: type, kind_words: str, default: Any) -> Any:
        self._left.discard(key)
        if key not in self._data:
            if default is None:
                self.complain(f"'{key}' is missing")
            return default
        value = self._data[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.complain(f"'{key}' must be {kind_words}")
            return default
        return value

    def text(self, key: str, *, pattern: str = r"\S.*", words: str = "not be empty", default: str | None = None) -> str:
        value = self._take(key, str, "text in quotation marks", default)
        if value is None:
            return ""
        if value != default and not re.fullmatch(pattern, value):
            self.complain(f"'{key}' must {words}")
        return str(value)

    def number(self, key: str, *, low: int = 0, high: int = 1000, default: int | None = None) -> int:
        value = self._take(key, int, "a whole number", default)
        if value is None:
            return low
        if not low <= value <= high:
            self.complain(f"'{key}' must be from {low} to {high}")
        return int(value)

    def flag(self, key: str) -> bool:
        return bool(self._take(key, bool, "true or false", False))

    def day(self, key: str, *, optional: bool = False) -> datetime.date | None:
        if optional and key not in self._data:
            return None
        value = self._take(key, datetime.date, "a date like 2020-04-01", None)
        return value if isinstance(value, datetime.date) else None

    def texts(self, key: str, *, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self._take(key, list, "a list in square brackets", None if default is None else list(default))
        if value is None:
            return ()
        if not all(isinstance(item, str) and item for item in value):
            self.complain(f"'{key}' must be a list of text")
            return ()
        return tuple(value)

    def table(self, key: str, *, optional: bool = False) -> "Table":
        value = self._take(key, dict, "a table", {} if optional else None)
        return Table(value or {}, f"{self.where} {key}".strip(), self.problems)

    def tables(self, key: str, *, label: str = "slug", optional: bool = False) -> list["Table"]:
        value = self._take(key, list, "a list of tables", [] if optional else None) or []
        found = []
        for number, item in enumerate(value, start=1):
            where = f"{self.where} {key}[{number}]".strip()
            if not isinstance(item, dict):
                self.complain(f"{key}[{number}] must be a table")
                continue
            found.append(Table(item, f"{where} ({item[label]})" if item.get(label) else where, self.problems))
        return found

    def done(self) -> None:
        """Complain about names nobody asked for: most are typing slips."""
        for key in sorted(self._left):
            self.complain(f"'{key}' is not a setting we know; check the spelling")


def open_file(path: Path) -> Table:
    try:
        with path.open("rb") as file:
            return Table(tomllib.load(file), "", [])
    except FileNotFoundError:
        raise ConfigError(path, ["this file does not exist"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path, [f"this file cannot be read as TOML: {error}"]) from None


def finish(path: Path, root: Table) -> None:
    root.done()
    if root.problems:
        raise ConfigError(path, root.problems)


def check_unique(root: Table, what: str, values: list[str]) -> None:
    for value in sorted({value for value in values if values.count(value) > 1}):
        root.complain(f"{what} '{value}' is used more than once")
