"""Asking for help oneself: the switch, the way out, one page that is kept only when it is sent, and where it lands."""

import pytest
from sqlalchemy import select

from accounts.models import Area
from accounts.roles import Role
from accounts.services import challenges
from core.db import db
from invited.models import Arrival
from referrals.models import Referral
from tests.invited.conftest import SURNAME, WORRY, entries, receipt_of
from tests.referrals import walk
from tests.support.client import form_values, words

ASKED = walk.born() | {
    "forename": "Ottilie", "surname": SURNAME, "worries": WORRY, "going_well": "Drama club.", "methods": ["text"],
    "phone": "07700 900123", "must_not_know": "My uncle", "agreed": "y",
}  # fmt: skip
WALK = ("/ask-for-help", "/ask-for-help/reading", "/ask-for-help/reading/danger", "/ask-for-help/reading/call",
        "/ask-for-help/reading/who", "/ask-for-help/reading/young-person", "/ask-for-help/reading/sent")  # fmt: skip


@pytest.mark.only("sqlite")
def test_an_area_switches_it_on_and_every_page_has_a_way_out(visitor):
    for path in WALK:
        answer = visitor.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "no-store"
        assert 'data-module="govuk-exit-this-page"' in answer.text
        assert 'href="https://www.bbc.co.uk/weather"' in answer.text
        assert "Childline" in answer.text or path.endswith(("danger", "who"))
    assert visitor.get("/ask-for-help/slough").status_code == 404
    assert visitor.get("/ask-for-help/slough/young-person").status_code == 404
    area = db.session.scalars(select(Area).where(Area.slug == "reading")).one()
    area.takes_families = False
    db.session.commit()
    assert [visitor.get(path).status_code for path in WALK] == [404] * len(WALK)


def test_a_young_person_asks_and_a_coordinator_accepts(visitor, sign_in, known):
    call = visitor.submit("/ask-for-help/reading/danger", {"danger": "now"})
    assert "call 999" in words(call)
    path = "/ask-for-help/reading/young-person?soon=1"
    values = form_values(visitor.page(path).form()) | ASKED
    answers = [visitor.post(path, data=values) for _ in range(2)]
    assert {answer.location for answer in answers} == {"/ask-for-help/reading/sent"}
    receipt = receipt_of(visitor.get("/ask-for-help/reading/sent"))
    assert receipt not in visitor.get("/ask-for-help/reading/sent").text
    arrival = db.session.scalars(select(Arrival)).one()
    arrival_id = arrival.id
    assert (arrival.source_type, arrival.is_urgent, arrival.receipt) == ("young_person", True, receipt)
    assert entries("create:arrival")[0].actor_id == f"public:{arrival.visit_id}"
    coordinator = sign_in(Role.COORDINATOR)
    shown = coordinator.get(f"/triage/arrivals/{arrival_id}")
    assert "My uncle" in words(shown)
    assert "<script>alert" not in shown.text
    assert "{{ 7*7 }}" in words(shown)
    coordinator.submit(f"/triage/arrivals/{arrival_id}", button="Accept as a new referral")
    referral = db.session.get_one(Referral, arrival_id)
    assert (referral.source_type, referral.agency_id) == ("young_person", None)
    coordinator.submit(f"/triage/{arrival_id}", button="Start triage")
    assert "make a record of this young person" in words(coordinator.get(f"/triage/{arrival_id}"))
    assert "The young person" in words(coordinator.get("/triage?tab=in-triage"))


def test_bad_input_stays_on_the_page_and_is_kept_nowhere(visitor):
    path = "/ask-for-help/reading/parent"
    wrong = visitor.submit(path, ASKED | {"agreed": None, "worries": WORRY, "date_of_birth-year": "1999"})
    said = words(wrong)
    assert "Enter your name" in said
    assert "Tick the box" in said
    assert "aged 10 to 17" in said
    assert WORRY in said
    assert db.session.scalars(select(Arrival)).all() == []
    assert "Quillfeather" not in str([c.value for c in visitor._cookies.values()])
    old = ASKED | {"your_name": "Ann Quill", "knows": "no", "token": challenges.make("something-else", "reading")}
    again = visitor.submit(path, old)
    assert "open for a long time" in words(again)
    assert WORRY in words(again)
    values = form_values(visitor.page(path).form()) | ASKED | {"your_name": "Ann Quill", "knows": "no"}
    assert visitor.post(path, data=values).status_code == 302
    assert db.session.scalars(select(Arrival.source_type)).all() == ["parent_carer"]


@pytest.mark.only("sqlite")
def test_one_address_cannot_flood_the_coordinators(visitor):
    path = "/ask-for-help/reading/someone-else"
    page = form_values(visitor.page(path).form()) | ASKED | {"your_name": "Ann Quill", "knows": "no"}
    answers = [visitor.post(path, data=page).status_code for _ in range(21)]
    assert answers == [302] * 20 + [429]
    assert len(db.session.scalars(select(Arrival)).all()) == 1
