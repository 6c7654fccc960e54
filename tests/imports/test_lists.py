"""A list from template to references, through the pages and the worker's piece."""

import csv
import io
import os
import signal
from datetime import timedelta

import openpyxl
import pytest
import time_machine
from sqlalchemy import event, func, select

from accounts.models import Agreement
from accounts.roles import Role
from audit.models import AuditEntry, Event
from audit.verify import verify_all
from cohort.models import YoungPerson
from cohort.services.people import create_person
from core import context
from core.clock import now, today
from core.codes.referrals import ReferralStatus
from core.db import db
from imports.columns import HEADINGS
from imports.models import ImportRow, ReferralImport
from imports.services import sweeping, working
from messages.models import Notice
from referrals.models import Referral, ReferralDraft
from rights.erasing import erase
from tests.factories.imports import as_csv, as_xlsx, birthday, row, send, upload, uploaded
from tests.support.client import words

FORMULA = '=HYPERLINK("http://evil.example","x")'


def count(model, *where):
    found = db.session.scalar(select(func.count()).select_from(model).where(*where))
    db.session.rollback()
    return found


def work_through():
    """What the worker does until nothing waits; returns in how many pieces."""
    pieces = 0
    while working.work_one():
        pieces += 1
    return pieces


def csv_of(answer):
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


@pytest.mark.only("sqlite")
def test_the_template_comes_back_as_a_referral(known, sign_in):
    client = sign_in(Role.REFERRER)
    assert csv_of(client.get("/imports/template.csv")) == [list(HEADINGS)]
    book = openpyxl.load_workbook(io.BytesIO(client.get("/imports/template.xlsx").data))
    assert [cell.value for cell in book["Referrals"][1]] == list(HEADINGS)
    codes = [tuple(cell.value or "" for cell in line) for line in book["Codes"]]
    assert [list(line) for line in codes] == csv_of(client.get("/imports/codes.csv"))
    assert ("Sex", "Yes", "female", "Female") in codes
    told = row(Last_name=FORMULA, District="Reading district", Area="reading", What_they_have="interests")
    for place, heading in enumerate(HEADINGS, 1):
        cell = book["Referrals"].cell(2, place, told.get(heading, ""))
        cell.data_type = "s"
    written = io.BytesIO()
    book.save(written)
    answer = upload(client, written.getvalue(), "list.xlsx")
    assert "Rows that are fine 1" in words(answer)
    assert "None. Every row is fine." in words(answer)
    where = answer.request.path
    assert "Sending your list" in words(send(client, where))
    work_through()
    with context.acting_as(job="test"):
        made = db.session.scalars(select(Referral)).one()
        assert (made.status, made.surname, made.date_of_birth) == (ReferralStatus.NEW.value, FORMULA, birthday())
        assert made.agency_id == known.agencies["school@reading"]
        assert made.district_id is not None
        assert made.answers["strengths"]["factors"] == ["interests"]
        assert made.answers["you"]["email"] == known.emails["referrer@reading"]
        reference, ident = made.reference, made.id
    db.session.remove()
    page = client.get(where)
    assert f"2 {reference} Sent" in words(page)
    assert csv_of(client.get(f"{where}/references.csv"))[1] == ["2", reference, "Sent"]
    assert "Check your" not in words(client.get(f"/referrals/{ident}"))
    assert client.get(f"/referrals/{ident}").status_code == 200


MISTAKES = {
    "In danger now": ("yes", "Call 999"), "First name": ("", "Enter their first name"),
    "Date of birth": ("1 May", "DD/MM/YYYY"), "Area": ("Atlantis", "Use one of the codes"),
    "Main reason": ("", "Select the main reason"), "Safe ways to contact": ("pigeon", "Use one of the codes"),
    "Phone": ("7700900123", "The first 0 is missing"), "Email": ("nobody", "name@example.com"),
    "Postcode": ("nowhere", "Enter a postcode"), "No fixed address": ("perhaps", "Write yes or no"),
    "Sex": ("female; male", "Use one of the codes"), "Who told you their ethnic group": ("", "Select who told you"),
    "What is going well": ("", "Tell us what is going well"), "What is worrying you": ("x" * 4001, "4,000 characters"),
    "Worker or plan now": ("none; s47", "Select who already works"), "Family knows": ("no", "does not know"),
    "Why you can share this": ("emergency", "not for emergencies"),
}  # fmt: skip


@pytest.mark.only("sqlite")
def test_every_mistake_is_named_by_row_and_column_and_nothing_is_kept_of_the_row(known, sign_in):
    client = sign_in(Role.REFERRER)
    wrong = [row(n, **{heading.replace(" ", "_"): typed}) for n, (heading, (typed, _)) in enumerate(MISTAKES.items())]
    old = row(30, Date_of_birth=f"{birthday(18):%Y-%m-%d}")
    young = row(31, Date_of_birth=f"{today() - timedelta(days=9 * 365):%d/%m/%Y}")
    twice = [row(32), row(32)]
    answer = upload(client, as_csv([*wrong, old, young, *twice]))
    where = answer.request.path
    told = csv_of(client.get(f"{where}/report.csv"))
    assert told[0] == ["Row", "Column", "What to do"]
    places = {(int(number), column): what for number, column, what in told[1:]}
    for number, (heading, (_, wanted)) in enumerate(MISTAKES.items(), 2):
        place = heading if heading != "Family knows" else "Why the family does not know"
        assert wanted in places.pop((number, place)), heading
    first = 2 + len(MISTAKES)
    assert "They must be 10 to 17" in places.pop((first, "Date of birth"))
    assert "They must be 10 to 17" in places.pop((first + 1, "Date of birth"))
    assert f"as row {first + 2}" in places.pop((first + 3, "Whole row"))
    assert places == {}
    shown = words(answer)
    assert "Rows that are fine 1" in shown
    assert "Quill" not in shown + str(told)
    assert "Tamsin" not in shown + str(told)
    # Before it is sent there is no referral, no draft and no young person; after, only the row that was fine.
    assert [count(model) for model in (Referral, ReferralDraft, YoungPerson)] == [0, 0, 0]
    assert count(ImportRow) == 1
    again = client.submit(where, {"makes": "referrals"}, button="Continue")
    assert "Confirm that what the list says is true" in words(again)
    unknown = upload(client, as_csv([row()], headings=[*HEADINGS, "Shoe size"]))
    assert "did not read them: 45" in words(unknown)
    short = upload(client, as_csv([row()], headings=HEADINGS[1:]))
    assert "We cannot find: In danger now" in words(short)
    cells = as_xlsx([row(40)], change=lambda sheet: sheet.__setitem__("B2", "=1+1"))
    assert "worked out by a formula" in words(upload(client, cells, "list.xlsx"))
    assert "is not what its name says" in words(upload(client, cells, "list.csv"))


def killed_before_the_commit():
    """A worker that dies by kill -9 when everything of a piece is written and nothing committed."""
    pid = os.fork()
    if pid == 0:
        try:
            event.listen(db.session, "after_flush", lambda session, flush: os.kill(os.getpid(), signal.SIGKILL))
            working.work_one()
        finally:
            os._exit(3)
    _, how = os.waitpid(pid, 0)
    assert os.WTERMSIG(how) == signal.SIGKILL


def test_a_worker_that_is_killed_sends_no_row_twice_and_leaves_none_out(app, known, sign_in):
    client = sign_in(Role.REFERRER)
    where = uploaded(client, [row(n) for n in range(120)])
    assert "Send 120 referrals" in words(client.get(where))
    assert "0 of 120 rows are done" in words(send(client, where, makes=None))
    assert working.work_one()
    assert "50 of 120 rows are done" in words(client.get(where))
    db.session.remove()
    killed_before_the_commit()
    assert count(Referral) == 50
    assert work_through() == 2
    assert count(Referral) == 120
    assert not working.work_one()
    db.session.remove()
    lines = csv_of(client.get(f"{where}/references.csv"))
    assert [int(line[0]) for line in lines[1:]] == list(range(2, 122))
    assert len({line[1] for line in lines}) == 121
    # What was sent is nowhere else any more; each has a key and an entry of its own, and its sender is told once.
    assert count(ImportRow, ImportRow.answers_sealed.is_not(None)) == 0
    assert len(set(db.session.scalars(select(Referral.data_key_id)))) == 120
    assert count(AuditEntry, AuditEntry.event == Event.REFERRAL_SENT.value) == 120
    assert count(Notice) == 1
    assert not any(verdict.kind for verdict in verify_all(known.areas["reading"]))
    db.session.rollback()
    # The same list, also as another kind of file, by whomever of the agency: it was sent.
    assert "was sent already" in words(upload(client, as_xlsx([row(n) for n in range(120)]), "again.xlsx"))
    # Another list with one of them in it: the row is named, and left out or taken as its sender says.
    second = uploaded(client, [row(3), row(Last_name="Brandt")])
    page = client.submit(second, {"declared": "y", "makes": "referrals"}, button="Continue")
    assert "young person of row 2 before" in words(page)
    assert "Select what to do with the rows that may be about" in words(page)
    assert "0 of 1 rows" in words(send(client, second, again="leave"))
    work_through()
    assert count(Referral) == 121


@pytest.mark.only("sqlite")
def test_a_list_waits_for_its_owner_alone_and_for_a_day(known, sign_in):
    client = sign_in(Role.REFERRER)
    where = uploaded(client, [row(1), row(2)])
    # Uploaded again before it is sent it is the same one; what it holds is sealed.
    assert uploaded(client, [row(1), row(2)]) == where
    assert b"Quill" not in b"".join(db.session.scalars(select(ImportRow.answers_sealed)))
    db.session.rollback()
    for other in (sign_in(Role.REFERRER, area="slough"), sign_in(Role.COORDINATOR), sign_in(Role.LEAD)):
        assert [other.get(path).status_code for path in (where, f"{where}/report.csv", f"{where}/references.csv")] == [
            404
        ] * 3
    assert sign_in(Role.LEAD).get("/imports").status_code == 403
    drafts = send(client, where, makes="drafts")
    assert "Sending your list" in words(drafts)
    work_through()
    assert (count(Referral), count(ReferralDraft)) == (0, 2)
    page = client.page("/referrals?show=drafts")
    link = next(a.get("href") for a in page.all("a") if (a.get("href") or "").endswith("/tasks"))
    assert "Ready" in words(client.get(link))
    client.submit(link.replace("/tasks", "/check"), {"declared": "y"}, button="Send")
    assert count(Referral) == 1
    thrown = uploaded(client, [row(5)])
    client.submit(thrown, button="Throw this list away")
    assert client.get(thrown).status_code == 404
    uploaded(client, [row(6)])
    assert sweeping.sweep() == 0
    with time_machine.travel(now() + timedelta(hours=25)):
        assert sweeping.sweep() == 1
    with time_machine.travel(now() + timedelta(days=29)):
        assert sweeping.sweep() == 1
    assert (count(ReferralImport), count(ImportRow)) == (0, 0)


@pytest.mark.only("sqlite")
def test_an_agency_without_an_agreement_sends_no_list(known, sign_in):
    client, coordinator = sign_in(Role.REFERRER), sign_in(Role.COORDINATOR)
    where = uploaded(client, [row(1)])
    send(client, where)
    with context.acting_as(job="test"):
        ended = db.session.scalars(
            select(Agreement).where(Agreement.agency_id == known.agencies["school@reading"])
        ).one()
        ended.valid_to = today() - timedelta(days=1)
        from audit.services import record

        record(Event.CONFIGURED, None, ended)
        db.session.commit()
    assert client.get("/imports").status_code == 403
    work_through()
    assert count(Referral) == 0
    made = db.session.scalars(select(ReferralImport)).one()
    assert (made.status, made.stopped_code, made.rows_not_made) == ("stopped", "agreement", 1)
    db.session.rollback()
    # Their colleague of another agency is not held back, and a list may go to another area.
    elsewhere = uploaded(coordinator, [row(1, Area="Slough")])
    send(coordinator, elsewhere)
    work_through()
    assert db.session.scalars(select(Referral.area_id)).one() == known.areas["slough"]


@pytest.mark.only("sqlite")
def test_whoever_turns_eighteen_before_the_row_is_sent_is_left_out(known, sign_in):
    client = sign_in(Role.REFERRER)
    # Nobody turns eighteen on 29 February: eighteen years before a leap year there was none.
    wait = timedelta(days=2 if (today() + timedelta(days=1)).strftime("%m-%d") == "02-29" else 1)
    eighteen = today() + wait
    born = eighteen.replace(year=eighteen.year - 18)
    where = uploaded(client, [row(1, Date_of_birth=born.isoformat()), row(2)])
    send(client, where)
    with time_machine.travel(now() + wait):
        work_through()
    assert count(Referral) == 1
    assert "They must be 10 to 17 on the day you refer" in words(client.get(where))


@pytest.mark.only("sqlite")
def test_erasing_somebody_takes_their_row_out_of_a_list_that_waits(known, acting, sign_in):
    client = sign_in(Role.REFERRER)
    where = uploaded(client, [row(1), row(2)])
    with acting("coordinator@reading") as actor:
        names = {"forename": row(1)["First name"], "surname": row(1)["Last name"], "date_of_birth": birthday()}
        person = create_person(actor, area_id=known.areas["reading"], data=names, created_from="referral").id
        db.session.commit()
    erase(person)
    db.session.commit()
    assert count(ImportRow) == 1
    send(client, where)
    work_through()
    with context.acting_as(job="test"):
        assert [made.surname for made in db.session.scalars(select(Referral))] == [row(2)["Last name"]]
    db.session.remove()
