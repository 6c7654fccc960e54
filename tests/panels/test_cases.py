"""Who sees a case, its pages, and what may be written on it."""

import json
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from accounts.roles import Role
from audit.models import AuditEntry
from core.clock import now, today
from core.db import db
from panels.models import Case, CaseNote, TimelineEntry
from panels.services import engagement, notes, timeline
from panels.services.cases import find_case
from tests.factories.cases import agreed_plan, make_offer, open_case
from tests.factories.counting import reads_sent
from tests.support.client import Page, form_values, words


def last_read(kind):
    """The newest entry of a kind, opened."""
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.event == kind)).all()
    return json.loads(max(entries, key=lambda entry: (entry.chain, entry.seq)).body)


# --- who sees it -----------------------------------------------------------------------------------------------------


def test_a_case_opens_with_its_next_step(acting, known):
    case_id = open_case(acting, known)
    with acting("coordinator@reading"):
        case = db.session.get_one(Case, case_id)
        assert (case.stage, case.next_step, case.engagement) == ("assessing", "ask", "asking")
        assert case.going_well == "Art club and her nan."


def test_a_case_without_a_lead_asks_for_one(acting, known):
    case_id = open_case(acting, known, lead=None)
    assert db.session.get_one(Case, case_id).next_step == "allocate"


@pytest.mark.parametrize(
    ("role", "area", "status"),
    [
        (Role.COORDINATOR, "reading", 200), (Role.LEAD, "reading", 200), (Role.PANEL_CHAIR, "reading", 200),
        (Role.SAFEGUARDING_LEAD, "reading", 200), (Role.COORDINATOR, "slough", 404), (Role.LEAD, "slough", 404),
        (Role.PROVIDER, "reading", 404), (Role.REFERRER, "reading", 404), (Role.PANEL_MEMBER, "reading", 404),
        (Role.ADMINISTRATOR, "reading", 404), (Role.ANALYST, "reading", 404), (Role.OVERSIGHT_VIEWER, "reading", 404),
    ],
)  # fmt: skip
def test_who_may_open_a_case(acting, known, sign_in, role, area, status):
    case_id = open_case(acting, known)
    client = sign_in(role, area=area)
    for page in ("", "/timeline", "/print"):
        assert client.get(f"/cases/{case_id}{page}").status_code == status


def test_a_lead_sees_only_what_they_lead(acting, known, sign_in):
    mine, other = open_case(acting, known), open_case(acting, known, lead="coordinator", surname="Hidden")
    client = sign_in(Role.LEAD)
    assert client.get(f"/cases/{mine}").status_code == 200
    assert client.get(f"/cases/{other}").status_code == 404
    listed = words(client.get("/cases"))
    assert "Showing 1 to 1 of 1" in listed
    assert "Hidden" not in listed


def test_a_provider_sees_the_plan_and_not_the_worries(acting, known, sign_in):
    case_id = open_case(acting, known)
    agreed_plan(acting, known, case_id)
    make_offer(acting, known, case_id, accepted=True)
    provider = sign_in(Role.PROVIDER)
    assert "Sefton, Kaya" in words(provider.get("/cases"))
    page = words(provider.get(f"/cases/{case_id}"))
    assert "Do thing 1" in page
    assert "Found with an older group" not in page
    assert "Taking part" not in page
    assert "Case opened" not in page


def test_an_offer_not_yet_answered_does_not_open_the_case(acting, known, sign_in):
    case_id = open_case(acting, known)
    offer_id = make_offer(acting, known, case_id)
    provider = sign_in(Role.PROVIDER)
    assert provider.get(f"/cases/{case_id}").status_code == 404
    assert provider.get(f"/offers/{offer_id}").status_code == 200


def test_an_unnamed_offer_opens_the_case_to_the_agency_once_accepted(acting, known):
    from panels.models import Offer

    case_id = open_case(acting, known)
    offer_id = make_offer(acting, known, case_id, named=False)
    with acting("provider_practitioner@reading") as actor:
        with pytest.raises(Exception, match="No row"):
            find_case(actor, case_id)
        with db.session.no_autoflush:
            db.session.get_one(Offer, offer_id).status = "accepted"
            db.session.flush()
            assert find_case(actor, case_id).id == case_id
        db.session.rollback()


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_case_page_says_what_is_next_with_one_green_button(acting, known, sign_in):
    case_id = open_case(
        acting,
        known,
        preferred_name="Kay",
        safe_contact="Text only. Shared phone.",
        details={"pronouns": "she/her", "needs": {"interpreter": "yes", "first_language": "Polish"}},
    )
    response = sign_in(Role.LEAD).get(f"/cases/{case_id}")
    text = words(response)
    assert "likes Kay" in text
    assert "Text only. Shared phone." in text
    assert "Interpreter needed: Polish" in text
    assert "Next: ask them to take part" in text
    buttons = [
        e
        for e in Page(response.text).root.iter()
        if "govuk-button" in (e.get("class") or "").split() and "secondary" not in e.get("class")
    ]
    assert [b.get("href") for b in buttons] == [f"/cases/{case_id}/engagement"]
    assert last_read("read:case")["object_id"] == case_id


def test_the_case_page_costs_the_same_with_five_lines_and_forty(app, acting, known, sign_in):
    case_id = open_case(acting, known)
    agreed_plan(acting, known, case_id)
    make_offer(acting, known, case_id)
    client, costs = sign_in(Role.LEAD), []
    client.get(f"/cases/{case_id}")
    for more in (5, 35):
        with acting("lead_practitioner@reading") as actor:
            case = db.session.get_one(Case, case_id)
            for number in range(more):
                timeline.add(case, "session_happened", actor, summary=f"Session {number}")
            db.session.commit()
            db.session.remove()
        with reads_sent(app) as sent:
            assert client.get(f"/cases/{case_id}").status_code == 200
        costs.append(len(sent))
    assert costs[0] == costs[1]
    assert costs[0] <= 1 + 8, "the session, and eight of the page's own"


def test_the_timeline_shows_everything_with_the_text_of_notes(acting, known, sign_in):
    case_id = open_case(acting, known)
    add_note(acting, case_id, "They came to art club twice.")
    text = words(sign_in(Role.COORDINATOR).get(f"/cases/{case_id}/timeline"))
    assert "Showing 1 to 2 of 2, newest first" in text
    assert "They came to art club twice." in text
    assert "Case opened" in text


def test_printing_is_noted_as_printing(acting, known, sign_in):
    case_id = open_case(acting, known)
    assert sign_in(Role.COORDINATOR).get(f"/cases/{case_id}/print").status_code == 200
    assert last_read("print:page")["object_id"] == case_id


# --- notes -----------------------------------------------------------------------------------------------------------


def add_note(acting, case_id, text="They like drawing.", who="lead_practitioner@reading"):
    with acting(who) as actor:
        note = notes.add(actor, db.session.get_one(Case, case_id), kind="contact", happened_on=today(), text=text)
        note_id = note.id
        db.session.commit()
        return note_id


def test_a_note_is_written_in_two_clicks_and_moves_last_seen(acting, known, sign_in):
    case_id = open_case(acting, known)
    response = sign_in(Role.LEAD).submit(
        f"/cases/{case_id}/notes/new", {"kind": "contact", "text": "They like drawing."}
    )
    assert "Note saved." in words(response)
    case = db.session.get_one(Case, case_id)
    assert case.last_contact_on == today()
    assert "note" in db.session.scalars(select(TimelineEntry.kind)).all()


def test_a_note_without_words_keeps_what_was_typed(acting, known, sign_in):
    case_id = open_case(acting, known)
    response = sign_in(Role.LEAD).submit(f"/cases/{case_id}/notes/new", {"text": "Half a note"})
    assert "Choose what kind of note it is" in words(response)
    assert "Half a note" in response.text
    assert db.session.scalars(select(CaseNote)).all() == []


def test_a_note_sent_twice_is_one_note(acting, known, sign_in):
    case_id = open_case(acting, known)
    client = sign_in(Role.LEAD)
    values = form_values(client.page(f"/cases/{case_id}/notes/new").form()) | {"kind": "contact", "text": "Once."}
    for _ in range(2):
        assert client.post(f"/cases/{case_id}/notes/new", data=values).status_code == 302
    assert len(db.session.scalars(select(CaseNote)).all()) == 1


def test_what_was_typed_is_kept_until_the_note_is_saved(acting, known, sign_in):
    case_id = open_case(acting, known)
    client = sign_in(Role.LEAD)
    token = client.page(f"/cases/{case_id}/notes/new").form().find(".//input[@name='csrf_token']").get("value")
    kept = client.post(f"/drafts/note-{case_id}", data={"csrf_token": token, "text": "Typed and not sent"})
    assert kept.status_code == 204
    response = client.get(f"/cases/{case_id}/notes/new")
    assert "Typed and not sent" in response.text
    assert "It was kept for you" in words(response)
    client.submit(f"/cases/{case_id}/notes/new", {"kind": "contact"})
    assert "Typed and not sent" not in client.get(f"/cases/{case_id}/notes/new").text


@pytest.mark.catalogue("R2")
def test_a_stale_change_of_a_note_shows_both_texts(acting, known, sign_in):
    case_id = open_case(acting, known)
    note_id = add_note(acting, case_id)
    client, path = sign_in(Role.LEAD), f"/cases/{case_id}/notes/{note_id}"
    first, second = (form_values(client.page(path).form()) for _ in range(2))
    assert client.post(path, data=first | {"text": "They like drawing and maths."}).status_code == 302
    response = client.post(path, data=second | {"text": "They like football."})
    assert response.status_code == 409
    assert "They like drawing and maths." in words(response)
    assert "They like football." in words(response)
    with acting("lead_practitioner@reading"):
        db.session.expire_all()
        assert db.session.get_one(CaseNote, note_id).text == "They like drawing and maths."


def test_after_a_day_a_note_is_only_corrected(acting, known, sign_in):
    case_id = open_case(acting, known)
    note_id = add_note(acting, case_id)
    with time_machine.travel(now() + timedelta(hours=25)):
        client = sign_in(Role.LEAD)
        path = f"/cases/{case_id}/notes/{note_id}"
        assert "Correct this note" in words(client.get(path))
        client.submit(f"/cases/{case_id}/notes/new?corrects={note_id}", {"text": "It was a Tuesday."})
        added = db.session.scalars(select(CaseNote).where(CaseNote.corrects_id.is_not(None))).one()
        assert added.corrects_id == note_id


def test_nobody_changes_the_note_of_another(acting, known, sign_in):
    case_id = open_case(acting, known)
    note_id = add_note(acting, case_id)
    client = sign_in(Role.COORDINATOR)
    assert "Save note" not in words(client.get(f"/cases/{case_id}/notes/{note_id}"))


def test_a_provider_reads_only_their_own_notes(acting, known, sign_in):
    case_id = open_case(acting, known)
    make_offer(acting, known, case_id, accepted=True)
    theirs = add_note(acting, case_id, who="provider_practitioner@reading")
    other = add_note(acting, case_id)
    client = sign_in(Role.PROVIDER)
    assert client.get(f"/cases/{case_id}/notes/{theirs}").status_code == 200
    assert client.get(f"/cases/{case_id}/notes/{other}").status_code == 404


def test_who_only_reads_a_case_cannot_write_on_it(acting, known, sign_in):
    case_id = open_case(acting, known)
    client = sign_in(Role.SAFEGUARDING_LEAD)
    assert client.get(f"/cases/{case_id}/notes/new").status_code == 404
    assert "Add a note" not in words(client.get(f"/cases/{case_id}"))


# --- taking part -----------------------------------------------------------------------------------------------------

YES = {"method": "visit", "answer": "yes", "given_by": "both", "notice_version": "3"}


def test_a_yes_needs_who_agreed_and_which_notice(acting, known, sign_in):
    case_id = open_case(acting, known)
    client, path = sign_in(Role.LEAD), f"/cases/{case_id}/engagement"
    assert "No attempts yet. 3 by" in words(client.get(path))
    refused = words(client.submit(path, YES | {"given_by": None, "notice_version": ""}))
    assert "Choose who agreed" in refused
    assert "Choose which privacy notice you gave" in refused
    assert "Next: write the plan" in words(client.submit(path, YES))
    assert db.session.get_one(Case, case_id).engagement == "taking_part"
    assert "attempts made" not in words(client.get(path)), "who has answered is asked no more"


def test_a_no_is_theirs_to_give_and_leads_to_a_kind_close(acting, known, sign_in):
    case_id = open_case(acting, known)
    client, path = sign_in(Role.LEAD), f"/cases/{case_id}/engagement"
    page = words(client.submit(path, {"method": "call", "answer": "no"}))
    assert "Chose not to" in page
    assert "Next: prepare to close" in page
    assert "govuk-tag--grey" in client.get(path).text
    assert "kind word" in words(client.get(path))


def test_three_attempts_are_counted(acting, known, sign_in):
    case_id = open_case(acting, known)
    client, path = sign_in(Role.LEAD), f"/cases/{case_id}/engagement"
    for number in (1, 2, 3):
        client.submit(path, {"method": "call", "answer": "not_reached"})
        assert f"{number} of 3 attempts made" in words(client.get(path))
    assert db.session.get_one(Case, case_id).next_step == "decide"


def test_stopping_after_taking_part_is_not_choosing_not_to(acting, known):
    S, A = engagement.S, engagement.A
    assert engagement.status_after(S.TAKING_PART, A.NO) is S.STOPPED
    assert engagement.status_after(S.TAKING_PART, A.NOT_REACHED) is S.TAKING_PART
    assert engagement.status_after(S.ASKING, A.THINKING) is S.ASKING


# --- who leads -------------------------------------------------------------------------------------------------------


def test_the_coordinator_chooses_a_lead_of_the_area(acting, known, sign_in):
    case_id = open_case(acting, known, lead=None)
    client, path = sign_in(Role.COORDINATOR), f"/cases/{case_id}/allocate"
    page = words(client.get(path))
    assert "Lead practitioner Reading" in page
    assert "Slough" not in page
    assert "Lead changed." in words(client.submit(path, {"lead": known.users["lead_practitioner@reading"]}))
    assert db.session.get_one(Case, case_id).lead_id == known.users["lead_practitioner@reading"]
    assert "They do not lead cases here" in words(
        client.submit(path, {"lead": known.users["lead_practitioner@slough"]})
    )


def test_a_lead_cannot_allocate(acting, known, sign_in):
    case_id = open_case(acting, known)
    assert sign_in(Role.LEAD).get(f"/cases/{case_id}/allocate").status_code == 404
