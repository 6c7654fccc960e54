"""The key that signs checkpoints: a file of its own, which the web process must not be able to read."""

import os
import pwd
import stat
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)  # fmt: skip

from audit import notes


class Settings(Protocol):
    """What this module needs of config.settings."""

    checkpoint_key_file: Path
    checkpoint_public_file: Path
    web_user: str
    key_provider: str
    root_key_file: Path
    demonstration: bool


class KeyRefused(RuntimeError):
    """The signing key cannot be used; the message says what to change and holds no key material."""


def create(settings: Settings) -> Ed25519PrivateKey:
    """Make a key that its owner alone may read, and add its public half to the file of public keys."""
    key, path = Ed25519PrivateKey.generate(), settings.checkpoint_key_file
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.checkpoint_public_file.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(private)
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        with os.fdopen(
            os.open(settings.checkpoint_public_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), "wb"
        ) as file:
            file.write(public)
    except OSError as error:
        raise KeyRefused(f"The checkpoint key could not be made at {path}: {type(error).__name__}") from None
    return key


def load(settings: Settings) -> Ed25519PrivateKey:
    """The signing key. Raise KeyRefused where it is not there, or the web process could read it."""
    path = settings.checkpoint_key_file
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyRefused(f"Others may read the checkpoint key {path}. Run: chmod 600 {path}")
        reader = who_could_read(settings)
        if reader:
            raise KeyRefused(reader)
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise KeyRefused(f"The checkpoint key {path} cannot be read: {type(error).__name__}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused(f"{path} is not an Ed25519 key")
    return key


def who_could_read(settings: Settings) -> str | None:
    """Why the web process could read the key, as far as that can be seen; None where it cannot, or in a demonstration.

    The web process runs as ``WEB_USER``; without that setting, as whoever owns the root key file, which only it reads.
    """
    if settings.demonstration:
        return None
    owner, web = settings.checkpoint_key_file.stat().st_uid, web_uid(settings)
    if web is None or web not in (owner, 0):
        return None
    return (
        "The web process runs as the user who owns the checkpoint key, so it could sign what it likes. Run"
        " `flask audit checkpoint` as another user, with a key file of their own (CHECKPOINT_KEY_FILE)"
    )


def web_uid(settings: Settings) -> int | None:
    """The user that the web process runs as; None where it cannot be told."""
    if settings.web_user:
        try:
            return pwd.getpwnam(settings.web_user).pw_uid
        except KeyError:
            raise KeyRefused(f"WEB_USER names {settings.web_user}, who is not a user of this machine") from None
    is_file = settings.key_provider == "file" and settings.root_key_file.exists()
    return settings.root_key_file.stat().st_uid if is_file else None


def is_readable_here(settings: Settings) -> bool:
    """Whether this very process could read the key: the web process asks before it serves."""
    return os.access(settings.checkpoint_key_file, os.R_OK)


def publish(key: Ed25519PrivateKey, settings: Settings) -> str:
    """Make sure that the file of public keys has this one, and return its fingerprint."""
    path, public = settings.checkpoint_public_file, key.public_key()
    known = notes.public_keys(path.read_text(encoding="utf-8")) if path.exists() else []
    if all(notes.raw(one) != notes.raw(public) for one in known):
        with path.open("ab") as file:
            file.write(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return notes.fingerprint(public)
