"""Accepted young people in the global index: who is waiting to be put in or taken out, and making it anew."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import select

from audit.models import Event
from audit.services import record
from cohort.global_index import global_index
from cohort.models import MatchingTask, YoungPerson
from cohort.services.people import INDEXED
from core import context
from core.access import Actor
from core.clock import now
from core.codes.elsewhere import TaskKind, TaskState
from core.crypto import sealed_column
from core.db import db
from core.ids import Id
from core.keyring import KeyDestroyed

MOST_ATTEMPTS = 20
BATCH = 200


def publish(actor: Actor | None, person: YoungPerson) -> None:
    """At acceptance: other areas' matching will find this young person once the worker has indexed them."""
    _wait(actor, TaskKind.PUBLISH, person.area_id, person.id)


def forget(actor: Actor | None, area_id: Id, person_ids: Iterable[Id]) -> None:
    """At erasure: nothing of these young people stays in the global index."""
    for person_id in person_ids:
        _wait(actor, TaskKind.FORGET, area_id, person_id)


def _wait(actor: Actor | None, kind: TaskKind, area_id: Id, person_id: Id) -> None:
    task = MatchingTask(
        kind=kind.value, state=TaskState.WAITING.value, area_id=area_id, object_id=person_id,
        asked_by_id=actor.user_id if actor else None, asked_at=now(), attempts=0,
    )  # fmt: skip
    db.session.add(task)
    record(Event.MATCHING_INDEXED, actor, task, subjects=[person_id], reason=kind.value)


def take_one(kinds: tuple[TaskKind, ...], work: Callable[[MatchingTask], None]) -> bool:
    """Claim the oldest waiting task of these kinds, do it as a job, commit; False where none waits."""
    with context.acting_as(job="matching"):
        task = db.session.scalars(
            select(MatchingTask)
            .where(
                MatchingTask.state == TaskState.WAITING.value, MatchingTask.attempts < MOST_ATTEMPTS,
                MatchingTask.kind.in_([kind.value for kind in kinds]),
            )
            .order_by(MatchingTask.attempts, MatchingTask.asked_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()  # fmt: skip
        if task is None:
            db.session.rollback()
            return False
        task_id = task.id
        try:
            work(task)
            task.state, task.done_at = TaskState.DONE.value, now()
            record(Event.MATCHING_DONE, None, task, reason=task.kind)
            db.session.commit()
        except Exception:
            db.session.rollback()
            _failed(task_id)
            raise
    return True


def _failed(task_id: Id) -> None:
    """It waits behind the others, and is left after twenty tries: `flask matching rebuild` mends the index."""
    task = db.session.get_one(MatchingTask, task_id)
    task.attempts += 1
    record(Event.MATCHING_DONE, None, task, outcome="failed", reason=task.kind)
    db.session.commit()


def index_one() -> bool:
    """One piece for the worker."""
    return take_one((TaskKind.PUBLISH, TaskKind.FORGET), _index)


def _index(task: MatchingTask) -> None:
    person = db.session.get(YoungPerson, task.object_id) if task.kind == TaskKind.PUBLISH else None
    values = _values(person) if person is not None and person.merged_into_id is None else None
    if values is None:
        global_index().remove([task.object_id])
    else:
        global_index().put(task.object_id, task.area_id, values)


def _values(person: YoungPerson) -> dict[str, Any] | None:
    """What is compared; None where the young person was erased."""
    try:
        with context.current().examining("index"):
            return {name: getattr(person, name) for name in INDEXED}
    except KeyDestroyed:
        return None


def rebuild(person_ids: list[Id]) -> Iterator[int]:
    """Index these young people anew and nobody else; yields how many each batch held."""
    with context.acting_as(job="matching") as job:
        global_index().keep_only(person_ids)
        sealed = [sealed_column(YoungPerson, name) for name in INDEXED]
        for start in range(0, len(person_ids), BATCH):
            ids = person_ids[start : start + BATCH]
            rows = db.session.execute(
                select(YoungPerson.id, YoungPerson.data_key_id, YoungPerson.area_id, *sealed).where(
                    YoungPerson.id.in_(ids)
                )
            ).all()
            areas = {row.id: row.area_id for row in rows}
            with job.examining("index"):
                opened = list(job.open_many(YoungPerson, INDEXED, [(r[0], r[1], *r[3:]) for r in rows]))
            for person_id, values in opened:
                global_index().put(person_id, areas[person_id], dict(zip(INDEXED, values, strict=True)))
            global_index().remove(set(areas) - {person_id for person_id, _ in opened})
            record(Event.MATCHING_INDEXED, None, reason="rebuild", detail={"examined": len(rows)})
            db.session.commit()
            yield len(ids)
