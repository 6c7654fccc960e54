"""The components keep their promises: labels, error links, the published markup, nothing the strict policy forbids."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, render_template_string
from markupsafe import Markup
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    FileField,
    Form,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length

from tests.house.markup import check_markup, one, parse, template_app

MACROS = """
{% from "components/forms.html" import form_start, form_end, field, error_summary %}
{% from "components/forms.html" import button, warning_button, post_button %}
{% from "components/tags.html" import tag, due, badge, notification_badge %}
{% from "components/table.html" import table, selected_count %}
{% from "components/pagination.html" import pagination, showing %}
{% from "components/summary_list.html" import rows as summary, card %}
{% from "components/task_list.html" import tasks %}
{% from "components/identity_bar.html" import identity_bar %}
{% from "components/sub_navigation.html" import sub_navigation %}
{% from "components/timeline.html" import timeline %}
{% from "components/filter.html" import filter_panel, filter_select, filter_text, filter_check %}
{% from "components/banner.html" import banner, alert %}
{% from "components/details.html" import details %}
{% from "components/inset.html" import inset %}
{% from "components/panel.html" import panel %}
{% from "components/warning.html" import warning %}
{% from "components/compare.html" import compare %}
{% from "components/bar_chart.html" import bar_chart %}
{% from "components/empty.html" import empty %}
"""
SAMPLES = {
    "tag": "{{ tag('Closing', 'purple') }}{{ badge('Demonstration') }}{{ notification_badge(120) }}",
    "due": "{{ due({'text': 'Due today', 'tone': 'today'}) }}{{ due(none) }}",
    "pagination": "{{ showing(page) }}{{ pagination(page, url) }}",
    "rows": "{{ summary([{'key': 'Lead', 'value': none, 'href': '/x'}]) }}"
    "{{ card('Help', [{'key': 'a', 'value': 'b'}]) }}",
    "tasks": "{{ tasks([{'text': 'School', 'href': '/s', 'hint': 'Short', 'status': 'Incomplete', 'colour': 'blue'},"
    " {'text': 'Send'}]) }}",
    "identity": "{{ identity_bar('Kaya Sefton', ['15', none], [tag('Closing')]) }}",
    "navigation": "{{ sub_navigation([{'text': 'All', 'href': '/', 'active': true, 'count': 1204}]) }}",
    "timeline": "{{ timeline([{'title': 'Plan agreed', 'by': 'Pat', 'at': '2 November', 'text': '<b>'}]) }}",
    "filter": "{% call filter_panel('/cases', clear_href='/cases') %}"
    "{{ filter_select('stage', 'Stage', [('a', 'A')], 'a') }}"
    "{{ filter_text('since', 'Since') }}{{ filter_check('late', 'Overdue only', true) }}{% endcall %}",
    "banner": "{{ banner('Reading ends.') }}{{ alert('Saved.', 'success', 'Kept') }}{{ alert('No answer.', 'error') }}",
    "texts": "{{ details('Who?', 'You') }}{{ inset('x') }}{{ warning('Both are told.') }}{{ empty('Nothing yet.') }}",
    "compare": "{{ compare('Same?', [{'label': 'Name', 'left': 'A', 'right': none, 'how': 'Different'}]) }}",
    "chart": "{{ bar_chart('c', 'Most wait a week', 'One bar a week', [{'label': 'New', 'value': 4},"
    " {'label': 'Private', 'value': none}]) }}",
    "buttons": "{{ button('Send') }}{{ warning_button('Delete draft') }}{{ post_button('Undo', '/u', style='link') }}",
}


class Parts(Field):
    """Stands in for the date field: three typed parts and which of them are wrong."""

    day, month, year = "31", "2", ""
    bad_parts = frozenset({"year"})


class SampleForm(Form):
    once = HiddenField(default="abc")
    row_version = HiddenField(default="3")
    name = StringField(
        "What is their first name?", [InputRequired("Enter their first name")], description="As at school"
    )
    born = Parts("What is their date of birth?")
    email = EmailField("Your email address")
    password = PasswordField("Password")
    sessions = IntegerField("How many sessions?")
    worry = TextAreaField("What is worrying you?", [InputRequired("Tell us what is worrying you"), Length(max=4000)])
    more = TextAreaField("Anything else?", default="one\n  two")
    agency = SelectField("Agency", choices=[SelectChoice("school", "School")], default="school")
    knows = RadioField(
        "Does the family know?",
        [InputRequired("Select yes if the family knows")],
        choices=[SelectChoice("yes", "Yes"), SelectChoice("no", "No")],
    )
    needs = SelectMultipleField("Needs", choices=[SelectChoice("home", "Home"), SelectChoice("none", "None of these")])
    checked = BooleanField("I have checked", [InputRequired("Tick the box when you have checked")])
    file = FileField("Add a file")


FIELDS = [name for name in vars(SampleForm) if not name.startswith("_") and name not in ("once", "row_version", "Meta")]


@pytest.fixture(scope="module")
def app() -> Flask:
    return template_app()


@pytest.fixture
def render(app: Flask) -> Callable[..., str]:
    def inner(source: str, **context: Any) -> str:
        with app.test_request_context("/"):
            return render_template_string(MACROS + source, **context)

    return inner


@pytest.fixture
def failed_form() -> SampleForm:
    form = SampleForm()
    form.validate()
    form.born.errors = ["Date of birth must include a year"]
    form.knows.choice_hints = {"no": "It may not be safe"}  # type: ignore[attr-defined]
    return form


@pytest.mark.parametrize("name", SAMPLES)
def test_a_component_is_valid_and_labelled(render: Callable[..., str], name: str) -> None:
    page = {"page": 4, "pages": 9, "total": 1204, "first": 151, "last": 200}
    check_markup(parse(render(SAMPLES[name], page=page, url=lambda n: f"/cases?page={n}")))


def test_an_error_summary_links_to_each_field(render: Callable[..., str], failed_form: SampleForm) -> None:
    source = "{{ error_summary(form) }}{{ form_start(form, autosave='/save', ctrl_enter=true) }}"
    source += "".join(f"{{{{ field(form.{name}) }}}}" for name in FIELDS) + "{{ form_end() }}"
    tree = parse(render(source, form=failed_form))
    check_markup(tree)
    links = [a.get("href") for a in tree.findall(".//ul[@class='govuk-list govuk-error-summary__list']/li/a")]
    assert links == ["#name", "#born-year", "#worry", "#knows", "#checked"]
    ids = {e.get("id") for e in tree.iter()}
    for link in links:
        assert str(link)[1:] in ids
    assert {"name-error", "born-error", "worry-error", "knows-error", "checked-error"} <= ids
    assert one(tree, ".//input[@id='name']").get("aria-describedby") == "name-hint name-error"


def test_a_form_carries_its_guards(render: Callable[..., str], failed_form: SampleForm) -> None:
    tree = parse(render("{{ form_start(form, autosave='/save') }}{{ form_end() }}", form=failed_form))
    form = one(tree, ".//form")
    assert (form.get("method"), form.get("data-autosave-url"), "novalidate" in form.attrib) == ("post", "/save", True)
    hidden = {e.get("name"): e.get("value") for e in form.findall("input")}
    assert hidden == {"csrf_token": "token", "once": "abc", "row_version": "3"}


def test_only_the_wrong_part_of_a_date_is_marked(render: Callable[..., str], failed_form: SampleForm) -> None:
    tree = parse(render("{{ field(form.born, heading=true) }}", form=failed_form))
    marked = [e.get("name") for e in tree.iter("input") if "govuk-input--error" in str(e.get("class"))]
    assert marked == ["born-year"]
    assert "".join(one(tree, ".//h1").itertext()).strip() == "What is their date of birth?"


def test_words_keep_their_lines_inside_a_choice(render: Callable[..., str], failed_form: SampleForm) -> None:
    source = "{% set more %}{{ field(form.more) }}{% endset %}{{ field(form.knows, conditionals={'no': more}) }}"
    assert one(parse(render(source, form=failed_form)), ".//textarea").text == "one\n  two"


def test_what_people_typed_is_escaped(render: Callable[..., str]) -> None:
    form = SampleForm(data={"name": '"><script>', "more": "</textarea><script>"})
    page = render("{{ field(form.name) }}{{ field(form.more) }}{{ table('T', ['a'], [['<script>']]) }}", form=form)
    assert "<script" not in page


def test_a_list_sorts_by_links_and_names_its_rows(render: Callable[..., str]) -> None:
    heads = [{"text": "Name", "href": "?s=n", "sort": "ascending"}, {"text": "Due", "href": "?s=d"}, "Lead"]
    rows = [{"id": "a1", "label": "Sefton, Kaya", "cells": [Markup("<a href='/c'>S</a>"), None, "Pat"]}]
    tree = parse(render("{{ table('Cases', heads, rows, select='ids') }}", heads=heads, rows=rows))
    check_markup(tree)
    assert [e.get("aria-sort") for e in tree.findall(".//thead//th")] == ["ascending", "none", None]
    assert "".join(one(tree, ".//tbody//label").itertext()) == "Select Sefton, Kaya"
    assert one(tree, ".//tbody//th").get("scope") == "row"


def shape(html: str) -> str:
    """Markup without the white space that means nothing."""
    return re.sub(r"\s+", " ", re.sub(r">\s+|\s+<", lambda m: m.group().strip(), html)).strip()


@pytest.mark.parametrize(
    ("ours", "component", "params"),
    [
        ("{{ tag('Closing', 'purple') }}", "tag", {"text": "Closing", "classes": "govuk-tag--purple"}),
        ("{{ inset('It can be undone.') }}", "inset-text", {"text": "It can be undone."}),
        ("{{ details('Who?', 'You') }}", "details", {"summaryText": "Who?", "text": "You"}),
        (
            "{{ tasks([{'text': 'School', 'href': '/s', 'status': 'Incomplete', 'colour': 'blue'}], id='t') }}",
            "task-list",
            {
                "idPrefix": "t",
                "items": [
                    {
                        "title": {"text": "School"},
                        "href": "/s",
                        "status": {"tag": {"text": "Incomplete", "classes": "govuk-tag--blue"}},
                    }
                ],
            },
        ),
    ],
)
def test_our_markup_is_the_published_one(
    render: Callable[..., str], ours: str, component: str, params: dict[str, Any]
) -> None:
    macro = "govuk" + component.title().replace("-", "")
    theirs = (
        f"{{% from 'govuk_frontend_jinja/components/{component}/macro.html' import {macro} %}}{{{{ {macro}(params) }}}}"
    )
    assert shape(render(ours)) == shape(render(theirs, params=params))
