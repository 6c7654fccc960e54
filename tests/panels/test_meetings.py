"""Planning meetings, agendas, attendance, conflicts and actions; who may see which of them."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event, func, select

from accounts.roles import Role
from audit.models import AuditEntry, AuditSubject, Event
from core.db import db
from core.working_days import add_working_days
from panels.forms.meetings import parse_time
from panels.models import AgendaItem, Conflict, Meeting, MeetingMember
from referrals.models import Referral
from tests.factories import meetings as make
from tests.support.client import Page, form_values, text, words


def typed(known, day, **more):
    chair, member = known.memberships["panel_chair@reading"], known.memberships["panel_member@reading"]
    return {
        "day-day": str(day.day), "day-month": str(day.month), "day-year": str(day.year), "at": "2:30pm",
        "place": "Room 4, Civic Offices", "chair": chair, "asked": [member],
    } | more  # fmt: skip


def next_day(weekday):
    day = date.today() + timedelta(days=7)
    while day.weekday() != weekday:
        day += timedelta(days=1)
    return day


@pytest.mark.parametrize(
    ("text", "said"), [("10am", "10:00"), ("2:30pm", "14:30"), ("14.05", "14:05"), ("12am", "00:00"), ("9", "09:00")]
)
def test_times_are_read_as_people_type_them(text, said):
    assert parse_time(text).strftime("%H:%M") == said


@pytest.mark.parametrize("text", ["", "25:00", "13pm", "noonish", "10:75"])
def test_other_times_are_not(text):
    assert parse_time(text) is None


def test_a_meeting_is_planned_with_its_people(known, sign_in):
    coordinator = sign_in(Role.COORDINATOR)
    day = add_working_days(date.today(), 3)
    page = coordinator.submit("/meetings/new", typed(known, day), button="Plan meeting")
    assert "Meeting planned" in words(page)
    assert "2:30pm" in words(page)
    meeting = db.session.scalars(select(Meeting)).one()
    asked = set(db.session.scalars(select(MeetingMember.user_id)))
    assert asked == {known.users["panel_chair@reading"], known.users["panel_member@reading"]}
    assert meeting.quorum == 2
    assert meeting.chair_id == known.users["panel_chair@reading"]


def test_a_week_off_is_named_and_can_be_planned_anyway(known, sign_in):
    coordinator, saturday = sign_in(Role.COORDINATOR), next_day(5)
    fields = typed(known, saturday, weeks="2")
    page = coordinator.submit("/meetings/new", fields, button="Plan meeting")
    assert "Saturday" in words(page)
    assert "are weekends or bank holidays" in words(page)
    assert 'value="Room 4, Civic Offices"' in page.text
    coordinator.submit("/meetings/new", fields | {"anyway": "y"}, button="Plan meeting")
    starts = list(db.session.scalars(select(Meeting.starts_at).order_by(Meeting.starts_at)))
    assert len(starts) == 2
    assert (starts[1] - starts[0]).days in {6, 7}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("at", "soon", "Enter the time like 10am"), ("place", "", "Enter the place"), ("weeks", "90", "from 1 to 26")],
)
def test_bad_answers_are_said_beside_the_field(known, sign_in, field, value, said):
    fields = typed(known, add_working_days(date.today(), 3)) | {field: value}
    page = sign_in(Role.COORDINATOR).submit("/meetings/new", fields, button="Plan meeting")
    assert said in words(page)
    assert db.session.scalar(select(func.count()).select_from(Meeting)) == 0


def test_people_of_another_area_cannot_be_asked(known, sign_in):
    fields = typed(known, add_working_days(date.today(), 3), asked=[known.memberships["panel_member@slough"]])
    sign_in(Role.COORDINATOR).submit("/meetings/new", fields, button="Plan meeting")
    assert db.session.scalar(select(func.count()).select_from(Meeting)) == 0


def test_the_same_form_twice_plans_one_meeting(known, sign_in):
    from tests.support.client import form_values

    coordinator = sign_in(Role.COORDINATOR)
    fields = form_values(coordinator.page("/meetings/new").form(button="Plan meeting"))
    fields |= typed(known, add_working_days(date.today(), 3))
    assert (
        coordinator.post("/meetings/new", data=fields).location
        == coordinator.post("/meetings/new", data=fields).location
    )
    assert db.session.scalar(select(func.count()).select_from(Meeting)) == 1


def test_changing_takes_people_off_and_cancelling_frees_the_items(acting, known, sign_in):
    referral = make.ready_referral(acting, known)
    meeting_id = make.meeting(acting, known, referrals=(referral,))
    coordinator = sign_in(Role.COORDINATOR)
    assert sign_in(Role.PANEL_MEMBER).get(f"/meetings/{meeting_id}").status_code == 200
    only_chair = {"asked": [known.memberships["panel_chair@reading"]], "place": "Room 9"}
    page = coordinator.submit(f"/meetings/{meeting_id}/edit", only_chair, button="Save meeting")
    assert "Meeting changed" in words(page)
    assert "Room 9" in words(page)
    assert sign_in(Role.PANEL_MEMBER).get(f"/meetings/{meeting_id}").status_code == 404
    coordinator.submit(f"/meetings/{meeting_id}/cancel", button="Cancel meeting")
    other = make.meeting(acting, known)
    assert "Add to agenda" in words(coordinator.get(f"/meetings/{other}/agenda"))


def test_a_meeting_that_began_without_a_quorum_can_be_cancelled_and_its_items_wait_again(acting, known, sign_in):
    referral = make.ready_referral(acting, known)
    meeting_id = make.meeting(acting, known, referrals=(referral,))
    sign_in(Role.PANEL_CHAIR).submit(f"/meetings/{meeting_id}", button="Start meeting")
    coordinator = sign_in(Role.COORDINATOR)
    assert "Cancel this meeting" in words(coordinator.get(f"/meetings/{meeting_id}"))
    coordinator.submit(f"/meetings/{meeting_id}/cancel", button="Cancel meeting")
    assert "Add to agenda" in words(coordinator.get(f"/meetings/{make.meeting(acting, known)}/agenda"))
    assert coordinator.get(f"/meetings/{meeting_id}/cancel").status_code == 409


@pytest.mark.parametrize("path", ["", "/agenda", "/attendance", "/minutes", "/live/1", "/items/1", "/confirm", "/edit"])
def test_people_not_invited_and_other_areas_find_no_page(acting, known, sign_in, path):
    referral = make.ready_referral(acting, known)
    meeting_id = make.meeting(acting, known, referrals=(referral,), asked=("coordinator",))
    outsiders = [(Role.PANEL_MEMBER, "reading"), (Role.PANEL_CHAIR, "reading"), (Role.COORDINATOR, "slough"),
                 (Role.LEAD, "reading"), (Role.REFERRER, "reading"), (Role.ADMINISTRATOR, "reading")]  # fmt: skip
    for role, area in outsiders:
        assert sign_in(role, area=area).get(f"/meetings/{meeting_id}{path}").status_code == 404, (role, area)


def test_a_listed_member_reads_the_papers_and_the_trail_says_so(acting, known, sign_in):
    referral = make.ready_referral(acting, known)
    meeting_id = make.meeting(acting, known, referrals=(referral,))
    page = words(sign_in(Role.PANEL_MEMBER).get(f"/meetings/{meeting_id}/items/1"))
    assert "Kaya Sefton" in page
    assert "Art club" in page
    assert "left alone" in page
    person = db.session.get_one(Referral, referral).young_person_id
    read = (
        select(func.count()).select_from(AuditSubject)
        .join(AuditEntry, (AuditEntry.chain == AuditSubject.chain) & (AuditEntry.seq == AuditSubject.seq))
        .where(AuditSubject.subject_id == person, AuditEntry.event == Event.MEETING_READ.value,
               AuditEntry.actor_id == known.users["panel_member@reading"])
    )  # fmt: skip
    assert db.session.scalar(read) == 1
    assert "Conflict" not in page


def test_the_queue_is_oldest_first_and_says_what_is_on_another_agenda(acting, known, sign_in):
    newer = make.ready_referral(acting, known, waited=1)
    make.ready_referral(acting, known, forename="Jude", surname="Osei", waited=9)
    make.meeting(acting, known, referrals=(newer,))
    meeting_id = make.meeting(acting, known)
    coordinator = sign_in(Role.COORDINATOR)
    page = words(coordinator.get(f"/meetings/{meeting_id}/agenda"))
    assert page.index("Osei, Jude") < page.index("Sefton, Kaya")
    assert "Already on" in page
    token = coordinator.page("/meetings").all("input")[0].get("value")
    sent = {"csrf_token": token, "referral_id": newer}
    again = coordinator.post(f"/meetings/{meeting_id}/agenda/add", data=sent, follow_redirects=True)
    assert "Already on" in words(again)
    assert db.session.scalar(select(func.count()).select_from(AgendaItem)) == 1
    foreign = make.ready_referral(acting, known, area="slough")
    assert (
        coordinator.post(f"/meetings/{meeting_id}/agenda/add", data=sent | {"referral_id": foreign}).status_code == 404
    )


def test_items_move_by_buttons_and_are_taken_off(acting, known, sign_in):
    both = tuple(make.ready_referral(acting, known, surname=name) for name in ("Sefton", "Osei"))
    meeting_id = make.meeting(acting, known, referrals=both)
    coordinator, path = sign_in(Role.COORDINATOR), f"/meetings/{meeting_id}/agenda"
    coordinator.submit(path, button="Down")
    order = select(AgendaItem.referral_id).order_by(AgendaItem.position)
    assert list(db.session.scalars(order)) == [both[1], both[0]]
    db.session.rollback()
    coordinator.submit(path, button="Take off")
    assert db.session.execute(select(AgendaItem.referral_id, AgendaItem.position)).all() == [(both[0], 1)]
    db.session.rollback()
    item = db.session.scalars(select(AgendaItem.id)).one()
    db.session.rollback()
    assert "Minutes saved" in words(coordinator.submit(path, {f"minutes-{item}": "25"}, button="Save minutes"))
    assert "from 1 to 120" in words(coordinator.submit(path, {f"minutes-{item}": "much"}, button="Save minutes"))
    assert db.session.scalars(select(AgendaItem.minutes)).one() == 25


def test_a_member_declares_their_own_conflict_and_nobody_elses(acting, known, sign_in):
    referral = make.ready_referral(acting, known)
    meeting_id = make.meeting(acting, known, referrals=(referral,))
    member = sign_in(Role.PANEL_MEMBER)
    item = db.session.scalars(select(AgendaItem.id)).one()
    db.session.rollback()
    fields = {"item": item, "kind": "knows_socially", "note": "Neighbour."}
    other = fields | {"who": known.users["panel_chair@reading"]}
    member.submit(f"/meetings/{meeting_id}/conflicts/new", other, button="Save conflict")
    assert db.session.scalar(select(func.count()).select_from(Conflict)) == 0
    db.session.rollback()
    done = member.submit(f"/meetings/{meeting_id}/conflicts/new", fields, button="Save conflict")
    assert "Conflict: ask the chair" in words(done)
    assert "Sefton" not in words(done)
    chair = sign_in(Role.PANEL_CHAIR)
    assert "Neighbour." in words(chair.get(f"/meetings/{meeting_id}/attendance"))
    chair.submit(f"/meetings/{meeting_id}/attendance", button="Take away")
    assert "Sefton" in words(member.get(f"/meetings/{meeting_id}"))


def test_nobody_takes_away_their_own_conflict(acting, known, sign_in):
    referral = make.ready_referral(acting, known)
    meeting_id = make.meeting(acting, known, referrals=(referral,))
    chair = sign_in(Role.PANEL_CHAIR)
    item = db.session.scalars(select(AgendaItem.id)).one()
    db.session.rollback()
    own = {"item": item, "who": known.users["panel_chair@reading"], "kind": "related"}
    chair.submit(f"/meetings/{meeting_id}/conflicts/new", own, button="Save conflict")
    conflict = db.session.scalars(select(Conflict.id)).one()
    token = chair.page("/meetings").all("input")[0].get("value")
    sent = chair.post(f"/meetings/{meeting_id}/conflicts/{conflict}/remove", data={"csrf_token": token})
    assert sent.status_code == 403


def test_an_action_is_done_with_a_note_by_its_owner_alone(acting, known, sign_in):
    from panels.models import PanelAction
    from panels.services import actions, agenda

    referral = make.ready_referral(acting, known)
    meeting_id = make.meeting(acting, known, referrals=(referral,))
    with acting("coordinator@reading") as actor:
        item = agenda.bare_items(db.session.get_one(Meeting, meeting_id))[0]
        owner = known.users["panel_member@reading"]
        actions.propose(actor, item, [actions.Wanted("Ring the school", owner, date.today())])
        db.session.commit()
    member = sign_in(Role.PANEL_MEMBER)
    assert "No actions for you" in words(member.get("/actions"))
    with acting("coordinator@reading") as actor:
        actions.open_proposed(actor, db.session.scalars(select(AgendaItem)).one())
        db.session.commit()
        action_id = db.session.scalars(select(PanelAction.id)).one()
        db.session.rollback()
    assert "Ring the school" in words(member.get("/actions"))
    assert "Due today" in words(member.get("/actions"))
    assert sign_in(Role.PANEL_CHAIR).get(f"/actions/{action_id}/done").status_code == 404
    assert "Write what was done" in words(member.submit(f"/actions/{action_id}/done", button="Mark as done"))
    member.submit(f"/actions/{action_id}/done", {"note": "Spoke to the head of year."}, button="Mark as done")
    assert "No actions for you" in words(member.get("/actions"))
    assert "Spoke to the head of year." in words(member.get("/actions?show=done"))


@pytest.fixture
def statements(app):
    """How many statements the data database saw since ``clear``."""
    seen = []

    def note(connection, cursor, statement, parameters, context, many):
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", ["", "/agenda", "/minutes", "/confirm"])
def test_statements_do_not_grow_with_the_items(acting, known, sign_in, statements, path):
    chair = sign_in(Role.COORDINATOR)
    counts = []
    for size in (1, 4):
        referrals = tuple(make.ready_referral(acting, known) for _ in range(size))
        meeting_id = make.meeting(acting, known, referrals=referrals, started=True)
        chair.get(f"/meetings/{meeting_id}{path}")
        statements.clear()
        chair.get(f"/meetings/{meeting_id}{path}")
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_two_who_change_a_meeting_see_what_differs_and_nothing_else(acting, known, sign_in):
    path = f"/meetings/{make.meeting(acting, known)}/edit"
    coordinator = sign_in(Role.COORDINATOR)
    opened = form_values(coordinator.page(path).form(button="Save meeting"))
    coordinator.submit(path, {"place": "Room 9"}, button="Save meeting")
    late = coordinator.post(path, data=opened | {"place": "Room 12"})
    assert late.status_code == 409
    rows = {text(row[0]): [text(cell) for cell in row[1:]] for row in Page(late.text).all("tr") if len(row) > 3}
    assert [label for label, row in rows.items() if row[2] == "Different"] == ["Where is it?"]
    assert rows["Where is it?"] == ["Room 12", "Room 9", "Different"]
