"""What people typed leaves as text: formulas in every export, elements and script in exports and prints (W2, W5)."""

import csv
import io
import re
from pathlib import Path

import pytest
from sqlalchemy import select

from accounts.models import Approval
from accounts.roles import Role
from core import context
from core.access import requirement_of
from core.csv_export import STARTERS
from core.db import db
from tests.core.test_csv_export import CORPUS, INSIDE
from tests.factories import everything, world
from tests.factories.addresses import addresses, kinds_of_records
from tests.security.test_fields import MARK, PAYLOADS, grown, plant
from tests.security.test_matrix import pages
from tests.security.test_web import may
from tests.support.client import Page, words

# PostgreSQL keeps no NUL, and names are stored as they were typed.
FORMULAS = [typed for typed in (*CORPUS, *INSIDE) if "\x00" not in typed]
# Every route that takes something out, by the event that it declares. The last two are JSON: a proof of numbers and
# ids, and a referral for other software, which no spreadsheet opens.
TAKES_OUT = {
    "panels.case_export_file",
    "panels.agreed_export_file",
    "audit.export",
    "audit.entry_proof",
    "interface.export_referral_file",
}
# Packages that answer nobody.
NOT_SERVED = {"tests", "demo", "bench", "tools"}
ROOT = Path(__file__).parents[2]
WRITES = re.compile(r"csv\.(Dict)?[wW]riter|openpyxl|xlsxwriter|to_csv")
WHY = "To ring each family about the summer, deleted in a week"


def test_these_are_all_the_exports(app):
    """A new one is added here, and to what is fetched below; it is written by the one writer that quotes."""
    declared = {rule.endpoint: requirement_of(app, rule.endpoint).reads for rule in app.url_map.iter_rules()}
    assert {endpoint for endpoint, reads in declared.items() if str(reads).startswith("export:")} == TAKES_OUT
    packages = [file.parent for file in ROOT.glob("*/__init__.py") if file.parent.name not in NOT_SERVED]
    files = [file for package in packages for file in package.rglob("*.py")]
    writers = {str(file.relative_to(ROOT)) for file in files if WRITES.search(file.read_text())}
    assert len(files) > 200
    # A workbook is read, and written as an empty template.
    assert writers == {"core/csv_export.py", "imports/workbooks.py"}


def cells_of(answer, delimiter=","):
    assert answer.mimetype == "text/csv", words(answer)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    text = io.StringIO(answer.data.decode("utf-8-sig"), newline="")
    return [cell for row in csv.reader(text, delimiter=delimiter) for cell in row]


def exports(sign_in):
    """Every export that there is, with names and without, of every list."""
    coordinator = sign_in(Role.COORDINATOR)
    for which in ("view=closed", "stage=plan_agreed", "stage=support"):
        for names in ("yes", "no"):
            sent = {"purpose": "case_management", "names": names, "reason": WHY}
            yield coordinator.submit(f"/cases/export?{which}", sent)
    yield agreed_export(sign_in, coordinator)
    yield sign_in(Role.SAFEGUARDING_LEAD).submit("/audit/export", {"purpose": "audit_review"})
    yield sign_in(Role.DATA_PROTECTION_OFFICER).submit("/audit/export", {"purpose": "audit_review"})


def agreed_export(sign_in, coordinator):
    """More than fifty rows: asked for, agreed to, fetched."""
    coordinator.submit("/cases/export", {"purpose": "case_management", "names": "yes", "reason": WHY})
    approval = db.session.scalars(select(Approval).where(Approval.kind == "bulk_export")).one().id
    db.session.rollback()
    sign_in(Role.SAFEGUARDING_LEAD).submit(f"/approvals/{approval}", {"decision": "agree"})
    coordinator.submit(f"/cases/export/{approval}")
    return coordinator.get(f"/cases/export/{approval}/file")


@pytest.mark.catalogue("W5")
@pytest.mark.catalogue("W2", part="exports")
def test_every_cell_of_every_export_is_text(known, sign_in):
    """Formulas and elements in every name and text of an installation, through every export, read by a CSV parser."""
    world.make(known, each=9)
    with context.acting_as(job="test"):
        plant([*FORMULAS, *PAYLOADS])
    told, quoted = "", 0
    for answer in exports(sign_in):
        for delimiter in (",", ";", "\t"):
            cells = cells_of(answer, delimiter)
            assert [cell for cell in cells if cell.strip(" \u00a0\u3000\ufeff").startswith(STARTERS)] == []
        quoted += sum(cell.startswith("'") for cell in cells_of(answer))
        told += answer.text
    # What was planted did come out, as it was typed but for the apostrophes and the doubled quotes.
    plain = told.replace("'", "").replace('""', '"')
    assert quoted > len(CORPUS)
    assert [typed for typed in [*FORMULAS, *PAYLOADS] if typed.strip().replace("'", "") not in plain] == []
    assert "'=1+1" in told


PRINTED = {"panels.case_print", "panels.minutes", "referrals.referral", "referrals.sent"}


@pytest.mark.catalogue("W2", part="prints")
def test_what_was_typed_is_text_on_what_is_printed(app, known, acting, sign_in):
    """Every page that is made for paper, of a record of each kind. The strict client refuses inline script."""
    ids = everything.make(known, acting, sign_in)
    with context.acting_as(job="test"):
        plant()
    records, shown, wrong = kinds_of_records(ids["area_id"]), set(), []
    for role in (Role.COORDINATOR, Role.REFERRER, Role.PANEL_CHAIR):
        client = sign_in(role)
        for rule, _, needed in pages(app):
            if rule.endpoint not in PRINTED or not may(role, needed):
                continue
            for path in dict.fromkeys(addresses(rule, ids, records)):
                answer = client.get(path)
                assert answer.status_code < 500, f"{role} {rule.rule}"
                wrong += [f"{role} {rule.rule}: {tag}" for tag in grown(Page(answer.text))]
                shown |= {rule.endpoint} if answer.status_code == 200 and MARK in answer.text else set()
    assert wrong == []
    assert shown == PRINTED
