"""Each rule of unusual access: noticed where it should be, quiet where it should not; at once, and in the night."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from accounts.models import User
from accounts.roles import Role
from audit.models import Event
from audit.services import record
from audit.watch import nightly
from audit.watch.models import AccessAlert, AccessDay, WatchedDay
from core.clock import in_london, now, today
from core.codes.alerts import AlertRule as R
from core.db import db
from messages.models import Notice
from panels.models import Case
from tests.audit.test_pages import entries
from tests.factories.cases import open_case
from tests.factories.trail import run

WEEKDAY_NOON = 12


@pytest.fixture
def noon(time_machine):
    """A working day at noon, so that no rule about hours speaks where another is asked."""
    moment = now()
    while in_london(moment).weekday() > 4:
        moment += timedelta(days=1)
    moment = in_london(moment).replace(hour=WEEKDAY_NOON, minute=0, second=0, microsecond=0)
    time_machine.move_to(moment, tick=True)
    return moment


def alerts(known=None, who=None):
    db.session.rollback()
    wanted = select(AccessAlert).order_by(AccessAlert.rule)
    rows = db.session.scalars(wanted.where(AccessAlert.user_id == known.users[who]) if who else wanted)
    return {row.rule: row for row in rows}


def look_back(time_machine, *, expect=None):
    """The night after: a day later, the command looks at the day."""
    day = today()
    time_machine.move_to(now() + timedelta(days=1), tick=True)
    found = nightly.look_at(day)
    db.session.rollback()
    if expect is not None:
        assert found == expect
    return found


def saw(acting, key, people, event=Event.CASE_READ, **more):
    """Entries as pages leave them: one for each young person."""
    with acting(key) as actor:
        for person in people:
            record(event, actor, subjects=[person], **more)
        db.session.commit()


def strangers(count):
    return [f"stranger{number:018d}" for number in range(count)]


# --- whose records ----------------------------------------------------------------------------------------------------


def test_opening_a_record_without_any_work_with_it_is_noticed(known, acting, noon, time_machine):
    case = db.session.get_one(Case, open_case(acting, known, lead="lead_practitioner"))
    person = case.young_person_id
    saw(acting, "panel_chair@reading", [person])
    saw(acting, "lead_practitioner@reading", [person])
    saw(acting, "referrer@reading", [person], Event.REFERRAL_READ)
    look_back(time_machine)
    found = alerts()
    assert set(found) == {R.NO_WORK.value}
    alert = found[R.NO_WORK.value]
    assert alert.user_id == known.users["panel_chair@reading"]
    assert alert.person_id == person
    assert alert.area_id == known.areas["reading"]
    assert alert.counts == {"looks": 1}
    assert alert.seq


def test_coordinators_answer_for_what_is_under_way_and_not_for_what_ended_long_ago(known, acting, noon, time_machine):
    case_id = open_case(acting, known)
    person = db.session.get_one(Case, case_id).young_person_id
    saw(acting, "safeguarding_lead@reading", [person])
    look_back(time_machine, expect=0)
    db.session.execute(
        update(Case.__table__).values(is_open=False, closed_at=now() - timedelta(days=200)),
        execution_options={"loader": True},
    )
    db.session.execute(text_of_old_referrals(), execution_options={"loader": True})
    db.session.commit()
    time_machine.move_to(in_london(now()).replace(hour=WEEKDAY_NOON), tick=True)
    saw(acting, "safeguarding_lead@reading", [person])
    look_back(time_machine)
    assert R.NO_WORK.value in alerts(known, "safeguarding_lead@reading")


def text_of_old_referrals():
    from referrals.models import Referral

    return update(Referral.__table__).values(status="closed", decided_at=now() - timedelta(days=200))


def test_many_strange_records_are_one_alert_with_their_number(known, acting, noon, time_machine):
    people = []
    for number in range(3):
        people.append(db.session.get_one(Case, open_case(acting, known, forename=f"Kim{number}")).young_person_id)
    saw(acting, "panel_chair@reading", people)
    look_back(time_machine)
    alert = alerts()[R.NO_WORK.value]
    assert (alert.counts, alert.person_id) == ({"looks": 3}, None)


def test_an_own_surname_is_noticed_and_compared_unshown(known, acting, noon, time_machine):
    case_id = open_case(acting, known, surname="Okafor-Sefton")
    person = db.session.get_one(Case, case_id).young_person_id
    lead = db.session.get_one(User, known.users["lead_practitioner@reading"])
    lead.name = "Ada Sefton"
    record(Event.USER_CHANGED, None, lead)
    db.session.commit()
    saw(acting, "lead_practitioner@reading", [person])
    saw(acting, "coordinator@reading", [person])
    look_back(time_machine)
    assert {(a.rule, a.user_id) for a in alerts().values()} == {(R.OWN_SURNAME.value, lead.id)}
    noted = entries_of_system()
    assert noted["detail"]["examined_for"] == "unusual_access"
    assert noted["detail"]["examined"] == 1
    assert not noted["subjects"]


def entries_of_system():
    import json

    from audit.models import AuditEntry

    row = db.session.scalars(
        select(AuditEntry).where(AuditEntry.chain == "system", AuditEntry.event == Event.JOB_READ.value)
        .order_by(AuditEntry.seq.desc()).limit(1)
    ).one()  # fmt: skip
    return json.loads(bytes(row.body))


def test_emergency_access_that_nobody_reviewed_is_noticed(known, acting, noon, time_machine):
    from panels.models import EmergencyAccess

    case = db.session.get_one(Case, open_case(acting, known))
    with acting("panel_chair@reading") as actor:
        access = EmergencyAccess(
            area_id=case.area_id, case_id=case.id, young_person_id=case.young_person_id, data_key_id=case.data_key_id,
            user_id=actor.user_id, membership_id=actor.membership_id, reason_code="missing", started_at=now(),
            ends_at=now() + timedelta(hours=1), review_by=today() + timedelta(days=1), reason="They are missing.",
        )  # fmt: skip
        db.session.add(access)
        record(Event.CASE_READ, actor, access)
        db.session.commit()
    look_back(time_machine, expect=0)
    look_back(time_machine)
    assert alerts()[R.EMERGENCY.value].user_id == known.users["panel_chair@reading"]
    look_back(time_machine, expect=0)


# --- how much ---------------------------------------------------------------------------------------------------------


def usual_days(known, who, people, *, hours=(9, 10)):
    for back in range(1, 11):
        day = AccessDay(
            user_id=known.users[who], on_day=today() - timedelta(days=back), people=people, hours=list(hours)
        )
        db.session.add(day)
    db.session.commit()


@pytest.mark.parametrize(("seen", "is_noticed"), [(30, False), (31, True)])
def test_more_than_three_times_the_own_median_is_noticed(known, acting, noon, time_machine, seen, is_noticed):
    usual_days(known, "coordinator@reading", 10)
    saw(acting, "coordinator@reading", strangers(seen))
    look_back(time_machine)
    found = alerts()
    assert (R.MANY.value in found) == is_noticed
    if is_noticed:
        assert found[R.MANY.value].counts == {"people": 31, "usual": 10}


def test_a_new_colleague_has_no_usual_day_yet(known, acting, noon, time_machine):
    saw(acting, "coordinator@reading", strangers(100))
    look_back(time_machine, expect=0)
    assert db.session.scalars(select(AccessDay)).one().people == 100


@pytest.mark.parametrize(("opened", "is_noticed"), [(0, True), (6, False)])
def test_searching_without_opening_is_noticed(known, acting, noon, time_machine, opened, is_noticed):
    with acting("coordinator@reading") as actor:
        for number in range(12):
            record(Event.PERSON_SEARCHED, actor, detail={"found": 3})
            db.session.commit()
            time_machine.move_to(now() + timedelta(minutes=1), tick=True)
            if number < opened:
                record(Event.CASE_READ, actor, subjects=[f"stranger{number:018d}"])
                db.session.commit()
            time_machine.move_to(now() + timedelta(minutes=15), tick=True)
    look_back(time_machine)
    assert (R.SERIAL_SEARCH.value in alerts()) == is_noticed


def test_a_great_deal_taken_is_noticed(known, acting, noon, time_machine):
    with acting("coordinator@reading") as actor:
        record(Event.CASES_EXPORTED, actor, detail={"rows": 700})
        db.session.commit()
    look_back(time_machine)
    assert alerts()[R.BULK_EXPORT.value].counts == {"times": 1, "rows": 700}


def test_being_turned_away_many_times_is_noticed_at_once(known, sign_in):
    client, letters = sign_in(Role.PROVIDER), "abcdefghijk"
    for number in range(9):
        assert client.get(f"/cases/{letters[number] * 26}").status_code == 404
    assert alerts() == {}
    assert client.get(f"/cases/{letters[9] * 26}").status_code == 404
    alert = alerts()[R.DENIALS.value]
    assert alert.user_id == known.users["provider_practitioner@reading"]
    assert alert.counts == {"denied": 10}
    client.get(f"/cases/{letters[10] * 26}")
    assert len(alerts()) == 1
    told = set(db.session.scalars(select(Notice.user_id).where(Notice.kind == "unusual_access")))
    assert told == {known.users["safeguarding_lead@reading"], known.users["data_protection_officer@reading"]}
    raised = entries(known, Event.ALERT_RAISED)
    assert (raised[-1]["actor"], raised[-1]["reason"]) == ("job:unusual-access", "denials")


# --- when -------------------------------------------------------------------------------------------------------------


def at_night(time_machine):
    time_machine.move_to(in_london(now()).replace(hour=23), tick=True)


def test_looking_outside_usual_hours_is_noticed(known, acting, noon, time_machine):
    at_night(time_machine)
    saw(acting, "coordinator@reading", strangers(1))
    look_back(time_machine)
    assert alerts()[R.HOURS.value].counts == {"hour": 23}


def test_who_often_works_at_night_is_not_noticed(known, acting, noon, time_machine):
    usual_days(known, "coordinator@reading", 3, hours=(22, 23))
    at_night(time_machine)
    saw(acting, "coordinator@reading", strangers(1))
    look_back(time_machine, expect=0)


@pytest.mark.parametrize(("away", "is_noticed"), [(59, False), (61, True)])
def test_an_account_that_wakes_up_is_noticed(known, acting, noon, time_machine, away, is_noticed):
    saw(acting, "coordinator@reading", strangers(1))
    moment = now() + timedelta(days=away)
    time_machine.move_to(in_london(moment).replace(hour=WEEKDAY_NOON), tick=True)
    saw(acting, "coordinator@reading", strangers(1))
    look_back(time_machine)
    assert (R.DORMANT.value in alerts()) == is_noticed


def test_what_cannot_be_put_right_is_noticed_within_minutes(known, acting, noon, time_machine):
    """At night, after a long time away, their own surname: every ten minutes; whose work it is only in the night."""
    case = db.session.get_one(Case, open_case(acting, known, surname="Okafor-Sefton"))
    person, lead = case.young_person_id, db.session.get_one(User, known.users["panel_chair@reading"])
    lead.name = "Ada Sefton"
    record(Event.USER_CHANGED, None, lead)
    db.session.commit()
    with acting("panel_chair@reading") as actor:
        record(Event.CASES_LISTED, actor)
        db.session.commit()
    time_machine.move_to(in_london(now() + timedelta(days=70)).replace(hour=23), tick=True)
    assert nightly.look_now() == 0
    saw(acting, "panel_chair@reading", [person])
    saw(acting, "coordinator@reading", [person])
    nightly.look_now()
    rules = {R.HOURS.value, R.DORMANT.value, R.OWN_SURNAME.value}
    assert set(alerts(known, "panel_chair@reading")) == rules
    assert nightly.look_now() == 0
    time_machine.move_to(now() + timedelta(minutes=30), tick=True)
    assert nightly.look_now() == 0
    before = entries_of_system()
    assert before["detail"]["examined_for"] == "unusual_access"
    look_back(time_machine)
    assert set(alerts(known, "panel_chair@reading")) == rules | {R.NO_WORK.value}


# --- the night --------------------------------------------------------------------------------------------------------


def test_the_command_looks_at_each_day_once_and_raises_nothing_twice(app, known, acting, noon, time_machine):
    at_night(time_machine)
    saw(acting, "coordinator@reading", strangers(1))
    day = today()
    time_machine.move_to(now() + timedelta(days=2), tick=True)
    first = run(app, "audit", "unusual")
    assert first.exit_code == 0, first.output
    assert first.output == "1 new to review.\n"
    assert run(app, "audit", "unusual").output == "0 new to review.\n"
    assert run(app, "audit", "unusual", "--day", day.isoformat()).output == "0 new to review.\n"
    assert db.session.scalars(select(WatchedDay.on_day).where(WatchedDay.on_day == day)).one()
    assert len(alerts()) == 1


def test_the_worker_knows_of_the_nightly_look(app):
    from core import jobs

    assert jobs.PERIODIC["unusual-access"].at is not None


def test_a_quiet_page_costs_no_statement_for_it(app, known, acting, sign_in):
    from tests.factories.counting import reads_sent

    case_id = open_case(acting, known)
    client = sign_in(Role.COORDINATOR)
    client.page(f"/cases/{case_id}")
    with reads_sent(app) as sent:
        client.page(f"/cases/{case_id}")
    assert not [statement for statement in sent if "access_alert" in statement or "decoy" in statement]
