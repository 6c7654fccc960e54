"""Rows for one bulk load: every column filled, sealed fields sealed under one person's key, keys stored first."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.loader import load
from core.clock import LONDON, now
from core.crypto import seal_value
from core.ids import Id, new_id
from core.keyring import keyring
from core.keystore import WrappedKey


@dataclass(frozen=True, slots=True)
class PersonKey:
    """The data key of one young person, for sealing their rows."""

    id: Id
    cipher: AESGCM


@dataclass
class Batch:
    """Collects rows by model, in the order in which models are first added."""

    area_id: Id
    rows: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)
    keys: list[WrappedKey] = field(default_factory=list)
    subjects: list[Id] = field(default_factory=list)

    def key(self, kind: str, owner_id: Id) -> PersonKey:
        wrapped, key = keyring().prepare_data_key(kind, owner_id, self.area_id)
        self.keys.append(wrapped)
        self.subjects.append(owner_id)
        return PersonKey(wrapped.id, AESGCM(key))

    def add(self, model: Any, key: PersonKey | None = None, **values: Any) -> Id:
        """One row; plain values of sealed fields are sealed here. Returns its id."""
        row = _blank(model)
        row["id"] = row_id = values.pop("id", None) or new_id()
        sealed = getattr(model, "__sealed_fields__", {})
        for name, value in values.items():
            if name in sealed:
                assert key is not None
                row[sealed[name].column] = seal_value(model, name, row_id, key.id, key.cipher, value)
            else:
                row[name] = value
        if key is not None:
            row["data_key_id"] = key.id
        self.rows.setdefault(model, []).append(row)
        return str(row_id)

    def add_plain(self, model: Any, rows: list[dict[str, Any]]) -> None:
        self.rows.setdefault(model, []).extend(rows)

    def save(self, order: tuple[Any, ...]) -> None:
        """Keys first (SETTLED 11), then the rows in the order of their references, with one entry."""
        if self.keys:
            keyring().store.add(self.keys)
        load({model: self.rows.get(model, []) for model in order}, area_id=self.area_id, subjects=self.subjects)
        self.rows, self.keys, self.subjects = {}, [], []


_blanks: dict[Any, dict[str, Any]] = {}


def _blank(model: Any) -> dict[str, Any]:
    if model not in _blanks:
        _blanks[model] = {
            column.name: column.default.arg if column.default is not None and column.default.is_scalar else None
            for column in model.__table__.columns
        }
    row = dict(_blanks[model])
    for name in ("created_at", "at"):
        if name in row:
            row[name] = now()
    for column in model.__table__.columns:
        if (
            row[column.name] is None
            and column.default is not None
            and column.name in {"goal_ids", "intervention_ids", "reasons"}
        ):
            row[column.name] = []
    return row


def at(day: date, hour: int = 10, minute: int = 0) -> datetime:
    """A moment of a London day."""
    return datetime.combine(day, time(hour, minute), LONDON)


def by_now(day: date, hour: int = 10, minute: int = 0) -> datetime:
    """The same, for what has happened: never later than the demonstration is made."""
    return min(at(day, hour, minute), now())


def days_ago(number: int, today: date) -> date:
    return today - timedelta(days=number)
