"""What the panel reads about one item: strengths first, then their words, then worries."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from cohort.models import YoungPerson
from core.clock import in_london
from core.context import current
from core.db import db
from panels.models import AgendaItem
from referrals.models import Referral


@dataclass(frozen=True)
class Paper:
    """One item's page. ``person`` and ``referral`` are loaded with their keys."""

    person: YoungPerson
    referral: Referral
    going_well: list[str]
    their_words: list[str]
    worries: list[str]

    @property
    def sent_on(self) -> date:
        return in_london(self.referral.sent_at).date()


def of_item(item: AgendaItem, *, with_words: bool = True) -> Paper:
    """Open what one item's page shows; on a shared screen the words stay closed."""
    referral, person = db.session.execute(
        select(Referral, YoungPerson)
        .join(YoungPerson, YoungPerson.id == item.young_person_id)
        .where(Referral.id == item.referral_id)
    ).one()
    current().looked_at("agenda_item", item.id)
    current().load_keys([item.data_key_id, referral.data_key_id, person.data_key_id])
    answers: dict[str, Any] = (referral.answers or {}) if with_words else {}
    return Paper(
        person, referral, texts(answers.get("strengths")), texts(answers.get("voice")), texts(answers.get("worries"))
    )


def texts(section: Any) -> list[str]:
    """The typed texts of one section of a referral; codes (no space in them) are left out."""
    if isinstance(section, str):
        return [section] if section.strip() else []
    values = section.values() if isinstance(section, dict) else section or []
    return [value for value in values if isinstance(value, str) and " " in value.strip()]
