"""The documents are true: generated pages are current, links lead somewhere, and what they tell people to type exists."""

import re
from pathlib import Path

import pytest

from tests.house.commands import own_commands

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# What Flask and its libraries bring, as far as the documents name it.
LIBRARY_COMMANDS = {"db migrate"}


def names(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


def anchors(path):
    """The anchors that a renderer makes of a page's headings."""
    found = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            words = re.sub(r"[^\w\s-]", "", line.lstrip("#").strip().lower())
            found.add(re.sub(r"\s", "-", words))
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=names(DOCUMENTS))
def test_every_relative_link_leads_somewhere(path):
    broken = []
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        place, _, anchor = target.partition("#")
        there = (path.parent / place).resolve() if place else path
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert not broken


def test_every_document_is_reached_from_the_index():
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in seen or path.suffix != ".md":
            continue
        seen.add(path)
        targets = [link.partition("#")[0] for link in LINK.findall(path.read_text(encoding="utf-8"))]
        waiting += [(path.parent / target).resolve() for target in targets if target and "://" not in target]
    assert names(set(DOCUMENTS) - seen) == []


def test_rules_about_more_than_one_field_are_written_down():
    from tools.input_rules import TOGETHER, asks_of_others, forms, place_of

    assert sorted({place_of(form) for form in forms() if asks_of_others(form)} - set(TOGETHER)) == []
    assert [place for place in TOGETHER if not (ROOT / place.split()[0]).exists()] == []


def test_generated_pages_are_current():
    from tools.data_dictionary import pages

    stale = [str(path.relative_to(ROOT)) for path, text in pages().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, f"run: make docs ({', '.join(stale)})"


def code_in(path):
    """What a document sets as code: blocks and spans."""
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL)
    return [*blocks, *re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=names(DOCUMENTS))
def test_every_make_target_exists(path):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        found for code in code_in(path) for found in re.findall(r"(?:^|[^\w-])make ([a-z-]+)$", code, re.MULTILINE)
    }
    assert named <= targets


@pytest.mark.only("sqlite")
def test_every_flask_command_exists(app):
    known = {" ".join(words) for words in own_commands(app)} | LIBRARY_COMMANDS
    wrong = {}
    for path in DOCUMENTS:
        for code in code_in(path):
            for said in re.findall(r"(?:^|[\s/])flask ((?:[a-z-]+ ?){1,2})", code):
                words = said.split()
                if not words or " ".join(words) in known or words[0] in known:
                    continue
                wrong.setdefault(str(path.relative_to(ROOT)), []).append(said)
    assert not wrong


def test_every_setting_is_in_the_operators_guide():
    guide = (ROOT / "docs" / "operators-guide.md").read_text(encoding="utf-8")
    sources = [ROOT / name for name in ("config/settings.py", "config/gunicorn.py", "core/providers.py")]
    settings = {
        name
        for path in sources
        for name in re.findall(r'(?:environ\.get|_flag)\(\s*"([A-Z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(settings) > 15
    assert sorted(name for name in settings if f"`{name}`" not in guide) == []


@pytest.mark.only("sqlite")
def test_every_command_is_in_the_operators_guide(app):
    guide = (ROOT / "docs" / "operators-guide.md").read_text(encoding="utf-8")
    assert sorted(" ".join(words) for words in own_commands(app) if f"`flask {' '.join(words)}`" not in guide) == []


def test_every_make_target_says_what_it_is_for():
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    assert targets == set(re.findall(r"^([a-z-]+):.*## \S", text, re.MULTILINE))
    declared = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE).group(1).split()
    assert set(declared) == targets


def test_the_code_a_document_names_is_there():
    """Paths set as code, such as `core/requests.py`, exist."""
    gone = {}
    for path in DOCUMENTS:
        for code in code_in(path):
            for said in re.findall(r"(?<![\w./-])((?:[a-z_]+/)+[a-z_]+\.(?:py|toml|html|css|js|sqlite3|key))", code):
                if not (ROOT / said).exists() and not said.startswith(("var/", "keys/")):
                    gone.setdefault(str(path.relative_to(ROOT)), []).append(said)
    assert not gone
