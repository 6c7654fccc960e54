"""The catalogue: what is known of each approach, who may change what, and loading the file."""

from datetime import timedelta

from accounts.models import Agency
from accounts.roles import Role
from audit.models import AuditEntry
from core.clock import today
from core.db import db
from interventions.models import Intervention
from interventions.services import available
from tests.factories.support import intervention
from tests.support.client import form_values, words

ADD = {"name": "Boxing club", "category": "Activities", "description": "Twice a week with coaches who listen."}


def changes(event="config:catalogue"):
    db.session.rollback()
    return db.session.query(AuditEntry).filter_by(event=event).count()


def test_the_catalogue_says_what_is_known(sign_in, known):
    intervention(known, places=8)
    intervention(known, code="x", name="Old study", as_at=today() - timedelta(days=400), area=None)
    intervention(known, code="y", name="Not looked up", rating="unrated", area=None)
    page = words(sign_in(Role.COORDINATOR).get("/interventions"))
    for shown in ("Moderate effect", "Low confidence", "Moderate cost", "8 of 8", "Check again"):
        assert shown in page
    assert "Unrated – check the toolkit" in page


def test_the_catalogue_is_filtered(sign_in, known):
    intervention(known)
    intervention(known, code="x", name="Old study", area=None, rating="high", category="Therapy")
    coordinator = sign_in(Role.COORDINATOR)
    assert "Old study" not in words(coordinator.get("/interventions?area=own"))
    assert "Mentoring" not in words(coordinator.get("/interventions?rating=high"))
    assert "Old study" in words(coordinator.get("/interventions?category=Therapy"))
    assert "No interventions in this area yet" in words(coordinator.get("/interventions?rating=local"))


def test_an_area_sees_its_own_and_the_general(sign_in, known):
    mine, theirs = intervention(known), intervention(known, area="slough", name="Over there")
    coordinator = sign_in(Role.COORDINATOR)
    assert coordinator.get(f"/interventions/{mine}").status_code == 200
    assert coordinator.get(f"/interventions/{theirs}").status_code == 404
    assert sign_in(Role.REFERRER).get("/interventions").status_code == 403


def test_harm_is_said_first(sign_in, known):
    found = intervention(known, rating="harmful", is_harmful=True, warning="It frightens them.")
    page = words(sign_in(Role.LEAD).get(f"/interventions/{found}"))
    assert "This approach can cause harm. It frightens them." in page


def test_a_coordinator_changes_places(sign_in, known):
    found = intervention(known)
    coordinator = sign_in(Role.COORDINATOR)
    again = coordinator.submit(f"/interventions/{found}/change", {"places": "many"}, button="Save changes")
    assert "Enter how many places there are" in words(again)
    page = coordinator.submit(f"/interventions/{found}/change", {"places": "0", "is_active": None}, button="Save")
    assert "It is not offered now." in words(page)
    assert "None left of 0" in words(page)
    assert changes() == 1


def test_two_people_change_places(sign_in, known):
    path = f"/interventions/{intervention(known)}/change"
    coordinator = sign_in(Role.COORDINATOR)
    old = form_values(coordinator.page(path).form(button="Save changes"))
    coordinator.submit(path, {"places": "4"}, button="Save changes")
    assert coordinator.post(path, data=old | {"places": "5"}).status_code == 409


def test_only_an_area_s_own_is_changed(sign_in, known):
    general, theirs = intervention(known, area=None), intervention(known, area="slough")
    coordinator = sign_in(Role.COORDINATOR)
    assert coordinator.get(f"/interventions/{general}/change").status_code == 403
    assert coordinator.get(f"/interventions/{theirs}/change").status_code == 404
    assert sign_in(Role.LEAD).get(f"/interventions/{general}/change").status_code == 404


def test_a_local_one_that_harms_needs_a_warning(sign_in, known):
    intervention(known, category="Activities")
    coordinator = sign_in(Role.COORDINATOR)
    form = ADD | {"provider_id": known.agencies["vcs@reading"], "is_harmful": "y"}
    again = coordinator.submit("/interventions/add", form, button="Add intervention")
    assert "Say what the harm is" in words(again)
    page = coordinator.submit("/interventions/add", form | {"warning": "Injuries."}, button="Add intervention")
    assert "This approach can cause harm. Injuries." in words(page)
    added = db.session.query(Intervention).filter_by(name="Boxing club").one()
    assert (added.area_id, added.rating, added.is_harmful) == (known.areas["reading"], "harmful", True)
    assert changes() == 1


def test_what_is_available_fits_and_does_no_harm(acting, known):
    for name, more in {
        "Fits": {},
        "Off": {"is_active": False},
        "Young": {"max_age": 11},
        "Harm": {"is_harmful": True},
    }.items():
        intervention(known, name=name, **more)
    with acting("coordinator@reading") as actor:
        assert [item.name for item in available(actor, age=15)] == ["Fits"]
        assert [item.name for item in available(actor, age=15, harmful=True)] == ["Fits", "Harm"]


def test_the_file_is_loaded_twice_and_areas_keep_their_words(app, known):
    db.session.query(Agency).filter_by(slug="reading-vcs").one().kind = "voluntary"
    db.session.commit()
    runner = app.test_cli_runner()
    assert runner.invoke(args=["catalogue", "sync"]).exit_code == 0
    ours = db.session.query(Intervention).filter_by(code="mentoring", area_id=known.areas["reading"]).one()
    ours.places, ours.description = 6, "With Northside"
    db.session.commit()
    count = db.session.query(Intervention).count()
    assert runner.invoke(args=["catalogue", "sync"]).exit_code == 0
    again = db.session.query(Intervention).filter_by(code="mentoring", area_id=known.areas["reading"]).one()
    assert (again.places, again.description, again.rating) == (6, "With Northside", "moderate")
    assert db.session.query(Intervention).count() == count
    assert db.session.query(Intervention).filter_by(is_harmful=True, area_id=None).count() == 2
