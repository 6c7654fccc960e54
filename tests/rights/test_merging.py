"""Two records of one young person in an area become one, value by value, and can be parted again."""

from sqlalchemy import select

from accounts.roles import Role
from audit.models import AuditEntry
from cohort.models import BlindIndex, YoungPerson
from cohort.services.people import find_matches
from core.db import db
from panels.models import Case, CaseNote
from panels.services import notes
from rights.models import Merge, Transfer
from rights.theirs import theirs
from tests.factories.cases import open_case
from tests.support.client import words


def two_records(acting, known):
    """A young person twice, under two spellings, each with an open case and a note: ids of cases and people."""
    cases = [open_case(acting, known, forename=name, surname="Quillfeather") for name in ("Kaya", "Kaia")]
    with acting("coordinator@reading") as actor:
        for case_id in cases:
            case = db.session.get_one(Case, case_id)
            notes.add(
                actor, case, kind="contact", happened_on=case.opened_at.date(), text=f"Written on {case.reference}"
            )
        db.session.commit()
        people = [db.session.get_one(Case, case_id).young_person_id for case_id in cases]
        references = [db.session.get_one(Case, case_id).reference for case_id in cases]
        db.session.rollback()
    return cases, people, references


def state_of(people):
    """Which rows hang on which record, and what each record says."""
    db.session.rollback()
    return {
        person: (
            sorted(db.session.scalars(select(Case.id).where(Case.young_person_id == person, Case.is_open))),
            sorted(db.session.scalars(select(CaseNote.id).where(CaseNote.young_person_id == person))),
            db.session.scalar(select(YoungPerson.merged_into_id).where(YoungPerson.id == person)),
        )
        for person in people
    }  # fmt: skip


def test_two_records_become_one_and_two_again(app, acting, known, sign_in):
    cases, (kept, gone), references = two_records(acting, known)
    before = state_of((kept, gone))
    client, path = sign_in(Role.COORDINATOR), f"/people/{kept}/merge"
    assert "There is no young person" in words(client.submit(path, {"reference": "RDG-26-0000A"}))
    assert "This is the same record" in words(client.submit(path, {"reference": references[0]}))
    page = client.submit(path, {"reference": references[1]})
    assert page.request.path == f"{path}/{gone}"
    assert "Choose which case continues" in words(client.submit(page.request.path, {"take_forename": "gone"}))
    done = client.submit(page.request.path, {"take_forename": "gone", "case_stays": "kept"})
    assert "The two records are one now" in words(done)
    # One record, one open case, both notes, found by the name that was chosen; the other is no page any more.
    after = state_of((kept, gone))
    assert after[kept] == ([cases[0]], sorted(before[kept][1] + before[gone][1]), None)
    assert after[gone] == ([], [], kept)
    for case_id in cases:
        assert "Kaia" in words(client.get(f"/cases/{case_id}"))
        assert "Written on" in words(client.get(f"/cases/{case_id}/timeline"))
    assert set(db.session.scalars(select(BlindIndex.young_person_id))) >= {kept}
    assert not db.session.scalars(select(BlindIndex).where(BlindIndex.young_person_id == gone)).all()
    db.session.rollback()
    assert client.get(f"/people/{gone}/merge").status_code == 404
    assert "became one" in words(sign_in(Role.LEAD).get("/account/notices"))
    # Who may not, and where not.
    assert sign_in(Role.LEAD).get(path).status_code == 404
    assert sign_in(Role.COORDINATOR, area="slough").get(f"/people/{kept}/split").status_code == 404
    # Erasing the one erases what came from the other; not done here, only counted.
    with acting("data_protection_officer@reading"):
        keys, _ = theirs(kept)
        assert {db.session.get_one(YoungPerson, one).data_key_id for one in (kept, gone)} <= keys
        db.session.rollback()
    assert "Undo this merge" in words(client.get(path))
    assert "There are two records again" in words(client.submit(f"/people/{kept}/split"))
    assert state_of((kept, gone)) == before
    assert client.get(f"/people/{kept}/split").status_code == 404
    with acting("coordinator@reading"):
        child = db.session.get_one(YoungPerson, kept)
        assert child.forename == "Kaya"
        found = find_matches(child.area_id, forename="Kaia", surname="Quillfeather", date_of_birth=child.date_of_birth)
        assert gone in {person for person, _ in found}
        db.session.rollback()
    events = list(db.session.scalars(select(AuditEntry.event).where(AuditEntry.event.like("update:person_%"))))
    assert sorted(events) == ["update:person_merged", "update:person_split"]
    assert app.test_cli_runner().invoke(args=["keys", "verify", "--all"]).exit_code == 0


def test_what_somebody_corrected_since_is_not_taken_back(acting, known, sign_in):
    _, (kept, gone), references = two_records(acting, known)
    client = sign_in(Role.SAFEGUARDING_LEAD)
    page = client.submit(f"/people/{kept}/merge", {"reference": references[1]})
    client.submit(page.request.path, {"take_forename": "gone", "case_stays": "gone"})
    with acting("coordinator@reading") as actor:
        from audit.models import Event
        from audit.services import record

        child = db.session.get_one(YoungPerson, kept)
        child.forename = "Kayah"
        record(Event.PERSON_CHANGED, actor, child)
        db.session.commit()
    client.submit(f"/people/{kept}/split")
    with acting("coordinator@reading"):
        assert db.session.get_one(YoungPerson, kept).forename == "Kayah"
        assert db.session.scalars(select(Merge.undone_at)).one() is not None
        assert db.session.get_one(YoungPerson, gone).forename == "Kaia"
        db.session.rollback()


def test_records_of_two_areas_become_one_by_a_coordinator_of_each(acting, known, sign_in):
    here, there = sign_in(Role.COORDINATOR), sign_in(Role.COORDINATOR, area="slough")
    cases = [
        open_case(acting, known, area=area, forename="Kaya", surname="Quillfeather") for area in ("reading", "slough")
    ]
    kept, gone = (db.session.get_one(Case, case_id).young_person_id for case_id in reversed(cases))
    own = db.session.get_one(Case, cases[1]).reference
    db.session.rollback()
    # Neither area alone: no page compares a record of the other.
    assert there.get(f"/people/{kept}/merge/{gone}").status_code == 404
    asked = {"to_area_id": known.areas["slough"], "reason": "They moved there on Monday", "said": "agree"}
    here.submit(f"/cases/{cases[0]}/transfer", asked)
    path = f"/transfers/{db.session.scalars(select(Transfer.id)).one()}"
    db.session.rollback()
    assert "no young person with this reference" in words(
        there.submit(path, {"decision": "accept", "own": "SLO-26-0000A"})
    )
    page = there.submit(path, {"decision": "accept", "own": own})
    assert page.request.path == f"/people/{kept}/merge/{gone}"
    there.submit(page.request.path, {"case_stays": "gone"})
    assert state_of((kept, gone))[kept][0] == [cases[0]]
    assert state_of((kept, gone))[gone] == ([], [], kept)
    assert here.get(f"/cases/{cases[0]}").status_code == 404
