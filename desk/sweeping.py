"""Deleting what is kept only for a while, and destroying the keys that open nothing any more."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select

from audit.models import Event
from audit.services import record
from core import context
from core.clock import now, today
from core.db import db
from core.drafts import FormDraft
from core.held_forms import HeldForm
from core.ids import Id
from core.key_checks import SETTLED_AFTER, keys_in_use
from core.keyring import keyring
from core.spent_keys import destroy_after_commit
from desk.models import StoredSearch
from files.services import keeping
from referrals.models import ReferralDraft
from referrals.services.drafts import KEPT_DAYS

# More than this, and more than a tenth of all keys, is no ordinary day: an old copy of the database, perhaps.
ORDINARY = 100


class TooManyUnused(Exception):
    """Most unused keys open rows that this copy of the database does not have."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many were deleted, and how many keys were destroyed."""

    referral_drafts: int
    form_drafts: int
    searches: int
    held_forms: int
    keys: int


def sweep(*, even_many: bool = False) -> Swept:
    """Delete what has ended; destroy its keys and those that no row uses. Commits. Raise TooManyUnused."""
    with context.acting_as(job="sweep"):
        keeping.remove_all(None, [draft.id for draft in db.session.scalars(_ended()[0])])
        gone = [_delete(statement) for statement in _ended()]
        db.session.flush()
        unused = _unused({key for keys in gone for key in keys}, even_many=even_many)
        swept = Swept(len(gone[0]), len(gone[1]), len(gone[2]), len(gone[3]), len(unused))
        destroy_after_commit(unused)
        record(Event.KEYS_CHANGED, None, reason="sweep", detail=asdict(swept))
        db.session.commit()
    return swept


def _ended() -> tuple[Select[Any], ...]:
    """Referrals begun and typed text after 28 days, searches after half an hour, held forms after one."""
    since = now() - timedelta(days=KEPT_DAYS)
    return (
        select(ReferralDraft).where(ReferralDraft.kept_until < today()),
        select(FormDraft).where(FormDraft.saved_at < since),
        select(StoredSearch).where(StoredSearch.kept_until < now()),
        select(HeldForm).where(HeldForm.kept_until < now()),
    )


def _delete(statement: Select[Any]) -> list[Id]:
    """Delete these rows; the id of each one's key."""
    rows = db.session.scalars(statement).all()
    for row in rows:
        db.session.delete(row)
    return [row.data_key_id for row in rows]


def _unused(of_the_deleted: set[Id], *, even_many: bool) -> set[Id]:
    """Keys that no row is sealed with. Rows are asked, never owners: a key may have been given to another record."""
    store = keyring().store
    standing = store.standing_before(now() - SETTLED_AFTER)
    in_use = keys_in_use()
    orphans = standing - in_use
    if not even_many and len(orphans - of_the_deleted) > max(ORDINARY, len(standing) // 10):
        db.session.rollback()
        raise TooManyUnused
    return orphans | (of_the_deleted - in_use)
