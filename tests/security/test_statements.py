"""What a page asks of the databases is constant in the number of rows, and within the budget of SETTLED 28 (C8)."""

from datetime import date, timedelta
from typing import NamedTuple

import pytest

from accounts.roles import Role
from audit.models import Event
from audit.services import record
from core.clock import now, today
from core.codes.decisions import PanelDecision
from core.db import db
from core.drafts import FormDraft
from core.ids import new_id
from panels.models import Meeting
from panels.services import actions, agenda, decisions
from tests.factories import cohort, meetings, referrals, world
from tests.factories.counting import reads_sent

FEW, MANY = 2, 10
# The frame asks who is acting: one statement of the six that it may.
FRAME, PAGE, LIST = 1, 8, 3


class Asked(NamedTuple):
    role: Role
    path: str
    most: int


PAGES = [
    Asked(Role.COORDINATOR, "/cases", LIST),
    Asked(Role.COORDINATOR, "/cases?sort=name", LIST),
    Asked(Role.LEAD, "/cases", LIST),
    Asked(Role.COORDINATOR, "/triage", LIST),
    Asked(Role.COORDINATOR, "/triage?tab=ready", LIST),
    Asked(Role.COORDINATOR, "/triage/arrivals", LIST),
    Asked(Role.COORDINATOR, "/triage/links", LIST),
    Asked(Role.COORDINATOR, "/triage/arrivals/{arrival_id}", PAGE),
    Asked(Role.COORDINATOR, "/step-ups", LIST),
    Asked(Role.REFERRER, "/referrals", LIST),
    Asked(Role.REFERRER, "/referrals?show=decided", LIST),
    Asked(Role.REFERRER, "/referrals?show=drafts", LIST),
    Asked(Role.REFERRER, "/imports", LIST),
    Asked(Role.REFERRER, "/imports/{import_id}", PAGE),
    Asked(Role.COORDINATOR, "/meetings", LIST),
    Asked(Role.COORDINATOR, "/meetings/{meeting_id}", PAGE),
    Asked(Role.COORDINATOR, "/meetings/{meeting_id}/agenda", PAGE),
    Asked(Role.PANEL_CHAIR, "/meetings/{meeting_id}/items/1", PAGE),
    Asked(Role.PANEL_CHAIR, "/meetings/{meeting_id}/attendance", PAGE),
    Asked(Role.PANEL_CHAIR, "/meetings/{live_id}/live/1", PAGE),
    Asked(Role.PANEL_CHAIR, "/meetings/{live_id}/live/2", PAGE),
    Asked(Role.PANEL_CHAIR, "/meetings/{live_id}/live/2?screen=share", PAGE),
    Asked(Role.PANEL_MEMBER, "/actions", LIST),
    Asked(Role.LEAD, "/actions", LIST),
    Asked(Role.PROVIDER, "/offers", LIST),
    Asked(Role.PROVIDER, "/offers?show=taken", LIST),
    Asked(Role.PROVIDER, "/my-young-people", LIST),
    Asked(Role.PROVIDER, "/sessions", LIST),
    Asked(Role.PROVIDER, "/offers/{offer_id}", PAGE),
    Asked(Role.PROVIDER, "/sessions/{session_id}", PAGE),
    Asked(Role.LEAD, "/cases/{case_id}", PAGE),
    Asked(Role.COORDINATOR, "/cases/{case_id}", PAGE),
    Asked(Role.LEAD, "/cases/{case_id}/timeline", PAGE),
    Asked(Role.LEAD, "/cases/{case_id}/plan", PAGE),
    Asked(Role.LEAD, "/cases/{case_id}/sessions", PAGE),
    Asked(Role.LEAD, "/cases/{case_id}/sharing", PAGE),
    Asked(Role.COORDINATOR, "/triage/{referral_id}", PAGE),
    Asked(Role.COORDINATOR, "/cohort/candidates", LIST),
    Asked(Role.ANALYST, "/cohort/uploads", LIST),
    Asked(Role.ANALYST, "/cohort/runs", LIST),
    # Cards with evidence, provider and places, and filters of their own: a page, not a list of people.
    Asked(Role.COORDINATOR, "/interventions", PAGE),
    Asked(Role.DATA_PROTECTION_OFFICER, "/sharing", LIST),
    Asked(Role.ADMINISTRATOR, "/admin/users", LIST),
    Asked(Role.ADMINISTRATOR, "/admin/agencies", LIST),
    Asked(Role.PARTNERSHIP_LEAD, "/admin/grants", PAGE),
    Asked(Role.SAFEGUARDING_LEAD, "/approvals", LIST),
    Asked(Role.SAFEGUARDING_LEAD, "/audit/emergency", LIST),
    Asked(Role.COORDINATOR, "/other-panels", LIST),
    Asked(Role.PARTNERSHIP_LEAD, "/oversight/areas/{area_slug}", PAGE),
    Asked(Role.SAFEGUARDING_LEAD, "/audit", PAGE),
    *(Asked(role, "/", PAGE) for role in Role),
]


@pytest.fixture
def filled(acting, known):
    """A little of everything in Slough and eight times as much in Reading; the ids of each."""
    return {area: fill(acting, known, area, each) for area, each in (("slough", FEW), ("reading", MANY))}


def fill(acting, known, area, each):
    ids = world.make(known, area, each)
    _people_to_consider(acting, known, area, each * 4)
    for _ in range(each):
        meetings.ready_referral(acting, known, area=area)
        meetings.meeting(acting, known, area=area)
        with acting(f"referrer@{area}") as actor:
            referrals.a_draft(actor)
            db.session.commit()
    ids["live_id"] = _meeting_under_way(acting, known, area, each)
    with acting(f"coordinator@{area}") as actor:
        for number in range(each * 4):
            _disclosure(actor, ids, known, area, number)
            _user(known, area, number)
            for role in ("lead_practitioner", "panel_member"):
                _action(actor, ids, known.users[f"{role}@{area}"], number)
        db.session.commit()
    db.session.remove()
    return ids


def _people_to_consider(acting, known, area, count):
    """So many who met the rule, none like another."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    events = [
        cohort.event(
            forename=letters[n % 26] * 3 + "el", surname=letters[(n * 7) % 26] * 3 + letters[n // 26] * 3 + "or", ago=ago,
            area=area, dob=date(today().year - 13, 1 + n % 12, 1 + n % 27), record_id=f"P-{n}-{ago}",
            postcode=f"RG{1 + n % 9} {1 + n % 8}AB",
        )
        for n in range(count)
        for ago in (20, 40)
    ]  # fmt: skip
    cohort.make_released(acting, known, events, area=area)


def _meeting_under_way(acting, known, area, each):
    """Some items; the first is decided with an action, and the chair is typing over it."""
    items = tuple(meetings.ready_referral(acting, known, area=area) for _ in range(each))
    meeting_id = meetings.meeting(acting, known, area=area, referrals=items, started=True)
    with acting(f"panel_chair@{area}") as actor:
        meeting = db.session.get_one(Meeting, meeting_id)
        first = agenda.find_item(meeting, 1)
        who = known.users[f"panel_member@{area}"]
        decisions.save(actor, meeting, first, decisions.Answer(
            PanelDecision.DEFER, "Ask the school first", actions=[actions.Wanted("Ring the school", who, today())],
        ))  # fmt: skip
        typed = {"rationale": ["More is known now"]}
        db.session.add(FormDraft(user_id=actor.user_id, form_key=f"item-{first.id}", answers=typed,
                                 saved_at=now() + timedelta(minutes=1)))  # fmt: skip
        db.session.commit()
    return meeting_id


def _action(actor, ids, owner, number):
    from panels.models import AgendaItem, PanelAction

    item = db.session.get_one(AgendaItem, ids["item_id"])
    made = PanelAction(
        item_id=item.id, area_id=item.area_id, young_person_id=item.young_person_id, data_key_id=item.data_key_id,
        owner_id=owner, due_on=today(), what=f"Number {number}",
    )  # fmt: skip
    db.session.add(made)
    record(Event.AGENDA_CHANGED, actor, made)


def _disclosure(actor, ids, known, area, number):
    from sharing.models import Disclosure

    made = Disclosure(
        area_id=known.areas[area], young_person_id=ids["person_id"], case_id=ids["case_id"], data_class="identity",
        from_agency_id=known.agencies[f"police@{area}"], to_agency_id=known.agencies[f"school@{area}"], purpose="panel",
        gateway="children-act-2004-s10", outcome="allowed", decided_by_id=actor.user_id, decided_at=now(),
        what=f"Number {number}", why_needed="To plan", to_whom="The panel",
    )  # fmt: skip
    db.session.add(made)
    record(Event.DISCLOSURE_RECORDED, actor, made)


def _user(known, area, number):
    from accounts.models import Membership, User

    user = User(
        name=f"Person {number}", email=f"{area}{number}@x.example", active=True, fs_uniquifier=new_id(), password=""
    )
    db.session.add(user)
    db.session.flush()
    member = Membership(
        user_id=user.id, role=Role.REFERRER.value, agency_id=known.agencies[f"school@{area}"],
        area_id=known.areas[area], valid_from=date(2020, 1, 1), is_active=True,
    )  # fmt: skip
    db.session.add(member)
    record(Event.USER_INVITED, None, user, also=[member])


def cost(app, client, path):
    """The second opening: the first fills caches that live as long as the process."""
    assert client.get(path).status_code == 200, path
    with reads_sent(app) as sent:
        client.get(path)
    return sent


@pytest.mark.catalogue("C8", part="partly")
def test_a_page_asks_the_same_of_few_and_of_many(app, filled, sign_in):
    """Partly: rows are dozens and nothing is timed; a thousand names are timed by the benchmark."""
    wrong = []
    for asked in PAGES:
        sent = {
            area: cost(app, sign_in(asked.role, area=area), asked.path.format(**ids, area_slug=area))
            for area, ids in filled.items()
        }
        few, many = len(sent["slough"]), len(sent["reading"])
        if few != many or many > FRAME + asked.most:
            wrong.append(f"{asked.role} {asked.path}: {few} with few, {many} with many, at most {FRAME + asked.most}")
    assert not wrong, "\n".join(wrong)
