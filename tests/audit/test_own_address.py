"""Somebody who opens the record of a young person living where they do: noticed by a fingerprint, which tells nothing."""

import json

import pytest
from sqlalchemy import inspect, select, text

from accounts.models import User
from accounts.roles import Role
from audit.models import AuditEntry, Event
from audit.services import record
from audit.watch import nightly
from core.codes.alerts import AlertRule as R
from core.context import acting_as
from core.db import db
from core.keyring import SYSTEM, keyring
from panels.models import Case
from referrals.models import Referral
from tests.audit.test_unusual import alerts, entries_of_system, look_back, noon, saw
from tests.factories.cases import open_case
from tests.support.client import form_values, words
from tests.support.leaks import ways_of_writing

__all__ = ["noon"]

HOME, NEIGHBOUR = "ZQ9 7XJ", "ZQ9 7XK"
WHO = "coordinator@reading"


@pytest.fixture
def admin(sign_in):
    return sign_in(Role.ADMINISTRATOR)


def page_of(known, rest="/home"):
    return f"/admin/users/{known.users[WHO]}{rest}"


def person_at(acting, known, postcode, **more):
    return db.session.get_one(Case, open_case(acting, known, postcode=postcode, **more)).young_person_id


def given(known):
    db.session.rollback()
    return db.session.get_one(User, known.users[WHO]).home_token


def reasons():
    found = db.session.scalars(
        select(AuditEntry).where(AuditEntry.event == Event.USER_CHANGED.value).order_by(AuditEntry.at)
    )
    return [json.loads(bytes(entry.body)).get("reason") for entry in found]


def test_a_record_of_ones_own_postcode_is_noticed_at_once_and_in_the_night(known, noon, admin, acting, time_machine):
    at_home, beside = person_at(acting, known, "zq97xj"), person_at(acting, known, NEIGHBOUR, forename="Noor")
    assert "Home postcode recorded." in words(admin.submit(page_of(known), {"postcode": "zq9 7xj"}))
    assert reasons() == ["home_given"]
    # The system's key has a newer version since: what was given before is still compared.
    keyring().add_scope_version(SYSTEM)
    saw(acting, WHO, [beside])
    saw(acting, "lead_practitioner@reading", [at_home])
    nightly.look_now()
    assert R.OWN_ADDRESS.value not in alerts()
    saw(acting, WHO, [at_home])
    nightly.look_now()
    alert = alerts()[R.OWN_ADDRESS.value]
    assert (alert.user_id, alert.person_id, alert.counts) == (known.users[WHO], at_home, {})
    noted = entries_of_system()
    assert (noted["detail"]["examined_for"], noted["subjects"]) == ("unusual_access", [])
    look_back(time_machine)
    assert set(alerts()) == {R.OWN_ADDRESS.value}


def test_the_night_alone_notices_it_too_also_where_they_lived_when_they_were_referred(
    known, noon, admin, acting, time_machine, sign_in
):
    person = person_at(acting, known, NEIGHBOUR)
    with acting(WHO) as actor, acting_as(job="test"):
        referral = db.session.scalars(select(Referral).where(Referral.young_person_id == person)).one()
        referral.answers = referral.answers | {"contact": {"postcode": HOME}}
        record(Event.REFERRAL_SENT, actor, referral)
        db.session.commit()
    admin.submit(page_of(known), {"postcode": HOME})
    saw(acting, WHO, [person])
    look_back(time_machine, expect=1)
    reviewer = sign_in(Role.SAFEGUARDING_LEAD)
    assert "Opened the record of a young person with their own home postcode" in words(reviewer.get("/audit/alerts"))


def test_what_was_given_is_kept_nowhere_and_said_by_no_page(admin, known, app, capfd):
    answer = admin.submit(page_of(known), {"postcode": HOME})
    assert "On record since" in words(answer)
    ways = [way for form in (HOME, HOME.replace(" ", "")) for way in ways_of_writing(form).values()]
    pages = [answer, admin.get(page_of(known)), admin.get(page_of(known, ""))]
    written = [page.data for page in pages] + ["".join(capfd.readouterr()).encode()]
    db.session.remove()
    for engine in (db.engine, keyring().store.engine):
        with engine.connect() as connection:
            for table in inspect(engine).get_table_names():
                rows = connection.execute(text(f'select * from "{table}"')).all()
                written += [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]
    written += [path.read_bytes() for path in app.extensions["settings"].var.rglob("*") if path.is_file()]
    assert not [way for way in ways for one in written if way in one]


def test_two_who_live_together_have_nothing_in_common(admin, known):
    for who in (WHO, "analyst@reading"):
        admin.submit(f"/admin/users/{known.users[who]}/home", {"postcode": HOME})
    kept = db.session.scalars(select(User.home_token).where(User.home_token.is_not(None))).all()
    assert len(set(kept)) == 2


def test_what_is_no_postcode_is_said_beside_the_field_and_stays_typed(admin, known, sign_in):
    for client, path in ((admin, page_of(known)), (sign_in(Role.COORDINATOR), "/account/home")):
        answer = client.submit(path, {"postcode": "nowhere"})
        assert "Enter a postcode, like RG1 2AB" in words(answer)
        assert 'value="nowhere"' in answer.text
        assert "Enter a postcode, like RG1 2AB" in words(client.submit(path, {"postcode": ""}))
    assert given(known) is None


def test_people_give_their_own_give_it_anew_and_remove_it(sign_in, known):
    worker = sign_in(Role.COORDINATOR)
    assert "Home postcode Not given" in words(worker.get("/account"))
    assert "On record since" in words(worker.submit("/account/home", {"postcode": HOME}))
    first = given(known)
    worker.submit("/account/home", {"postcode": NEIGHBOUR})
    assert first != given(known)
    assert "Home postcode removed." in words(worker.submit("/account/home", button="Remove home postcode"))
    assert given(known) is None
    assert reasons() == ["home_given", "home_given", "home_removed"]


def test_what_an_administrator_recorded_its_owner_cannot_take_away(admin, sign_in, known):
    worker = sign_in(Role.COORDINATOR)
    worker.submit("/account/home", {"postcode": NEIGHBOUR})
    before = worker.page("/account/home")
    admin.submit(page_of(known), {"postcode": HOME})
    kept = given(known)
    assert "Ask an administrator to change it" in words(worker.get("/account/home"))
    for path, form in (("/account/home", before.form()), ("/account/home/remove", before.form(button="Remove"))):
        assert worker.post(path, data=form_values(form) | {"postcode": NEIGHBOUR}).status_code == 409
    assert given(known) == kept
    assert "Home postcode removed." in words(admin.submit(page_of(known), button="Remove home postcode"))
    assert given(known) is None


def test_it_goes_with_who_leaves(admin, known):
    admin.submit(page_of(known), {"postcode": HOME})
    admin.submit(page_of(known, "/leave"), {"sure": "y"})
    assert given(known) is None
