"""Three levels of keys: root (provider) > scope (area, system, audit chain) > data key of one person, draft or upload."""

import contextlib
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from core.ids import Id, new_id
from core.keystore import KeyStore, WrappedKey, bound_to
from core.providers import KeyProvider, KeyProviderError

SCOPE_SECONDS = 15 * 60
SYSTEM = "system"


class KeysUnavailable(RuntimeError):
    """Keys cannot be reached; the page must be 503, never plaintext."""


class KeyDestroyed(LookupError):
    """The data key was destroyed (erasure) or never existed: nothing under it can be opened."""


class KeyRing:
    """Unwraps keys and keeps scope keys in memory for fifteen minutes; data keys live for one request, in its context."""

    def __init__(self, store: KeyStore, provider: KeyProvider) -> None:
        self.store, self.provider = store, provider
        self._scopes: dict[str, tuple[float, dict[int, bytes]]] = {}
        self._guard = threading.Lock()

    def ensure_scope(self, scope: str) -> None:
        """Make the scope's first key unless it exists; safe when two processes start together."""
        if self._load_scope(scope):
            return
        self.add_scope_version(scope)

    def add_scope_version(self, scope: str) -> int:
        version = max(self._load_scope(scope), default=0) + 1
        wrapped = self.provider.wrap(secrets.token_bytes(32), self._scope_bound(scope, version))
        with contextlib.suppress(IntegrityError):  # another process made it first, and theirs counts
            self.store.add_scope_key(scope, version, wrapped)
        self._scopes.pop(scope, None)
        return version

    @staticmethod
    def _scope_bound(scope: str, version: int) -> bytes:
        return f"scope-key|{scope}|{version}".encode()

    def _load_scope(self, scope: str) -> dict[int, bytes]:
        cached = self._scopes.get(scope)
        if cached and time.monotonic() - cached[0] < SCOPE_SECONDS:
            return cached[1]
        with self._guard:
            try:
                wrapped = self.store.scope_keys(scope)
                keys = {
                    version: self.provider.unwrap(raw, self._scope_bound(scope, version))
                    for version, raw in wrapped.items()
                }
            except (SQLAlchemyError, KeyProviderError, OSError) as error:
                raise KeysUnavailable("Keys cannot be reached") from error
            if keys:
                self._scopes[scope] = (time.monotonic(), keys)
            return keys

    def scope_key(self, scope: str, version: int | None = None) -> tuple[int, bytes]:
        """The scope's key of ``version``, or its newest. Raise KeysUnavailable where there is none."""
        keys = self._load_scope(scope)
        wanted = version or max(keys, default=0)
        if wanted not in keys:
            raise KeysUnavailable("This scope has no key")
        return wanted, keys[wanted]

    def derived(self, scope: str, purpose: str) -> bytes:
        """A 256-bit key for one purpose (an index, the trail), derived from the scope's first key by HKDF-SHA256."""
        _, key = self.scope_key(scope, 1)
        return HKDF(hashes.SHA256(), 32, salt=None, info=purpose.encode()).derive(key)

    def token(self, scope: str, index: str, value: str) -> bytes:
        """Blind index: HMAC-SHA256 cut to 128 bits, one key per index and area."""
        return hmac.new(self.derived(scope, f"index|{index}"), value.encode(), hashlib.sha256).digest()[:16]

    def prepare_data_key(self, owner_kind: str, owner_id: Id, area_id: str) -> tuple[WrappedKey, bytes]:
        """A new data key, not stored yet."""
        version, area_key = self.scope_key(area_id)
        blank = WrappedKey(new_id(), owner_kind, owner_id, area_id, version, None)
        key = secrets.token_bytes(32)
        return replace(blank, wrapped=_wrap(area_key, key, blank.bound)), key

    def new_data_key(self, owner_kind: str, owner_id: Id, area_id: str) -> tuple[Id, bytes]:
        """Make and commit a data key before any row uses it (SETTLED 11); returns its id and bytes."""
        wrapped, key = self.prepare_data_key(owner_kind, owner_id, area_id)
        try:
            self.store.add([wrapped])
        except SQLAlchemyError as error:
            raise KeysUnavailable("Keys cannot be written") from error
        return wrapped.id, key

    def unwrap(self, ids: Iterable[Id]) -> dict[Id, bytes]:
        """The data keys that exist and are not destroyed, in one statement."""
        try:
            rows = self.store.rows(ids)
        except SQLAlchemyError as error:
            raise KeysUnavailable("Keys cannot be reached") from error
        ciphers: dict[tuple[str, int], AESGCM] = {}
        found: dict[Id, bytes] = {}
        for key_id, owner_kind, owner_id, area_id, version, raw in rows:
            if raw is not None:
                cipher = ciphers.get((area_id, version))
                if cipher is None:
                    cipher = ciphers[(area_id, version)] = AESGCM(self.scope_key(area_id, version)[1])
                found[key_id] = _unwrapped(cipher, raw, bound_to(key_id, owner_kind, owner_id, area_id, version))
        return found

    def _unwrap(self, row: WrappedKey) -> bytes:
        _, area_key = self.scope_key(row.area_id, row.area_key_version)
        return _unwrapped(AESGCM(area_key), row.wrapped or b"", row.bound)

    def give_to(self, key_id: Id, owner_kind: str, owner_id: Id, area_id: str) -> None:
        """Re-wrap one data key under another owner or area: linking, merging, moving (SETTLED 9)."""
        row = self.store.fetch([key_id])[0]
        key = self._unwrap(row)
        version, area_key = self.scope_key(area_id)
        moved = replace(row, owner_kind=owner_kind, owner_id=owner_id, area_id=area_id, area_key_version=version)
        self.store.rewrap(replace(moved, wrapped=_wrap(area_key, key, moved.bound)))


def _unwrapped(cipher: AESGCM, raw: bytes, bound: bytes) -> bytes:
    try:
        return cipher.decrypt(raw[:12], raw[12:], bound)
    except InvalidTag:
        raise KeyDestroyed("A data key does not open under its area's key") from None


def _wrap(area_key: bytes, key: bytes, bound: bytes) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(area_key).encrypt(nonce, key, bound)


def keyring() -> KeyRing:
    """The application's key ring."""
    ring: KeyRing = current_app.extensions["keyring"]
    return ring
