"""Uploads: an agreement in date, a report that quotes nothing, rows sealed under one key."""

import io

import pytest
from sqlalchemy import func, select

from accounts.roles import Role
from audit.models import AuditEntry
from cohort.checks import check_file
from cohort.models import SourceExtract, SourceRecord
from cohort.services import uploads
from cohort.sources import FileProblem, Reading, SourceKind, decoded
from core.clock import today
from core.context import NoAccessContext, current
from core.db import db
from core.keyring import KeyDestroyed, keyring
from tests.factories import cohort as make
from tests.support.client import form_values, words

READING = Reading(today(), "reading")


def checked(rows, *, kind=SourceKind.POLICE, fields=make.FIELDS, columns=make.POLICE):
    return check_file(kind, make.as_csv(rows, columns), fields=fields, reading=READING)


def problems(found):
    return {(p["column"], p["problem"]): p["rows"] for p in found.report()["problems"]}


def agree(acting, known, **options):
    with acting("analyst@reading") as actor:
        make.make_agreement(actor, known.agencies["police@reading"], **options)
        db.session.commit()


def send(analyst, known, raw, name="list.csv", **more):
    fields = {"kind": "police", "agency": known.agencies["police@reading"], "file": (io.BytesIO(raw), name)} | more
    return analyst.submit("/cohort/uploads", fields, button="Check this file")


def token(client):
    return form_values(client.page("/cohort/uploads").form(action="/sign-out"))["csrf_token"]


def test_an_upload_is_checked_reported_and_accepted(acting, known, sign_in):
    agree(acting, known)
    analyst = sign_in(Role.ANALYST)
    rows = [make.event(), make.event(ago=90), make.event(forename="Zebedee", dob="", surname="Quillfeather")]
    rows[2]["dob"] = "31/02/2012"
    answer = send(analyst, known, make.as_csv(rows))
    assert answer.status_code == 200
    said = words(answer)
    assert "Rows read 3" in said
    assert "Rows kept 2" in said
    assert "Not a real date" in said
    assert "Quillfeather" not in said
    extract = db.session.scalars(select(SourceExtract)).one()
    analyst.submit(f"/cohort/uploads/{extract.id}", button="Accept upload")
    db.session.expire_all()
    assert db.session.get(SourceExtract, extract.id).status == "accepted"


def test_without_an_agreement_there_is_no_form(sign_in, known):
    page = sign_in(Role.ANALYST).page("/cohort/uploads")
    assert "No agreement. You cannot upload yet" in "".join(page.root.itertext())


def test_an_expired_agreement_blocks_the_upload(acting, known, sign_in):
    agree(acting, known, start=-400, end=-1)
    with acting("analyst@reading") as actor:
        make.make_agreement(actor, known.agencies["school@reading"])
        db.session.commit()
    said = words(send(sign_in(Role.ANALYST), known, make.as_csv([make.event()])))
    assert "There is a problem" in said
    assert "ran out on" in said
    assert db.session.scalar(select(func.count()).select_from(SourceExtract)) == 0


def test_columns_not_in_the_agreement_are_dropped_and_named(acting, known, sign_in):
    agree(acting, known, fields=["forename", "surname", "dob", "event_type", "event_date", "role"])
    raw = make.as_csv([make.event(notes="Private words")], (*make.POLICE, "notes"))
    said = words(send(sign_in(Role.ANALYST), known, raw))
    assert "Column “notes” is not in the agreement. It was not kept" in said
    assert "Column “postcode” is not in the agreement. It was not kept" in said
    with acting("analyst@reading"):
        row = db.session.scalars(select(SourceRecord)).one().row
    assert set(row) == {"forename", "surname", "date_of_birth", "event_type", "event_date", "part"}


def test_the_rows_are_sealed_under_one_key_with_one_entry(acting, known):
    with acting("analyst@reading") as actor:
        make.make_agreement(actor, known.agencies["police@reading"])
        db.session.commit()
        before = db.session.scalar(select(func.count()).select_from(AuditEntry))
        extract = make.make_upload(
            actor, known.agencies["police@reading"], [make.event(ago=n + 1) for n in range(40)], accept=False
        )
        db.session.commit()
    rows = db.session.scalars(select(SourceRecord)).all()
    assert {row.data_key_id for row in rows} == {extract.key_id}
    assert len(rows) == 40
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == before + 1
    assert all(b"Sefton" not in row.row_sealed for row in rows)
    with pytest.raises(NoAccessContext):
        _ = rows[0].row


def test_a_discarded_upload_loses_its_rows_and_its_key(acting, known, sign_in):
    agree(acting, known)
    analyst = sign_in(Role.ANALYST)
    send(analyst, known, make.as_csv([make.event()]))
    extract = db.session.scalars(select(SourceExtract)).one()
    key_id = extract.key_id
    analyst.submit(f"/cohort/uploads/{extract.id}", button="Discard")
    assert db.session.scalar(select(func.count()).select_from(SourceRecord)) == 0
    assert keyring().unwrap([key_id]) == {}
    with acting("analyst@reading"), pytest.raises(KeyDestroyed):
        current().cipher(key_id)
    again = analyst.post(f"/cohort/uploads/{extract.id}/accept", data={"csrf_token": token(analyst)})
    assert again.status_code == 409


def test_no_value_of_the_file_is_in_the_report_or_the_trail(acting, known):
    spoiled = [make.event(forename="Zebedee", surname="Quillfeather", dob=None) | {"dob": "99/99/9999"},
               make.event(forename="=Zebedee", surname="Quillfeather"), make.event(surname="Q" * 200),
               make.event(surname="Quillfeather", sex="Zzyzx", postcode="NOWHERE99")]  # fmt: skip
    agree(acting, known)
    with acting("analyst@reading") as actor:
        extract = make.make_upload(actor, known.agencies["police@reading"], spoiled)
        db.session.commit()
        report = str(extract.report)
    trail = b"".join(db.session.scalars(select(AuditEntry.body)))
    for value in ("Quillfeather", "Zebedee", "99/99", "Zzyzx", "NOWHERE99", "QQQ"):
        assert value not in report
        assert value.encode() not in trail


def test_a_file_without_headings_shows_none_of_its_first_row(acting, known, sign_in):
    agree(acting, known)
    raw = "\n".join(make.as_csv([make.event(surname="Quillfeather")] * 2).decode().splitlines()[1:]).encode()
    said = words(send(sign_in(Role.ANALYST), known, raw))
    assert "The first row must name the columns" in said
    assert "Quillfeather" not in said


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "empty"), (b"PK\x03\x04rest", "spreadsheet"), ("a,b".encode("utf-16"), "cannot read"),
        (b"%PDF-1.7 forename,surname", "not what its name says"), (b"<html>", "not what its name says"),
        (b"forename\x81,surname", "Some letters"), (b"x" * (10 * 1024 * 1024 + 1), "10 MB"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_what_to_do(raw, message):
    with pytest.raises(FileProblem, match=message):
        decoded(raw)


@pytest.mark.only("sqlite")
def test_the_name_of_a_list_says_that_it_is_csv(acting, known, sign_in):
    """What a file is called and what it is must agree, whatever kind the browser says."""
    agree(acting, known)
    analyst, raw = sign_in(Role.ANALYST), make.as_csv([make.event()])
    for name in ("list.xlsx", "list.csv.exe", "list", "csv"):
        assert "Choose a file in CSV. Its name ends in .csv" in words(send(analyst, known, raw, name))
    assert db.session.scalar(select(func.count()).select_from(SourceExtract)) == 0
    db.session.rollback()
    assert "Rows kept 1" in words(send(analyst, known, raw, "List of March.CSV"))


def test_letters_of_old_spreadsheets_are_read():
    assert decoded("forename\nZoë".encode("cp1252")).endswith("Zoë")
    assert decoded("﻿forename".encode()) == "forename"


def test_what_is_wrong_is_told_by_column_and_row_number():
    rows = [
        make.event(), make.event(role="person of interest", ago=31), make.event(role="", ago=32),
        make.event(dob=make.born(30), ago=33), make.event(area="slough", ago=34), make.event(surname="", ago=35),
        make.event(postcode="+44 RG1", ago=36), make.event(forename="=1+1", ago=37), make.event(),
        make.event(ago=-5),
    ]  # fmt: skip
    found = checked(rows)
    assert problems(found) == {
        ("part", "part_not_known"): [3, 4], ("date_of_birth", "out_of_age"): [5], ("area", "other_area"): [6],
        ("surname", "missing"): [7], ("postcode", "not_understood"): [8], ("forename", "formula"): [9],
        ("", "twice"): [10], ("event_date", "in_future"): [11],
    }  # fmt: skip
    kept = dict(found.rows)
    assert sorted(kept) == [2, 3, 4, 8, 9]
    assert kept[3]["part"] == "not_known"
    assert kept[9]["forename"] == "=1+1"
    assert "postcode" not in kept[8]
    assert all("area" not in values for values in kept.values())


def test_an_agreement_must_allow_what_the_list_cannot_do_without():
    with pytest.raises(FileProblem, match="does not allow: Their part"):
        checked([make.event()], fields=["forename", "surname", "dob", "event_type", "event_date"])


def test_another_area_sees_nothing(acting, known, sign_in):
    agree(acting, known)
    with acting("analyst@reading") as actor:
        extract = make.make_upload(actor, known.agencies["police@reading"], [make.event()])
        db.session.commit()
    assert sign_in(Role.ANALYST, area="slough").get(f"/cohort/uploads/{extract.id}").status_code == 404
    assert sign_in(Role.COORDINATOR).get(f"/cohort/uploads/{extract.id}").status_code == 404
    assert sign_in(Role.COORDINATOR).get("/cohort/uploads").status_code == 403


def test_an_agreement_is_added_with_its_columns(sign_in, known):
    analyst = sign_in(Role.ANALYST)
    day = today()
    fields = {
        "agency": known.agencies["police@reading"], "kind": "sharing", "reference": "ISA-2026-4",
        "valid_from-day": "1", "valid_from-month": "1", "valid_from-year": str(day.year),
        "valid_to-day": "31", "valid_to-month": "12", "valid_to-year": str(day.year - 2), "fields": ["forename"],
    }  # fmt: skip
    assert "The end date must be after the start date" in words(analyst.submit("/cohort/agreements/new", fields))
    answer = analyst.submit("/cohort/agreements/new", fields | {"valid_to-year": str(day.year)})
    assert "ISA-2026-4" in words(answer)
    assert uploads.in_date(
        db.session.scalars(select(uploads.Agreement).where(uploads.Agreement.kind != "partnership")).one(), day
    )
