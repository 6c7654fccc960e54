"""A new data key for what stands under an old one: each row is opened and sealed again, a batch a transaction."""

from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import func, select, update

from core.context import AccessContext
from core.crypto import KEY_VERSION, associated_data, seal, unseal
from core.db import db
from core.ids import Id
from core.key_checks import sealed_models
from core.keyring import KeyRing
from core.keystore import WrappedKey, data_key

BATCH = 100
_MARK = "new:"


def keys_owned_by(ring: KeyRing, owners: set[Id]) -> list[WrappedKey]:
    """The keys that stand and belong to one of these records, oldest first; without those that are being filled."""
    with ring.store.engine.connect() as connection:
        rows = connection.execute(
            select(data_key.c.id)
            .where(
                data_key.c.owner_id.in_(owners), data_key.c.wrapped.is_not(None), ~data_key.c.owner_kind.startswith(_MARK)
            )
            .order_by(data_key.c.created_at, data_key.c.id)
        )  # fmt: skip
        ids = [row.id for row in rows]
    by_id = {row.id: row for row in ring.store.fetch(ids)}
    return [by_id[key_id] for key_id in ids if key_id in by_id]


def rows_under(key_id: Id) -> int:
    """How many rows are sealed under this key."""
    counts = (select(func.count()).where(model.data_key_id == key_id) for model in sealed_models())
    return sum(db.session.scalar(count) or 0 for count in counts)


def successor(ring: KeyRing, old: WrappedKey) -> Id:
    """The key that takes over from ``old``: the one that an interrupted run began to fill, or a new one."""
    kind = f"{_MARK}{old.id}"
    with ring.store.engine.connect() as connection:
        begun = connection.scalar(
            select(data_key.c.id).where(data_key.c.owner_kind == kind, data_key.c.wrapped.is_not(None))
        )
    return begun or ring.new_data_key(kind, old.owner_id, old.area_id)[0]


def settle(ring: KeyRing, old: WrappedKey, new_id: Id) -> None:
    """The successor becomes the owner's ordinary key. The old one opens nothing any more, and is swept."""
    ring.give_to(new_id, old.owner_kind, old.owner_id, old.area_id)


def reseal_batch(job: AccessContext, old_id: Id, new_id: Id, size: int = BATCH) -> int:
    """Seal up to ``size`` rows under the new key; how many there were. The caller records it and commits.

    A row's version goes up with it: a form that was open meanwhile is answered with both texts, as after any change.
    """
    old, new = job.cipher(old_id), job.cipher(new_id)
    done = 0
    for model in sealed_models():
        fields = list(model.__sealed_fields__.values())
        columns = [model.id, *(getattr(model, field.column) for field in fields)]
        wanted = select(*columns).where(model.data_key_id == old_id).order_by(model.id).limit(size - done)
        for row in db.session.execute(wanted.with_for_update()).all():
            values = _resealed(model, fields, row, (old, old_id), (new, new_id))
            db.session.execute(
                update(model.__table__)
                .where(model.__table__.c.id == row[0])
                .values(data_key_id=new_id, row_version=model.__table__.c.row_version + 1, **values),
                execution_options={"loader": True},
            )
            job.examined += 1
            done += 1
        if done >= size:
            break
    return done


def _resealed(
    model: Any, fields: list[Any], row: Any, old: tuple[AESGCM, Id], new: tuple[AESGCM, Id]
) -> dict[str, bytes]:
    values = {}
    for field, sealed in zip(fields, row[1:], strict=True):
        if sealed is not None:
            place = (model.__tablename__, field.column, row[0])
            opened = unseal(old[0], sealed, associated_data(*place, old[1], KEY_VERSION))
            values[field.column] = seal(new[0], opened, associated_data(*place, new[1], KEY_VERSION))
    return values
