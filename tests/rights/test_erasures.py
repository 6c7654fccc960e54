"""The page for erasing a young person: found by a reference, asked for by one, agreed to by another."""

from sqlalchemy import select

from accounts.models import Approval
from accounts.roles import Role
from audit.models import AuditEntry
from cohort.models import YoungPerson
from core.db import db
from panels.models import Case
from rights.models import LegalHold, Tombstone
from tests.factories.cases import open_case
from tests.support.client import words

WHY = "They asked us to, and nothing weighs more than that"


def the_case(acting, known):
    case_id = open_case(acting, known, surname="Quillfeather")
    case = db.session.get_one(Case, case_id)
    found = case_id, case.young_person_id, case.reference
    db.session.rollback()
    return found


def test_two_people_erase_a_record_that_one_found_by_its_reference(acting, known, sign_in):
    _, person, reference = the_case(acting, known)
    officer = sign_in(Role.DATA_PROTECTION_OFFICER)
    none = officer.submit("/rights/erasures", {"reference": "RDG-26-0000A"})
    assert "There is no young person with this reference in your area" in words(none)
    page = officer.submit("/rights/erasures", {"reference": reference.lower()})
    assert page.request.path == f"/rights/erasures/{person}"
    assert "Cases 1" in words(page)
    assert "Quillfeather" not in page.text
    path = page.request.path
    again = officer.submit(path, {"decision": "erase", "reason": "Old"})
    assert "Choose on which ground" in words(again)
    assert "at least 20 characters" in words(again)
    asked = officer.submit(path, {"decision": "erase", "why": "objected", "reason": WHY})
    assert "waits for a second person" in words(asked)
    assert "Someone has asked for this already" in words(officer.get(path))
    # Another area's officer, and every other role, are told that it is not there.
    assert sign_in(Role.DATA_PROTECTION_OFFICER, area="slough").get(path).status_code == 404
    assert sign_in(Role.COORDINATOR).get(path).status_code == 404
    assert sign_in(Role.COORDINATOR).get("/rights/erasures").status_code == 403
    approval = f"/approvals/{db.session.scalars(select(Approval.id)).one()}"
    db.session.rollback()
    assert "You asked for this" in words(officer.get(approval))
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    second = words(lead.get(approval))
    assert all(text in second for text in (reference, WHY, "nothing weighs more"))
    assert lead.submit(approval, {"decision": "agree"}).status_code == 200
    assert db.session.get(YoungPerson, person) is None
    assert db.session.scalars(select(Tombstone.young_person_id)).all() == [person]
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.event == "delete:young_person")).one()
    assert entry.actor_id == lead.actor.user_id
    db.session.rollback()
    assert "Two people" in words(officer.get("/rights/erasures"))
    assert officer.get(path).status_code == 404


def test_a_hold_is_placed_and_ended_on_the_page(acting, known, sign_in):
    _, person, _ = the_case(acting, known)
    officer, path = sign_in(Role.DATA_PROTECTION_OFFICER), f"/rights/erasures/{person}"
    assert "Choose why it is held" in words(officer.submit(path, {"decision": "hold"}))
    assert "A legal hold stands" in words(officer.submit(path, {"decision": "hold", "hold_reason": "inquiry"}))
    held = officer.get(path)
    assert "it must not be erased" in words(held)
    assert "Ask a second person" not in words(held)
    assert "ended" in words(officer.submit(path, {"decision": "release"}))
    assert db.session.scalars(select(LegalHold.ended_at)).one() is not None
