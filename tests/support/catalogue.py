"""`make catalogue`: every id of the security catalogue with passed, partly, failed or missing, from the markers alone."""

import sys
from collections import defaultdict

IDS = [
    *(f"C{n}" for n in range(1, 10)), *(f"S{n}" for n in range(1, 5)), *(f"T{n}" for n in range(1, 11)),
    *(f"Z{n}" for n in range(1, 8)), *(f"N{n}" for n in range(1, 7)), *(f"W{n}" for n in range(1, 7)),
    *(f"R{n}" for n in range(1, 11)),
]  # fmt: skip


class Results:
    """Collects, for each id, how its marked tests ended and whether any shows it whole."""

    def __init__(self) -> None:
        self.ids_of: dict[str, list[tuple[str, bool]]] = {}
        self.ended: dict[str, list[str]] = defaultdict(list)
        self.whole: set[str] = set()

    def pytest_collection_modifyitems(self, items, config) -> None:
        marked = [item for item in items if list(item.iter_markers("catalogue"))]
        for item in marked:
            self.ids_of[item.nodeid] = [
                (mark.args[0], mark.kwargs.get("part") != "partly") for mark in item.iter_markers("catalogue")
            ]
        config.hook.pytest_deselected(items=[item for item in items if item not in marked])
        items[:] = marked

    def pytest_runtest_logreport(self, report) -> None:
        if report.when == "call" or report.failed:
            for name, whole in self.ids_of.get(report.nodeid, ()):
                self.ended[name].append(report.outcome)
                if whole:
                    self.whole.add(name)

    def verdict(self, name: str) -> str:
        ended = self.ended.get(name)
        if not ended:
            return "missing"
        if "failed" in ended:
            return "failed"
        return "passed" if name in self.whole else "partly"


def main() -> int:
    import pytest

    results = Results()
    pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]], plugins=[results])
    print()
    for name in IDS:
        print(f"{name:<5}{results.verdict(name)}")
    return 1 if any(results.verdict(name) == "failed" for name in IDS) else 0


if __name__ == "__main__":
    sys.exit(main())
