"""Sending a referral: what it becomes, its number, and that twice is once."""

from core.db import db
from referrals.models import Referral, ReferralDraft
from referrals.services import references
from tests.factories.referrals import a_draft, send_referral


def test_a_sent_draft_becomes_a_referral_of_the_same_id(acting, known):
    with acting("referrer@reading") as actor:
        draft = a_draft(actor)
        db.session.commit()
        draft_id = draft.id
        from referrals.services.sending import send_referral as send

        send(actor, draft=draft)
        db.session.commit()
        referral = db.session.get_one(Referral, draft_id)
        assert referral.forename == "Kaya"
        assert referral.area_id == known.areas["reading"]
        assert references.is_reference(referral.reference)
        assert db.session.get(ReferralDraft, draft_id) is None


def test_it_goes_to_the_area_chosen_not_the_senders(acting, known):
    with acting("referrer@reading") as actor:
        referral = send_referral(actor, area_id=known.areas["slough"])
        db.session.commit()
        assert referral.area_id == known.areas["slough"]
        assert referral.reference.startswith("SLO-")
