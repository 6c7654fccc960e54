"""The markers of the security catalogue name checks and parts that exist, and requirements of the standard that do."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.catalogue import CHECKS

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.only("sqlite")


def marks():
    """(id, part) of every marker in the tests."""
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "catalogue" and node.args:
                parts = [word.value.value for word in node.keywords if word.arg == "part"]
                yield node.args[0].value, parts[0] if parts else None


def test_every_marker_names_a_check_and_one_of_its_parts():
    """``partly`` is for what shows some of a check that has no parts, or more than one of them by halves."""
    found = set(marks())
    assert {name for name, _ in found} <= set(CHECKS)
    named = {(name, part) for name, part in found if part not in {None, "partly"}}
    assert named == {(name, part) for name, check in CHECKS.items() for part in check.parts}


def test_requirements_are_those_of_the_page_about_them():
    rows = set(re.findall(r"^\| (\d+\.\d+\.\d+) \|", (ROOT / "docs" / "asvs.md").read_text("utf-8"), re.MULTILINE))
    named = {number for check in CHECKS.values() for number in check.asvs.split()}
    assert named
    assert named <= rows


def test_the_page_lists_every_check():
    page = (ROOT / "docs" / "security-catalogue.md").read_text("utf-8")
    assert [name for name in CHECKS if f"| {name} |" not in page] == []
