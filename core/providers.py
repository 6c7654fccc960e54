"""Where the root key is kept: a small interface, a file for small installations, an environment variable for others."""

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SERVICES = ("aws-kms", "azure-keyvault", "vault-transit")
KINDS = ("file", "env", *SERVICES)


class KeyProviderError(RuntimeError):
    """The root key cannot be used; the message is for operators and holds no key material."""


class KeyProviderSilent(KeyProviderError):
    """It did not answer in time, so that asking again at once would only wait again."""


class KeyProvider(Protocol):
    """What every place for root keys can do. ``wrap`` and ``unwrap`` bind ``bound`` to the wrapped bytes.

    Both raise KeyProviderError within about two seconds; ``is_current``: wrapped under the newest version.
    ``health`` says what is wrong, for operators.
    """

    name: str

    def wrap(self, key: bytes, bound: bytes) -> bytes: ...
    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes: ...
    def current_version(self) -> int | str: ...
    def is_current(self, wrapped: bytes) -> bool: ...
    def health(self) -> str | None: ...


def check_value(key: bytes) -> str:
    """Eight digits that tell two root keys apart and say nothing about either: for the label of a sealed copy."""
    said = hmac.new(key, b"panels key check value", hashlib.sha256).hexdigest()[:8].upper()
    return f"{said[:4]}-{said[4:]}"


class LocalKeys:
    """AES-256-GCM under versioned 256-bit root keys held in memory; the wrapped form begins with the version."""

    name = "local"

    def __init__(self, keys: dict[int, bytes]) -> None:
        self._take(keys)

    def _take(self, keys: dict[int, bytes]) -> None:
        if not keys or any(len(key) != 32 for key in keys.values()):
            raise KeyProviderError("The root key must be 32 bytes, base64 encoded")
        self._keys = {version: AESGCM(key) for version, key in keys.items()}
        self.check_values = {version: check_value(key) for version, key in sorted(keys.items())}

    def current_version(self) -> int:
        return max(self._keys)

    def is_current(self, wrapped: bytes) -> bool:
        return int.from_bytes(wrapped[:2], "big") == self.current_version()

    def wrap(self, key: bytes, bound: bytes) -> bytes:
        version, nonce = self.current_version(), secrets.token_bytes(12)
        return version.to_bytes(2, "big") + nonce + self._keys[version].encrypt(nonce, key, bound)

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """Raise KeyProviderError when the version is not held or the bytes do not belong to ``bound``."""
        cipher = self._keys.get(int.from_bytes(wrapped[:2], "big"))
        if cipher is None:
            raise KeyProviderError("The root key of this version is not here")
        try:
            return cipher.decrypt(wrapped[2:14], wrapped[14:], bound)
        except (InvalidTag, ValueError):  # ValueError: cut so short that not even the nonce is whole
            raise KeyProviderError("The root key does not open this installation's keys") from None

    def health(self) -> str | None:
        return None


def parse_keys(text: str) -> dict[int, bytes]:
    """Lines of ``version:base64``; a lone base64 text is version 1."""
    keys: dict[int, bytes] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        version, _, encoded = line.rpartition(":")
        try:
            keys[int(version or 1)] = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            raise KeyProviderError("The root key must be 32 bytes, base64 encoded") from None
    return keys


def encode_keys(keys: dict[int, bytes]) -> str:
    """The opposite of ``parse_keys``."""
    return "".join(f"{version}:{base64.b64encode(key).decode('ascii')}\n" for version, key in sorted(keys.items()))


class FileKeys(LocalKeys):
    """Root keys in one file that only its owner may read, kept outside the folder of the databases.

    A running process reads the file again when it meets a version that it does not hold.
    """

    name = "file"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(self.read(path))

    @staticmethod
    def read(path: Path) -> dict[int, bytes]:
        """The keys in a file. Raise KeyProviderError where it is missing, readable by others, or not of this form."""
        if not path.exists():
            raise KeyProviderError(f"There is no root key file at {path}")
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyProviderError(f"Others may read the root key file {path}: run chmod 600 on it")
        return parse_keys(path.read_text(encoding="ascii", errors="replace"))

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        if int.from_bytes(wrapped[:2], "big") not in self._keys:
            with contextlib.suppress(KeyProviderError, OSError):
                self._take(self.read(self.path))
        return super().unwrap(wrapped, bound)

    @staticmethod
    def create(path: Path) -> None:
        """Raise FileExistsError rather than write over a key."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_new(path, encode_keys({1: secrets.token_bytes(32)}))

    @classmethod
    def add_version(cls, path: Path) -> int:
        """A newer key in the same file, beside the older ones; the file is replaced at once or not at all."""
        keys = cls.read(path)
        version = max(keys, default=0) + 1
        beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        _write_new(beside, encode_keys(keys | {version: secrets.token_bytes(32)}))
        beside.replace(path)
        return version


def _write_new(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


class EnvKeys(LocalKeys):
    """Root keys in the environment variable ROOT_KEYS, separated by white space."""

    name = "env"

    def __init__(self) -> None:
        super().__init__(self.read())

    @staticmethod
    def read() -> dict[int, bytes]:
        return parse_keys("\n".join(os.environ.get("ROOT_KEYS", "").split()))


class NoKeys:
    """Stands in for a provider that could not be used: commands can say what is wrong, and nothing opens or is sealed."""

    name = "none"

    def __init__(self, problem: str) -> None:
        self.problem = problem

    def current_version(self) -> int:
        return 0

    def is_current(self, wrapped: bytes) -> bool:
        return True

    def wrap(self, key: bytes, bound: bytes) -> bytes:
        raise KeyProviderError(self.problem)

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        raise KeyProviderError(self.problem)

    def health(self) -> str | None:
        return self.problem


def provider_from(kind: str, path: Path, key_id: str = "") -> KeyProvider:
    """``key_id`` names the root key where ``kind`` is a key service. Raise KeyProviderError for an unknown kind."""
    if kind == "file":
        return FileKeys(path)
    if kind == "env":
        return EnvKeys()
    if kind in SERVICES:
        from core.key_services import service

        return service(kind, key_id)
    raise KeyProviderError(f"Unknown key provider: {kind}. Set KEY_PROVIDER to one of: {', '.join(KINDS)}")


def provider_or_none(kind: str, path: Path, key_id: str = "") -> KeyProvider:
    """The provider, or one that says why there is none: `flask keys create` must run before there is a key."""
    try:
        return provider_from(kind, path, key_id)
    except KeyProviderError as error:
        return NoKeys(str(error))
