"""Typed settings, read only from the environment; every default is safe in production."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent.parent
DATABASES = ("DATABASE_URL", "DATABASE_OWNER_URL", "KEYS_DATABASE_URL", "MATCHING_DATABASE_URL")


class SettingsError(RuntimeError):
    """The settings are not safe to start with; the message says what to change, in plain words."""


def _flag(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def _number(name: str, usual: int) -> int:
    said = os.environ.get(name, str(usual))
    if not said.isdecimal():
        raise SettingsError(f"{name} must be a whole number")
    return int(said)


@dataclass(frozen=True)
class Settings:
    """One installation's settings. ``demonstration`` also needs the mark in the database (SETTLED 25)."""

    var: Path = field(default_factory=lambda: Path(os.environ.get("VAR", str(ROOT / "var"))))
    demonstration: bool = field(default_factory=lambda: _flag("DEMONSTRATION"))
    debug: bool = field(default_factory=lambda: _flag("FLASK_DEBUG"))
    public_url: str = field(default_factory=lambda: os.environ.get("PUBLIC_URL", "http://localhost:8000").rstrip("/"))
    secret_key: str = field(default_factory=lambda: os.environ.get("SECRET_KEY", ""))
    key_provider: str = field(default_factory=lambda: os.environ.get("KEY_PROVIDER", "file"))
    root_key_id: str = field(default_factory=lambda: os.environ.get("ROOT_KEY_ID", ""))
    areas_file: Path = field(
        default_factory=lambda: Path(os.environ.get("AREAS_FILE", str(ROOT / "config/areas.toml")))
    )
    providers_file: Path = field(
        default_factory=lambda: Path(os.environ.get("PROVIDERS_FILE", str(ROOT / "config/providers.toml")))
    )
    smtp_host: str = field(default_factory=lambda: os.environ.get("SMTP_HOST", ""))
    smtp_port: int = field(default_factory=lambda: _number("SMTP_PORT", 25))
    smtp_user: str = field(default_factory=lambda: os.environ.get("SMTP_USER", ""))
    smtp_password: str = field(default_factory=lambda: os.environ.get("SMTP_PASSWORD", ""))
    smtp_starttls: bool = field(default_factory=lambda: _flag("SMTP_STARTTLS"))
    mail_from: str = field(default_factory=lambda: os.environ.get("MAIL_FROM", "no-reply@localhost"))
    notify_key: str = field(default_factory=lambda: os.environ.get("NOTIFY_API_KEY", ""))
    notify_template: str = field(default_factory=lambda: os.environ.get("NOTIFY_TEMPLATE", ""))
    notify_url: str = field(
        default_factory=lambda: os.environ.get("NOTIFY_URL", "https://api.notifications.service.gov.uk")
    )
    files_bucket: str = field(default_factory=lambda: os.environ.get("FILES_BUCKET", ""))
    files_prefix: str = field(default_factory=lambda: os.environ.get("FILES_PREFIX", "files/"))
    files_endpoint: str = field(default_factory=lambda: os.environ.get("FILES_ENDPOINT", ""))
    clamd_socket: Path = field(default_factory=lambda: Path(os.environ.get("CLAMD_SOCKET", "/run/clamav/clamd.ctl")))
    trusted_proxies: int = field(default_factory=lambda: _number("TRUSTED_PROXIES", 0))
    checkpoint_role: str = field(default_factory=lambda: os.environ.get("CHECKPOINT_ROLE", ""))
    web_user: str = field(default_factory=lambda: os.environ.get("WEB_USER", ""))

    @property
    def files_folder(self) -> Path:
        return Path(os.environ.get("FILES_FOLDER", str(self.var / "files")))

    @property
    def database_url(self) -> str:
        return _address("DATABASE_URL", f"sqlite:///{self.var / 'data.sqlite3'}")

    @property
    def owner_url(self) -> str:
        return _address("DATABASE_OWNER_URL", self.database_url)

    @property
    def keys_url(self) -> str:
        return _address("KEYS_DATABASE_URL", f"sqlite:///{self.var / 'keys.sqlite3'}")

    @property
    def matching_url(self) -> str:
        """Read by the worker alone, whose role may then be the only one that opens the global index."""
        return _address("MATCHING_DATABASE_URL", f"sqlite:///{self.var / 'matching.sqlite3'}")

    @property
    def root_key_file(self) -> Path:
        return Path(os.environ.get("ROOT_KEY_FILE", str(self.var / "keys" / "root.key")))

    @property
    def checkpoint_key_file(self) -> Path:
        """Read by `flask audit checkpoint` alone, which runs as another user than the web process."""
        return Path(os.environ.get("CHECKPOINT_KEY_FILE", str(self.var / "checkpoints" / "signing.key")))

    @property
    def checkpoint_public_file(self) -> Path:
        return Path(os.environ.get("CHECKPOINT_PUBLIC_FILE", str(self.var / "checkpoints" / "public.pem")))

    @property
    def checkpoint_anchors(self) -> str:
        return os.environ.get("CHECKPOINT_ANCHORS", f"folder:{self.var / 'checkpoints' / 'copies'}")

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https://")

    def check(self) -> None:
        """Raise SettingsError for what must never run in production, with everything that is to change."""
        if problems := [] if self.demonstration else list(self._problems()):
            raise SettingsError(". ".join(problems))

    def _problems(self) -> Iterator[str]:
        if self.debug:
            yield "Debug is on. Unset FLASK_DEBUG: its pages show personal data"
        known = self.secret_key.startswith("demonstration-only-") or len(set(self.secret_key.lower())) < 8
        if len(self.secret_key) < 32 or known:
            yield "Set SECRET_KEY to at least 32 random characters"
        if not self.secure_cookies:
            yield "Set PUBLIC_URL to the https:// address that people use"
        path = self.root_key_file
        if self.key_provider == "file" and path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield f"Others may read the root key file {path}. Run: chmod 600 {path}"
        yield from self._open_ways()

    def _open_ways(self) -> Iterator[str]:
        """Connections that leave this machine unencrypted, or to whoever answers."""
        if self.smtp_host and not self.smtp_starttls and not _is_here(self.smtp_host):
            yield "Set SMTP_STARTTLS=1: SMTP_HOST is another machine, and e-mails would be sent to it unencrypted"
        for name in DATABASES:
            try:
                is_unchecked = _is_unchecked(_address(name, "sqlite://"))
            except SettingsError as error:
                yield str(error)
                continue
            if is_unchecked:
                yield f"Add ?sslmode=verify-full to {name}: it is on another machine, whose certificate must be checked"


def _is_here(host: str) -> bool:
    """Whether this is our own machine: its name, its loopback, or the folder of a socket."""
    return host in {"", "localhost", "::1"} or host.startswith(("/", "127."))


def _is_unchecked(address: str) -> bool:
    """Whether what is said to this database may be read, or answered by somebody else, on the way."""
    url = make_url(address)
    host = str(url.host or url.query.get("host", ""))
    return url.drivername != "sqlite" and url.query.get("sslmode") != "verify-full" and not _is_here(host)


def _address(name: str, usual: str) -> str:
    """Name the PostgreSQL driver, so that the usual ``postgresql://`` address works. The message never holds a password."""
    url = os.environ.get(name) or usual
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            url = "postgresql+psycopg://" + url.removeprefix(plain)
    try:
        is_ours = make_url(url).drivername in {"postgresql+psycopg", "sqlite"}
    except (ArgumentError, ValueError):
        is_ours = False
    if not is_ours:
        raise SettingsError(
            f"Set {name} to an address like postgresql://user:password@host/name or sqlite:////folder/file"
        )
    return url
