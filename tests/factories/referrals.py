"""Referrals for tests, made through the services. The people are invented."""

from collections.abc import Mapping
from typing import Any

from core.access import Actor
from core.clock import today
from core.db import db
from core.ids import Id
from referrals.models import Referral, ReferralDraft
from referrals.services import drafts, sending

FULL: dict[str, dict[str, Any]] = {
    "contact": {"methods": ["text"], "phone": "07700 900123", "safe_when": "After 4pm", "postcode": "RG1 2AB"},
    "needs": {"sex": "female", "ethnicity": "M1", "ethnicity_source": "self", "interpreter": "no", "send": "none",
              "first_language": "English"},
    "education": {"status": "school", "school": "Thamesmead Lane School", "attendance": "50_90"},
    "strengths": {"text": "She runs the lunchtime drama club.", "factors": ["trusted_adult", "interests"]},
    "voice": {"child": "I want to be left alone by them."},
    "worries": {"text": "Older young people wait for her after school.", "concerns": {"cce": "suspected"}},
    "events": {"list": [{"id": "a" * 26, "type": "suspension", "on": "2026-03-02", "part": "with_others"}]},
    "tried": {"statutory": ["none"], "text": "Form tutor meets her each Monday."},
    "family": {"informed": "yes", "young_person_knows": "yes"},
    "people": {"list": [{"id": "b" * 26, "name": "Mina Sefton", "relation": "mother"}]},
    "sharing": {"basis": "safeguard"},
}  # fmt: skip


def birthday(years: int = 15) -> str:
    """The date of birth of someone who turned this age some weeks ago."""
    day = today()
    return f"{day.year - years - (day.month < 2)}-01-09"


def a_draft(
    actor: Actor, *, area_id: Id | None = None, forename: str = "Kaya", surname: str = "Sefton",
    date_of_birth: str = "", sections: Mapping[str, dict[str, Any]] | None = None,
    start: Mapping[str, Any] | None = None,
) -> ReferralDraft:  # fmt: skip
    """A finished draft. Call inside ``acting(...)`` and commit."""
    born = date_of_birth or birthday()
    first = {"danger": "no", "reason": "exploitation", "date_of_birth": born} | dict(start or {})
    draft = drafts.start_draft(actor, area_id=area_id or actor.area_id or "", start=first)
    person = {"forename": forename, "surname": surname, "date_of_birth": born}
    for key, values in (FULL | {"person": person} | dict(sections or {})).items():
        drafts.save_section(draft, drafts.answers_of(draft, noted=False), key, values)
    db.session.flush()
    return draft


def send_referral(actor: Actor, **options: Any) -> Referral:
    """A sent referral: ``with acting("referrer@reading") as actor: r = send_referral(actor); db.session.commit()``."""
    return sending.send_referral(actor, draft=a_draft(actor, **options))
