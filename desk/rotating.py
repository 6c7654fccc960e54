"""Rotation as a job: an area's keys and indexes, the root's wraps, or one young person's data keys; each step in the trail."""

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from accounts.models import Area
from audit.models import Event
from audit.services import record
from cohort import reindexing
from core import context, rekeying, rotation
from core.crypto import SealBroken
from core.db import db
from core.ids import Id
from core.keyring import SYSTEM, KeyRing, keyring
from core.providers import KeyProvider
from core.row_security import everything
from files.services import resealing
from rights.person_records import area_of, owners_of

Progress = Callable[[int], Any]
ALL = 10_000


@dataclass(slots=True)
class Rotated:
    """What a rotation did. ``went_on``: it finished an interrupted one, and made no new key."""

    version: int
    went_on: bool
    keys: int = 0
    people: int = 0
    broken: list[Id] = field(default_factory=list)


def unfinished(scope: str) -> int:
    """How many data keys and young people's indexes of a scope stand under an older key than its newest."""
    ring = keyring()
    newest = ring.index_versions(scope)[-1]
    left = rotation.left_behind(ring, scope, newest)
    with everything():
        return left if scope == SYSTEM else left + reindexing.left_behind(scope, newest)


def rotate(scope: str, size: int, progress: Progress) -> Rotated:
    """A new key for an area or the system, or the rest of a rotation that was interrupted; readers find either version.

    ``progress`` is called with how many more data keys or young people are done. Raise KeysUnavailable.
    """
    ring = keyring()
    went_on = bool(unfinished(scope))
    db.session.rollback()
    version = ring.index_versions(scope)[-1] if went_on else rotation.add_version(ring, scope)
    done = Rotated(version, went_on)
    _note(scope, "rotation_went_on" if went_on else "rotation_begun", version=version)
    for batch in rotation.rewrap(ring, scope, version, size):
        done.keys += batch.looked_at - len(batch.broken)
        done.broken += batch.broken
        progress(batch.looked_at)
    with everything():
        for people in reindexing.reindex(scope, version) if scope != SYSTEM else ():
            done.people += people
            progress(people)
    _note(scope, "rotation_ended", version=version, keys=done.keys, people=done.people, broken=len(done.broken))
    return done


def _note(scope: str, reason: str, **detail: int) -> None:
    with context.acting_as(job="rotation"):
        record(Event.KEYS_CHANGED, None, area_id=None if scope == SYSTEM else scope, reason=reason, detail=detail)
        db.session.commit()


def rotate_root(progress: Progress, old: KeyProvider | None = None) -> tuple[int, list[str]]:
    """Wrap every key under the provider's newest root key: how many, and those that no root key here opens.

    ``old``: the provider that is moved away from.
    """
    done, broken = 0, []
    for failed in rotation.rewrap_roots(keyring(), old):
        if failed:
            broken.append(failed)
        else:
            done += 1
        progress(1)
    _note(SYSTEM, "root_rotated", keys=done, broken=len(broken))
    return done, broken


def rotate_person(person_id: Id, size: int, progress: Progress) -> tuple[int, int]:
    """A new data key for each of a young person's, with every row sealed anew: how many keys, and rows.

    Killed at any batch it is begun again, and goes on with the keys it had made. Files' contents are sealed anew too.
    Raise NoResultFound, StoreUnavailable.
    """
    ring, keys, rows = keyring(), 0, 0
    with context.acting_as(job="rotation") as job:
        area_id = area_of(person_id)
        for old in rekeying.keys_owned_by(ring, owners_of(person_id)):
            if not rekeying.rows_under(old.id):
                continue
            new_id = rekeying.successor(ring, old)
            try:
                copies = resealing.copy(job, old.id, new_id)
            except SealBroken:  # `flask keys verify` and the file's page say so; its key stays
                continue
            # A file's row and the place of its contents change together.
            while batch := rekeying.reseal_batch(job, old.id, new_id, max(size, ALL) if copies else size):
                resealing.point_to(copies)
                record(Event.KEYS_CHANGED, None, area_id=area_id, subjects=[person_id], reason="person_resealed",
                       detail={"rows": batch})  # fmt: skip
                db.session.commit()
                rows += batch
                progress(batch)
            rekeying.settle(ring, old, new_id)
            keys += 1
        record(Event.KEYS_CHANGED, None, area_id=area_id, subjects=[person_id], reason="person_rotated",
               detail={"keys": keys, "rows": rows})  # fmt: skip
        db.session.commit()
    return keys, rows


def rows_of(person_id: Id) -> int:
    """How many rows a rotation of this young person seals anew."""
    keys = rekeying.keys_owned_by(keyring(), owners_of(person_id))
    return sum(rekeying.rows_under(key.id) for key in keys)


def lost_indexes() -> list[str]:
    """Areas (their short names) with indexes under a key that is not kept: after an older copy of the data was put back."""
    kept = set(keyring().store.scopes())
    areas = {area_id for area_id, version in reindexing.versions_in_use() if (area_id, version) not in kept}
    return sorted(db.session.scalars(select(Area.slug).where(Area.id.in_(areas))))


def droppable(ring: KeyRing) -> list[tuple[str, int]]:
    """Old versions of areas' keys that no data key and no index needs. Others keep theirs: the trail derives from them."""
    areas = set(db.session.scalars(select(Area.id)))
    indexed = reindexing.versions_in_use()
    return [
        (scope, version)
        for scope, version in rotation.old_versions(ring)
        if scope in areas and (scope, version) not in indexed and not rotation.left_behind(ring, scope, version + 1)
    ]


def drop_old(agreed: Container[tuple[str, int]]) -> list[tuple[str, int]]:
    """Delete what is droppable and was agreed by two people; what was deleted."""
    ring = keyring()
    gone = [one for one in droppable(ring) if one in agreed and rotation.drop_version(ring, *one)]
    for scope, version in gone:
        _note(scope, "old_key_dropped", version=version)
    return gone
