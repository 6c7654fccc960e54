"""The same young person in another area: found by the matching step alone, told to the other panel alone (S2, S4)."""

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import ProgrammingError

from accounts.roles import Role
from audit.models import AuditEntry, AuditSubject, Event
from cohort.global_index import GlobalIndex, entry, global_index
from cohort.matching import compounds, tokens
from cohort.models import BlindIndex, MatchingTask, OtherPanelContact, YoungPerson
from cohort.services import elsewhere as indexing
from cohort.services import people
from core.clock import now, today
from core.codes.sensitivity import Sensitivity
from core.db import db
from core.keyring import keyring
from core.working_days import add_working_days
from messages.models import Message, Notice
from panels.models import Case
from referrals.models import Referral
from referrals.services import elsewhere
from tests.factories.cases import open_case
from tests.factories.triage import make_referral
from tests.support.client import Page, words

# Her birthday is half a year away on any day: 99 days from it make nobody older or younger.
MINA = {"forename": "Mina", "surname": "Thistlewood", "born": today() - timedelta(days=13 * 365 + 183)}


def known_in_slough(acting, known, **changes):
    """A case in Slough, indexed for all areas; the young person's id."""
    case_id = open_case(acting, known, area="slough", lead="coordinator", **(MINA | changes))
    work()
    found = db.session.scalar(select(Case.young_person_id).where(Case.id == case_id))
    db.session.rollback()
    return found


def work():
    """What the worker does: everything that waits."""
    db.session.rollback()
    while indexing.index_one() or elsewhere.look_one():
        pass
    db.session.rollback()


def sent(acting, known, area="reading", **changes):
    child = MINA | changes
    return make_referral(
        acting, known, area=area, forename=child["forename"], surname=child["surname"], date_of_birth=child["born"]
    )


def started(sign_in, referral_id):
    """Triage is started and the worker has looked: the page as the coordinator then sees it."""
    client = sign_in(Role.COORDINATOR)
    client.submit(f"/triage/{referral_id}", button="Start triage")
    work()
    return client, client.get(f"/triage/{referral_id}")


def contacts():
    db.session.rollback()
    return db.session.scalars(select(OtherPanelContact)).all()


def main_of(page):
    """What a person sees of a page, without what is new each time."""
    whole = " ".join("".join(Page(page.text).all("main")[0].itertext()).split())
    return re.sub(r"[A-Z]{3}-\d\d-\d{4,5}[A-Z]|\d{1,2}:\d\d[ap]m", "", whole)


POSSIBLE = "A possible match exists. The other panel’s coordinator has been asked to contact you"


def test_the_asker_learns_only_that_a_match_may_exist(acting, known, sign_in):
    known_in_slough(acting, known)
    _, page = started(sign_in, sent(acting, known))
    assert POSSIBLE in words(page)
    assert "Slough" not in main_of(page)


def test_the_other_panels_coordinator_gets_a_task(acting, known, sign_in):
    person = known_in_slough(acting, known)
    referral_id = sent(acting, known)
    started(sign_in, referral_id)
    (found,) = contacts()
    assert (found.area_id, found.young_person_id) == (known.areas["slough"], person)
    assert found.due_on == add_working_days(today(), 1)
    told = set(db.session.scalars(select(Notice.user_id).where(Notice.kind == "other_panel")))
    assert told == {known.users["coordinator@slough"]}
    assert {row.user_id for row in db.session.scalars(select(Message).where(Message.kind == "other_panel"))} == told
    theirs = sign_in(Role.COORDINATOR, area="slough")
    assert "Contact the panel of another area" in words(theirs.get("/"))
    listed = theirs.get("/other-panels")
    assert "Reading Prevention Panel" in words(listed)
    assert db.session.get_one(Referral, referral_id).reference in words(listed)
    assert "Thistlewood" not in words(listed)
    done = theirs.submit(f"/other-panels/{found.id}", {"outcome": "same"})
    assert "We spoke: it is the same young person" in words(done)
    assert "Contact the panel of another area" not in words(theirs.get("/"))


def test_a_task_is_its_areas_alone(acting, known, sign_in):
    known_in_slough(acting, known)
    started(sign_in, sent(acting, known))
    (found,) = contacts()
    assert sign_in(Role.COORDINATOR).get(f"/other-panels/{found.id}").status_code == 404
    assert "Nothing" in words(sign_in(Role.COORDINATOR).get("/other-panels")) or "No panel to contact" in words(
        sign_in(Role.COORDINATOR).get("/other-panels")
    )
    assert sign_in(Role.LEAD, area="slough").get("/other-panels").status_code == 403


def test_both_areas_trails_tell_of_it(acting, known, sign_in):
    person = known_in_slough(acting, known)
    referral_id = sent(acting, known)
    started(sign_in, referral_id)

    def chains(event, subject):
        rows = select(AuditEntry.chain).join(
            AuditSubject, (AuditSubject.chain == AuditEntry.chain) & (AuditSubject.seq == AuditEntry.seq)
        )
        return db.session.scalars(rows.where(AuditEntry.event == event.value, AuditSubject.subject_id == subject)).all()

    assert chains(Event.ELSEWHERE_ASKED, referral_id) == [known.areas["reading"]]
    assert chains(Event.ELSEWHERE_FOUND, person) == [known.areas["slough"]]
    body = db.session.scalar(select(AuditEntry.body).where(AuditEntry.event == Event.ELSEWHERE_FOUND.value))
    assert json.loads(body)["detail"]["asked_by"] == known.users["coordinator@reading"]


def test_one_who_was_never_accepted_is_not_found(acting, known, sign_in):
    sent(acting, known, area="slough")
    work()
    _, page = started(sign_in, sent(acting, known))
    assert "No possible match in another area" in words(page)
    assert contacts() == []


def test_ones_own_area_is_not_another(acting, known, sign_in):
    open_case(acting, known, lead="coordinator", **MINA)
    work()
    started(sign_in, sent(acting, known))
    assert contacts() == []


def hide(person_id):
    from audit.services import record

    person = db.session.get_one(YoungPerson, person_id)
    person.sensitivity = Sensitivity.HIDDEN.value
    record(Event.PERSON_CHANGED, None, person)
    db.session.commit()


@pytest.mark.catalogue("S3")
def test_a_hidden_record_elsewhere_is_answered_as_none(acting, known, sign_in):
    """The page is that of no match, the asker's trail too, and the other safeguarding lead has a clock.

    The looking is the worker's: the page that asks takes the same statements whatever there is to find.
    """
    hide(known_in_slough(acting, known))
    _, with_hidden = started(sign_in, sent(acting, known))
    other = sent(acting, known, surname="Quillfeather", born=MINA["born"] + timedelta(days=99))
    _, without = started(sign_in, other)
    assert main_of(with_hidden).replace("Thistlewood", "") == re.sub(r"Quillfeather", "", main_of(without)).replace(
        *dates(MINA["born"])
    )
    (found,) = contacts()
    assert found.due_on == add_working_days(today(), 1)
    told = {row.user_id: row.kind for row in db.session.scalars(select(Notice)) if row.object_id == found.id}
    assert told == {known.users["safeguarding_lead@slough"]: "urgent"}
    own = select(AuditEntry).where(AuditEntry.chain == known.areas["reading"])
    kinds = [row.event for row in db.session.scalars(own.order_by(AuditEntry.seq))]
    assert Event.ELSEWHERE_FOUND.value not in kinds
    assert "No panel to contact" in words(sign_in(Role.COORDINATOR, area="slough").get("/other-panels"))
    assert "Reading Prevention Panel" in words(sign_in(Role.SAFEGUARDING_LEAD, area="slough").get("/other-panels"))


def dates(born):
    from core.formats import day

    return day(born + timedelta(days=99)), day(born)


@pytest.mark.catalogue("S2", part="tokens")
def test_tokens_of_two_areas_and_of_all_areas_differ(acting, known):
    """The same name and date of birth: nothing is equal between two areas' indexes, nor with the global one."""
    values = {"forename": "Mina", "surname": "Thistlewood", "date_of_birth": MINA["born"]}
    for area in ("reading", "slough"):
        with acting(f"coordinator@{area}") as actor:
            people.create_person(actor, area_id=known.areas[area], data=values, created_from="test")
            db.session.commit()
    kept = {area: {row.token for row in db.session.scalars(select(BlindIndex).where(BlindIndex.area_id == known.areas[area]))}
            for area in ("reading", "slough")}  # fmt: skip
    global_index().ready()
    for_all = {token for _, token in tokens("matching", compounds(values), keyring().index_versions("matching")[-1])}
    assert len(kept["reading"]) == len(kept["slough"]) == len(for_all) > 0
    assert not kept["reading"] & kept["slough"]
    assert not (kept["reading"] | kept["slough"]) & for_all


@pytest.mark.catalogue("S2", part="role")
@pytest.mark.only("postgresql")
def test_the_web_role_cannot_read_the_global_index(app, acting, known, request):
    """With an address of its own, as the operator's guide sets it up, only the matching role opens a token."""
    server = request.getfixturevalue("postgres")
    superuser = create_engine(server.url(db.engine.url.database), isolation_level="AUTOCOMMIT")
    with superuser.connect() as admin:
        for statement in (
            "do $$ begin create role yfp_matching login password 'matching'; exception when others then null; end $$",
            "create schema matching authorization yfp_matching",
            "alter role yfp_matching set search_path = matching",
        ):
            admin.execute(text(statement))
    superuser.dispose()
    mine = db.engine.url.set(username="yfp_matching", password="matching")
    app.extensions["global_index"] = GlobalIndex(mine.render_as_string(hide_password=False))
    person = known_in_slough(acting, known)
    with app.extensions["global_index"].engine.connect() as connection:
        assert set(connection.scalars(select(entry.c.young_person_id))) == {person}
    with db.engine.connect() as web, pytest.raises(ProgrammingError, match="permission denied"):
        web.execute(text("select token from matching.global_index"))
    with create_engine(mine).connect() as matching, pytest.raises(ProgrammingError, match="permission denied"):
        matching.execute(text("select surname_sealed from public.young_person"))
    app.extensions["global_index"].engine.dispose()


def many(acting, known, number):
    """So many looks by the coordinator within the hour."""
    with acting("coordinator@reading") as actor:
        for _ in range(number):
            task = MatchingTask(
                kind="look", state="done", area_id=known.areas["reading"], object_id="x" * 26, answer="none",
                asked_by_id=actor.user_id, asked_at=now() - timedelta(minutes=50), attempts=0,
            )  # fmt: skip
            db.session.add(task)
            elsewhere.record(Event.ELSEWHERE_ASKED, actor, task)
        db.session.commit()


@pytest.mark.catalogue("S4")
def test_the_twenty_first_in_an_hour_is_refused_recorded_and_told(acting, known, sign_in):
    known_in_slough(acting, known)
    many(acting, known, 20)
    client, page = started(sign_in, referral := sent(acting, known))
    assert "You have looked for 20 young people in other areas within an hour" in words(page)
    assert contacts() == []
    denied = db.session.scalars(
        select(AuditEntry).where(AuditEntry.event == Event.ELSEWHERE_ASKED.value, AuditEntry.outcome == "denied")
    ).all()
    assert [(entry_.actor_id, entry_.chain) for entry_ in denied] == [(client.actor.user_id, known.areas["reading"])]
    alarms = db.session.scalars(select(Notice.user_id).where(Notice.kind == "unusual_access")).all()
    assert alarms == [known.users["safeguarding_lead@reading"]]
    again = client.submit(f"/triage/{referral}", button="Look in other areas")
    assert "within an hour" in words(again)
    assert len(db.session.scalars(select(Notice.user_id).where(Notice.kind == "unusual_access")).all()) == 1
    db.session.rollback()
    for task in db.session.scalars(select(MatchingTask).where(MatchingTask.object_id == "x" * 26)):
        task.asked_at = now() - timedelta(minutes=61)
        elsewhere.record(Event.ELSEWHERE_ASKED, None, task)
    db.session.commit()
    client.submit(f"/triage/{referral}", button="Look in other areas")
    work()
    assert POSSIBLE in words(client.get(f"/triage/{referral}"))


@pytest.mark.catalogue("S4", part="partly")
def test_twenty_in_an_hour_are_answered(acting, known, sign_in):
    known_in_slough(acting, known)
    many(acting, known, 19)
    _, page = started(sign_in, sent(acting, known))
    assert POSSIBLE in words(page)


def test_nobody_asks_twice_about_one_referral(acting, known, sign_in):
    client, page = started(sign_in, referral_id := sent(acting, known))
    assert "Look in other areas" not in words(page)
    token = next(i.get("value") for i in Page(page.text).all("input") if i.get("name") == "csrf_token")
    client.post(f"/triage/{referral_id}/elsewhere", data={"csrf_token": token, "once": "n" * 26})
    looks = select(MatchingTask).where(MatchingTask.kind == "look")
    assert len(db.session.scalars(looks).all()) == 1


def test_two_who_ask_at_once_get_the_same_answer(acting, known, sign_in):
    """Each asked before the other's question was there: one task for the other panel, and both are answered."""
    known_in_slough(acting, known)
    referral_id = sent(acting, known)
    client = sign_in(Role.COORDINATOR)
    client.submit(f"/triage/{referral_id}", button="Start triage")
    with acting("coordinator@reading") as actor:
        elsewhere.ask(actor, db.session.get_one(Referral, referral_id))
        db.session.commit()
    work()
    assert len(contacts()) == 1
    assert POSSIBLE in words(client.get(f"/triage/{referral_id}"))


def test_a_young_person_taken_out_is_not_found(acting, known, sign_in):
    person = known_in_slough(acting, known)
    with acting("coordinator@slough") as actor:
        indexing.forget(actor, known.areas["slough"], [person])
        db.session.commit()
    _, page = started(sign_in, sent(acting, known))
    assert "No possible match in another area" in words(page)
    assert global_index().people() == 0


def test_the_index_is_made_anew_from_the_data(app, acting, known, sign_in):
    person = known_in_slough(acting, known)
    global_index().remove([person])
    global_index().put("z" * 26, known.areas["slough"], {"surname": "Nobody", "date_of_birth": today()})
    result = app.test_cli_runner().invoke(args=["matching", "rebuild"])
    assert result.exit_code == 0, result.output
    assert "1 young people can be found" in result.output
    _, page = started(sign_in, sent(acting, known))
    assert POSSIBLE in words(page)
