"""The sealed copy of the root key: made under a passphrase, and proven to open this installation without showing it."""

import base64
import binascii
import secrets
import stat
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from sqlalchemy import func, select

from core.crypto import KEY_VERSION, SealBroken, associated_data, unseal
from core.db import db
from core.ids import Id
from core.key_checks import sealed_models
from core.keyring import KeyDestroyed, KeyRing, KeysUnavailable, scope_bound
from core.keystore import data_key
from core.providers import KeyProviderError, LocalKeys, check_value, encode_keys, parse_keys

FIRST_LINE = "Sealed copy of a root key, form 1"
_BOUND = b"panels root key copy 1"
# About a third of a second and 64 MB for each guess.
_COST, _BLOCK = 2**16, 8


class CopyDoesNotOpen(RuntimeError):
    """Not a sealed copy, not its passphrase, or changed since it was made."""


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=_COST, r=_BLOCK, p=1).derive(passphrase.encode()))


def seal_copy(keys: dict[int, bytes], passphrase: str) -> str:
    """A copy of every version as text that can be printed; only check values can be read without the passphrase."""
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    sealed = _cipher(passphrase, salt).encrypt(nonce, encode_keys(keys).encode(), _BOUND)
    body = "\n".join(textwrap.wrap(base64.b64encode(salt + nonce + sealed).decode(), 64))
    values = "".join(f"Version {version}, check value {check_value(key)}\n" for version, key in sorted(keys.items()))
    return f"{FIRST_LINE}\n{values}\n{body}\n"


def open_copy(text: str, passphrase: str) -> dict[int, bytes]:
    """Raise CopyDoesNotOpen."""
    _, _, body = text.replace("\r\n", "\n").partition("\n\n")
    try:
        raw = base64.b64decode("".join(body.split()), validate=True)
        opened = _cipher(passphrase, raw[:16]).decrypt(raw[16:28], raw[28:], _BOUND)
        return parse_keys(opened.decode("ascii"))
    except (binascii.Error, InvalidTag, ValueError, KeyProviderError):
        raise CopyDoesNotOpen("This copy does not open with this passphrase") from None


def is_sealed(text: str) -> bool:
    return text.startswith(FIRST_LINE)


def plain_copy(path: Path, text: str) -> dict[int, bytes]:
    """A copy of the key file as it is. Raise KeyProviderError where others may read it or it is no key."""
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyProviderError(f"Others may read {path}: run chmod 600 on it")
    return parse_keys(text)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a copy opened of one scope: its key of this version, one data key under it, and one field under that."""

    scope: str
    version: int
    scope_key: bool
    data_key: bool | None
    value: bool | None

    @property
    def is_well(self) -> bool:
        return self.scope_key and self.data_key is not False and self.value is not False


def prove(ring: KeyRing, keys: dict[int, bytes]) -> Iterator[Proof]:
    """Try the copy on each kept key of this installation. Nothing that is opened leaves this function."""
    copy = KeyRing(ring.store, LocalKeys(keys))
    canaries = _canaries(ring)
    for scope, version in ring.store.scopes():
        try:
            copy.provider.unwrap(copy.store.scope_keys(scope)[version], scope_bound(scope, version))
        except KeyProviderError:
            yield Proof(scope, version, False, None, None)
            continue
        canary = canaries.get((scope, version))
        opened = _data_key(copy, canary) if canary else None
        yield Proof(
            scope, version, True, None if canary is None else opened is not None,
            _value(canary, opened) if canary and opened else None,
        )  # fmt: skip


def _canaries(ring: KeyRing) -> dict[tuple[str, int], Id]:
    """One data key under each version of each area's key."""
    wanted = (
        select(data_key.c.area_id, data_key.c.area_key_version, func.min(data_key.c.id))
        .where(data_key.c.wrapped.is_not(None))
        .group_by(data_key.c.area_id, data_key.c.area_key_version)
    )
    with ring.store.engine.connect() as connection:
        return {(area, version): key_id for area, version, key_id in connection.execute(wanted)}


def _data_key(copy: KeyRing, key_id: Id) -> bytes | None:
    try:
        return copy.unwrap([key_id]).get(key_id)
    except (KeyDestroyed, KeysUnavailable):
        return None


def _value(key_id: Id, key: bytes) -> bool | None:
    """Whether a field sealed under this key opens; None where no row has one."""
    for model in sealed_models():
        for field in model.__sealed_fields__.values():
            column = getattr(model, field.column)
            wanted = select(model.id, column).where(model.data_key_id == key_id, column.is_not(None)).limit(1)
            row = db.session.execute(wanted).first()
            if row is not None:
                bound = associated_data(model.__tablename__, field.column, row.id, key_id, KEY_VERSION)
                try:
                    unseal(AESGCM(key), row[1], bound)
                except SealBroken:
                    return False
                return True
    return None
