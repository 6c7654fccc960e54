"""Training and agreements that run out: what is left, said plainly, from the next request on (Z3)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from accounts.models import Agreement, User
from accounts.roles import Role
from audit.models import AuditEntry, Event
from audit.services import record
from core.clock import today
from core.db import db
from tests.factories import world
from tests.support.client import words

YESTERDAY = today() - timedelta(days=1)
TRAINING, AGREEMENT = "Your training is not in date", "agreement is not in date"


def end_training(known, who, day=YESTERDAY):
    user = db.session.get_one(User, known.users[who])
    user.training_until = day
    record(Event.TRAINING_RECORDED, None, user)
    db.session.commit()


def end_agreements(known, agency, day=YESTERDAY):
    for agreement in db.session.scalars(select(Agreement).where(Agreement.agency_id == known.agencies[agency])).all():
        agreement.valid_to = day
        record(Event.CONFIGURED, None, agreement)
    db.session.commit()


@pytest.mark.catalogue("Z3", part="training")
def test_expired_training_leaves_ones_own_work_to_read(known, sign_in):
    ids = world.make(known)
    client = sign_in(Role.LEAD)
    case = f"/cases/{ids['case_id']}"
    assert client.get(case).status_code == 200
    end_training(known, "lead_practitioner@reading")
    closed = client.get(case)
    assert (closed.status_code, TRAINING in words(closed)) == (403, True)
    assert [client.get(path).status_code for path in ("/", "/actions", "/account", "/cases", "/sharing")] == [
        200, 200, 200, 403, 403,
    ]  # fmt: skip
    end_training(known, "lead_practitioner@reading", today())
    assert client.get(case).status_code == 200


@pytest.mark.catalogue("Z3", part="training")
def test_expired_training_writes_nothing(known, sign_in):
    ids = world.make(known)
    client = sign_in(Role.LEAD)
    path = f"/cases/{ids['case_id']}/notes/new"
    form = client.page(path)
    end_training(known, "lead_practitioner@reading")
    token = next(i.get("value") for i in form.all("input") if i.get("name") == "csrf_token")
    assert client.post(path, data={"csrf_token": token, "text": "Rang."}).status_code == 403


def test_training_that_nobody_recorded_counts_as_run_out(known, sign_in):
    end_training(known, "coordinator@reading", None)
    assert TRAINING in words(sign_in(Role.COORDINATOR).get("/triage"))


def test_a_record_that_is_there_and_one_that_is_not_look_the_same(known, sign_in):
    ids = world.make(known)
    end_training(known, "lead_practitioner@reading")
    client = sign_in(Role.LEAD)
    there, nowhere = client.get(f"/cases/{ids['case_id']}"), client.get(f"/cases/{'a' * 26}")
    assert there.status_code == nowhere.status_code == 403
    assert words(there).split("Tell us this page")[0] == words(nowhere).split("Tell us this page")[0]


@pytest.mark.catalogue("Z3", part="agreement")
def test_an_expired_agreement_leaves_urgent_concerns_alone(known, sign_in):
    world.make(known)
    client = sign_in(Role.REFERRER)
    assert client.get("/referrals").status_code == 200
    end_agreements(known, "school@reading")
    for path in ("/", "/referrals", "/refer"):
        closed = client.get(path)
        assert (closed.status_code, AGREEMENT in words(closed)) == (403, True), path
    assert "Tell us about an urgent concern" in words(client.get("/"))
    assert client.submit("/refer/danger", {"danger": "no"}).status_code == 403
    answer = client.submit("/refer/danger", {"danger": "harm"}, follow=False)
    assert answer.location == "/refer/call-now"
    assert client.get("/refer/call-now").status_code == 200
    end_agreements(known, "school@reading", today())
    assert client.get("/referrals").status_code == 200


def test_other_agencies_work_on(known, sign_in):
    end_agreements(known, "school@reading")
    assert sign_in(Role.COORDINATOR).get("/triage").status_code == 200
    assert sign_in(Role.REFERRER, area="slough").get("/referrals").status_code == 200


def test_an_agreement_in_another_area_does_not_help_here(known, sign_in):
    end_agreements(known, "school@reading")
    other = Agreement(area_id=known.areas["slough"], agency_id=known.agencies["school@reading"], kind="partnership",
                      reference="PA-X", valid_from=YESTERDAY, valid_to=today())  # fmt: skip
    db.session.add(other)
    record(Event.CONFIGURED, None, other)
    db.session.commit()
    assert sign_in(Role.REFERRER).get("/referrals").status_code == 403


def test_who_puts_it_right_is_not_shut_out(known, sign_in):
    """Administrators keep the pages that open nobody's record."""
    end_training(known, "administrator@reading")
    end_agreements(known, "childrens_social_care@reading")
    assert sign_in(Role.ADMINISTRATOR).get("/admin/users").status_code == 200


def test_being_held_back_is_in_the_trail(known, sign_in):
    end_training(known, "coordinator@reading")
    before = _denied()
    sign_in(Role.COORDINATOR).get("/triage")
    assert _denied() == before + 1


def _denied():
    found = db.session.scalar(select(func.count()).where(AuditEntry.outcome == "denied"))
    db.session.rollback()
    return found
