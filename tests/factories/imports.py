"""Lists of referrals as agencies make them, as CSV and as a workbook, and their upload through the page."""

import csv
import io
from datetime import date

import openpyxl

from audit.models import Event
from audit.services import record
from core import context
from core.clock import today
from core.db import db
from imports.columns import HEADINGS
from imports.models import ImportStatus as S
from imports.services import uploading
from tests.conftest import actor_for


def birthday(years=14):
    return date(today().year - years - 1, 12, 28)


def row(number=0, **changed):
    """A row that is fine; ``changed`` by heading, with _ for spaces."""
    letters = "abcdefghijklmnopqrst"
    told = {
        "In danger now": "no", "First name": "Tamsin", "Last name": "Quill" + letters[number % 20] * 2 + letters[number // 20] * 2,
        "Date of birth": f"{birthday():%d/%m/%Y}", "Main reason": "exploitation", "Safe ways to contact": "text; Through school",
        "Phone": "07700 900123", "Postcode": "rg12ab", "Sex": "Female", "Ethnic group": "M1",
        "Who told you their ethnic group": "self", "Interpreter needed": "no", "Special educational needs": "none",
        "Learning or working": "school", "What is going well": "Runs the lunchtime drama club.",
        "What is worrying you": "Older young people wait at the gate.", "Worker or plan now": "none", "Family knows": "yes",
        "Why you can share this": "safeguard",
    }  # fmt: skip
    return told | {name.replace("_", " "): value for name, value in changed.items()}


def lines(rows, headings=HEADINGS):
    return [list(headings), *([told.get(heading, "") for heading in headings] for told in rows)]


def as_csv(rows, delimiter=",", encoding="utf-8", headings=HEADINGS):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(lines(rows, headings))
    return text.getvalue().encode(encoding)


def as_xlsx(rows, headings=HEADINGS, change=lambda sheet: None):
    book = openpyxl.Workbook()
    for line in lines(rows, headings):
        book.active.append(line)
    change(book.active)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def upload(client, raw, name="list.csv", follow=True):
    return client.submit("/imports", {"file": (io.BytesIO(raw), name)}, button="Check this list", follow=follow)


def uploaded(client, rows):
    """The address of the report."""
    answer = upload(client, as_csv(rows), follow=False)
    assert answer.status_code == 302
    return answer.location


def send(client, where, **given):
    return client.submit(where, {"declared": "y", "makes": "referrals"} | given, button=None, follow=True)


def in_each_state(known, area="reading", number=0):
    """A list with a mistake in each state, of the area's referrer; the id of the one that waits. Commits."""
    with context.acting_as(job="test"):
        for place, status in enumerate((S.SENDING, S.DONE, S.STOPPED, S.CHECKED)):
            rows = [row(1 + number * 4 + place), row(2, Sex="perhaps")]
            made = a_list(known, rows, area)
            made.status, made.stopped_code = status.value, "training" if status is S.STOPPED else None
            made.rows_wanted, made.rows_again = 1, int(status is S.CHECKED)
            record(Event.IMPORT_WORKED, None, made)
            db.session.commit()
        found = made.id
    db.session.remove()
    return found


def a_list(known, rows, area="reading"):
    """Checked and kept by the service, as the page does."""
    actor = actor_for(f"referrer@{area}", known)
    return uploading.keep(actor, uploading.examine(actor, "list.csv", as_csv(rows)))
