"""What's new: one's own notices alone, counted in the frame, marked as read; and the choice about the daily e-mail."""

import pytest
from sqlalchemy import func, select

from accounts.roles import Role
from core.db import db
from core.ids import new_id
from messages.kinds import RULES, MessageKind
from messages.models import Message, Notice
from messages.services import holders, tell
from messages.services.notices import wants_daily
from tests.factories.counting import reads_sent
from tests.support.client import words

K = MessageKind


def test_the_frame_counts_what_is_not_read_and_reading_lowers_it(sign_in, told):
    person = sign_in(Role.REFERRER)
    assert "not read" not in words(person.get("/help"))
    told(K.DECISION)
    told(K.NEWS)
    assert "What’s new 2 not read" in words(person.get("/help"))
    shown = words(person.get("/account/notices"))
    assert "There is a decision on a referral you sent" in shown
    person.submit("/account/notices", button="Mark as read")
    assert "What’s new 1 not read" in words(person.get("/help"))
    assert "All are marked as read" in words(person.submit("/account/notices", button="Mark all as read"))
    assert "not read" not in words(person.get("/help"))


def test_the_count_costs_the_frame_no_statement(app, sign_in, told):
    person = sign_in(Role.REFERRER)
    told()
    person.get("/privacy")
    with reads_sent(app) as sent:
        person.get("/privacy")
    assert len(sent) == 1


def test_somebody_elses_notices_are_neither_shown_nor_changed(sign_in, told):
    told(K.DECISION, "lead_practitioner")
    theirs = db.session.scalars(select(Notice.id)).one()
    db.session.commit()
    person = sign_in(Role.REFERRER)
    assert "Nothing is new" in words(person.get("/account/notices"))
    token = next(i.get("value") for i in person.page("/account").all("input") if i.get("name") == "csrf_token")
    person.post(f"/account/notices/{theirs}/read", data={"csrf_token": token, "once": "x" * 26})
    assert db.session.scalar(select(Notice.read_at)) is None


def test_a_day_and_fifty_a_page_in_statements_that_do_not_grow(app, sign_in, told, known, time_machine):
    time_machine.move_to("2026-11-22 10:00:00Z", tick=False)
    costs = []
    for number in (2, 60):
        for _ in range(number):
            tell([known.users["referrer@reading"]], K.NEWS)
        db.session.commit()
        person = sign_in(Role.REFERRER)
        person.get("/account/notices")
        with reads_sent(app) as sent:
            person.get("/account/notices")
        costs.append(len(sent))
    assert costs[0] == costs[1]
    assert "Showing 1 to 50 of 62, newest first" in words(person.get("/account/notices"))
    assert "Showing 51 to 62 of 62" in words(person.get("/account/notices?page=2"))


def test_telling_under_one_key_tells_once(known):
    people = [known.users["referrer@reading"], known.users["coordinator@reading"]]
    for _ in range(2):
        tell([*people, people[0]], K.OFFER, key="offer-1")
        db.session.commit()
    for model in (Notice, Message):
        assert db.session.scalar(select(func.count()).select_from(model)) == 2


def test_what_is_told_is_lost_with_the_change_it_tells_of(known):
    tell([known.users["referrer@reading"]], K.DECISION, about=("referral", new_id()))
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Notice)) == 0
    assert db.session.scalar(select(func.count()).select_from(Message)) == 0


def test_the_daily_e_mail_can_be_turned_off_and_on(sign_in, known):
    person, user_id = sign_in(Role.LEAD), known.users["lead_practitioner@reading"]
    assert wants_daily(user_id)
    shown = words(person.submit("/account/emails", {"daily": None}))
    assert "You do not get the e-mail each morning" in shown
    assert not wants_daily(user_id)
    person.submit("/account/emails", {"daily": "y"})
    assert wants_daily(user_id)


def test_who_holds_a_permission_here_and_nobody_from_elsewhere(known):
    from core.access import Permission

    here = holders(Permission.REFERRAL_TRIAGE, known.areas["reading"])
    assert here == [known.users["coordinator@reading"]]
    assert holders(Permission.REFERRAL_TRIAGE, known.areas["reading"], but=here[0]) == []


@pytest.mark.only("sqlite")
def test_every_kind_says_something_somewhere(app):
    assert set(RULES) == set(MessageKind)
    assert all(rule.notice or rule.letter for rule in RULES.values())
