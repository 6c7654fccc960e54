"""What is taken away while somebody is signed in is gone at their next request (Z3)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from accounts.models import Membership, User
from accounts.roles import Role
from accounts.services import grants, users
from audit.models import Event
from audit.services import record
from core.clock import today
from core.db import db
from panels.models import CaseNote
from tests.factories import world
from tests.factories.forms import day_parts
from tests.support.client import form_values

WORKER = "lead_practitioner@reading"


def suspend(actor, known):
    users.suspend(actor, db.session.get_one(User, known.users[WORKER]))


def end_role(actor, known):
    grants.end(actor, known.memberships[WORKER])


def set_membership(**values):
    """As the services would, without their rules: other roles, other areas, other days."""

    def change(actor, known):
        member = db.session.get_one(Membership, known.memberships[WORKER])
        for name, value in values.items():
            setattr(member, name, value(known) if callable(value) else value)
        record(Event.GRANT_ENDED, actor, member)

    return change


TAKEN = {
    "suspended": (suspend, "/sign-in"),
    "role ended": (end_role, "/account/choose-role"),
    "out of date": (set_membership(valid_to=today() - timedelta(days=1)), "/account/choose-role"),
    "not yet in date": (set_membership(valid_from=today() + timedelta(days=1)), "/account/choose-role"),
}


@pytest.fixture
def at_work(known, sign_in):
    """A lead with the form of a note open, filled in."""
    ids = world.make(known)
    client = sign_in(Role.LEAD)
    path = f"/cases/{ids['case_id']}/notes/new"
    values = form_values(client.page(path).form()) | {
        "kind": "contact",
        "text": "Rang.",
        **day_parts("happened_on", today()),
    }
    return client, path, values


def notes():
    db.session.remove()
    return db.session.scalar(select(func.count()).select_from(CaseNote))


def take(acting, known, act):
    with acting("administrator@reading") as actor:
        act(actor, known)
        db.session.commit()
    db.session.remove()


@pytest.mark.catalogue("Z3", part="suspended")
@pytest.mark.parametrize("how", list(TAKEN))
def test_the_next_request_is_turned_away(at_work, acting, known, how):
    (client, path, values), (act, door) = at_work, TAKEN[how]
    before = notes()
    take(acting, known, act)
    sent = client.post(path, data=values)
    assert sent.status_code in {302, 400}
    if sent.status_code == 302:
        assert sent.location.startswith(door)
    opened = client.get(path)
    assert opened.status_code == 302
    assert opened.location.startswith(door)
    assert notes() == before


@pytest.mark.catalogue("Z3", part="role")
def test_another_role_has_that_roles_rights_at_once(at_work, acting, known):
    client, path, values = at_work
    before = notes()
    take(acting, known, set_membership(role=Role.REFERRER.value))
    assert client.post(path, data=values).status_code == 404
    assert client.get(path).status_code == 404
    assert client.get("/cases").status_code == 403
    assert client.get("/referrals").status_code == 200
    assert notes() == before


@pytest.mark.catalogue("Z3", part="role")
def test_another_area_has_that_areas_records_at_once(at_work, acting, known):
    client, path, values = at_work
    before = notes()
    take(
        acting,
        known,
        set_membership(
            area_id=lambda known: known.areas["slough"], agency_id=lambda known: known.agencies["youth_justice@slough"]
        ),
    )
    assert client.post(path, data=values).status_code == 404
    assert client.get(path).status_code == 404
    assert notes() == before


@pytest.mark.catalogue("Z3", part="suspended")
def test_an_ended_session_does_not_come_back_with_the_account(at_work, acting, known):
    client, path, _ = at_work
    take(acting, known, suspend)
    with acting("administrator@reading") as actor:
        users.restore(actor, db.session.get_one(User, known.users[WORKER]))
        db.session.commit()
    db.session.remove()
    assert client.get(path).location.startswith("/sign-in")
