"""Warning a referrer that they, or their agency, may have sent this young person before (SETTLED 2)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from cohort.matching import normalise, sound
from core.access import Actor
from core.codes.base import Tag
from core.codes.referrals import ReferralStatus
from core.context import current
from core.crypto import sealed_column
from core.db import db
from core.ids import Id
from referrals.answers import Answers
from referrals.models import Referral
from referrals.policies import warned_about

MOST_COMPARED = 500


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier referral, without a name: its number is enough to find it."""

    id: Id
    reference: str
    sent_at: datetime
    tag: Tag
    is_own: bool


def earlier_referrals(actor: Actor, answers: Answers) -> list[Earlier]:
    """The same date of birth and a surname that sounds alike, newest first. Names are compared, never shown."""
    person = answers.get("person") or {}
    surname, born = person.get("surname"), person.get("date_of_birth")
    if not surname or not born:
        return []
    ruled_out = set(answers.get("not_duplicates", []))
    rows = [row for row in _rows(actor) if row.id not in ruled_out]
    return [_earlier(actor, row) for row in _alike(rows, surname, date.fromisoformat(born))]


class SentBefore:
    """Earlier referrals of oneself or one's agency, opened once, to compare every row of a list with."""

    def __init__(self, actor: Actor, most: int) -> None:
        rows, seen = _rows(actor, most), current()
        seen.load_keys(row.data_key_id for row in rows)
        self.names: dict[str, list[str]] = {}
        with seen.examining("duplicates"):
            seen.examined += len(rows)
            for row in rows:
                self.names.setdefault(str(_opened(row, "date_of_birth")), []).append(_opened(row, "surname"))

    def has(self, surname: str, born: str) -> bool:
        """Whether one has this date of birth (an ISO date) and a surname that sounds alike."""
        return any(_sounds_alike(surname, other) for other in self.names.get(born, ()))


def _rows(actor: Actor, most: int = MOST_COMPARED) -> list[Any]:
    columns = (
        Referral.id, Referral.reference, Referral.sent_at, Referral.status, Referral.sent_by_id, Referral.data_key_id,
        sealed_column(Referral, "surname"), sealed_column(Referral, "date_of_birth"),
    )  # fmt: skip
    theirs = select(*columns).where(warned_about(actor), Referral.status != ReferralStatus.WITHDRAWN.value)
    return list(db.session.execute(theirs.order_by(Referral.sent_at.desc()).limit(most)))


def _alike(rows: list[Any], surname: str, born: date) -> list[Any]:
    seen = current()
    seen.load_keys(row.data_key_id for row in rows)
    with seen.examining("duplicates"):
        seen.examined += len(rows)
        return [
            row
            for row in rows
            if _opened(row, "date_of_birth") == born and _sounds_alike(_opened(row, "surname"), surname)
        ]


def _sounds_alike(one: str, other: str) -> bool:
    first, second = normalise(one), normalise(other)
    return first == second or (sound(first) != "" and sound(first) == sound(second))


def _opened(row: Any, name: str) -> Any:
    return current().open_value(Referral, name, row.id, row.data_key_id, row.id, getattr(row, f"{name}_sealed"))


def _earlier(actor: Actor, row: Any) -> Earlier:
    tag = ReferralStatus(row.status).referrer_tag
    return Earlier(row.id, row.reference, row.sent_at, tag, row.sent_by_id == actor.user_id)
