"""Agreements, partners' lists and released runs for tests."""

import csv
import io
from datetime import timedelta

from cohort.services import runs, uploads
from cohort.sources import SourceKind
from core.clock import today
from core.db import db

POLICE = ("record_id", "forename", "surname", "dob", "sex", "postcode", "event_type", "event_date", "role", "area")
EDUCATION = ("upn", "forename", "surname", "dob", "school", "attendance_band", "suspensions", "area")
FIELDS = ["forename", "surname", "date_of_birth", "sex", "postcode", "event_type", "event_date", "part", "reference",
          "upn", "school", "attendance", "suspensions"]  # fmt: skip


def born(age=14):
    return today() - timedelta(days=int(age * 365.25) + 40)


def days_ago(days):
    return (today() - timedelta(days=days)).isoformat()


def event(forename="Kaya", surname="Sefton", dob=None, role="suspected", ago=30, what="theft", area="reading", **more):
    return {"forename": forename, "surname": surname, "dob": (dob or born()).isoformat(), "sex": "female",
            "postcode": "RG1 2AB", "event_type": what, "event_date": days_ago(ago), "role": role, "area": area,
            "record_id": f"P-{ago}"} | more  # fmt: skip


def pupil(forename="Kaya", surname="Sefton", dob=None, upn="A999123456789", area="reading", **more):
    return {"upn": upn, "forename": forename, "surname": surname, "dob": f"{dob or born():%d/%m/%Y}",
            "school": "Northbrook Academy", "attendance_band": "under_50", "suspensions": "2",
            "area": area} | more  # fmt: skip


def as_csv(rows, columns=POLICE):
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def make_agreement(actor, agency_id, *, fields=FIELDS, start=-30, end=300):
    day = today()
    agreement = uploads.add_agreement(
        actor, agency_id=agency_id, kind="sharing", reference="ISA-1", valid_from=day + timedelta(days=start),
        valid_to=day + timedelta(days=end), fields=list(fields),
    )  # fmt: skip
    db.session.flush()
    return agreement


def make_upload(actor, agency_id, rows, *, kind=SourceKind.POLICE, accept=True):
    columns = POLICE if kind is SourceKind.POLICE else EDUCATION
    extract = uploads.upload(actor, kind=kind, agency_id=agency_id, raw=as_csv(rows, columns))
    if accept:
        uploads.accept(actor, extract)
    return extract


def make_released(acting, known, rows, *, area="reading", pupils=()):
    """A released run over these rows; returns the run's id."""
    police, school = known.agencies[f"police@{area}"], known.agencies[f"school@{area}"]
    with acting(f"analyst@{area}") as actor:
        make_agreement(actor, police)
        extracts = [make_upload(actor, police, rows)]
        if pupils:
            make_agreement(actor, school)
            extracts.append(make_upload(actor, school, pupils, kind=SourceKind.EDUCATION))
        run = runs.start_run(actor, [extract.id for extract in extracts])
        runs.release(actor, run)
        run_id = run.id
        db.session.commit()
    return run_id
