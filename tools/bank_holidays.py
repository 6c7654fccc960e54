"""Write `core/bank_holidays.txt` from the library `holidays` (maintainers): ``python -m tools.bank_holidays``.

Run it when the library is renewed; a test says when the two differ. The library loads the days of every country there is,
11 MB in each process of the service, for our eight a year.
"""

from core.working_days import BANK_HOLIDAYS

FIRST, LAST = 2010, 2060
HEADING = """\
# The bank holidays of England and Wales, those of a weekend with the day that stands in for them: `python -m tools.bank_holidays`
"""


def lines() -> list[str]:
    import holidays

    return [
        day.isoformat() for day in sorted(holidays.country_holidays("GB", subdiv="ENG", years=range(FIRST, LAST + 1)))
    ]


def main() -> None:
    BANK_HOLIDAYS.write_text(HEADING + "\n".join(lines()) + "\n", "utf-8")
    print(f"{len(lines())} days from {FIRST} to {LAST}")


if __name__ == "__main__":
    main()
