"""The page on which the panel decides about one young person: what is asked, what is folded, what is kept."""

import pytest
from sqlalchemy import func, select

from accounts.models import Approval
from accounts.roles import Role
from core.db import db
from panels.models import AgendaItem, Case, Offer
from tests.factories import meetings as make
from tests.factories.meetings import WHY
from tests.factories.support import intervention as everywhere
from tests.support.client import Page, form_values, words
from tests.support.client import text as told


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_kinds_of_support_are_folded_with_their_number_until_one_is_chosen(started, known, sign_in):
    meeting_id, _ = started
    own = make.intervention(known)
    everywhere(known, area=None, name="Arts programmes")
    chair, page = sign_in(Role.PANEL_CHAIR), f"/meetings/{meeting_id}/live/1"

    def folds():
        found = {told(one.find("summary")): one for one in chair.page(page).all("details")}
        return {name: one.get("open") is not None for name, one in found.items() if name.endswith(")")}

    assert folds() == {"Provided here (1)": False, "Needs a provider (1)": False, "More actions (2)": False}
    chair.submit(page, WHY | {"number": "1", "support": own}, button="Save and stay")
    assert folds()["Provided here (1)"]
    assert not folds()["Needs a provider (1)"]
    nothing = chair.submit(page, WHY | {"number": "1", "support": []}, button="Save and stay")
    assert "Choose at least one kind of support" in words(nothing)


def test_harmful_support_needs_a_tick_and_a_reason(started, known, sign_in):
    meeting_id, _ = started
    harmful = make.intervention(known, name="Boot camp", harmful=True)
    chair, path = sign_in(Role.PANEL_CHAIR), f"/meetings/{meeting_id}/live/1"
    chosen = WHY | {"decision": "accept_support", "support": harmful}
    refused = words(chair.submit(path, chosen, button="Save and next"))
    assert "you know this support can do harm" in refused
    assert "Write why it is right" in refused
    assert WHY["rationale"] in refused
    reason = {"harm_understood": "y", "harm_reason": "He has asked for it twice and knows the leader."}
    chair.submit(path, chosen | reason, button="Save and next")
    assert db.session.scalars(select(AgendaItem)).one().intervention_ids == [harmful]
    db.session.rollback()
    # A panel's list is one person's to confirm: what can do harm waits for a second one.
    chair.submit(f"/meetings/{meeting_id}/confirm", button="Confirm decisions")
    assert (count(Case), count(Offer)) == (1, 0)
    approval = db.session.scalars(select(Approval.id).where(Approval.kind == "harmful_support")).one()
    db.session.rollback()
    assert "Agreed" in words(sign_in(Role.SAFEGUARDING_LEAD).submit(f"/approvals/{approval}", {"decision": "agree"}))
    assert count(Offer) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Choose a decision"),
        ({"number": "14"}, "Enter a number from 1 to 13"),
        ({"number": "4", "decision": "no_action"}, "Keep one of them"),
        ({"number": "1"}, "Choose at least one kind of support"),
        ({"number": "12", "rationale": ""}, "Write why the panel decided this"),
        ({"number": "12", "disagreed": "yes"}, "Write who disagrees and why"),
        ({"number": "12", "what_1": "Ring the school"}, "Choose who does it"),
    ],
)
def test_what_is_missing_is_said_beside_the_field(started, sign_in, typed, said):
    meeting_id, _ = started
    page = sign_in(Role.PANEL_CHAIR).submit(f"/meetings/{meeting_id}/live/1", WHY | typed, button="Save and next")
    assert said in words(page)
    assert db.session.scalars(select(AgendaItem)).one().decision is None


def test_the_shared_screen_shows_initials_and_reference_only(started, sign_in):
    meeting_id, _ = started
    page = words(sign_in(Role.PANEL_CHAIR).get(f"/meetings/{meeting_id}/live/1?screen=share"))
    assert "K.S." in page
    assert "Sefton" not in page
    assert "Art club" not in page
    assert "left alone" not in page


def test_the_second_to_type_sees_everything_that_both_said(started, known, sign_in):
    meeting_id, _ = started
    path = f"/meetings/{meeting_id}/live/1"
    chair, coordinator = sign_in(Role.PANEL_CHAIR), sign_in(Role.COORDINATOR)
    first = form_values(chair.page(path).form(button="Save and next"))
    lead = known.users["lead_practitioner@reading"]
    theirs = {"decision": "accept_assess", "rationale": "The hub is next door.", "lead": lead}
    coordinator.submit(path, theirs, button="Save and stay")
    late = chair.post(path, data=first | WHY | {"decision": "accept_assess"})
    assert late.status_code == 409
    rows = {told(row[0]): [told(cell) for cell in row[1:]] for row in Page(late.text).all("tr") if len(row) > 3}
    assert rows["Why?"] == [WHY["rationale"], "The hub is next door.", "Different"]
    assert rows["Decision"] == ["2 Accept, assess first", "2 Accept, assess first", "Same"]
    assert rows["Does anyone disagree?"] == ["No", "No", "Same"]
    assert rows["Who leads?"][0] == "Nobody yet"
    assert rows["Who leads?"][2] == "Different"
    assert rows["Who leads?"][1] not in {"", "–", lead}
    assert rows["Who"][2] == "Same"


def test_what_was_typed_is_kept_and_given_back(started, sign_in):
    meeting_id, _ = started
    chair, path = sign_in(Role.PANEL_CHAIR), f"/meetings/{meeting_id}/live/1"
    form = chair.page(path).form(button="Save and next")
    typed = form_values(form) | WHY | {"decision": "hub"}
    assert chair.post(form.get("data-autosave-url"), data=typed).status_code == 204
    assert WHY["rationale"] in chair.get(path).text
    assert "You typed this before and have not saved it" in words(chair.get(path))
    saved = chair.submit(path, {"rationale": "Something else."}, button="Save and stay")
    assert WHY["rationale"] not in saved.text
    assert "have not saved it" not in words(saved)
