"""Looking for words where none may be: in files and in tables, in every way that software writes bytes down."""

import base64
import secrets
import string
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect, text

# Six letters that no language and no library has in a row: what follows differs from canary to canary.
MARK = "qzjxvk"
BORN = "1907-03-17"


def canary() -> str:
    return MARK + "".join(secrets.choice(string.ascii_lowercase) for _ in range(4))


def ways_of_writing(word: str) -> dict[str, bytes]:
    """The word as text of one and two bytes, as hexadecimal, and as base64 at each of its three alignments."""
    plain = word.encode()
    ways = {
        "utf-8": plain, "utf-16le": word.encode("utf-16le"), "utf-16be": word.encode("utf-16be"),
        "hexadecimal": plain.hex().encode(),
    }  # fmt: skip
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + plain).decode()
        # The first characters mix with what stands before the word, the last with what stands after it; every other one
        # counts, for five small letters in a row stand in some id among a million.
        ways[f"base64 at {shift}"] = coded[(0, 2, 3)[shift] : (None, -3, -2)[(shift + len(plain)) % 3]].encode()
    return ways


WAYS = {f"{word} in {name}": way for word in (MARK, BORN) for name, way in ways_of_writing(word).items()}


def in_bytes(content: bytes) -> list[str]:
    lowered = content.lower()
    return [
        name for name, way in WAYS.items() if way in content or ("base64" not in name and "16" not in name and way in lowered)
    ]  # fmt: skip


def in_files(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield from (f"{path.relative_to(folder)}: {found}" for found in in_bytes(path.read_bytes()))


def in_tables(engine: Engine) -> Iterator[str]:
    """Every value of every column of every table."""
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            rows = connection.execute(text(f'select * from "{table}"')).mappings()
            yield from _in_rows(table, rows)


def _in_rows(table: str, rows: Iterable[Any]) -> Iterator[str]:
    for row in rows:
        for column, value in row.items():
            raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
            yield from (f"{table}.{column}: {found}" for found in in_bytes(raw))
