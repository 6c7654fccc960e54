"""The Welsh of the public's and the referrer's pages is whole, and nothing on them can be said in English alone."""

import ast
import re

import pytest
from babel.messages.mofile import read_mo
from jinja2 import Environment, nodes

from core.script_words import SCRIPT_WORDS
from tools import translations

pytestmark = pytest.mark.only("sqlite")

PLACES = re.compile(r"%\(\w+\)s|%\{count\}|</?[a-z][^>]*>")
# Names that are the same in every language.
SAME = {"999", "session", "device", "language", "OFFICIAL-SENSITIVE", "AbilityNet", "flask demo accounts"}
# Commands for the people who build a system that sends referrals.
COMMANDS = re.compile(r"<pre.*?</pre>", re.S)
MARKS = {"_", "_n", "gettext", "ngettext", "url_for"}
# Sentences glued from pieces that no page shows, or that the record keeps as they were written on the day.
KEPT_OR_UNSEEN = {
    "audit/safety_net.py": "stops the request", "core/access.py": "stops the start",
    "cohort/criterion.py": "the rule as a run kept it", "interventions/services.py": "the source of a catalogue entry",
    "oversight/measures.py": "SQL", "panels/services/plans.py": "a line of the timeline",
    "panels/services/sessions.py": "an action for the lead", "referrals/services/elsewhere.py": "the name of a job",
    "referrals/services/sending.py": "the page says it in its own words",
}  # fmt: skip
GLUED = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}|^[A-Z][a-z]+ $|^ [a-z]{2,}|[a-z]{3,} $")
KINDS_OF_FIELD = {"date", "radios", "checkboxes", "select", "textarea", "text", "single"}


def test_every_text_of_the_public_and_of_referrers_has_its_welsh():
    lacking = [f"{found.path}: {found.key}" for found in translations.missing(translations.read())]
    assert lacking == [], "run `make translations`, then write the Welsh into translations/cy"


def test_the_compiled_catalogue_says_what_the_written_one_says():
    with translations.MO.open("rb") as file:
        compiled = read_mo(file)
    for message in translations.read():
        if message.id and message.string and all(message.string):
            assert tuple(compiled[message.id].string) == tuple(message.string), message.id


def test_both_languages_have_the_same_places_for_values_and_the_same_tags():
    for message in translations.read():
        if not message.id or not message.string:
            continue
        english = message.id if isinstance(message.id, str) else message.id[1]
        for welsh in [message.string] if isinstance(message.string, str) else message.string:
            if welsh:
                assert sorted(PLACES.findall(english)) == sorted(PLACES.findall(welsh)), english
                assert (english[:1] == " ", english[-1:] == " ") == (welsh[:1] == " ", welsh[-1:] == " "), english


def test_no_page_holds_text_that_cannot_be_translated():
    environment = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)
    folder, raw = translations.ROOT / "templates", []
    for path in folder.rglob("*.html"):
        tree = environment.parse(path.read_text())
        raw += [f"{path.relative_to(folder)}: {words}" for words in (*_texts(tree), *_strings(tree))]
    assert raw == [], 'write {{ _("...") }} or {% trans %}'


def test_no_template_takes_the_name_of_the_translation():
    for path in (translations.ROOT / "templates").rglob("*.html"):
        assert not re.search(r"{%-?\s*set _\s*=|for _ in|\b_=", path.read_text()), path


def test_what_a_template_translates_stands_in_the_template():
    """The text is taken for HTML: a variable's goes through the filter ``said``, which never is."""
    environment = Environment(extensions=["jinja2.ext.i18n"])
    wrong = []
    for path in (translations.ROOT / "templates").rglob("*.html"):
        for call in environment.parse(path.read_text()).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in {"_", "_n", "gettext", "ngettext"}:
                texts = call.args[:2] if call.node.name in {"_n", "ngettext"} else call.args[:1]
                wrong += [f"{path.name}:{call.lineno}" for text in texts if not isinstance(text, nodes.Const)]
    assert wrong == []


def test_the_script_says_nothing_that_the_page_cannot_translate():
    source = "".join(path.read_text() for path in (translations.ROOT / "tools/assets/src").glob("*.js"))
    assert set(re.findall(r'said\("([^"]+)"', source)) == set(SCRIPT_WORDS)
    bare = re.sub(r'said\("[^"]+"|//.*|new Error\("[^"]+"\)', "", source)
    assert not re.findall(r"""["'`][A-Z][a-z]+ [a-z][^"'`]*["'`]""", bare), 'write said("...")'


def test_no_module_glues_a_sentence_that_a_person_reads():
    """A whole sentence is found and looked up; pieces with values between them are not: `_("Item %(number)s", ...)`."""
    glued = {
        name: [ast.unparse(node) for node in found]
        for package in translations.PACKAGES
        for path in sorted((translations.ROOT / package).rglob("*.py"))
        if translations.is_spoken(path) and (found := list(_glued(ast.parse(path.read_text()))))
        and (name := str(path.relative_to(translations.ROOT)))
    }  # fmt: skip
    assert {name: found for name, found in glued.items() if name not in KEPT_OR_UNSEEN} == {}
    assert glued.keys() == KEPT_OR_UNSEEN.keys(), "an exception is no longer needed"


def _glued(tree: ast.AST):
    """f-strings, sums, ``format`` and ``join`` with English in them, outside what is never shown."""
    for node in translations.shown(tree):
        if any(GLUED.search(text) for text in _pieces(node)):
            yield node


def _pieces(node: ast.AST) -> list[str]:
    match node:
        case ast.JoinedStr():
            parts = node.values
        case ast.BinOp(op=ast.Add() | ast.Mod()):
            parts = [node.left, node.right]
        case ast.Call(func=ast.Attribute(attr="format" | "join")):
            parts = [node.func.value]
        case _:
            parts = []
    return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def _texts(tree: nodes.Template):
    """Text between tags that is not inside a mark."""
    page = "¤".join(data.data for data in tree.find_all(nodes.TemplateData))
    page = COMMANDS.sub("", re.sub(r"<svg.*?</svg>|<!--.*?-->", "", page, flags=re.S))
    yield from re.findall(r'(?:aria-label|alt|title|placeholder|data-label)="([^"¤]*[A-Za-z][^"]*)"', page)
    for words in re.split(r"<[^>]*>|¤", page):
        words = re.sub(r"&[a-z]+;|^/[a-z]+$", " ", words.strip()).strip(" \n·:.,–()")
        if re.search("[A-Za-z]", words) and words not in SAME | KINDS_OF_FIELD and "=" not in words:
            yield words


def _strings(node: nodes.Node):
    """Strings in expressions that read like words for people; the keys of a mapping are looked up, not shown."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Pair):
            yield from _strings(nodes.List([child.value]))
            continue
        if isinstance(child, nodes.Call) and isinstance(child.node, nodes.Name) and child.node.name in MARKS:
            continue
        if isinstance(child, nodes.Compare | nodes.Include | nodes.FromImport | nodes.Import | nodes.Extends):
            continue
        if isinstance(child, nodes.Const) and isinstance(child.value, str) and _reads_like_words(child.value):
            yield child.value
        yield from _strings(child)


def _reads_like_words(text: str) -> bool:
    if re.search(r"govuk-|app-|moj-|[/<=_]|\.html", text) or text in SAME:
        return False
    return bool(re.match(r"[A-Z“][a-z]", text) or re.search(r"[a-z]+ [a-z]+", text))
