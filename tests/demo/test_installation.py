"""The demonstration is made once, only in an empty database, holds what each role needs, and its trail verifies."""

import io
import json
import re

import pytest
from sqlalchemy import func, select, text

from accounts.models import Approval, Area, Membership, User
from audit.models import AuditEntry
from audit.verify import verify_all
from cohort.models import Candidate, CohortRun, YoungPerson
from core import context
from core.clock import now
from core.db import db
from core.providers import FileKeys
from demo import extracts, people_of_demo
from demo.installation import NotADemonstration, make_or_refuse, shares_of
from panels.models import AgendaItem, Case, Conflict, EmergencyAccess, Meeting, Offer, TimelineEntry
from referrals.models import Referral, ReferralDraft, ReferralMessage, StepUp
from sharing.models import Disclosure
from tests.support.client import Page, StrictClient, words
from tests.support.client import text as told


@pytest.fixture(scope="module")
def made(database, request, tmp_path_factory):
    """The demonstration in a database of its own, made as `make run` makes it; read by every test here."""
    with pytest.MonkeyPatch.context() as patch:
        var = tmp_path_factory.mktemp("demonstration")
        name = _settings(patch, request, database, var)
        make_or_refuse()
        app = _app()
        yield app
        _close(app)
    if name:
        request.getfixturevalue("postgres").drop(name)


def _settings(patch, request, database, var):
    FileKeys.create(var / "keys" / "root.key")
    for setting in ("DATABASE_OWNER_URL", "KEYS_DATABASE_URL", "ROOT_KEY_FILE", "AREAS_FILE", "DATABASE_URL"):
        patch.delenv(setting, raising=False)
    patch.setenv("VAR", str(var))
    patch.setenv("SECRET_KEY", "for tests only, and long enough to be accepted")
    patch.setenv("PUBLIC_URL", "http://localhost:8000")
    patch.setenv("DEMONSTRATION", "1")
    if database == "sqlite":
        return ""
    name, url = request.getfixturevalue("postgres").fresh("template1")
    patch.setenv("DATABASE_URL", url)
    return name


def _app():
    from app import create_app

    app = create_app()
    app.test_client_class = StrictClient
    return app


def _close(app):
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
        app.extensions["keyring"].store.engine.dispose()


def count(model, *conditions):
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions))


@pytest.fixture
def reading(made):
    with made.app_context():
        yield db.session.scalars(select(Area.id).where(Area.slug == "reading")).one()
        db.session.remove()


def rows(app):
    with app.app_context():
        found = {name: db.session.scalar(text(f'select count(*) from "{name}"')) for name in db.metadata.tables}
        db.session.remove()
        return found


def test_a_second_start_changes_nothing(made):
    before = rows(made)
    make_or_refuse()
    assert rows(made) == before


def test_reading_has_a_full_caseload(reading):
    everyone = count(Referral)
    assert everyone == 600
    assert count(Referral, Referral.area_id == reading) == 180
    assert count(Case, Case.area_id == reading, Case.is_open) > 60
    assert count(YoungPerson, YoungPerson.area_id == reading) > 100


def test_forty_staff_share_the_work_so_that_nobody_has_more_than_they_could_do(reading):
    assert count(User) == 40
    led = select(func.count()).where(Case.area_id == reading, Case.is_open, Case.lead_id.is_not(None))
    most = max(db.session.scalars(led.group_by(Case.lead_id)))
    assert most < 45
    assert count(Membership, Membership.area_id == reading, Membership.role == "provider_practitioner") == 2


def test_every_young_person_has_a_place(reading):
    areas = list(db.session.scalars(select(Area.slug)))
    assert sum(shares_of(areas, 600)) == 600
    assert shares_of(["reading"], 50) == [50]
    assert shares_of(["here", "there"], 5) == [3, 2]


def test_the_next_agenda_has_something_to_talk_about(reading):
    coming = select(Meeting.id).where(Meeting.area_id == reading, Meeting.starts_at > now()).order_by(Meeting.starts_at)
    first = db.session.scalars(coming).first()
    assert 4 <= count(AgendaItem, AgendaItem.meeting_id == first) <= 8
    assert count(Conflict, Conflict.area_id == reading) == 1


def test_nothing_happened_later_than_now(reading):
    for happened in (Referral.sent_at, Referral.decided_at, Case.closed_at, TimelineEntry.at, Offer.answered_at,
                     StepUp.called_at):  # fmt: skip
        assert count(happened.class_, happened > now()) == 0, happened


def test_reviews_that_are_due_are_on_their_list(made):
    assert "Overdue" in words(signed_in(made, "coordinator").get("/cases?view=review"))


def test_a_closure_to_approve_says_why_and_what_became_of_every_goal(made):
    coordinator = signed_in(made, "coordinator")
    asked = coordinator.page("/cases?stage=closing").all("a")
    case = next(link.get("href") for link in asked if re.fullmatch(r"/cases/\w{26}", link.get("href") or ""))
    page = words(coordinator.get(f"{case}/close"))
    assert "Approve and close" in page or "A step-up has no answer" in page
    assert "Not asked" not in page
    assert "Answer below" not in page
    assert "Not asked" not in words(coordinator.get(f"{case}/plan"))


def test_a_panel_that_a_visitor_plans_can_decide(reading):
    for area in db.session.scalars(select(Area)):
        may_come = select(Membership.agency_id).where(
            Membership.area_id == area.id, Membership.role.in_(("panel_chair", "panel_member", "coordinator"))
        )
        assert area.quorum < len(set(db.session.scalars(may_come))), area.name


def test_panels_decided_after_triage(reading):
    late = count(Referral, Referral.area_id == reading, Referral.decided_at > Referral.ready_at)
    assert late > 60
    assert count(Referral, Referral.decided_at < Referral.ready_at) == 0


def test_the_analyst_left_young_people_to_consider(reading):
    run = db.session.scalars(select(CohortRun).where(CohortRun.area_id == reading)).one()
    assert (run.status, len(run.extract_ids)) == ("released", 2)
    assert count(Candidate, Candidate.area_id == reading) > 3


def test_the_referrer_has_something_to_do(reading):
    owners = set(db.session.scalars(select(ReferralDraft.owner_id)))
    assert (count(ReferralDraft), len(owners)) == (2, 1)
    asked = select(Referral.id).join(ReferralMessage, ReferralMessage.referral_id == Referral.id)
    waiting = asked.where(Referral.sent_by_id.in_(owners), ReferralMessage.answered_at.is_(None))
    assert db.session.scalars(waiting).first()


def test_step_ups_and_sharing_have_every_answer(reading):
    assert set(db.session.scalars(select(Disclosure.outcome))) == {"allowed", "refused", "not_in_register"}
    found = set(db.session.execute(select(StepUp.status, StepUp.case_id.is_not(None)).where(StepUp.area_id == reading)))
    assert ("acknowledged", False) in {tuple(row) for row in found}
    assert ("raised", True) in {tuple(row) for row in found}


def signed_in(made, role):
    """A visitor who took Reading's account of this role, as the start of the demonstration lists it."""
    email = next(
        one["email"] for one in people_of_demo.accounts() if one["role"] == role and one["area"] == "reading"
    )  # fmt: skip
    client = made.test_client()
    page = client.submit("/sign-in", {"email": email, "password": people_of_demo.PASSWORD})
    if page.request.path == "/account/choose-role":
        ways = Page(page.text).all("input")
        client.submit(page.request.path, {"way": next(one.get("value") for one in ways if one.get("name") == "way")})
    return client


def closed_cases(made):
    """Reference and level of every closed record that has a case."""
    with made.app_context():
        pairs = select(Case.reference, YoungPerson.sensitivity).join(
            YoungPerson, YoungPerson.id == Case.young_person_id
        )
        found = {tuple(row) for row in db.session.execute(pairs.where(YoungPerson.sensitivity != "normal"))}
        db.session.remove()
    return found


def test_two_records_are_restricted_and_one_is_hidden(made):
    found = closed_cases(made)
    assert sorted(level for _, level in found) == ["hidden", "restricted", "restricted"]
    hidden = next(reference for reference, level in found if level == "hidden")
    page = signed_in(made, "coordinator").page("/cases")
    assert sum("Restricted – ask Pat Adeyemi" in told(row) for row in page.all("tr")) == 2
    listed = told(page.all("main")[0])
    assert {reference for reference, _ in found if reference not in listed} == {hidden}
    overseer = signed_in(made, "safeguarding_lead")
    assert hidden in words(overseer.get("/cases"))
    levels = words(overseer.get("/closed-records"))
    assert "Someone must not find out where they are" in levels
    assert "A witness, or at risk of being made to keep silent" in levels


def test_an_emergency_access_and_an_approval_wait(reading):
    access = db.session.scalars(select(EmergencyAccess).where(EmergencyAccess.area_id == reading)).one()
    assert access.outcome is None
    assert access.ended_at is not None
    approval = db.session.scalars(select(Approval).where(Approval.area_id == reading)).one()
    assert (approval.kind, approval.state) == ("bulk_export", "asked")


def test_the_trail_tells_of_several_people_and_verifies(reading):
    entries = select(AuditEntry.actor_id, AuditEntry.event).where(AuditEntry.chain == reading)
    rows = db.session.execute(entries).all()
    names = {row.actor_id for row in rows} - {None, "job:demonstration"}
    assert 30 <= len(rows) <= 120
    assert len(names & set(db.session.scalars(select(User.id)))) >= 5
    assert sum(row.event.startswith("read:") for row in rows) >= 20
    with context.acting_as(job="test"):
        assert [verdict.kind for verdict in verify_all() if verdict.kind] == []


def test_an_account_of_every_role_signs_in(made):
    for role, _, email in people_of_demo.one_per_role():
        client = made.test_client()
        page = client.submit("/sign-in", {"email": email, "password": people_of_demo.PASSWORD})
        assert page.status_code == 200, role
        if page.request.path == "/account/choose-role":
            way = next(item for item in Page(page.text).all("input") if item.get("name") == "way")
            page = client.submit(page.request.path, {"way": way.get("value")})
        assert "Sign out" in words(page), (role, page.request.path)


def test_the_command_lists_every_account(made):
    lines = made.test_cli_runner().invoke(args=["demo", "accounts"]).output.splitlines()
    accounts = [json.loads(line) for line in lines if line.startswith("{")]
    assert len({account["role"] for account in accounts}) == 13
    assert all(account["password"] == people_of_demo.PASSWORD for account in accounts)
    assert {account["email"] for account in accounts} == {account["email"] for account in people_of_demo.accounts()}


def test_the_samples_show_who_is_set_aside_and_why(made, tmp_path):
    """An analyst tries the two samples on the demonstration: some have a case, some came up in the run before."""
    assert extracts.main([str(tmp_path)]) == 0
    analyst = signed_in(made, "analyst")
    for kind, sender in (("police", "Thames Valley Police"), ("education", "Reading Virtual School")):
        offered = analyst.page("/cohort/uploads").all("option")
        agency = next(one.get("value") for one in offered if sender in told(one))
        file = (io.BytesIO((tmp_path / f"{kind}.csv").read_bytes()), f"{kind}.csv")
        sent = {"kind": kind, "agency": agency, "file": file}
        check = analyst.submit("/cohort/uploads", sent, button="Check this file")
        analyst.submit(check.request.path, button="Accept upload")
    lists = [one.get("value") for one in analyst.page("/cohort/runs").all("input") if one.get("name") == "extracts"]
    run = words(analyst.submit("/cohort/runs", {"extracts": lists[:2]}, button="Start run"))
    counted = {
        step: int(re.search(rf"{step} (\d+)", run)[1]) for step in ("are about", "right age", "the rule", "consider")
    }
    assert sorted(counted.values(), reverse=True) == list(counted.values())
    assert len(set(counted.values())) == 4
    assert int(re.search(r"Already supported: an open case with the same details (\d+)", run)[1]) > 1
    assert int(re.search(r"Came up before, and nothing has happened since (\d+)", run)[1]) > 1


def test_a_database_of_something_else_is_left_alone(database, request, tmp_path, monkeypatch):
    name = _settings(monkeypatch, request, database, tmp_path)
    app = _app()
    with app.app_context():
        db.session.execute(text("create table somebody_elses (id integer)"))
        db.session.commit()
    with pytest.raises(NotADemonstration, match="not empty"):
        make_or_refuse()
    with app.app_context():
        assert set(db.inspect(db.engine).get_table_names()) == {"somebody_elses"}
    _close(app)
    if name:
        request.getfixturevalue("postgres").drop(name)
