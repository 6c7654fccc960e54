"""Where the root key is kept: a small interface, a file for small installations, an environment variable for others."""

import base64
import binascii
import os
import secrets
import stat
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class KeyProviderError(RuntimeError):
    """The root key cannot be used; the message is for operators and holds no key material."""


class KeyProvider(Protocol):
    """What every place for root keys can do. ``wrap`` and ``unwrap`` bind ``bound`` to the wrapped bytes."""

    name: str

    def wrap(self, key: bytes, bound: bytes) -> bytes: ...
    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes: ...
    def current_version(self) -> int: ...
    def health(self) -> str | None: ...


class LocalKeys:
    """AES-256-GCM under versioned 256-bit root keys held in memory; the wrapped form begins with the version."""

    name = "local"

    def __init__(self, keys: dict[int, bytes]) -> None:
        if not keys or any(len(key) != 32 for key in keys.values()):
            raise KeyProviderError("The root key must be 32 bytes, base64 encoded")
        self._keys = {version: AESGCM(key) for version, key in keys.items()}

    def current_version(self) -> int:
        return max(self._keys)

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
        except InvalidTag:
            raise KeyProviderError("The root key does not open this installation's keys") from None

    def health(self) -> str | None:
        return None


def _parse(text: str) -> dict[int, bytes]:
    """Lines of ``version:base64``; a lone base64 text is version 1."""
    keys: dict[int, bytes] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        version, _, encoded = line.rpartition(":")
        try:
            keys[int(version or 1)] = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            raise KeyProviderError("The root key must be 32 bytes, base64 encoded") from None
    return keys


class FileKeys(LocalKeys):
    """Root keys in one file that only its owner may read, kept outside the folder of the databases."""

    name = "file"

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise KeyProviderError(f"There is no root key file at {path}")
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyProviderError(f"Others may read the root key file {path}: run chmod 600 on it")
        super().__init__(_parse(path.read_text(encoding="ascii")))

    @staticmethod
    def create(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"1:{base64.b64encode(secrets.token_bytes(32)).decode('ascii')}\n")


class EnvKeys(LocalKeys):
    """Root keys in the environment variable ROOT_KEYS, separated by white space."""

    name = "env"

    def __init__(self) -> None:
        super().__init__(_parse("\n".join(os.environ.get("ROOT_KEYS", "").split())))


class NoKeys:
    """Stands in for a provider that could not be used: commands can say what is wrong, and nothing opens or is sealed."""

    name = "none"

    def __init__(self, problem: str) -> None:
        self.problem = problem

    def current_version(self) -> int:
        return 0

    def wrap(self, key: bytes, bound: bytes) -> bytes:
        raise KeyProviderError(self.problem)

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        raise KeyProviderError(self.problem)

    def health(self) -> str | None:
        return self.problem


def provider_from(kind: str, path: Path) -> KeyProvider:
    """``kind`` is ``file`` or ``env``; raise KeyProviderError for anything else."""
    if kind == "file":
        return FileKeys(path)
    if kind == "env":
        return EnvKeys()
    raise KeyProviderError(f"Unknown key provider: {kind}. Set KEY_PROVIDER to file or env")


def provider_or_none(kind: str, path: Path) -> KeyProvider:
    """The provider, or one that says why there is none: `flask keys create` must run before there is a key."""
    try:
        return provider_from(kind, path)
    except KeyProviderError as error:
        return NoKeys(str(error))
