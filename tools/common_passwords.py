"""Write `accounts/common_passwords.txt`: our own words, then the breached passwords that zxcvbn ships, by how common they are.

Run once when the list is renewed: `pip install zxcvbn` somewhere, then `PYTHONPATH=that/folder python -m tools.common_passwords`.
"""

from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "accounts" / "common_passwords.txt"
BREACHED = """
# ---- Passwords from breaches, most common first
# From zxcvbn 4.5 (MIT licence, Copyright 2012-2016 Dan Wheeler and Dropbox, Inc.), which took them from Mark Burnett's
# ten million passwords. Without those under four characters or of digits alone under twelve: no password that may be
# chosen here is made of them.
"""


def is_of_use(word: str) -> bool:
    """Short pieces and short numbers would only refuse passwords that are fine."""
    return len(word) >= 4 and word.isascii() and word.isprintable() and (not word.isdigit() or len(word) >= 12)


def main() -> None:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    own = FILE.read_text(encoding="utf-8").partition("\n# ---- ")[0].rstrip()
    known = {line.casefold() for line in own.splitlines()}
    breached = [word for word in FREQUENCY_LISTS["passwords"] if is_of_use(word) and word.casefold() not in known]
    FILE.write_text(own + "\n" + BREACHED + "\n".join(breached) + "\n", encoding="utf-8")
    print(f"{len(breached):,} passwords from breaches, {len(known):,} lines of our own")


if __name__ == "__main__":
    main()
