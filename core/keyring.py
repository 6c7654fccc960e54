"""Three levels of keys: root (provider) > scope (area, system, audit chain) > data key of one person, draft or upload."""

import contextlib
import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from core.ids import Id, new_id
from core.keystore import KeyStore, NewerKeyExists, WrappedKey, bound_to
from core.providers import KeyProvider, KeyProviderError, KeyProviderSilent

SCOPE_SECONDS = 15 * 60
SILENT_SECONDS = 1.0
MOST_SCOPES = 500
TRIES = 5
SYSTEM = "system"


class KeysUnavailable(RuntimeError):
    """Keys cannot be reached; the page must be 503, never plaintext."""


class NoSuchVersion(KeysUnavailable):
    """The scope has no key of this version, or none at all."""


class KeyDestroyed(LookupError):
    """The data key was destroyed (erasure) or never existed: nothing under it can be opened."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A scope's keys by version, those made from them by purpose and version, and since when they are in memory."""

    since: float
    keys: dict[int, bytes]
    derived: dict[tuple[str, int], bytes] = field(default_factory=dict)


class KeyRing:
    """Unwraps keys and keeps scope keys in memory for fifteen minutes; data keys live for one request, in its context.

    ``clock`` gives seconds that never go back.
    """

    def __init__(self, store: KeyStore, provider: KeyProvider, clock: Callable[[], float] = time.monotonic) -> None:
        self.store, self.provider, self.clock = store, provider, clock
        self._scopes: OrderedDict[str, _Held] = OrderedDict()
        self._guard = threading.Lock()
        self._failed_at = self._silent_until = float("-inf")

    def ensure_scope(self, scope: str) -> None:
        """Make the scope's first key unless it exists; safe when two processes start together."""
        if self._load_scope(scope):
            return
        self.add_scope_version(scope)

    def add_scope_version(self, scope: str) -> int:
        """Raise KeysUnavailable where the provider cannot wrap it."""
        try:
            version = max(self.store.versions(scope), default=0) + 1
            wrapped = self.provider.wrap(secrets.token_bytes(32), scope_bound(scope, version))
        except (SQLAlchemyError, KeyProviderError) as error:
            raise KeysUnavailable("Keys cannot be reached") from error
        with contextlib.suppress(IntegrityError):  # another process made it first, and theirs counts
            self.store.add_scope_key(scope, version, wrapped)
        self.forget(scope)
        return version

    def _held(self, scope: str, wanted: int | None) -> dict[int, bytes] | None:
        """What is in memory, if it is young enough and has the version that is wanted."""
        held = self._scopes.get(scope)
        if held and self.clock() - held.since < SCOPE_SECONDS and (wanted is None or wanted in held.keys):
            return held.keys
        return None

    def _load_scope(self, scope: str, wanted: int | None = None) -> dict[int, bytes]:
        """One call of the provider for each version that is not in memory, however many threads ask."""
        asked_at = self.clock()
        if (held := self._held(scope, wanted)) is not None:
            return held
        with self._guard:
            if (held := self._held(scope, wanted)) is not None:
                return held
            # Who waited here for another's failure has waited long enough, and one request waits only once.
            if self._failed_at > asked_at or self.clock() < self._silent_until:
                raise KeysUnavailable("Keys cannot be reached")
            try:
                keys = self._unwrap_scope(scope)
            except (SQLAlchemyError, KeyProviderError, OSError) as error:
                self._failed_at = self.clock()
                if isinstance(error, SQLAlchemyError | KeyProviderSilent):
                    self._silent_until = self._failed_at + SILENT_SECONDS
                raise KeysUnavailable("Keys cannot be reached") from error
            if keys:
                self._keep(scope, keys)
            return keys

    def _unwrap_scope(self, scope: str) -> dict[int, bytes]:
        known = self._held(scope, None) or {}
        return {
            version: known.get(version) or self.provider.unwrap(raw, scope_bound(scope, version))
            for version, raw in self.store.scope_keys(scope).items()
        }

    def _keep(self, scope: str, keys: dict[int, bytes]) -> None:
        since = self._scopes[scope].since if self._held(scope, None) else self.clock()
        self._scopes[scope] = _Held(since, keys)
        self._scopes.move_to_end(scope)
        while len(self._scopes) > MOST_SCOPES:
            self._scopes.popitem(last=False)

    def scope_key(self, scope: str, version: int | None = None) -> tuple[int, bytes]:
        """The scope's key of ``version``, or the newest in memory. Raise NoSuchVersion where there is none."""
        keys = self._load_scope(scope, version)
        wanted = version or max(keys, default=0)
        if wanted not in keys:
            raise NoSuchVersion("This scope has no key of that version")
        return wanted, keys[wanted]

    def forget(self, scope: str | None = None) -> None:
        """Ask the store and the provider anew, for one scope or for all."""
        with self._guard:
            for name in [scope] if scope else list(self._scopes):
                self._scopes.pop(name, None)

    def derived(self, scope: str, purpose: str, version: int = 1) -> bytes:
        """A 256-bit key for one purpose (an index, the trail), derived from a version of the scope's key by HKDF-SHA256."""
        _, key = self.scope_key(scope, version)
        held = self._scopes.get(scope)
        made = held.derived if held else {}
        if (purpose, version) not in made:
            made[purpose, version] = HKDF(hashes.SHA256(), 32, salt=None, info=purpose.encode()).derive(key)
        return made[purpose, version]

    def index_versions(self, area_id: str) -> list[int]:
        """The versions of an area's key that its blind indexes may stand under, oldest first. Raise KeysUnavailable.

        Asked anew each time: who looked only under an old key while another process indexes under the new one would
        miss a known young person without a sign.
        """
        try:
            found = self.store.versions(area_id)
        except SQLAlchemyError as error:
            raise KeysUnavailable("Keys cannot be reached") from error
        if not found:
            raise NoSuchVersion("This area has no key")
        return found

    def token(self, scope: str, index: str, value: str, version: int = 1) -> bytes:
        """Blind index: HMAC-SHA256 cut to 128 bits, one key per index, area and version of the area's key."""
        return hmac.new(self.derived(scope, f"index|{index}", version), value.encode(), hashlib.sha256).digest()[:16]

    def prepare_data_key(self, owner_kind: str, owner_id: Id, area_id: str) -> tuple[WrappedKey, bytes]:
        """A new data key, not stored yet."""
        version, area_key = self.scope_key(area_id)
        blank = WrappedKey(new_id(), owner_kind, owner_id, area_id, version, None)
        key = secrets.token_bytes(32)
        return replace(blank, wrapped=wrap(area_key, key, blank.bound)), key

    def new_data_key(self, owner_kind: str, owner_id: Id, area_id: str) -> tuple[Id, bytes]:
        """Make and commit a data key before any row uses it (SETTLED 11); returns its id and bytes."""
        for _ in range(TRIES):
            wrapped, key = self.prepare_data_key(owner_kind, owner_id, area_id)
            try:
                self.store.add([wrapped])
            except NewerKeyExists:
                self.forget(area_id)
            except SQLAlchemyError as error:
                raise KeysUnavailable("Keys cannot be written") from error
            else:
                return wrapped.id, key
        raise KeysUnavailable("Keys change too fast")

    def unwrap(self, ids: Iterable[Id]) -> dict[Id, bytes]:
        """The data keys that exist and are not destroyed, in one statement."""
        wanted = list(ids)
        try:
            return self._unwrap_rows(self.store.rows(wanted))
        except SQLAlchemyError as error:
            raise KeysUnavailable("Keys cannot be reached") from error
        except NoSuchVersion:
            # Wrapped anew, and the old area key dropped, between the reading of a row and of the area's keys.
            return self._unwrap_rows(self.store.rows(wanted))

    def _unwrap_rows(self, rows: Iterable[Any]) -> dict[Id, bytes]:
        ciphers: dict[tuple[str, int], AESGCM] = {}
        found: dict[Id, bytes] = {}
        for key_id, owner_kind, owner_id, area_id, version, raw in rows:
            if raw is not None:
                cipher = ciphers.get((area_id, version))
                if cipher is None:
                    cipher = ciphers[(area_id, version)] = AESGCM(self.scope_key(area_id, version)[1])
                found[key_id] = _unwrapped(cipher, raw, bound_to(key_id, owner_kind, owner_id, area_id, version))
        return found

    def rewrapped(self, row: WrappedKey, **changes: Any) -> WrappedKey:
        """The same data key, wrapped for another owner, area or version. Raise KeyDestroyed where it does not open."""
        _, area_key = self.scope_key(row.area_id, row.area_key_version)
        key = _unwrapped(AESGCM(area_key), row.wrapped or b"", row.bound)
        moved = replace(row, **changes)
        return replace(moved, wrapped=wrap(self.scope_key(moved.area_id, moved.area_key_version)[1], key, moved.bound))

    def give_to(self, key_id: Id, owner_kind: str, owner_id: Id, area_id: str) -> None:
        """Re-wrap one data key under another owner or area: linking, merging, moving (SETTLED 9)."""
        for _ in range(TRIES):
            row = self.store.fetch([key_id])[0]
            newest, _key = self.scope_key(area_id)
            moved = self.rewrapped(
                row, owner_kind=owner_kind, owner_id=owner_id, area_id=area_id, area_key_version=newest
            )
            try:
                return self.store.rewrap(moved, row)
            except NewerKeyExists:
                self.forget(area_id)
        raise KeysUnavailable("Keys change too fast")


def scope_bound(scope: str, version: int) -> bytes:
    """What the wrap of a scope's key is bound to."""
    return f"scope-key|{scope}|{version}".encode()


def _unwrapped(cipher: AESGCM, raw: bytes, bound: bytes) -> bytes:
    try:
        return cipher.decrypt(raw[:12], raw[12:], bound)
    except (InvalidTag, ValueError):  # ValueError: cut so short that not even the nonce is whole
        raise KeyDestroyed("A data key does not open under its area's key") from None


def wrap(area_key: bytes, key: bytes, bound: bytes) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(area_key).encrypt(nonce, key, bound)


def keyring() -> KeyRing:
    """The application's key ring."""
    ring: KeyRing = current_app.extensions["keyring"]
    return ring
