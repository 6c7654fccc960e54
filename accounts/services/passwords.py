"""Hashing and checking passwords (Argon2id), and which passwords may be chosen."""

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Flask, current_app

from core.languages import gettext as _
from core.requests import Unavailable

SHORTEST, LONGEST = 12, 128
COMMON_FILE = Path(__file__).resolve().parent.parent / "common_passwords.txt"
# Half a second in the queue is a busy morning; longer is somebody making the machine hash (SETTLED 19).
WAIT_SECONDS = 0.5
DECORATION = "0123456789!?.,-_*#@$%&+= "
MASKS = str.maketrans("4@301!5$7", "aaeoiisst")
_at_once = threading.BoundedSemaphore(2)

# Measured at about a quarter of a second of a core (SECURITY-DESIGN 6). Only tests set PASSWORD_COST to something lower.
COST = {"memory_cost": 64 * 1024, "time_cost": 3, "parallelism": 1}


def init_app(app: Flask) -> None:
    app.config.setdefault("PASSWORD_COST", COST)


def _hasher() -> PasswordHasher:
    return PasswordHasher(**current_app.config["PASSWORD_COST"])


def hash_password(password: str) -> str:
    return _hasher().hash(password)


def verify_password(password: str, stored: str) -> bool:
    try:
        return _hasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


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
        return hash_password(normalised(password))


def matches(password: str, stored: str | None) -> bool:
    """Whether it is the password; always one hash, also where there is nothing to compare with."""
    text = normalised(password)
    compare = stored if stored and len(text) <= LONGEST else None
    with _turn():
        right = verify_password(text[:LONGEST], compare or _nobodys_hash())
    return right and compare is not None


def _nobodys_hash() -> str:
    """The hash of a password that nobody has, made once with today's cost."""
    kept: dict[str, Any] = current_app.extensions
    if "nobodys_hash" not in kept:
        kept["nobodys_hash"] = hash_password(str(current_app.secret_key))
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
        return _("Your password must have %(number)s characters or more", number=SHORTEST)
    if len(text) > LONGEST:
        return _("Your password must have %(number)s characters or fewer", number=LONGEST)
    if _is_easy(text, own_words):
        return _("Choose a password that is harder to guess. Three words that do not belong together work well")
    return None


def _is_easy(text: str, own_words: tuple[str, ...]) -> bool:
    """Common or breached, made of what this person and this service are called, or hardly any different characters."""
    plain = _plain(text)
    words = frozenset(_plain(word) for word in own_words if len(word) > 2)
    return len(set(plain)) < 5 or _is_run(plain) or any(_is_known(form, words) for form in {plain, _unmasked(plain)})


def _is_known(plain: str, words: frozenset[str]) -> bool:
    """On the list or one of ``words``, with a tail of digits and signs or without; or two such pieces together."""
    bare = plain.strip(DECORATION)
    known = _common() | words
    if plain in known or bare in known:
        return True
    return any(
        bare[:cut].strip(DECORATION) in known and bare[cut:].strip(DECORATION) in known
        for cut in range(3, len(bare) - 2)
    )


def _unmasked(plain: str) -> str:
    """``p4$$w0rd`` is ``password``: signs that stand for letters, but not the digits at its ends."""
    core = plain.strip("0123456789")
    return plain.replace(core, core.translate(MASKS)) if core else plain


def _is_run(plain: str) -> bool:
    """``abcdefghijkl``, ``123456789012``, or a short piece over and over."""
    steps = {(ord(b) - ord(a)) % 10 if a.isdigit() and b.isdigit() else ord(b) - ord(a) for a, b in pairwise(plain)}
    repeated = any(plain == plain[:size] * (len(plain) // size) for size in (1, 2, 3, 4) if len(plain) % size == 0)
    return steps in ({1}, {-1}, {9}) or repeated
