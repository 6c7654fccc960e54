"""What the tests of templates share: an application with nothing but templates, and a strict reading of its pages."""

from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader

from core import languages
from core.tables import table_rows

ROOT = Path(__file__).resolve().parents[2]


def template_app() -> Flask:
    app = Flask(__name__, template_folder=str(ROOT / "templates"))
    app.secret_key = "only for these tests"
    ours = FileSystemLoader(ROOT / "templates")
    theirs = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    app.jinja_loader = ChoiceLoader([ours, theirs])
    languages.mark(app)
    app.jinja_env.globals |= {"csrf_token": lambda: "token", "table_rows": table_rows}
    return app


def parse(page: str, *, whole: bool = False) -> Element:
    parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
    tree: Element = parser.parse(page if whole else f"<!DOCTYPE html><title>x</title>{page}")
    assert not parser.errors, parser.errors
    return tree


def check_markup(tree: Element) -> None:
    """What holds for every piece: nothing inline, ids once, each box with a label, each reference with its target."""
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    assert len(ids) == len(set(ids)), ids
    labels = {e.get("for") for e in tree.iter("label")}
    for element in tree.iter():
        names = [str(name) for name in element.keys()]  # noqa: SIM118 (an Element is not a dict)
        assert not [n for n in names if n == "style" or n.startswith("on")], element.attrib
        for target in (element.get("aria-describedby") or "").split() + (element.get("aria-labelledby") or "").split():
            assert target in ids, target
        boxed = element.tag in ("select", "textarea") or (element.tag == "input" and element.get("type") != "hidden")
        assert not boxed or element.get("id") in labels, element.attrib


def one(tree: Element, path: str) -> Element:
    found = tree.findall(path)
    assert len(found) == 1, (path, len(found))
    return found[0]
