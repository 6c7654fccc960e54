"""Acts that take two people: never by the asker, only by whose job it is, once, and run as they were asked."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, NoResultFound

from accounts.models import Approval
from accounts.roles import Role
from accounts.services import approvals
from accounts.services.approvals import Kind, NotAllowed
from core.access import Permission as P
from core.clock import now
from core.db import db
from core.ids import new_id
from messages.models import Notice
from tests.accounts.conftest import events
from tests.support.client import words

WHY = "The family asked us to, and nothing stands against it"


@pytest.fixture
def ran():
    """A kind of act that notes what it was run for; it is forgotten after the test."""
    done = []
    approvals.register(
        Kind(
            "trial", "Try an act", asks=(P.CASE_READ_AREA, P.APPROVAL_ASK),
            run=lambda actor, approval: done.append((actor.user_id, approval.object_id)),
            terms=lambda approval: [("How many", "3")],
        )
    )  # fmt: skip
    approvals.register(
        Kind("trial_later", "Try an act later", asks=(P.APPROVAL_ASK,), use_at=lambda approval: "/later")
    )
    yield done
    for code in ("trial", "trial_later"):
        approvals.KINDS.pop(code)


def asked(acting, known, by="coordinator@reading", kind="trial"):
    thing = new_id()
    with acting(by) as actor:
        made = approvals.ask(actor, kind, area_id=known.areas[by.partition("@")[2]], object_id=thing, reason=WHY)
        db.session.commit()
        made_id = made.id
    db.session.remove()
    return made_id, thing


def deciding(acting, by, approval_id, act=approvals.agree, *words_):
    with acting(by) as actor:
        act(actor, db.session.get_one(Approval, approval_id), *words_)
        db.session.commit()
    db.session.remove()


def test_a_second_person_agrees_and_the_act_runs(acting, known, sign_in, ran):
    made, thing = asked(acting, known)
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    listed = lead.get("/approvals")
    assert "Try an act" in words(listed)
    assert WHY not in words(listed)
    page = lead.get(f"/approvals/{made}")
    assert WHY in words(page)
    assert "How many 3" in words(page)
    done = lead.submit(f"/approvals/{made}", {"decision": "agree"})
    assert "Agreed." in words(done)
    assert ran == [(lead.actor.user_id, thing)]
    found = db.session.get_one(Approval, made)
    assert (found.state, found.decided_by_id) == ("done", lead.actor.user_id)
    assert [e for e in events() if "approval" in e and not e.startswith("read")] == [
        "create:approval", "update:approval_agreed",
    ]  # fmt: skip


def test_a_refusal_says_why_to_who_asked(acting, known, sign_in, ran):
    made, _ = asked(acting, known)
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    missing = lead.submit(f"/approvals/{made}", {"decision": "decline"})
    assert "Say why you do not agree" in words(missing)
    lead.submit(f"/approvals/{made}", {"decision": "decline", "answer": "A complaint is open"})
    assert "A complaint is open" in words(sign_in(Role.COORDINATOR).get("/approvals"))
    assert ran == []


@pytest.mark.parametrize("by", ["coordinator@reading", "safeguarding_lead@reading"])
def test_nobody_agrees_to_what_they_asked(acting, known, sign_in, ran, by):
    made, _ = asked(acting, known, by=by)
    with pytest.raises(NotAllowed, match="You asked for this"):
        deciding(acting, by, made)
    page = sign_in(Role(by.partition("@")[0])).get(f"/approvals/{made}")
    assert "You asked for this. Someone else decides" in words(page)
    assert ran == []


def test_the_database_holds_two_people_apart_too(acting, known, ran):
    made, _ = asked(acting, known, by="safeguarding_lead@reading")
    with acting("safeguarding_lead@reading") as actor:
        found = db.session.get_one(Approval, made)
        found.decided_by_id = actor.user_id
        with pytest.raises(IntegrityError):
            db.session.flush()
        db.session.rollback()


def test_another_role_and_another_area_do_not_decide(acting, known, sign_in, ran):
    made, _ = asked(acting, known)
    with pytest.raises(NotAllowed, match="Your role"):
        deciding(acting, "panel_chair@reading", made)
    with pytest.raises(NotAllowed, match="another area"):
        deciding(acting, "safeguarding_lead@slough", made)
    assert sign_in(Role.SAFEGUARDING_LEAD, area="slough").get(f"/approvals/{made}").status_code == 404
    assert sign_in(Role.PANEL_MEMBER).get("/approvals").status_code == 403
    with acting("safeguarding_lead@slough") as actor, pytest.raises(NoResultFound):
        approvals.find(actor, made)


def test_who_may_not_ask_is_told(acting, known, ran):
    with pytest.raises(NotAllowed, match="Your role"):
        asked(acting, known, by="referrer@reading")
    with acting("coordinator@reading") as actor, pytest.raises(NotAllowed, match="Your role"):
        approvals.ask(actor, "trial", area_id=known.areas["slough"], object_id=new_id(), reason=WHY)


def test_a_thing_waits_once_and_is_decided_once(acting, known, ran):
    made, thing = asked(acting, known)
    with acting("coordinator@reading") as actor, pytest.raises(NotAllowed, match="already"):
        approvals.ask(actor, "trial", area_id=known.areas["reading"], object_id=thing, reason=WHY)
    deciding(acting, "safeguarding_lead@reading", made)
    with pytest.raises(NotAllowed, match="already"):
        deciding(acting, "data_protection_officer@reading", made)
    assert len(ran) == 1


def test_an_old_request_is_asked_again(acting, known, ran):
    made, _ = asked(acting, known)
    with acting("coordinator@reading") as actor:
        found = db.session.get_one(Approval, made)
        found.expires_at = now()
        approvals.record(approvals.Event.APPROVAL_ENDED, actor, found)
        db.session.commit()
    with pytest.raises(NotAllowed, match="too long ago"):
        deciding(acting, "safeguarding_lead@reading", made)


def test_what_waits_for_its_asker_is_used_once(acting, known, sign_in, ran):
    made, _ = asked(acting, known, kind="trial_later")
    deciding(acting, "safeguarding_lead@reading", made)
    assert "/later" in sign_in(Role.COORDINATOR).get("/approvals").text
    with pytest.raises(NotAllowed):
        deciding(acting, "safeguarding_lead@reading", made, approvals.use)
    deciding(acting, "coordinator@reading", made, approvals.use)
    with pytest.raises(NotAllowed):
        deciding(acting, "coordinator@reading", made, approvals.use)


def test_an_asker_withdraws(acting, known, sign_in, ran):
    made, _ = asked(acting, known)
    assert "Withdrawn" in words(sign_in(Role.COORDINATOR).submit("/approvals", button="Withdraw"))
    assert db.session.scalar(select(Approval.state).where(Approval.id == made)) == "withdrawn"
    with pytest.raises(NotAllowed):
        deciding(acting, "safeguarding_lead@reading", made)


def test_the_navigation_counts_what_waits(acting, known, sign_in, ran):
    asked(acting, known)
    asked(acting, known, by="safeguarding_lead@reading")
    assert "Approvals 1" in words(sign_in(Role.SAFEGUARDING_LEAD).get("/account"))
    assert "Approvals 2" in words(sign_in(Role.DATA_PROTECTION_OFFICER).get("/account"))
    assert "Approvals 1" not in words(sign_in(Role.SAFEGUARDING_LEAD, area="slough").get("/account"))


def test_an_answer_asks_for_the_password_again(acting, known, sign_in, ran):
    from accounts.models import SignInSession

    made, _ = asked(acting, known)
    lead = sign_in(Role.SAFEGUARDING_LEAD)
    row = db.session.scalars(select(SignInSession).where(SignInSession.user_id == lead.actor.user_id)).one()
    row.stepped_up_at = None
    db.session.commit()
    answer = lead.get(f"/approvals/{made}")
    assert answer.status_code == 302
    assert "/sign-in/again" in answer.location


def told_of(kind):
    db.session.rollback()
    return set(db.session.scalars(select(Notice.user_id).where(Notice.kind == kind)))


def test_second_persons_are_told_and_the_asker_hears_the_answer(acting, known, sign_in, ran):
    made, _ = asked(acting, known, by="safeguarding_lead@reading")
    assert told_of("approval") == {known.users["data_protection_officer@reading"]}
    assert told_of("approval_answered") == set()
    notices = sign_in(Role.DATA_PROTECTION_OFFICER).get("/account/notices")
    assert f"/approvals/{made}" in notices.text
    deciding(acting, "data_protection_officer@reading", made)
    assert told_of("approval_answered") == {known.users["safeguarding_lead@reading"]}
