"""`make catalogue`: every id of the security catalogue with passed, partly, failed or missing, from the markers alone."""

import sys
from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``asvs``: the requirements of OWASP ASVS 5.0.0 that it shows, where there are any.

    ``parts``: tests that each show one of these show the check together; without parts, one test must show it whole.
    """

    asvs: str = ""
    parts: tuple[str, ...] = ()


CHECKS = {
    "C1": Check("14.2.2 16.2.5", ("planted", "files", "tables", "server's files")),
    "C2": Check("11.3.3", ("values", "keys", "any place", "answer")),
    "C3": Check("11.2.5 11.3.3", ("values", "data keys", "root keys", "answer")), "C4": Check(), "C5": Check(),
    "C6": Check("16.5.2 16.5.3"), "C7": Check("14.1.1"), "C8": Check("15.2.2"), "C9": Check("11.3.4"),
    "S1": Check(parts=("spellings", "normal form", "swapped", "found")), "S2": Check("8.4.1", ("tokens", "role")),
    "S3": Check("8.2.2"), "S4": Check("2.3.2"),
    "T1": Check("16.2.1 16.2.5 16.3.2"), "T2": Check("16.5.3", ("pages", "changes", "lock", "lost connection", "full disk")),
    "T3": Check("16.5.3", ("files", "exports")), "T4": Check("15.4.1 15.4.3"),
    "T5": Check("16.4.2",
        ("changed", "missing", "inserted", "reordered", "forked", "index", "cut", "rewritten", "signature", "command", "export")),
    "T6": Check("13.2.2 16.4.2", ("statements", "protection", "rights", "owner's way")), "T7": Check("2.3.3"),
    "T8": Check("16.4.2", ("inclusion", "consistency", "altered inclusion", "altered consistency", "checkpoints", "stand-alone")),
    "T9": Check("16.4.2"), "T10": Check("16.3.2", ("viewed", "exported", "own entries", "own alerts")),
    "Z1": Check("8.2.1 8.2.2 8.3.1", ("written", "pages", "acts", "other area", "related", "restricted")),
    "Z2": Check("8.2.2 8.4.1", ("addresses", "changes", "bodies", "queries")),
    "Z3": Check("8.3.2", ("suspended", "role", "training", "agreement")),
    "Z4": Check("7.5.3", ("valid", "recorded", "reason", "step-up", "read-only", "hour", "one case", "roles", "suspended",
                         "kept from")),
    "Z5": Check("8.4.1"), "Z6": Check("15.3.3", ("pages", "each filled")),
    "Z7": Check("8.2.2", ("pages", "counts", "search", "exports")),
    "N1": Check("6.3.1 15.4.2"), "N2": Check("6.3.8"), "N3": Check("6.5.1", ("once", "steps", "older", "another's", "at once")),
    "N4": Check("7.2.4 7.4.1", ("ids", "tokens", "code", "passkey")),
    "N5": Check("7.3.1 7.3.2", ("idle", "absolute", "fourth", "draft")), "N6": Check("6.2.9 6.2.12"),
    "W1": Check("3.4.1 3.4.3 3.4.4 3.4.5 3.4.6", ("pages", "errors", "cookies")),
    "W2": Check("1.2.1", ("pages", "exports", "prints", "mails")),
    "W3": Check("3.5.1 3.5.3", ("no token", "another's token", "other site", "origin")),
    "W4": Check("5.2.1 5.2.3 5.4.3", ("spoilt", "malware")), "W5": Check("1.2.10"), "W6": Check("1.2.4"),
    "R1": Check("15.4.2"), "R2": Check("15.4.2"), "R3": Check("2.3.3"), "R4": Check("16.5.2"), "R5": Check("16.5.2"),
    "R6": Check(), "R7": Check(), "R8": Check(), "R9": Check("2.3.1"), "R10": Check(),
}  # fmt: skip
IDS = list(CHECKS)


class Results:
    """Collects, for each id, how its marked tests ended and which parts of it, or all of it, they show."""

    def __init__(self) -> None:
        self.marks: dict[str, list[tuple[str, str | None]]] = {}
        self.ended: dict[str, list[str]] = defaultdict(list)
        self.shown: dict[str, set[str | None]] = defaultdict(set)

    def pytest_collection_modifyitems(self, items, config) -> None:
        marked = [item for item in items if list(item.iter_markers("catalogue"))]
        for item in marked:
            self.marks[item.nodeid] = [
                (mark.args[0], mark.kwargs.get("part")) for mark in item.iter_markers("catalogue")
            ]
        config.hook.pytest_deselected(items=[item for item in items if item not in marked])
        items[:] = marked

    def pytest_runtest_logreport(self, report) -> None:
        if report.when == "call" or report.failed:
            for name, part in self.marks.get(report.nodeid, ()):
                self.ended[name].append(report.outcome)
                if report.passed:
                    self.shown[name].add(part)

    def lacking(self, name: str) -> list[str]:
        """The parts that no test which passed shows; empty where one shows the whole check."""
        parts = CHECKS[name].parts
        return [] if None in self.shown[name] else [part for part in parts if part not in self.shown[name]]

    def verdict(self, name: str) -> str:
        ended = self.ended.get(name)
        if not ended:
            return "missing"
        if "failed" in ended:
            return "failed"
        is_whole = None in self.shown[name] or (CHECKS[name].parts and not self.lacking(name))
        return "passed" if is_whole else "partly"

    def line(self, name: str) -> str:
        """``N5   passed   ASVS 7.3.1 7.3.2``, with what is lacking where it is shown only in part."""
        verdict, asvs = self.verdict(name), CHECKS[name].asvs
        lacking = ", ".join(self.lacking(name)) if verdict == "partly" else ""
        said = f"{name:<5}{verdict:<9}{'ASVS ' + asvs if asvs else ''}"
        return (said + (f"  lacks: {lacking}" if lacking else "")).rstrip()


def main() -> int:
    import pytest

    results = Results()
    pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]], plugins=[results])
    print()
    for name in IDS:
        print(results.line(name))
    return 1 if any(results.verdict(name) == "failed" for name in IDS) else 0


if __name__ == "__main__":
    sys.exit(main())
