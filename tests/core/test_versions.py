"""What the page "Someone else changed this" shows of both texts: words, never codes."""

from datetime import date
from types import SimpleNamespace

import pytest
from wtforms import BooleanField, DateField, RadioField, SelectField, SelectMultipleField, StringField

from core.codes.base import choices
from core.codes.events import TriggerEventType
from core.forms import Form
from core.versions import StaleRecord, expect_version


class Answers(Form):
    how = RadioField("How?", choices=[("text", "Text message"), ("call", "Phone call")])
    when = DateField("When?")
    who = SelectMultipleField("Who came?", choices={"Family": [("mum", "Their mother"), ("nan", "Their nan")]})
    safe = BooleanField("Is it safe?")
    note = StringField("Note")
    event = SelectField("What?", choices=choices(TriggerEventType, blank="Choose"))


def stale(app, **stored):
    with (
        app.test_request_context(
            method="POST",
            data={"how": "call", "who": ["mum", "nan"], "note": "a", "event": "suspension", "row_version": "1"},
        ),
        pytest.raises(StaleRecord) as found,
    ):
        expect_version(SimpleNamespace(row_version=2, **stored), Answers())
    return found.value


@pytest.mark.only("sqlite")
def test_choices_are_shown_in_their_words(app):
    found = stale(app, how="text", when=date(2026, 5, 4), who=["nan"], safe=True, note="b", event="missing_episode")
    assert [line["value"] for line in found.theirs] == [
        "Text message",
        "4 May 2026",
        "Their nan",
        "Yes",
        "b",
        "Missing episode",
    ]
    assert [line["value"] for line in found.yours] == [
        "Phone call",
        "",
        "Their mother, Their nan",
        "No",
        "a",
        "Suspension",
    ]


@pytest.mark.only("sqlite")
def test_a_value_that_is_no_longer_offered_is_shown_as_it_is(app):
    assert stale(app, how="pigeon", when=None, who=[], safe=False, note=None, event=None).theirs[0]["value"] == "pigeon"
