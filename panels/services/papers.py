"""What the panel reads about one item: strengths first, then their words, then worries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from cohort.models import YoungPerson
from core.clock import in_london
from core.codes.base import ordered
from core.codes.concerns import Concern, ConcernStrength, ProtectiveFactor
from core.context import current
from core.db import db
from core.ids import Id
from core.languages import gettext as _
from panels.models import AgendaItem
from referrals.models import Referral

NAMED = {ConcernStrength.YES.value: "", ConcernStrength.SUSPECTED.value: " (suspected)"}


@dataclass(frozen=True)
class Words:
    """One of the three columns: what was written, and what was ticked."""

    texts: tuple[str, ...] = ()
    ticked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Paper:
    """One item's page. ``person`` and ``referral`` are loaded with their keys."""

    person: YoungPerson
    referral: Referral
    pronouns: str | None
    going_well: Words
    their_words: Words
    family_words: Words
    worries: Words

    @property
    def sent_on(self) -> date:
        return in_london(self.referral.sent_at).date()


def of_item(item: AgendaItem, *, with_words: bool = True, keys: Iterable[Id] = ()) -> Paper:
    """Open what one item's page shows; on a shared screen the words stay closed. ``keys`` are fetched along."""
    referral, person = db.session.execute(
        select(Referral, YoungPerson)
        .join(YoungPerson, YoungPerson.id == item.young_person_id)
        .where(Referral.id == item.referral_id)
    ).one()
    current().looked_at("agenda_item", item.id)
    current().load_keys([item.data_key_id, referral.data_key_id, person.data_key_id, *keys])
    answers: dict[str, Any] = (referral.answers or {}) if with_words else {}
    strengths, voice, worries = (answers.get(part) or {} for part in ("strengths", "voice", "worries"))
    return Paper(
        person, referral, (answers.get("person") or {}).get("pronouns"),
        going_well=Words(_texts(strengths.get("text")), _factors(strengths)),
        their_words=Words(_texts(voice.get("child"))), family_words=Words(_texts(voice.get("family"))),
        worries=Words(_texts(worries.get("text")), _concerns(worries)),
    )  # fmt: skip


def _texts(*texts: str | None) -> tuple[str, ...]:
    return tuple(text.strip() for text in texts if text and text.strip())


def _factors(strengths: dict[str, Any]) -> tuple[str, ...]:
    return tuple(factor.label for factor in ordered(ProtectiveFactor, strengths.get("factors") or ()))


def _concerns(worries: dict[str, Any]) -> tuple[str, ...]:
    """Concerns that are known or suspected, in the list's own order."""
    strengths: dict[str, str] = worries.get("concerns") or {}
    named = [concern for concern in ordered(Concern, strengths) if strengths[concern.value] in NAMED]
    return tuple(f"{concern.label}{_(NAMED[strengths[concern.value]])}" for concern in named)
