"""Planning a session, recording it, and what a worry sets off."""

from datetime import datetime, time, timedelta

import time_machine

from accounts.roles import Role
from core.clock import LONDON, in_london, now, today
from core.db import db
from panels.models import Case, Goal, Offer, PanelAction, SupportSession
from tests.factories.cases import open_case
from tests.factories.support import accepted, intervention, plan, session
from tests.panels.test_plans import date_parts
from tests.support.client import form_values, words

CAME = {"attendance": "yes", "what_happened": "Drew a mural", "concern": "no"}


def started(acting, known):
    """A case with an agreed plan and accepted mentoring."""
    case_id = open_case(acting, known)
    plan(acting, case_id, agreed_on=today())
    return case_id, accepted(acting, known, case_id, intervention(known))


def sessions_of(case_id):
    db.session.rollback()
    return list(db.session.query(SupportSession).filter_by(case_id=case_id).order_by(SupportSession.starts_at))


def test_a_provider_plans_a_session(sign_in, acting, known):
    case_id, offer_id = started(acting, known)
    provider = sign_in(Role.PROVIDER)
    form = {"at": "4:10pm", "place": "Library", "offer_id": offer_id} | date_parts("on", today() + timedelta(days=2))
    page = provider.submit(f"/cases/{case_id}/sessions/new", form, button="Plan session")
    assert "Session planned." in words(page)
    found = sessions_of(case_id)
    assert [(s.status, s.offer_id, f"{in_london(s.starts_at):%H:%M}") for s in found] == [
        ("planned", offer_id, "16:10")
    ]
    assert "Sefton, Kaya" in words(provider.get("/sessions"))
    assert "Sefton" not in words(sign_in(Role.PROVIDER, area="slough").get("/sessions"))


def test_a_time_is_asked_for_in_plain_words(sign_in, acting, known):
    case_id, _ = started(acting, known)
    form = {"at": "quarter past", "place": ""} | date_parts("on", today())
    again = sign_in(Role.PROVIDER).submit(f"/cases/{case_id}/sessions/new", form, button="Plan session")
    assert "Enter a time, like 4pm or 16:30" in words(again)
    assert "Enter where you will meet" in words(again)
    assert "quarter past" in again.text


def test_a_session_is_recorded_once_with_the_next(sign_in, acting, known):
    case_id, offer_id = started(acting, known)
    day = today() + timedelta(days=1)
    session_id = session(acting, case_id, offer_id, starts_at=datetime.combine(day, time(16), LONDON))
    goal = db.session.query(Goal).one()
    with time_machine.travel(datetime.combine(day, time(17), LONDON)):
        provider = sign_in(Role.PROVIDER)
        page = provider.page(f"/sessions/{session_id}")
        values = form_values(page.form(button="Save session")) | CAME | {"minutes": "50", "goal_ids": goal.id}
        answers = [provider.post(f"/sessions/{session_id}", data=values) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [302, 302]
        assert "Drew a mural" in words(provider.get(f"/sessions/{session_id}"))
    first, following = sessions_of(case_id)
    assert (first.status, first.minutes, first.goal_ids) == ("happened", 50, [goal.id])
    week_later = in_london(first.starts_at).replace(tzinfo=None) + timedelta(days=7)
    assert (in_london(following.starts_at).replace(tzinfo=None), following.status) == (week_later, "planned")
    assert db.session.get_one(Offer, offer_id).status == "active"
    case = db.session.get_one(Case, case_id)
    assert case.last_contact_on == day
    assert "Session happened" in words(sign_in(Role.LEAD).get(f"/cases/{case_id}/timeline"))


def test_nobody_came_to_a_session_of_another_day_yet(sign_in, acting, known):
    case_id, offer_id = started(acting, known)
    path = f"/sessions/{session(acting, case_id, offer_id, starts_at=now() + timedelta(days=1))}"
    early = sign_in(Role.PROVIDER).submit(path, CAME, button="Save session")
    assert "Select that it happened on the day of the session or later" in words(early)
    assert "Drew a mural" in early.text
    assert sessions_of(case_id)[0].status == "planned"


def test_what_a_record_needs(sign_in, acting, known):
    case_id, offer_id = started(acting, known)
    path = f"/sessions/{session(acting, case_id, offer_id)}"
    provider = sign_in(Role.PROVIDER)
    empty = words(provider.submit(path, {"their_words": "It was all right"}, button="Save session"))
    assert "Select whether it happened" in empty
    assert "Select yes if you are worried about anything" in empty
    assert "It was all right" in empty
    absent = provider.submit(path, {"attendance": "no", "concern": "tell_lead", "minutes": "ages"}, button="Save")
    assert "Select why it did not happen" in words(absent)
    assert "Tell us what is worrying you" in words(absent)
    assert "Enter how long it was, from 1 to 600 minutes" in words(absent)
    came = provider.submit(path, {"attendance": "yes", "next_at": ""}, button="Save")
    assert "Say what you did and what went well" in words(came)
    assert "Enter a time for the next session" in words(came)
    assert "not a valid" not in words(absent).lower()
    assert "Missing a session counts against nobody." in words(absent)


def test_a_session_that_did_not_happen(sign_in, acting, known):
    case_id, offer_id = started(acting, known)
    path = f"/sessions/{session(acting, case_id, offer_id)}"
    form = {"attendance": "moved", "no_session_code": "ill", "rescheduled_by": "family", "concern": "no"}
    no_next = {"next_on-day": "", "next_on-month": "", "next_on-year": ""}
    sign_in(Role.PROVIDER).submit(path, form | no_next, button="Save session")
    (found,) = sessions_of(case_id)
    assert (found.status, found.no_session_code, found.minutes) == ("did_not_happen", "ill", None)


def test_a_worry_reaches_the_lead_and_the_safeguarding_lead(sign_in, acting, known):
    case_id, offer_id = started(acting, known)
    path = f"/sessions/{session(acting, case_id, offer_id)}"
    form = CAME | {"concern": "tell_lead", "concern_words": "New phone, new friends"}
    sign_in(Role.PROVIDER).submit(path, form, button="Save session")
    db.session.rollback()
    told = {action.owner_id for action in db.session.query(PanelAction).filter_by(case_id=case_id)}
    assert told == {known.users["lead_practitioner@reading"], known.users["safeguarding_lead@reading"]}
    assert "Worry raised" in words(sign_in(Role.SAFEGUARDING_LEAD).get(f"/cases/{case_id}/timeline"))


def test_danger_shows_the_numbers_first(sign_in, acting, known):
    case_id, offer_id = started(acting, known)
    path = f"/sessions/{session(acting, case_id, offer_id)}"
    page = sign_in(Role.PROVIDER).submit(path, CAME | {"concern": "danger_now"}, button="Save session")
    assert page.request.path == f"{path}/call-now"
    assert "0118 496 0100" in words(page)
    assert sessions_of(case_id)[0].concern == "danger_now"


def test_someone_recorded_it_meanwhile(sign_in, acting, known):
    case_id, offer_id = started(acting, known)
    path = f"/sessions/{session(acting, case_id, offer_id)}"
    provider, lead = sign_in(Role.PROVIDER), sign_in(Role.LEAD)
    old = form_values(lead.page(path).form(button="Save session")) | CAME
    provider.submit(path, CAME, button="Save session")
    assert lead.post(path, data=old).status_code == 409
    assert len(sessions_of(case_id)) == 2


def test_who_may_not_see_a_session(sign_in, acting, known):
    case_id, offer_id = started(acting, known)
    path = f"/sessions/{session(acting, case_id, offer_id)}"
    for role, area in ((Role.PROVIDER, "slough"), (Role.LEAD, "slough"), (Role.REFERRER, "reading")):
        assert sign_in(role, area=area).get(path).status_code == 404
    chair = sign_in(Role.PANEL_CHAIR).page(path)
    assert not [b for b in chair.all("button") if "Save session" in "".join(b.itertext())]


def test_a_list_asks_no_more_for_more_rows(sign_in, acting, known, app):
    from sqlalchemy import event

    case_id, offer_id = started(acting, known)
    provider = sign_in(Role.PROVIDER)
    counts = []
    for n in range(1, 4):
        session(acting, case_id, offer_id, starts_at=now() + timedelta(days=n))
        seen = []
        event.listen(db.engine, "before_cursor_execute", listener := lambda *a, seen=seen: seen.append(a[2]))
        assert provider.get("/sessions").status_code == 200
        event.remove(db.engine, "before_cursor_execute", listener)
        counts.append(len([s for s in seen if s.lstrip().upper().startswith("SELECT")]))
    assert len(set(counts)) == 1


def test_a_lead_records_the_call_from_the_danger_page(sign_in, acting, known):
    case_id, offer_id = started(acting, known)
    path = f"/sessions/{session(acting, case_id, offer_id)}"
    page = sign_in(Role.LEAD).submit(path, CAME | {"concern": "danger_now"}, button="Save session")
    assert f"/cases/{case_id}/step-up" in page.text
    told = sign_in(Role.SAFEGUARDING_LEAD)
    assert "they may be in danger now. Call the worker" in words(told.get("/actions"))
    home = words(told.get("/"))
    assert "Your actions 1" in home
    assert "Worry raised in a session" in home
    assert f"/cases/{case_id}" in told.get("/actions").text
