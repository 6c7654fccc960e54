"""Hashing and checking passwords (Argon2id through Flask-Security), and which passwords may be chosen."""

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from flask import current_app
from flask_security.utils import hash_password, verify_password

from core.requests import Unavailable

SHORTEST, LONGEST = 12, 128
COMMON_FILE = Path(__file__).resolve().parent.parent / "common_passwords.txt"
# Half a second in the queue is a busy morning; longer is somebody making the machine hash (SETTLED 19).
WAIT_SECONDS = 0.5
_at_once = threading.BoundedSemaphore(2)

ARGON2: dict[str, Any] = {
    "argon2__type": "ID",
    "argon2__memory_cost": 64 * 1024,
    "argon2__time_cost": 3,
    "argon2__parallelism": 1,
}


@contextmanager
def _turn() -> Iterator[None]:
    """At most two hashes at once in a process: each takes 64 MiB and a quarter of a second of a core."""
    if not _at_once.acquire(timeout=WAIT_SECONDS):
        raise Unavailable("Too many passwords are being checked")
    try:
        yield
    finally:
        _at_once.release()


def normalised(password: str) -> str:
    """One form of each character, so that a password typed on another keyboard is the same one."""
    return unicodedata.normalize("NFKC", password)


def hashed(password: str) -> str:
    with _turn():
        return str(hash_password(normalised(password)))


def matches(password: str, stored: str | None) -> bool:
    """Whether it is the password; always one hash, also where there is nothing to compare with."""
    text = normalised(password)
    compare = stored if stored and len(text) <= LONGEST else None
    with _turn():
        right = bool(verify_password(text[:LONGEST], compare or _nobodys_hash()))
    return right and compare is not None


def _nobodys_hash() -> str:
    """The hash of a password that nobody has, made once with today's cost."""
    kept: dict[str, Any] = current_app.extensions
    if "nobodys_hash" not in kept:
        kept["nobodys_hash"] = hash_password(current_app.secret_key or "")
    return str(kept["nobodys_hash"])


@cache
def _common() -> frozenset[str]:
    lines = COMMON_FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(_plain(line) for line in lines if line and not line.startswith("#"))


def _plain(password: str) -> str:
    return "".join(normalised(password).casefold().split())


def what_is_wrong(password: str, own_words: tuple[str, ...] = ()) -> str | None:
    """Why this password may not be chosen, in words for the page; None when it may."""
    text = normalised(password)
    if len(text) < SHORTEST:
        return f"Your password must have {SHORTEST} characters or more"
    if len(text) > LONGEST:
        return f"Your password must have {LONGEST} characters or fewer"
    if _is_easy(text, own_words):
        return "Choose a password that is harder to guess. Three words that do not belong together work well"
    return None


def _is_easy(text: str, own_words: tuple[str, ...]) -> bool:
    """On the list of common passwords, one of ours with a tail of digits, or hardly any different characters."""
    plain = _plain(text)
    bare = plain.strip("0123456789!?.,-_*#@$%&+= ")
    words = {_plain(word) for word in own_words if len(word) > 2}
    return plain in _common() or bare in _common() or bare in words or len(set(plain)) < 5 or _is_run(plain)


def _is_run(plain: str) -> bool:
    """``abcdefghijkl``, ``123456789012``, or a short piece over and over."""
    steps = {(ord(b) - ord(a)) % 10 if a.isdigit() and b.isdigit() else ord(b) - ord(a) for a, b in pairwise(plain)}
    repeated = any(plain == plain[:size] * (len(plain) // size) for size in (1, 2, 3, 4) if len(plain) % size == 0)
    return steps in ({1}, {-1}, {9}) or repeated
