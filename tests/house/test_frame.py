"""The frame, the public pages and the error pages stand alone; the assets are light, readable and ours to use."""

import gzip
import re
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, render_template, render_template_string
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from tests.house.markup import ROOT, check_markup, one, parse, template_app

ACTOR = SimpleNamespace(
    name="Dana Price",
    role_name="Coordinator",
    agency_name="Reading Council",
    area_name="Reading",
    membership_count=2,
    can=lambda permission: permission == "referral.import",
)
FRAME: dict[str, Any] = {
    "actor": ACTOR,
    "can_search": True,
    "demonstration": True,
    "service_name": "Young Futures Panels",
    "navigation": [{"text": "Cases", "href": "/cases", "active": True, "count": 3}],
    "printed_at": "22 November 2026, 9:02am",
}
CHILD = '{% extends "layouts/page.html" %}{% set heading = "Cases" %}{% set reference = "RDG-26-0417K" %}'


@pytest.fixture(scope="module")
def app() -> Flask:
    return template_app()


def page(app: Flask, source: str, **context: Any) -> Any:
    with app.test_request_context("/"):
        return parse(render_template_string(source, **context), whole=True)


@pytest.mark.parametrize("context", [{}, {"actor": None, "navigation": None}, FRAME], ids=["bare", "none", "full"])
def test_the_frame_renders_with_whatever_is_known(app: Flask, context: dict[str, Any]) -> None:
    tree = page(app, CHILD + "{% block content %}<p>x</p>{% endblock %}", **context)
    check_markup(tree)
    assert one(tree, ".//title").text == "Cases – RDG-26-0417K – Young Futures Panels"
    assert one(tree, ".//h1").text == "Cases"
    assert bool(tree.findall(".//form[@action='/sign-out']")) == bool(context.get("actor"))


def test_a_failed_page_says_so_in_its_title(app: Flask) -> None:
    form = type("AForm", (Form,), {"name": StringField("Name", [InputRequired("Enter a name")])})()
    form.validate()
    tree = page(app, CHILD, form=form)
    assert str(one(tree, ".//title").text).startswith("Error: Cases")
    assert "govuk-error-summary" in [e.get("class") for e in tree.iter("div")]


PAGES = [
    p.relative_to(ROOT / "templates").as_posix()
    for d in ("public", "errors")
    for p in (ROOT / "templates" / d).glob("[!_]*.html")
]


@pytest.mark.parametrize("name", sorted(PAGES))
@pytest.mark.parametrize("context", [{}, FRAME], ids=["stranger", "signed in"])
def test_a_ready_page_stands_alone(app: Flask, name: str, context: dict[str, Any]) -> None:
    with app.test_request_context("/"):
        tree = parse(render_template(name, **context), whole=True)
    check_markup(tree)
    heading = one(tree, ".//h1").text
    assert str(one(tree, ".//title").text).startswith(str(heading))


@pytest.mark.parametrize("name", ["errors/500.html", "errors/503.html"])
def test_the_last_pages_need_neither_request_nor_database(app: Flask, name: str) -> None:
    assert "<h1" in app.jinja_env.get_template(name).render()


def test_an_edit_clash_shows_both_texts(app: Flask) -> None:
    yours, theirs = [{"label": "Plan", "value": "Mondays"}], [{"label": "Plan", "value": "Fridays"}]
    with app.test_request_context("/"):
        text = render_template("errors/409.html", yours=yours, theirs=theirs, changed_by="Pat", again_url="/x")
    assert "Mondays" in text
    assert "Fridays" in text


@pytest.mark.parametrize(("name", "limit"), [("app.css", 20 * 1024), ("app.js", 14 * 1024)])
def test_assets_are_light_and_only_ours_to_use(name: str, limit: int) -> None:
    text = (ROOT / "static" / name).read_text()
    assert len(gzip.compress(text.encode())) <= limit
    assert not re.search(r"transport|crown|crest|@font-face|url\(|sourcemappingurl", text, re.I)


def luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("#ffffff", "#0f2f44"),
        ("#cfe3e4", "#0f2f44"),
        ("#ffffff", "#0e6f74"),
        ("#0b5f82", "#f2f7f7"),
        ("#0b5f82", "#ffffff"),
        ("#37474f", "#f2f7f7"),
        ("#484949", "#ffffff"),
        ("#5b6c72", "#f2f7f7"),
    ],
)
def test_our_colours_can_be_read(text: str, ground: str) -> None:
    light, dark = sorted((luminance(text), luminance(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
