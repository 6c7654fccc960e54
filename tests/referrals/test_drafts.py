"""Starting a referral and filling its pages, through the doors a referrer uses."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from accounts.roles import Role
from audit.models import AuditEntry, Event
from core.clock import today
from core.db import db
from core.drafts import FormDraft
from referrals.models import ReferralDraft
from tests.factories.referrals import a_draft, birthday, send_referral
from tests.referrals import walk
from tests.support.client import words


def entries_of(event: Event) -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.event == event.value)))


def test_nothing_is_stored_before_the_danger_question(sign_in):
    client = sign_in(Role.REFERRER)
    assert client.get("/refer").status_code == 200
    assert client.get("/refer/danger").status_code == 200
    assert client.get("/refer/eligible").location == "/refer/danger"
    assert client.get("/refer/call-now").location == "/refer/danger"
    response = client.submit("/refer/danger", {})
    assert "Select yes if anyone is in danger right now" in words(response)
    assert not db.session.scalars(select(FormDraft)).all()
    assert not db.session.scalars(select(ReferralDraft)).all()


@pytest.mark.parametrize(("answer", "heading"), [("now", "Call 999 now"), ("harm", "Call the front door now")])
def test_danger_stops_with_the_numbers_and_keeps_the_call(sign_in, known, answer, heading):
    client = sign_in(Role.REFERRER)
    page = client.submit("/refer/danger", {"danger": answer})
    assert heading in words(page)
    assert "0118 496 0100" in words(page)
    client.submit("/refer/call-now", {"told": ["front_door"], "called_at": "3:10pm", "reference": "MASH-1177"})
    response = client.submit("/refer/eligible", walk.answers_about(known, "reading", 15), follow=False)
    draft_id = walk.draft_id_of(response)
    walk.fill(client, draft_id)
    assert "You told us that you called because someone was in danger: 3:10pm" in words(
        client.get(f"/referrals/{draft_id}/check")
    )
    assert not db.session.scalars(select(FormDraft)).all()


@pytest.mark.parametrize("years", [9, 18])
def test_outside_ten_to_seventeen_nothing_is_kept(sign_in, known, years):
    client = sign_in(Role.REFERRER)
    response = walk.begin(client, known, years=years)
    assert response.location == "/refer/other-help"
    assert "This panel is not the right place" in words(client.get(response.location))
    assert not db.session.scalars(select(ReferralDraft)).all()
    assert not db.session.scalars(select(FormDraft)).all()


@pytest.mark.parametrize("years", [10, 17])
def test_ten_and_seventeen_are_the_right_place(sign_in, known, years):
    response = walk.begin(sign_in(Role.REFERRER), known, years=years)
    assert response.location.endswith("/tasks")


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        (("", "", ""), "Enter their date of birth"),
        (("3", "4", ""), "Date of birth must include a year"),
        (("", "", "2011"), "Date of birth must include a day and month"),
        (("31", "2", "2011"), "Date of birth must be a real date"),
        (("3", "4", "2090"), "Date of birth must be in the past"),
    ],
)
def test_a_date_of_birth_that_cannot_be_is_asked_again(sign_in, known, typed, error):
    client = sign_in(Role.REFERRER)
    client.submit("/refer/danger", {"danger": "no"})
    parts = dict(zip(("date_of_birth-day", "date_of_birth-month", "date_of_birth-year"), typed, strict=True))
    page = client.submit("/refer/eligible", walk.answers_about(known, "reading", 15) | parts)
    assert error in words(page)
    assert f'value="{typed[2]}"' in page.text


@pytest.mark.parametrize("month", ["1", "01", "jan", "January"])
def test_months_may_be_words(sign_in, known, month):
    response = walk.begin(sign_in(Role.REFERRER), known, **{"date_of_birth-month": month})
    assert response.location.endswith("/tasks")


def test_the_district_must_be_of_the_area(sign_in, known):
    client = sign_in(Role.REFERRER)
    client.submit("/refer/danger", {"danger": "no"})
    page = client.submit("/refer/eligible", walk.answers_about(known, "reading", 15) | {"district_id": ""})
    assert "Select the district in Reading" in words(page)


def test_every_page_leads_to_the_next_and_the_list_says_so(sign_in, known):
    client = sign_in(Role.REFERRER)
    draft_id = walk.draft_id_of(walk.begin(client, known))
    tasks = client.get(f"/referrals/{draft_id}/tasks")
    assert "You have finished 1 of 10 sections" in words(tasks)
    assert "Cannot start yet" in words(tasks)
    pages = walk.fill(client, draft_id)
    assert pages == [key for key, _ in walk.PAGES] + ["check"]
    assert len(["danger", "eligible", "tasks", *pages, "sent"]) <= 16
    assert "You have finished 10 of 10 sections" in words(client.get(f"/referrals/{draft_id}/tasks"))
    check = words(client.get(f"/referrals/{draft_id}/check"))
    assert check.index("lunchtime drama club") < check.index("Older young people wait for her")
    for shown in (
        "Kaya",
        "Criminal exploitation Suspected",
        "Their part: with others at the time",
        "RG1 2AB",
        "Text message Through school",
        "None known",
    ):
        assert shown in check


def test_errors_stand_beside_the_field_and_keep_what_was_typed(sign_in, known):
    client = sign_in(Role.REFERRER)
    draft_id = walk.draft_id_of(walk.begin(client, known))
    page = client.submit(f"/referrals/{draft_id}/person", {"forename": "", "surname": "Sefton"})
    assert "Error: Enter their first name" in words(page)
    assert 'value="Sefton"' in page.text
    page = client.submit(f"/referrals/{draft_id}/person", {"forename": "Kaya", "surname": "S"} | walk.born(18))
    assert "They must be 10 to 17. You entered an age of 18" in words(page)
    page = client.submit(f"/referrals/{draft_id}/contact", {"methods": ["text"], "postcode": "nowhere"})
    assert 'Enter a postcode, like RG1 2AB, or select "No fixed address"' in words(page)
    page = client.submit(f"/referrals/{draft_id}/worries", {"text": "x" * 4120})
    expected = "Tell us what is worrying you, in 4,000 characters or fewer. You have used 4,120"
    assert expected in words(page)
    page = client.submit(f"/referrals/{draft_id}/family", {})
    assert "Select yes if the family knows about this referral" in words(page)
    page = client.submit(f"/referrals/{draft_id}/family", {"informed": "no"})
    assert "Tell us why the family does not know" in words(page)
    page = client.submit(f"/referrals/{draft_id}/sharing", {})
    assert "Select why you can share this" in words(page)
    page = client.submit(f"/referrals/{draft_id}/events", {"type": "suspension"})
    assert "Select their part in what happened" in words(page)


def test_save_and_come_back_later_keeps_an_unfinished_page(sign_in, known):
    client = sign_in(Role.REFERRER)
    draft_id = walk.draft_id_of(walk.begin(client, known))
    page = client.submit(f"/referrals/{draft_id}/person", {"forename": "Kaya"}, button="come back later")
    assert "Saved. You can come back to it until" in words(page)
    assert 'value="Kaya"' in client.get(f"/referrals/{draft_id}/person").text
    assert "Kaya" in words(client.get("/referrals?show=drafts"))


def test_typing_is_saved_and_the_next_save_still_fits(sign_in, known):
    client = sign_in(Role.REFERRER)
    draft_id = walk.draft_id_of(walk.begin(client, known))
    address = f"/referrals/{draft_id}/worries"
    from tests.support.client import form_values

    form = form_values(client.page(address).form())
    saved = client.post(f"/referrals/{draft_id}/autosave/worries", data=form | {"text": "Half a sen"},
                        headers={"X-Requested-With": "autosave"})  # fmt: skip
    assert saved.status_code == 202
    again = client.post(f"/referrals/{draft_id}/autosave/worries", data=form | {"text": "Half"},
                        headers={"X-Requested-With": "autosave"})  # fmt: skip
    assert again.status_code == 409
    assert "Half a sen" in client.get(address).text
    sent = client.post(address, data=form | {"text": "Half a sentence"} | saved.json)
    assert sent.status_code == 302
    assert sent.location != address


def test_the_same_page_changed_in_another_tab_shows_both_texts(sign_in, known):
    client = sign_in(Role.REFERRER)
    draft_id = walk.draft_id_of(walk.begin(client, known))
    from tests.support.client import form_values

    address = f"/referrals/{draft_id}/strengths"
    form = form_values(client.page(address).form())
    client.submit(address, {"text": "Good at chess"})
    response = client.post(address, data=form | {"text": "Kind to her brother"})
    assert response.status_code == 409
    assert "Good at chess" in words(response)
    assert "Kind to her brother" in words(response)
    other = client.submit(f"/referrals/{draft_id}/education", {"status": "school"}, follow=False)
    assert other.status_code == 302


def test_events_are_added_and_removed(sign_in, known):
    client = sign_in(Role.REFERRER)
    draft_id = walk.draft_id_of(walk.begin(client, known))
    address = f"/referrals/{draft_id}/events"
    assert "No events added. You can carry on." in words(client.get(address))
    page = client.submit(address, dict(walk.PAGES)["events"], button="add another")
    assert "Suspension" in words(page)
    page = client.submit(address, {}, button="Remove")
    assert "No events added" in words(page)


def test_a_draft_is_its_owners_alone(sign_in, acting, known):
    with acting("referrer@reading") as actor:
        draft_id = a_draft(actor).id
        db.session.commit()
    for role, area in ((Role.REFERRER, "slough"), (Role.COORDINATOR, "reading"), (Role.SAFEGUARDING_LEAD, "reading")):
        client = sign_in(role, area)
        for page in ("tasks", "person", "events", "check", "delete", "sent", "duplicate"):
            assert client.get(f"/referrals/{draft_id}/{page}").status_code == 404, (role, page)
        assert client.post(f"/referrals/{draft_id}/autosave/person").status_code in (400, 404)


def test_a_draft_can_be_deleted(sign_in, acting, known):
    with acting("referrer@reading") as actor:
        draft_id = a_draft(actor).id
        db.session.commit()
    client = sign_in(Role.REFERRER)
    page = client.submit(f"/referrals/{draft_id}/delete", {})
    assert "Draft deleted" in words(page)
    assert client.get(f"/referrals/{draft_id}/tasks").status_code == 404
    assert len(entries_of(Event.DRAFT_DELETED)) == 1


def test_after_28_days_a_draft_is_gone(sign_in, acting, known):
    with acting("referrer@reading") as actor:
        draft = a_draft(actor)
        draft.kept_until = today() - timedelta(days=1)
        draft_id = draft.id
        db.session.commit()
    client = sign_in(Role.REFERRER)
    assert client.get(f"/referrals/{draft_id}/tasks").status_code == 404
    assert "You have no drafts" in words(client.get("/referrals?show=drafts"))


def test_the_first_opening_is_in_the_trail_and_typing_is_not(sign_in, acting, known):
    with acting("referrer@reading") as actor:
        draft_id = a_draft(actor).id
        db.session.commit()
    client = sign_in(Role.REFERRER)
    for page in ("tasks", "person", "worries", "check"):
        client.get(f"/referrals/{draft_id}/{page}")
    opened = entries_of(Event.DRAFT_OPENED)
    assert [entry.object_id for entry in opened] == [draft_id]
    assert b"Sefton" not in opened[0].body


def test_one_is_warned_of_ones_own_or_the_agencys_earlier_referral(sign_in, acting, known):
    with acting("referrer@reading") as actor:
        sent = send_referral(actor, surname="Sephton", forename="Kay")
        db.session.commit()
        sent_id, reference = sent.id, sent.reference
    client = sign_in(Role.REFERRER)
    draft_id = walk.draft_id_of(walk.begin(client, known))
    page = client.submit(f"/referrals/{draft_id}/person", dict(walk.PAGES)["person"])
    assert "You may have already referred this person" in words(page)
    assert reference in words(page)
    assert "Sephton" not in words(page)
    page = client.submit(f"/referrals/{draft_id}/duplicate", {"answer": "different"})
    assert "Safe ways to contact them" in words(page)
    page = client.submit(f"/referrals/{draft_id}/person", {})
    assert "Safe ways to contact them" in words(page)
    another = walk.draft_id_of(walk.begin(client, known))
    client.submit(f"/referrals/{another}/person", dict(walk.PAGES)["person"])
    response = client.submit(f"/referrals/{another}/duplicate", {"answer": "same"}, follow=False)
    assert response.location == f"/referrals/{sent_id}"


def test_nobody_is_warned_of_another_agencys_referral(sign_in, acting, known):
    with acting("referrer@slough") as actor:
        send_referral(actor, date_of_birth=birthday(15))
        db.session.commit()
    client = sign_in(Role.REFERRER)
    draft_id = walk.draft_id_of(walk.begin(client, known))
    page = client.submit(f"/referrals/{draft_id}/person", dict(walk.PAGES)["person"])
    assert "Safe ways to contact them" in words(page)


@pytest.mark.parametrize("role", [Role.PROVIDER, Role.ANALYST, Role.PANEL_MEMBER, Role.ADMINISTRATOR])
def test_other_roles_cannot_refer(sign_in, role):
    assert sign_in(role).get("/refer").status_code == 403
