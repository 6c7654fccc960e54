"""Choosing support for a case, and the provider's answer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from sqlalchemy import select

from accounts.models import Approval
from accounts.roles import Role
from audit.models import Event
from audit.services import record
from core.clock import today
from core.db import db
from core.working_days import add_working_days
from panels.models import Case, Offer
from panels.services import offers
from tests.factories.cases import open_case
from tests.factories.support import accepted, intervention, offer, plan
from tests.support.client import Page, form_values, words

ACCEPT = {"answer": "accept"}


def choose(case_id, support):
    return f"/cases/{case_id}/interventions/choose/{support}"


def offers_of(case_id):
    db.session.rollback()
    return list(db.session.query(Offer).filter_by(case_id=case_id))


def test_a_lead_makes_an_offer(sign_in, acting, known):
    case_id, support = open_case(acting, known), intervention(known)
    lead = sign_in(Role.LEAD)
    listed = lead.get(f"/cases/{case_id}/interventions/choose")
    assert "Mentoring" in words(listed)
    assert "Moderate effect" in words(listed)
    assert "Moderate cost" in words(listed)
    lead.submit(choose(case_id, support), {"goal": "Back to art"}, button="Make offer", follow=False)
    made = offers_of(case_id)
    assert [(item.status, item.planned_sessions) for item in made] == [("offered", 12)]
    assert made[0].answer_by > today()


def test_sending_an_offer_twice_makes_one(sign_in, acting, known):
    case_id, support = open_case(acting, known), intervention(known)
    lead = sign_in(Role.LEAD)
    path = choose(case_id, support)
    form = form_values(lead.page(path).form(button="Make offer")) | {"goal": "Back to art"}
    first, second = lead.post(path, data=form), lead.post(path, data=form)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first.location == second.location
    assert len(offers_of(case_id)) == 1


def test_an_offer_needs_a_goal_and_keeps_what_was_typed(sign_in, acting, known):
    case_id, support = open_case(acting, known), intervention(known)
    again = sign_in(Role.LEAD).submit(choose(case_id, support), {"safety": "Not the park"}, button="Make offer")
    assert "Say what this should help with" in words(again)
    assert "Not the park" in again.text
    assert not offers_of(case_id)


def test_what_does_not_fit_their_age_is_not_shown(sign_in, acting, known):
    case_id = open_case(acting, known)
    intervention(known, name="Little ones", max_age=11)
    assert "Little ones" not in words(sign_in(Role.LEAD).get(f"/cases/{case_id}/interventions/choose"))


def test_what_can_harm_stops_until_there_is_a_reason(sign_in, acting, known):
    case_id = open_case(acting, known)
    support = intervention(known, name="Boot camp", rating="harmful", is_harmful=True, warning="It frightens them.")
    lead = sign_in(Role.LEAD)
    stop = lead.get(choose(case_id, support), follow_redirects=True)
    assert stop.request.path.endswith("/harm")
    assert "This approach can cause harm" in words(stop)
    again = lead.submit(f"{choose(case_id, support)}/harm", {"harm_reason": " "}, button="Go on")
    assert "Say why this is right for this young person" in words(again)
    approval = ask_for_harmful(lead, case_id, support)
    assert not offers_of(case_id)
    assert "waits for a second person" in words(lead.get(f"{choose(case_id, support)}/harm"))
    # Nobody agrees to their own, nor who has no part in it; another area does not see that it is there.
    assert "You asked for this" in words(lead.get(f"/approvals/{approval}"))
    assert sign_in(Role.PROVIDER).get(f"/approvals/{approval}").status_code == 404
    assert sign_in(Role.SAFEGUARDING_LEAD, area="slough").get(f"/approvals/{approval}").status_code == 404
    second = sign_in(Role.SAFEGUARDING_LEAD)
    page = second.get(f"/approvals/{approval}")
    assert all(text in words(page) for text in ("Boot camp", "It frightens them.", "Nothing else fits", "Back to art"))
    second.submit(f"/approvals/{approval}", {"decision": "agree"})
    with acting("coordinator@reading"):
        found = offers_of(case_id)
        assert [(one.harm_reason, one.goal, one.status) for one in found] == [
            ("Nothing else fits", "Back to art", "offered")
        ]
    assert "There is an answer to what you asked" in words(lead.get("/account/notices"))


def ask_for_harmful(lead, case_id, support):
    """The id of the request that waits for a second person."""
    form = lead.submit(f"{choose(case_id, support)}/harm", {"harm_reason": "Nothing else fits"}, button="Go on")
    values = form_values(Page(form.text).form(button="Ask a second person")) | {"goal": "Back to art"}
    assert lead.post(choose(case_id, support), data=values).status_code == 302
    db.session.rollback()
    return db.session.scalars(select(Approval.id)).one()


def test_declined_or_with_the_case_closed_meanwhile_nothing_harmful_is_offered(sign_in, acting, known):
    case_id = open_case(acting, known)
    support = intervention(known, name="Boot camp", rating="harmful", is_harmful=True, warning="It frightens them.")
    lead, second = sign_in(Role.LEAD), sign_in(Role.SAFEGUARDING_LEAD)
    approval = ask_for_harmful(lead, case_id, support)
    with acting("coordinator@reading") as actor:
        case = db.session.get_one(Case, case_id)
        case.is_open = False
        record(Event.CASE_CLOSED, actor, case)
        db.session.commit()
    assert "The case is closed" in words(second.submit(f"/approvals/{approval}", {"decision": "agree"}))
    second.submit(f"/approvals/{approval}", {"decision": "decline", "answer": "Try the boxing club first"})
    assert "Try the boxing club first" in words(lead.get("/approvals"))
    assert not offers_of(case_id)


def test_a_provider_accepts(sign_in, acting, known):
    case_id = open_case(acting, known)
    offer_id = offer(acting, known, case_id, intervention(known))
    provider = sign_in(Role.PROVIDER)
    assert "Sefton, Kaya" in words(provider.get("/offers"))
    answered = provider.submit(f"/offers/{offer_id}", ACCEPT, button="Send answer")
    assert "Offer accepted" in words(answered)
    found = offers_of(case_id)[0]
    assert (found.status, found.practitioner_id) == ("accepted", known.users["provider_practitioner@reading"])
    assert "Sefton, Kaya" in words(provider.get("/my-young-people"))
    assert "Offer answered" in words(sign_in(Role.LEAD).get(f"/cases/{case_id}/timeline"))


def test_a_provider_says_what_stops_it(sign_in, acting, known):
    case_id = open_case(acting, known)
    plan(acting, case_id, agreed_on=today() - timedelta(days=30))
    offer_id = offer(acting, known, case_id, intervention(known))
    provider = sign_in(Role.PROVIDER)
    again = provider.submit(f"/offers/{offer_id}", {"answer": "decline"}, button="Send answer")
    assert "Select a reason why you cannot take them" in words(again)
    none = provider.submit(f"/offers/{offer_id}", {"answer": None}, button="Send answer")
    assert "Select your answer" in words(none)
    no_date = {"start_on-day": "", "start_on-month": "", "start_on-year": ""}
    undated = provider.submit(f"/offers/{offer_id}", ACCEPT | no_date, button="Send answer")
    assert "Tell us when you can start" in words(undated)
    provider.submit(f"/offers/{offer_id}", {"answer": "decline", "decline_code": "too_far"}, button="Send answer")
    assert offers_of(case_id)[0].decline_code == "too_far"
    waiting = db.session.get_one(Case, case_id)
    assert (waiting.next_step, waiting.next_due_on) == ("choose_support", add_working_days(today(), 5))
    assert provider.get(f"/offers/{offer_id}").status_code == 404


def test_the_last_place_is_given_once(sign_in, acting, known):
    support = intervention(known, places=1)
    first, second = open_case(acting, known), open_case(acting, known, forename="Ayo", surname="Bell")
    accepted(acting, known, first, support)
    offer_id = offer(acting, known, second, support)
    provider = sign_in(Role.PROVIDER)
    again = provider.submit(f"/offers/{offer_id}", ACCEPT, button="Send answer")
    assert "waiting list" in words(again)
    assert offers_of(second)[0].status == "offered"
    provider.submit(f"/offers/{offer_id}", {"answer": "wait"}, button="Send answer")
    assert offers_of(second)[0].status == "waiting"


def test_only_the_agency_that_was_asked_sees_an_offer(sign_in, acting, known):
    case_id = open_case(acting, known)
    offer_id = offer(acting, known, case_id, intervention(known))
    elsewhere = sign_in(Role.PROVIDER, area="slough")
    assert elsewhere.get(f"/offers/{offer_id}").status_code == 404
    assert "Sefton" not in words(elsewhere.get("/offers"))
    assert sign_in(Role.REFERRER).get(f"/offers/{offer_id}").status_code == 404
    assert sign_in(Role.REFERRER).get("/offers").status_code == 403


def test_a_coordinator_reads_an_offer_and_does_not_answer(sign_in, acting, known):
    case_id = open_case(acting, known)
    offer_id = offer(acting, known, case_id, intervention(known))
    coordinator = sign_in(Role.COORDINATOR)
    page = coordinator.page(f"/offers/{offer_id}")
    assert not [b for b in page.all("button") if "Send answer" in "".join(b.itertext())]
    token = form_values(page.form(action="/find"))
    assert coordinator.post(f"/offers/{offer_id}", data=token | ACCEPT).status_code == 403


def test_a_lead_of_another_area_cannot_choose(sign_in, acting, known):
    case_id = open_case(acting, known)
    lead = sign_in(Role.LEAD, area="slough")
    assert lead.get(f"/cases/{case_id}/interventions/choose").status_code == 404
    assert lead.get(choose(case_id, intervention(known))).status_code == 404


def test_someone_answered_meanwhile(sign_in, acting, known):
    case_id = open_case(acting, known)
    offer_id = offer(acting, known, case_id, intervention(known))
    provider = sign_in(Role.PROVIDER)
    values = form_values(provider.page(f"/offers/{offer_id}").form(button="Send answer")) | ACCEPT
    provider.submit(f"/offers/{offer_id}", {"answer": "wait"}, button="Send answer")
    assert provider.post(f"/offers/{offer_id}", data=values).status_code == 409
    assert db.session.get_one(Case, case_id) is not None


def test_two_at_once_for_the_last_place(app, acting, known):
    """Whoever comes second finds no place, however the two meet."""
    support = intervention(known, places=1)
    wanted = []
    for surname in ("Bell", "Khan"):
        case_id = open_case(acting, known, surname=surname)
        wanted.append((case_id, offer(acting, known, case_id, support)))
    db.session.remove()
    barrier = Barrier(2)

    def take(pair):
        with app.app_context(), acting("provider_practitioner@reading") as actor:
            found, case = db.session.get_one(Offer, pair[1]), db.session.get_one(Case, pair[0])
            db.session.rollback()
            barrier.wait(10)
            try:
                offers.accept(actor, found, case, start_on=today(), practitioner_id=actor.user_id)
                db.session.commit()
            except offers.NoPlaces:
                db.session.rollback()
                return "full"
            finally:
                db.session.remove()
            return "taken"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, wanted)) == ["full", "taken"]


def test_support_ends_and_frees_the_place(sign_in, acting, known):
    case_id = open_case(acting, known)
    support = intervention(known, places=1)
    offer_id = accepted(acting, known, case_id, support)
    provider, lead = sign_in(Role.PROVIDER), sign_in(Role.LEAD)
    assert "End this support" in words(lead.get(f"/offers/{offer_id}"))
    again = provider.submit(f"/offers/{offer_id}/end", {"how": "early"}, button="End support")
    assert "Select why it ended early" in words(again)
    form = {"how": "early", "early_code": "moved"}
    assert "Support ended." in words(provider.submit(f"/offers/{offer_id}/end", form, button="End support"))
    assert offers_of(case_id)[0].status == "ended_early"
    assert "1 left of 1" in words(lead.get(f"/interventions/{support}"))
    assert "Support ended" in words(lead.get(f"/cases/{case_id}/timeline"))
    assert lead.get(f"/offers/{offer_id}/end").status_code == 403
    assert sign_in(Role.LEAD, area="slough").get(f"/offers/{offer_id}").status_code == 404
