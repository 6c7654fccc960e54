"""Write `accounts/common_passwords.txt`: our own words, breached passwords, and common long ones.

Run once when the lists are renewed: `pip install zxcvbn` somewhere, then, with SecLists' list of the million most common passwords
(`10-million-password-list-top-1000000.txt`), `PYTHONPATH=that/folder python -m tools.common_passwords that-list.txt`.
"""

import sys
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "accounts" / "common_passwords.txt"
BREACHED = """
# ---- Passwords from breaches, most common first
# From zxcvbn 4.5 (MIT licence, Copyright 2012-2016 Dan Wheeler and Dropbox, Inc.), which took them from Mark Burnett's
# ten million passwords. Without those under four characters or of digits alone under twelve: no password that may be
# chosen here is made of them.
"""
LONGER = """
# ---- The most common ones of twelve characters or more
# The first 4,000 of the million that SecLists has (MIT licence, Copyright 2018 Daniel Miessler) of the same ten million,
# without addresses and what stands above.
"""
SHORTEST, LONG_ONES = 12, 4_000


def is_of_use(word: str) -> bool:
    """Short pieces and short numbers would only refuse passwords that are fine."""
    return len(word) >= 4 and word.isascii() and word.isprintable() and (not word.isdigit() or len(word) >= SHORTEST)


def main() -> None:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    own = FILE.read_text(encoding="utf-8").partition("\n# ---- ")[0].rstrip()
    known = {line.casefold() for line in own.splitlines()}
    breached = [word for word in FREQUENCY_LISTS["passwords"] if is_of_use(word) and word.casefold() not in known]
    listed = Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace").splitlines()
    long = [word for word in listed if len(word) >= SHORTEST and is_of_use(word) and "@" not in word][:LONG_ONES]
    longer = sorted(set(long) - set(breached) - known, key=long.index)
    FILE.write_text(own + "\n" + BREACHED + "\n".join(breached) + "\n" + LONGER + "\n".join(longer) + "\n", "utf-8")
    print(f"{len(breached):,} and {len(longer):,} passwords from breaches, {len(known):,} lines of our own")


if __name__ == "__main__":
    main()
