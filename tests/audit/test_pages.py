"""The pages of the trail: who may read what, every look an entry, one child's visitors, checks and exports."""

import csv
import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from accounts.models import Membership, SignInSession
from accounts.roles import Role
from audit.models import AuditCheckpoint, AuditEntry, Event
from audit.services import record
from core.clock import now, today
from core.db import db
from core.ids import new_id
from panels.models import Case
from tests.factories import world
from tests.factories.cases import open_case
from tests.factories.referrals import a_draft
from tests.factories.trail import checkpoint
from tests.support.client import Page, words
from tests.support.client import text as words_in
from tests.support.tampering import as_owner


def entries(known, event, area="reading"):
    """What the trail of an area says about one kind of event, oldest first."""
    rows = db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.chain == known.areas[area], AuditEntry.event == event.value)
        .order_by(AuditEntry.seq)
    )
    return [json.loads(bytes(row.body)) for row in rows]


@pytest.fixture
def case(acting, known):
    case_id = open_case(acting, known)
    return db.session.execute(
        select(Case.id, Case.reference, Case.young_person_id, Case.referral_id).where(Case.id == case_id)
    ).one()


@pytest.fixture
def lead(sign_in):
    return sign_in(Role.SAFEGUARDING_LEAD)


def password_given(minutes_ago):
    """As if everyone signed in had given their password that long ago."""
    db.session.execute(update(SignInSession).values(stepped_up_at=now() - timedelta(minutes=minutes_ago)))
    db.session.commit()


def links_of(client, path):
    return [(words_in(a), a.get("href")) for a in client.page(path).all("a")]


@pytest.mark.parametrize("role", [r for r in Role if r not in (Role.SAFEGUARDING_LEAD, Role.DATA_PROTECTION_OFFICER)])
def test_only_those_who_review_read_the_trail(sign_in, role, case):
    client = sign_in(role)
    assert client.get("/audit").status_code == 403
    assert client.get(f"/audit/records/{case.young_person_id}").status_code == 404


def test_the_list_says_who_did_what_without_names_of_young_people(lead, case):
    page = lead.get("/audit")
    said = words(page)
    assert "Opened a case" in said
    assert "Panel coordinator Reading" in said
    assert case.reference in said
    assert "Sefton" not in said
    assert "Kaya" not in said
    assert "Your search is recorded" in said


@pytest.mark.catalogue("T10", part="viewed")
def test_looking_at_the_trail_is_itself_an_entry(lead, known, case):
    def looked():
        db.session.rollback()
        return len(entries(known, Event.AUDIT_SEARCHED))

    first = entries(known, Event.CASE_OPENED)[0]
    for path in (
        "/audit", f"/audit/entries/{first['chain']}/{first['seq']}", f"/audit/records/{case.young_person_id}",
        f"/audit/users/{known.users['coordinator@reading']}", "/audit/verify",
    ):  # fmt: skip
        before = looked()
        lead.page(path)
        assert looked() == before + 1, path
    nothing = "/audit?what=searched&since=2020-01-01&until=2020-01-02"
    before = looked()
    assert "No entries match" in words(lead.get(nothing))
    said = entries(known, Event.AUDIT_SEARCHED)[-1]
    assert looked() == before + 1
    assert said["detail"]["what"] == "searched"
    assert said["detail"]["rows"] == 0
    assert said["purpose"] == "audit_review"


@pytest.mark.parametrize("role", [Role.SAFEGUARDING_LEAD, Role.DATA_PROTECTION_OFFICER])
def test_every_link_of_the_trail_opens(sign_in, acting, known, role):
    """With entries about drafts, other areas, the reader's own acts, and someone who is on no record any more."""
    for area in ("reading", "slough"):
        case_id = world.make(known, area=area)["case_id"]
        with acting(f"referrer@{area}") as actor:
            draft = a_draft(actor)
            db.session.commit()
        sign_in(Role.REFERRER, area=area).page(f"/referrals/{draft.id}/tasks")
        sign_in(Role.COORDINATOR, area=area).page(f"/cases/{case_id}")
    with acting("coordinator@reading") as actor:
        record(Event.PERSON_READ, actor, area_id=known.areas["reading"], subjects=[new_id()])
        record(Event.PERSON_CHANGED, None, area_id=known.areas["reading"])
        db.session.commit()
    client = sign_in(role)
    client.page("/triage" if role is Role.SAFEGUARDING_LEAD else "/sharing")
    seen, waiting = set(), ["/audit", "/audit?page=2", "/audit?page=3", "/audit/verify"]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = client.get(path)
        if path == "/audit/trip-wires/new" and role is not Role.SAFEGUARDING_LEAD:
            assert answer.location == "/audit/trip-wires", "led back, with a notice who asks for one"
            continue
        assert answer.status_code == 200, path
        found = {a.get("href") for a in Page(answer.text).all("main")[0].iter("a") if a.get("href")}
        found = {href for href in found if href.startswith("/audit") and "/export" not in href}
        if path.startswith("/audit?") or path == "/audit":
            waiting += sorted(found - seen - set(waiting))
    assert any("/records/" in path for path in seen)
    assert any("/users/" in path for path in seen)


@pytest.mark.catalogue("T10", part="own entries")
def test_nobody_reviews_what_they_did_themselves(lead, known):
    mine = known.users["safeguarding_lead@reading"]
    for path in (f"/audit/users/{mine}", f"/audit?who={mine}"):
        refused = lead.get(path)
        assert refused.status_code == 403
        assert "You cannot review your own activity" in words(refused)
    assert entries(known, Event.DENIED)[-1]["reason"] == "own_review"
    assert mine not in [o.get("value") for o in lead.page("/audit").all("option")]


def test_another_areas_trail_is_not_there(lead, sign_in, known, acting):
    other = open_case(acting, known, area="slough")
    elsewhere = db.session.get_one(Case, other)
    person, reference = elsewhere.young_person_id, elsewhere.reference
    assert lead.get(f"/audit/entries/{known.areas['slough']}/1").status_code == 404
    assert lead.get(f"/audit/entries/{known.areas['reading']}/999999").status_code == 404
    assert lead.get(f"/audit/records/{person}").status_code == 404
    assert lead.get(f"/audit/users/{known.users['coordinator@slough']}").status_code == 404
    assert lead.get(f"/audit?record={person}").status_code == 404
    assert reference not in words(lead.get("/audit"))
    refused = lead.submit("/audit", {"reference": reference}, button="Search")
    assert "We do not hold that reference in your area" in words(refused)


def test_a_reference_is_posted_and_never_in_an_address(lead, case):
    answer = lead.submit("/audit", {"reference": f" {case.reference.lower()} "}, button="Search", follow=False)
    assert answer.status_code == 303
    assert case.reference not in answer.location
    assert answer.location.endswith(f"record={case.young_person_id}")
    said = words(lead.get(answer.location))
    assert f"About {case.reference}" in said
    assert "Opened a case" in said
    assert "Invited someone" not in said
    unknown = lead.submit("/audit", {"reference": "RDG-26-9999Z"}, button="Search")
    assert unknown.status_code == 200
    assert "Error:" in words_in(Page(unknown.text).all("title")[0])
    assert 'value="RDG-26-9999Z"' in unknown.text


def test_filters_narrow_and_are_said(lead, known, case):
    coordinator = known.users["coordinator@reading"]
    answer = lead.submit(
        "/audit", {"who": coordinator, "what": "changed", "role": "coordinator", "since": today().isoformat()},
        button="Search", follow=False,
    )  # fmt: skip
    said = words(lead.get(answer.location))
    assert "Opened a case" in said
    assert "Remove this filter: Panel coordinator Reading" in said
    assert "Invited someone" not in said
    assert "No entries match" in words(lead.get(f"/audit?who={coordinator}&role=lead_practitioner"))
    assert "No entries match" in words(lead.get(f"/audit?until={today() - timedelta(days=1)}"))
    wrong = lead.submit("/audit", {"since": "31/02/2026"}, button="Search")
    assert "From must be a real date, like 15/11/2026" in words(wrong)
    assert 'value="31/02/2026"' in wrong.text
    turned = lead.submit("/audit", {"since": "10/02/2026", "until": "9/2/2026"}, button="Search")
    assert "To must be the same day as From, or after it" in words(turned)


def test_being_turned_away_can_be_found(lead, sign_in, case):
    assert sign_in(Role.PROVIDER).get(f"/cases/{case.id}").status_code == 404
    said = words(lead.get("/audit?what=denied"))
    assert "Was turned away" in said
    assert "No such record for them" in said


def test_an_entry_in_words(lead, known, case):
    opened = entries(known, Event.CASE_OPENED)[0]
    said = words(lead.get(f"/audit/entries/{opened['chain']}/{opened['seq']}"))
    assert "Opened a case" in said
    assert case.reference in said
    assert "Seal Agrees" in said
    assert "Sefton" not in said


def test_who_has_looked_brings_a_childs_ids_together(lead, sign_in, known, case, acting):
    sign_in(Role.LEAD).page(f"/cases/{case.id}")
    with acting("panel_chair@reading") as actor:
        # As a look at the referral before it was tied to the young person.
        record(Event.REFERRAL_READ, actor, subjects=[case.referral_id], fields=["referral.surname"])
        db.session.commit()
    sign_in(Role.PANEL_MEMBER).get(f"/cases/{case.id}")
    for any_id in (case.young_person_id, case.referral_id, case.id):
        page = lead.get(f"/audit/records/{any_id}")
        said = words(page)
        assert f"Who has looked at {case.reference}" in said
        assert "Lead practitioner Reading" in said
        assert "Lead practitioner, Reading youth justice" in said
        assert "Looked at a case" in said
        assert "Panel chair Reading" in said
        assert "Referral: surname" in said
        assert "Was turned away" in said
        assert "Sefton" not in said
    assert "(you)" in said


def test_the_record_page_counts_who_saw_it_and_names_every_role(lead, sign_in, acting, known, case):
    sign_in(Role.PANEL_MEMBER).get(f"/cases/{case.id}")
    with acting("lead_practitioner@reading") as actor:
        for _ in range(50):  # a page of entries, so that what the others did is on the next
            record(Event.CASE_READ, actor, subjects=[case.young_person_id])
        db.session.commit()
    page = lead.page(f"/audit/records/{case.young_person_id}")
    assert "2 people have looked at or changed this record" in words_in(page.all("main")[0])
    everyone = {words_in(row[0]): [words_in(cell) for cell in row[1:4]] for row in page.all("table")[0].iter("tr")}
    assert everyone["Lead practitioner Reading"] == ["Lead practitioner, Reading youth justice", "50", "–"]
    assert everyone["Panel member Reading"][1:] == ["0", "1"]
    assert everyone["Panel member Reading"][0].startswith("Panel member, ")
    assert everyone["Panel coordinator Reading"][0].startswith("Panel coordinator, ")


def test_what_one_colleague_did(lead, known, case):
    said = words(lead.get(f"/audit/users/{known.users['coordinator@reading']}"))
    assert "What Panel coordinator Reading did" in said
    assert "Opened a case" in said
    assert "In the last 30 days" in said


@pytest.mark.catalogue("T10", part="partly")
def test_an_officer_without_an_area_reads_every_trail(sign_in, known, acting):
    open_case(acting, known, area="slough")
    db.session.execute(
        update(Membership.__table__)
        .where(Membership.id == known.memberships["data_protection_officer@reading"])
        .values(area_id=None),
        execution_options={"loader": True},
    )
    db.session.commit()
    officer = sign_in(Role.DATA_PROTECTION_OFFICER)
    said = words(officer.get("/audit"))
    assert "Slough" in said
    assert "Opened a case" in said
    assert "Opened a case" in words(officer.get(f"/audit?chain={known.areas['slough']}"))
    assert "Opened a case" not in words(officer.get(f"/audit?chain={known.areas['reading']}"))
    assert "Looked at the audit trail" in words(officer.get("/audit?chain=system&what=looked"))
    assert "3 trails" in said


def test_fifty_a_page(lead, acting, known):
    with acting("coordinator@reading") as actor:
        for number in range(70):
            record(Event.CASE_READ, actor, detail={"number": number})
        db.session.commit()
    path = f"/audit?who={known.users['coordinator@reading']}&what=looked"
    first, second = words(lead.get(path)), words(lead.get(f"{path}&page=2"))
    assert "Showing 1 to 50 of 70, newest first" in first
    assert "Showing 51 to 70 of 70" in second


# --- checking ---------------------------------------------------------------------------------------------------------


def test_check_now_verifies_and_says_so_in_the_trail(lead, known, case):
    assert "Not checked yet" in words(lead.get("/audit/verify"))
    said = words(lead.submit("/audit/verify", button="Check now"))
    assert "Verified" in said
    assert "Safeguarding lead Reading" in said
    noted = entries(known, Event.AUDIT_VERIFIED)[-1]
    assert noted["outcome"] == "ok"
    assert noted["detail"]["entries"] > 0
    assert noted["object_id"] == known.areas["reading"]
    assert "Verified" in words(lead.get("/audit"))


@pytest.mark.only("sqlite")
def test_a_changed_entry_is_named(lead, known, case):
    area = known.areas["reading"]
    db.session.remove()
    with db.engine.begin() as connection:
        found = list(connection.execute(text("select name, sql from sqlite_master where type = 'trigger'")))
        for name, _ in found:
            connection.execute(text(f"drop trigger {name}"))
        changed = "update audit_entry set body = cast(replace(body, 'event', 'tneve') as blob)"
        connection.execute(text(f"{changed} where chain = :chain and seq = 3"), {"chain": area})
        for _, sql in found:
            connection.execute(text(sql))
    said = words(lead.submit("/audit/verify", button="Check now"))
    assert "Does not agree" in said
    assert "Entry 3 does not match what was sealed" in said
    assert "Do not restore or change anything" in said
    assert entries(known, Event.AUDIT_VERIFIED)[-1]["outcome"] == "failed"
    assert "Does not agree" in words(lead.get("/audit"))


def test_an_end_that_was_cut_off_is_named(app, lead, known, case):
    """As by the command: the signed checkpoints are asked too."""
    checkpoint(app)
    area = known.areas["reading"]
    signed = db.session.scalar(select(func.max(AuditCheckpoint.size)).where(AuditCheckpoint.chain == area))
    tables = ("audit_entry", "audit_seal", "audit_subject")
    as_owner(*(f"delete from {table} where chain = '{area}' and seq > {signed - 2}" for table in tables))
    assert "is missing, with everything after it" in words(lead.submit("/audit/verify", button="Check now"))
    assert entries(known, Event.AUDIT_VERIFIED)[-1]["detail"]["kind"] == "truncated"


def test_an_administrator_checks_but_does_not_read(sign_in, case):
    client = sign_in(Role.ADMINISTRATOR)
    said = words(client.submit("/audit/verify", button="Check now"))
    assert "Verified" in said
    assert client.get("/audit").status_code == 403


def test_a_long_trail_is_left_to_the_command(lead, case, monkeypatch):
    monkeypatch.setattr("audit.views.checks.ON_A_PAGE", 1)
    said = words(lead.get("/audit/verify"))
    assert "flask audit verify --area reading" in said
    assert "Check now" not in said


# --- exports ----------------------------------------------------------------------------------------------------------


@pytest.mark.catalogue("T10", part="exported")
def test_an_export_asks_for_the_password_and_a_purpose_and_is_recorded(lead, known, case):
    password_given(minutes_ago=6)
    asked = lead.get("/audit/export?what=changed")
    assert asked.status_code == 302
    assert asked.location.startswith("/sign-in/again?next=")
    password_given(minutes_ago=0)
    missing = lead.submit("/audit/export?what=changed", button="Export entries")
    assert "Select why you need this file" in words(missing)
    assert not entries(known, Event.AUDIT_EXPORTED)
    answer = lead.submit("/audit/export?what=changed", {"purpose": "audit_review"}, button="Export entries")
    assert answer.mimetype == "text/csv"
    assert "Reading" not in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0] == ["OFFICIAL-SENSITIVE"]
    assert rows[1][:2] == ["Exported by", "Safeguarding lead Reading"]
    assert any("Opened a case" in row for row in rows)
    assert "Sefton" not in answer.text
    noted = entries(known, Event.AUDIT_EXPORTED)
    assert len(noted) == 1
    assert noted[0]["purpose"] == "audit_review"
    assert noted[0]["detail"]["what"] == "changed"
    assert noted[0]["detail"]["rows"] == len(rows) - 8


def test_an_export_without_the_password_again_gives_nothing(lead, known, case):
    form = lead.page("/audit/export").form(button="Export entries")
    sent = {item.get("name"): item.get("value") for item in form.iter("input")} | {"purpose": "audit_review"}
    password_given(minutes_ago=6)
    answer = lead.post("/audit/export", data=sent)
    assert answer.status_code == 302
    assert "/sign-in/again" in answer.location
    assert not entries(known, Event.AUDIT_EXPORTED)


def test_too_many_entries_are_not_exported(lead, known, case, monkeypatch):
    monkeypatch.setattr("audit.views.exports.MOST", 1)
    assert "More than 1 entries match" in words(lead.get("/audit/export"))
