"""Field encryption: ``reason = Encrypted(max_length=4000)`` is a sealed column, opened only through the access context."""

import json
import secrets
from datetime import date
from typing import Any, Literal, overload

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary, event
from sqlalchemy.orm import InstrumentedAttribute, Session, mapped_column

FORMAT = 1
KEY_VERSION = 1
PENDING = b"pending"
Kind = Literal["text", "date", "json"]


class SealBroken(RuntimeError):
    """A sealed value does not open in this place: changed, moved, or under another key. Says where, never what."""


def associated_data(table: str, column: str, row_id: str, key_id: str, version: int) -> bytes:
    return f"{table}|{column}|{row_id}|{key_id}|{version}".encode()


def seal(cipher: AESGCM, value: bytes, bound: bytes) -> bytes:
    """Version byte, data-key version, 96-bit random nonce, ciphertext and tag."""
    nonce = secrets.token_bytes(12)
    return bytes((FORMAT, KEY_VERSION)) + nonce + cipher.encrypt(nonce, value, bound)


def unseal(cipher: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    """Raise SealBroken for anything but the exact bytes that were sealed for this place."""
    if len(sealed) < 30 or sealed[0] != FORMAT or sealed[1] != KEY_VERSION:
        raise SealBroken("A sealed value is not in a known form")
    try:
        return cipher.decrypt(sealed[2:14], sealed[14:], bound)
    except InvalidTag:
        raise SealBroken("A sealed value does not belong to this place") from None


def encode(kind: Kind, value: Any) -> bytes:
    if kind == "json":
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str).encode()
    return (value.isoformat() if isinstance(value, date) else str(value)).encode()


def decode(kind: Kind, raw: bytes) -> Any:
    if kind == "json":
        return json.loads(raw)
    text = raw.decode()
    return date.fromisoformat(text) if kind == "date" else text


class Encrypted:
    """A sealed field. ``kind`` is ``text`` (str), ``date`` (datetime.date) or ``json`` (lists and dicts of plain values).

    Reading raises ``NoAccessContext`` outside a request or ``acting_as``. ``None`` and ``""`` are stored as NULL.
    """

    name: str
    owner: type

    def __init__(self, *, max_length: int = 4000, kind: Kind = "text") -> None:
        self.max_length, self.kind = max_length, kind

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.column = name, f"{name}_sealed"

    @overload
    def __get__(self, record: None, owner: type) -> "Encrypted": ...
    @overload
    def __get__(self, record: object, owner: type) -> Any: ...
    def __get__(self, record: Any, owner: type) -> Any:
        if record is None:
            return self
        pending = record.__dict__.get("_plain")
        if pending and self.name in pending:
            return pending[self.name]
        sealed = getattr(record, self.column)
        if sealed is None:
            return None
        from core.context import current

        return current().open(record, self, sealed)

    def __set__(self, record: Any, value: Any) -> None:
        if value in (None, "", [], {}):
            record.__dict__.setdefault("_plain", {}).pop(self.name, None)
            setattr(record, self.column, None)
            return
        if self.kind == "text" and len(str(value)) > self.max_length:
            raise ValueError(f"{self.name} is longer than {self.max_length} characters")
        record.__dict__.setdefault("_plain", {})[self.name] = value
        # A new marker each time, so that SQLAlchemy sees a change and flushes the row.
        setattr(record, self.column, PENDING + secrets.token_bytes(4))


def install_columns(cls: type) -> None:
    """Give each ``Encrypted`` of a class its binary column. A mixin's fields are given to each record that mixes it in."""
    fields = {name: value for name, value in vars(cls).items() if isinstance(value, Encrypted)}
    for base in cls.__mro__[1:]:
        if getattr(base, "__abstract__", False) or not hasattr(base, "__table__"):
            fields |= {n: v for n, v in vars(base).items() if isinstance(v, Encrypted) and n not in fields}
    if not fields and "__sealed_fields__" not in vars(cls):
        cls.__sealed_fields__ = {}  # type: ignore[attr-defined]
        return
    for field in fields.values():
        setattr(cls, field.column, mapped_column(field.column, LargeBinary, nullable=True, deferred=False))
    cls.__sealed_fields__ = fields  # type: ignore[attr-defined]


def sealed_column(cls: type, name: str) -> InstrumentedAttribute[bytes]:
    """The binary column behind a sealed field, for a ``select`` that will be opened through ``context.open_row``."""
    column: InstrumentedAttribute[bytes] = getattr(cls, cls.__sealed_fields__[name].column)  # type: ignore[attr-defined]
    return column


@event.listens_for(Session, "before_flush")
def seal_pending(session: Session, flush_context: Any, instances: Any) -> None:
    """Seal what was typed, now that the row's id, area and data key are known."""
    for record in [*session.new, *session.dirty]:
        seal_record(record)


def seal_record(record: Any) -> None:
    """Seal what was typed into one record."""
    from core.context import sealing_key

    pending = record.__dict__.get("_plain")
    if not pending:
        return
    cipher = sealing_key(record)
    for name, value in pending.items():
        field = record.__sealed_fields__[name]
        bound = associated_data(record.__tablename__, field.column, record.id, record.data_key_id, KEY_VERSION)
        setattr(record, field.column, seal(cipher, encode(field.kind, value), bound))
    record.__dict__.pop("_plain", None)


def seal_value(model: type, name: str, row_id: str, key_id: str, cipher: AESGCM, value: Any) -> bytes | None:
    """Seal one value for a bulk insert; ``None`` and empty values stay ``None``."""
    if value in (None, "", [], {}):
        return None
    field: Encrypted = model.__sealed_fields__[name]  # type: ignore[attr-defined]
    bound = associated_data(model.__tablename__, field.column, row_id, key_id, KEY_VERSION)  # type: ignore[attr-defined]
    return seal(cipher, encode(field.kind, value), bound)
