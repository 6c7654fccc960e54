"""`make run`: make an encrypted demonstration under var/ the first time, say who can sign in, and serve it."""

import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def environment() -> dict[str, str]:
    """The demonstration's settings: its own secret and root key under var/, readable by their owner alone."""
    var = Path(os.environ.setdefault("VAR", str(ROOT / "var")))
    var.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = var / "secret.key"
    if not secret.exists():
        handle = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
    os.environ["DEMONSTRATION"] = "1"
    os.environ.setdefault("SECRET_KEY", secret.read_text())
    os.environ.setdefault("PUBLIC_URL", f"http://localhost:{port()}")
    if os.environ.get("KEY_PROVIDER", "file") == "file" and not os.environ.get("ROOT_KEY_FILE"):
        from core.providers import FileKeys

        key = var / "keys" / "root.key"
        if not key.exists():
            FileKeys.create(key)
    return dict(os.environ)


def port() -> str:
    return os.environ.get("PORT") or "8000"


def ready_mark() -> Path:
    """One file a database: its presence says that this schema was made and filled here, so the next start is quick."""
    versions = sorted(p.name for p in (ROOT / "migrations" / "versions").glob("*.py"))
    said = json.dumps([os.environ.get("DATABASE_URL", ""), os.environ.get("KEYS_DATABASE_URL", ""), versions])
    return Path(os.environ["VAR"]) / f"ready-{hashlib.sha256(said.encode()).hexdigest()[:12]}"


def prepare() -> None:
    """Make and fill an empty database; refuse one that is not a demonstration's."""
    mark = ready_mark()
    if mark.exists() and _database_is_there():
        return
    from demo.installation import make_or_refuse

    started = time.monotonic()
    make_or_refuse()
    mark.write_text(accounts_in_words(), encoding="utf-8")
    print(f"Made the demonstration in {time.monotonic() - started:.0f} seconds.")


def _database_is_there() -> bool:
    return bool(os.environ.get("DATABASE_URL")) or (Path(os.environ["VAR"]) / "data.sqlite3").exists()


def accounts_in_words() -> str:
    from demo.people_of_demo import PASSWORD, one_per_role

    lines = [f"    {role:<26} {area:<18} {email}" for role, area, email in one_per_role()]
    return "\n".join([f"  Password of every account: {PASSWORD}\n", *lines])


def announce() -> None:
    """The accounts were written down when the demonstration was made: a later start imports nothing to say them."""
    print(f"\n  Young Futures Prevention Panels: http://localhost:{port()}\n")
    print("  A demonstration: everyone in it is invented. Do not enter real information.")
    print(ready_mark().read_text(encoding="utf-8"))
    print("\n  All accounts: make accounts. Stop with Ctrl+C.\n", flush=True)


def start_beside() -> None:
    """The process that signs checkpoints. It waits for the server first, so the start is as quick as without it."""
    subprocess.Popen([sys.executable, str(ROOT / "demo" / "beside.py"), port()], cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603


def main() -> None:
    environment()
    try:
        prepare()
    except RuntimeError as error:
        sys.exit(f"Cannot start: {error}")
    announce()
    command = [
        sys.executable, "-m", "gunicorn", "--config", str(ROOT / "config" / "gunicorn.py"), "--bind", f"127.0.0.1:{port()}",
        "wsgi:application",
    ]  # fmt: skip
    os.chdir(ROOT)
    start_beside()
    os.execv(sys.executable, command)


if __name__ == "__main__":
    main()
