"""Blind indexes under a new key of their area: everybody's are made anew, in batches, while both are looked up."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, delete, func, insert, select

from audit.models import Event
from audit.services import record
from cohort.models import BlindIndex, YoungPerson
from cohort.services.people import INDEXED, index_rows
from core import context
from core.crypto import sealed_column
from core.db import db
from core.ids import Id

BATCH = 200


def left_behind(area_id: Id, version: int) -> int:
    """How many young people's indexes stand under another key than the area's newest."""
    counted = select(func.count(BlindIndex.young_person_id.distinct())).where(*_elsewhere(area_id, version))
    return db.session.scalar(counted) or 0


def versions_in_use() -> set[tuple[Id, int]]:
    """Area and key version of every index that is kept."""
    found = db.session.execute(select(BlindIndex.area_id, BlindIndex.key_version).distinct())
    return {(area_id, version) for area_id, version in found}


def _elsewhere(area_id: Id, version: int) -> tuple[Any, ...]:
    return BlindIndex.area_id == area_id, BlindIndex.key_version != version


def reindex(area_id: Id, version: int, size: int = BATCH) -> Iterator[int]:
    """Index under ``version`` whoever is not; yields how many young people each committed batch held."""
    while ids := list(db.session.scalars(_next(area_id, version, size))):
        with context.acting_as(job="rotation") as job:
            _reindex(job, area_id, ids)
            record(Event.KEYS_CHANGED, None, area_id=area_id, reason="reindexed", detail={"examined": len(ids)})
            db.session.commit()
        yield len(ids)


def _next(area_id: Id, version: int, size: int) -> Select[Any]:
    return (
        select(BlindIndex.young_person_id)
        .where(*_elsewhere(area_id, version))
        .distinct()
        .order_by(BlindIndex.young_person_id)
        .limit(size)
    )


def _reindex(job: context.AccessContext, area_id: Id, ids: list[Id]) -> None:
    """The rows are locked, so that nobody's new name is indexed over by the old one."""
    sealed = [sealed_column(YoungPerson, name) for name in INDEXED]
    wanted = select(YoungPerson.id, YoungPerson.data_key_id, *sealed).where(YoungPerson.id.in_(ids)).with_for_update()
    people = db.session.execute(wanted).all()
    db.session.execute(delete(BlindIndex).where(BlindIndex.young_person_id.in_(ids)))
    rows: list[dict[str, Any]] = []
    with job.examining("index"):
        for person_id, values in job.open_many(YoungPerson, INDEXED, people):
            rows += index_rows(area_id, person_id, dict(zip(INDEXED, values, strict=True)))
    if rows:
        db.session.execute(insert(BlindIndex), rows)
