"""A record moves to another area: asked by one coordinator, accepted by the other, and gone from the first."""

from datetime import timedelta

from sqlalchemy import select

from accounts.models import Approval
from accounts.roles import Role
from audit.models import AuditEntry
from audit.verify import verify_all
from cohort.global_index import global_index
from cohort.models import BlindIndex, YoungPerson
from cohort.services import elsewhere
from cohort.services.people import find_matches
from core.clock import now
from core.db import db
from core.keyring import keyring
from panels.models import Case, Offer
from rights import erasures
from rights.models import Transfer
from tests.factories import world
from tests.factories.cases import open_case
from tests.factories.support import accepted, intervention
from tests.support.client import words

WHY = {"reason": "The family moved there on Monday", "said": "agree", "words": "Closer to nan"}


def ask(client, known, case_id, **fields):
    return client.submit(f"/cases/{case_id}/transfer", WHY | {"to_area_id": known.areas["slough"]} | fields)


def the_transfer():
    db.session.rollback()
    return db.session.scalars(select(Transfer)).one()


def test_a_record_moves_with_everything_and_the_first_area_keeps_a_stub(app, acting, known, sign_in):
    case_id = open_case(acting, known, surname="Quillfeather")
    offer_id = accepted(acting, known, case_id, intervention(known))
    person = db.session.get_one(Case, case_id).young_person_id
    db.session.rollback()
    here = sign_in(Role.COORDINATOR)
    assert "Say what they said" in words(ask(here, known, case_id, said="prefer_not", words=""))
    assert "The other area has been asked" in words(ask(here, known, case_id))
    assert "was asked already" in words(here.get(f"/cases/{case_id}/transfer"))
    path = f"/transfers/{the_transfer().id}"
    # Neither who asked, nor another role, nor a third area answers.
    assert "Save your answer" not in here.get(path).text
    for role, area in ((Role.COORDINATOR, "wokingham"), (Role.LEAD, "slough"), (Role.SAFEGUARDING_LEAD, "reading")):
        if f"{role}@{area}" in known.memberships:
            assert sign_in(role, area=area).get(path).status_code == 404
    there = sign_in(Role.COORDINATOR, area="slough")
    assert "Another area asks you to take over a record" in words(there.get("/account/notices"))
    asked = there.get(path)
    assert all(text in words(asked) for text in ("Reading", "The family moved there on Monday", "Closer to nan"))
    assert "Quillfeather" not in asked.text
    assert there.get(f"/cases/{case_id}").status_code == 404
    with acting("data_protection_officer@reading") as actor:
        approval = erasures.ask(actor, the_transfer().reference, "They asked us to, and nothing weighs more").id
        db.session.commit()
    moved = there.submit(path, {"decision": "accept"})
    assert moved.request.path == f"/cases/{case_id}"
    assert "Quillfeather" in words(moved)
    assert "Choose a lead" in words(moved)
    assert there.get(f"/cases/{case_id}/timeline").status_code == 200
    # The first area keeps the reference, the dates and where it went.
    assert here.get(f"/cases/{case_id}").status_code == 404
    assert here.get(f"/offers/{offer_id}").status_code == 404
    stub = words(here.get(path))
    assert all(text in stub for text in ("Slough", "Moved", "Where it stands"))
    assert "Closer to nan" not in stub
    assert "There is an answer about a record" in words(here.get("/account/notices"))
    found = db.session.get_one(Case, case_id)
    assert (found.lead_id, found.engagement, found.area_id) == (None, "asking", known.areas["slough"])
    assert db.session.get_one(Offer, offer_id).status == "ended_early"
    db.session.rollback()
    check_what_moved(acting, known, person)
    ended = db.session.get_one(Approval, approval)
    assert (ended.state, ended.reason_sealed) == ("withdrawn", None)
    chains = set(
        db.session.scalars(
            select(AuditEntry.chain).where(AuditEntry.event.in_(("update:transfer", "update:case_moved")))
        )
    )
    assert chains == {known.areas["reading"], known.areas["slough"]}
    assert not [verdict for verdict in verify_all() if verdict.kind]


def check_what_moved(acting, known, person):
    """Keys and indexes stand under the other area's key, rows in it, and other areas' matching knows where."""
    slough = known.areas["slough"]
    assert set(db.session.scalars(select(BlindIndex.area_id).where(BlindIndex.young_person_id == person))) == {slough}
    key = db.session.get_one(YoungPerson, person).data_key_id
    assert {row.area_id for row in keyring().store.fetch([key])} == {slough}
    db.session.rollback()
    with acting("coordinator@slough"):
        child = db.session.get_one(YoungPerson, person)
        told = {"forename": child.forename, "surname": child.surname, "date_of_birth": child.date_of_birth}
        assert [found for found, _ in find_matches(slough, **told)] == [person]
        assert find_matches(known.areas["reading"], **told) == []
        db.session.rollback()
    while elsewhere.index_one():
        pass
    assert [one.area_id for one in global_index().find(told, outside=known.areas["reading"])] == [slough]


def test_every_row_of_a_young_person_moves(app, acting, known):
    """With a row in every table that can be about them, none stays in the first area, and every field opens."""
    from core.row_security import everything
    from rights import moving
    from rights.theirs import theirs

    ids, slough = world.make(known), known.areas["slough"]
    with acting("coordinator@reading") as actor, everything():
        moving.move(actor, ids["person_id"], slough)
        _, rows = theirs(ids["person_id"])
        left = {
            table.name for table, found in rows.items()
            if found and "area_id" in table.c and table.name not in moving.STAYS
            and db.session.scalar(select(table.c.id).where(table.c.id.in_(found), table.c.area_id != slough).limit(1))
        }  # fmt: skip
        assert left == set()
        db.session.rollback()
    assert app.test_cli_runner().invoke(args=["keys", "verify", "--all"]).exit_code == 0


def test_declined_or_withdrawn_nothing_moves_and_a_step_up_goes_first(acting, known, sign_in):
    case_id = open_case(acting, known)
    here, there = sign_in(Role.COORDINATOR), sign_in(Role.COORDINATOR, area="slough")
    ask(here, known, case_id)
    path = f"/transfers/{the_transfer().id}"
    assert "Say why not" in words(there.submit(path, {"decision": "decline"}))
    there.submit(path, {"decision": "decline", "answer": "They moved on to Wokingham"})
    assert "They moved on to Wokingham" in words(here.get(path))
    assert here.get(f"/cases/{case_id}").status_code == 200
    assert there.get(f"/cases/{case_id}").status_code == 404
    ask(here, known, case_id)
    db.session.rollback()
    second = db.session.scalars(select(Transfer.id).where(Transfer.state == "asked")).one()
    db.session.rollback()
    from panels.services import case_step_ups

    with acting("coordinator@reading") as actor:
        case_step_ups.raise_for(
            actor, db.session.get_one(Case, case_id), why="Hurt at home", called_at=now() - timedelta(minutes=5)
        )
        db.session.commit()
    assert "A step-up has no answer" in words(there.submit(f"/transfers/{second}", {"decision": "accept"}))
    assert "A step-up has no answer" in words(here.get(f"/cases/{case_id}/transfer"))
    here.submit(f"/transfers/{second}", button="Withdraw")
    assert "Save your answer" not in there.get(f"/transfers/{second}").text
    assert db.session.get_one(Case, case_id).area_id == known.areas["reading"]
