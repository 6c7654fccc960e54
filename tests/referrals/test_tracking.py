"""What referrers see of what they sent, and what they can still do."""

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import select

from accounts.roles import Role
from audit.models import AuditEntry, ChangeHistory, Event
from core.clock import today
from core.codes.decisions import PanelDecision
from core.codes.referrals import ReferralStatus
from core.db import db
from referrals.models import Referral, ReferralMessage, ReferrerFeedback
from referrals.services import tracking
from referrals.services.outcomes import case_closed, panel_decided
from tests.factories.referrals import send_referral
from tests.support.client import Page, form_values, text, words


@pytest.fixture
def sent(acting):
    """The id of a referral that the referrer in Reading sent."""
    with acting("referrer@reading") as actor:
        found = send_referral(actor)
        db.session.commit()
        return found.id


def ask(acting, referral_id, text="Which school year is she in?"):
    from audit.services import record

    with acting("coordinator@reading") as actor:
        referral = db.session.get_one(Referral, referral_id)
        question = ReferralMessage(
            referral_id=referral_id, area_id=referral.area_id, author_id=actor.user_id, kind="question",
            answer_by=today(), data_key_id=referral.data_key_id, text=text,
        )  # fmt: skip
        db.session.add(question)
        referral.status = ReferralStatus.INFORMATION_NEEDED.value
        record(Event.INFORMATION_ASKED, actor, question, also=[referral])
        db.session.commit()


def decide(acting, referral_id):
    with acting("coordinator@reading") as actor:
        referral = db.session.get_one(Referral, referral_id)
        panel_decided(actor, referral, decision=PanelDecision.ACCEPT_SUPPORT, text_for_referrer="A worker will ring.")
        db.session.commit()


def bodies(event: Event) -> list[bytes]:
    return list(db.session.scalars(select(AuditEntry.body).where(AuditEntry.event == event.value)))


def test_the_referrer_sees_status_dates_and_their_own_answers(sign_in, sent):
    page = sign_in(Role.REFERRER).get(f"/referrals/{sent}")
    shown = words(page)
    for said in ("Received", "No decision yet. We will decide by", "Kaya Sefton", "lunchtime drama club"):
        assert said in shown
    assert "Sefton" not in page.text[: page.text.index("</title>")]
    assert b"Sefton" not in b"".join(bodies(Event.REFERRAL_READ))
    assert len(bodies(Event.REFERRAL_READ)) == 1


@pytest.mark.parametrize("page", ["", "/reply", "/withdraw", "/change/worries", "/feedback", "/sent"])
@pytest.mark.parametrize(
    ("role", "area"),
    [(Role.REFERRER, "slough"), (Role.LEAD, "reading"), (Role.COORDINATOR, "reading"), (Role.COORDINATOR, "slough")],
)
def test_nobody_elses_referral_is_a_page(sign_in, sent, role, area, page):
    assert sign_in(role, area).get(f"/referrals/{sent}{page}").status_code == 404


def test_a_question_is_answered_once_and_goes_back_to_triage(sign_in, acting, sent):
    ask(acting, sent)
    client = sign_in(Role.REFERRER)
    assert "Next: answer the coordinator’s question" in words(client.get(f"/referrals/{sent}"))
    page = client.submit(f"/referrals/{sent}/reply", {"text": ""})
    assert "Write your answer" in words(page)
    assert "Which school year is she in?" in words(page)
    page = client.submit(f"/referrals/{sent}/reply", {"text": "Year 9."})
    assert "Answer sent" in words(page)
    assert "Year 9." in words(page)
    assert db.session.get_one(Referral, sent).status == ReferralStatus.IN_TRIAGE.value
    assert client.get(f"/referrals/{sent}/reply").status_code == 302
    assert b"Year 9" not in bodies(Event.INFORMATION_GIVEN)[0]


@pytest.mark.parametrize(
    ("page", "answers"),
    [
        ("reply", {"text": "Year 9, at Northbrook."}),
        ("change/worries", {"text": "Year 9, at Northbrook.", "why": "She told me"}),
        ("withdraw", {"reason": "by_mistake", "words": "Year 9, at Northbrook."}),
    ],
)
def test_what_comes_after_the_decision_changes_nothing_and_is_shown_again(sign_in, acting, sent, page, answers):
    ask(acting, sent)
    client, address = sign_in(Role.REFERRER), f"/referrals/{sent}/{page}"
    opened = form_values(client.page(address).form())
    decide(acting, sent)
    late = client.post(address, data=opened | answers)
    assert late.status_code == 409
    assert "It is not saved. Copy what you want to keep." in words(late)
    assert "Year 9, at Northbrook." in words(late)
    assert "Year 9, at Northbrook." not in words(client.get(f"/referrals/{sent}"))


def test_withdrawing_needs_a_reason_and_closes_it(sign_in, sent):
    client = sign_in(Role.REFERRER)
    page = client.submit(f"/referrals/{sent}/withdraw", {})
    assert "Select why you are withdrawing this referral" in words(page)
    page = client.submit(f"/referrals/{sent}/withdraw", {"reason": "by_mistake", "words": "Wrong Kaya"})
    assert "Referral withdrawn" in words(page)
    referral = db.session.get_one(Referral, sent)
    assert (referral.status, referral.outcome_code) == ("withdrawn", "by_mistake")
    assert "Wrong Kaya" not in bodies(Event.REFERRAL_WITHDRAWN)[0].decode()
    page = client.get(f"/referrals/{sent}/withdraw")
    assert page.status_code == 302


def test_the_referrer_says_once_at_each_stage_whether_it_was_useful(sign_in, acting, sent):
    client, address = sign_in(Role.REFERRER), f"/referrals/{sent}/feedback"
    assert client.get(address).location == f"/referrals/{sent}", "nothing is asked before a decision"
    decide(acting, sent)
    assert "Tell us if this was useful" in words(client.get(f"/referrals/{sent}"))
    page = client.submit(address, {"words": "Say it sooner"})
    assert "Select whether this outcome was useful" in words(page)
    assert "Say it sooner" in words(page)
    given = {"useful": "partly", "clear": "yes", "words": "Say it sooner"}
    assert "The coordinator can read what you said" in words(client.submit(address, given))
    assert client.get(address).status_code == 302
    assert "Tell us if this was useful" not in words(client.get(f"/referrals/{sent}"))
    assert b"sooner" not in bodies(Event.FEEDBACK_GIVEN)[0]
    with acting("coordinator@reading") as actor:
        case_closed(actor, sent, "Support ended well.")
        db.session.commit()
    assert "Support ended well." in words(client.get(address))
    client.submit(address, {"useful": "yes", "clear": "yes"})
    shown = words(sign_in(Role.COORDINATOR).get(f"/triage/{sent}"))
    for said in ("Feedback from the referrer", "The decision", "In part", "Say it sooner", "How the support ended"):
        assert said in shown
    assert len(db.session.scalars(select(ReferrerFeedback)).all()) == 2


def test_what_was_withdrawn_asks_for_no_feedback(sign_in, sent):
    client = sign_in(Role.REFERRER)
    client.submit(f"/referrals/{sent}/withdraw", {"reason": "by_mistake"})
    assert client.get(f"/referrals/{sent}/feedback").status_code == 302


def test_the_coordinator_reads_why_it_was_changed(sign_in, sent):
    sign_in(Role.REFERRER).submit(
        f"/referrals/{sent}/change/worries", {"text": "They followed her home.", "why": "She told me more"}
    )
    shown = words(sign_in(Role.COORDINATOR).get(f"/triage/{sent}"))
    assert "She told me more" in shown
    assert "Changed, with this reason, by" in shown


def test_a_change_needs_why_and_keeps_the_text_before(sign_in, acting, sent):
    client = sign_in(Role.REFERRER)
    address = f"/referrals/{sent}/change/worries"
    page = client.submit(address, {"text": "They followed her home."})
    link = next(a for a in Page(page.text).all("a") if text(a) == "Tell us why you are making this change")
    assert (link.get("href"), text(Page(page.text).all("title")[0])[:7]) == ("#why", "Error: ")
    assert "They followed her home." in words(page)
    page = client.submit(address, {"text": "They followed her home.", "why": "New information"})
    assert "Change saved" in words(page)
    assert "They followed her home." in words(page)
    with acting("coordinator@reading"):
        kept = db.session.scalars(select(ChangeHistory).where(ChangeHistory.object_id == sent)).one()
        assert "Older young people wait" in kept.changes["answers"][0]["worries"]["text"]
        assert db.session.get_one(Referral, sent).answers["worries"]["concerns"] == {"cce": "suspected"}
    assert b"followed" not in bodies(Event.REFERRAL_CHANGED)[0]


def test_a_changed_name_changes_the_referral(sign_in, acting, sent):
    client = sign_in(Role.REFERRER)
    client.submit(f"/referrals/{sent}/change/person", {"surname": "Sefton-Ali", "why": "A mistake"})
    with acting("coordinator@reading"):
        assert db.session.get_one(Referral, sent).surname == "Sefton-Ali"


def test_a_stale_change_shows_both_texts_and_loses_nothing(sign_in, sent):
    client = sign_in(Role.REFERRER)
    address = f"/referrals/{sent}/change/strengths"
    opened = form_values(client.page(address).form())
    client.submit(address, {"text": "Plays the drums", "why": "More to say"})
    response = client.post(address, data=opened | {"text": "Good at maths", "why": "Also"})
    assert response.status_code == 409
    assert "Plays the drums" in words(response)
    assert "Good at maths" in words(response)
    assert "Good at maths" not in words(client.get(f"/referrals/{sent}"))


def test_the_list_asks_as_often_however_long_it_is(sign_in, acting, app):
    client = sign_in(Role.REFERRER)

    def count() -> int:
        seen: list[str] = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        sql_event.listen(db.engine, "before_cursor_execute", listener)
        client.get("/referrals")
        sql_event.remove(db.engine, "before_cursor_execute", listener)
        return len(seen)

    with acting("referrer@reading") as actor:
        send_referral(actor)
        db.session.commit()
    count()  # the session settles
    one = count()
    with acting("referrer@reading") as actor:
        for number in range(6):
            send_referral(actor, surname=f"Other{number}")
        db.session.commit()
    assert count() == one
    assert "Other5, Kaya" in words(client.get("/referrals"))


def test_the_first_page_says_who_has_answered(acting, sent):
    ask(acting, sent)
    with acting("referrer@reading") as actor:
        waiting = send_referral(actor, surname="Bell")
        db.session.commit()
        found = tracking.summary(actor)
        assert [row.id for row in found.information_needed] == [sent]
        assert [row.id for row in found.waiting] == [waiting.id]
        assert found.drafts == found.decided == []


def test_a_single_point_of_contact_reads_what_their_agency_sent_and_changes_nothing(sign_in, acting, known, sent):
    """Others see their own alone; a colleague at another agency, or in a restricted matter, sends nothing into view."""
    with acting("coordinator@reading") as actor:
        others = send_referral(actor, forename="Ife", surname="Marlow")
        db.session.commit()
        others_id = others.id
    contact, elsewhere = sign_in(Role.AGENCY_CONTACT), sign_in(Role.AGENCY_CONTACT, area="slough")
    assert "You have no referral waiting" in words(contact.get("/referrals"))
    listed = words(contact.get("/referrals?show=agency"))
    assert "Sent by Reading school" in listed
    assert "Sefton, Kaya" in listed
    assert "Referrer Reading" in listed
    assert "Marlow" not in listed
    page = contact.get(f"/referrals/{sent}")
    for shown in ("by Referrer Reading", "What they sent", "lunchtime drama club"):
        assert shown in words(page)
    assert "Withdraw" not in words(page)
    assert "/change/" not in page.text
    for act in ("withdraw", "reply", "change/worries"):
        assert contact.get(f"/referrals/{sent}/{act}").status_code == 403
    assert contact.get(f"/referrals/{others_id}").status_code == 404
    assert elsewhere.get(f"/referrals/{sent}").status_code == 404
    assert "Nobody in your agency has sent" in words(elsewhere.get("/referrals?show=agency"))
    colleague = sign_in(Role.COORDINATOR)
    assert "Sefton" not in words(colleague.get("/referrals?show=agency"))
    assert "Marlow" in words(colleague.get("/referrals?show=agency"))
    assert bodies(Event.REFERRALS_LISTED)


def test_what_a_single_point_of_contact_may_read_needs_two_people(known, acting):
    from accounts.models import User
    from accounts.services import grants

    with acting("administrator@reading") as actor:
        user = db.session.get_one(User, known.users["referrer@reading"])
        place = (known.agencies["school@reading"], known.areas["reading"])
        proposed = grants.propose(actor, user, grants.Grant(Role.AGENCY_CONTACT.value, *place))
        assert proposed.is_active is False
