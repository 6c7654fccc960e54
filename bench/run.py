"""One database at one size: loaded, and made ready for its measured pages and for the floor's."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.floor import tables
from bench.installations import without_request_lines
from tests.support.databases import Postgres

COORDINATOR = "tess.grant@reading-prevention-partnership.example"


class Run:
    """One database at one size: loaded, served beside its floor, measured, stopped."""

    def __init__(self, folder: Path, database: str, cases: int, addresses: dict[str, str], floor_url: str) -> None:
        self.folder, self.database, self.cases = folder, database, cases
        self.floor_url = floor_url
        self.environment = addresses | {
            "VAR": str(folder), "DEMONSTRATION": "1", "SECRET_KEY": secrets.token_urlsafe(40),
            "ROOT_KEY_FILE": str(folder / "keys" / "root.key"), "LOG_LEVEL": "error",
        }  # fmt: skip
        os.environ.update(self.environment)
        from core.providers import FileKeys

        FileKeys.create(folder / "keys" / "root.key")
        from app import create_app

        self.app = create_app()
        without_request_lines()

    def load(self) -> float:
        from bench.load import load

        return load(self.app, self.cases)

    def prepare(self) -> dict[str, Any]:
        """A session for the coordinator, an open case with 20 lines, finished drafts, and the floor's tables."""
        from sqlalchemy import create_engine, func, insert, select, text

        from accounts.models import Area, Membership, SignInSession, User
        from accounts.sessions import hashed
        from bench.load import ready_drafts
        from core import row_security
        from core.clock import now
        from core.db import db
        from panels.models import Case, TimelineEntry

        with self.app.app_context(), row_security.everything():
            area = db.session.scalars(select(Area).where(Area.slug == "reading")).one()
            user = db.session.scalars(select(User).where(User.email == COORDINATOR)).one()
            member = db.session.scalars(
                select(Membership).where(Membership.user_id == user.id, Membership.role == "coordinator")
            ).first()
            case = db.session.execute(
                select(TimelineEntry.case_id)
                .join(Case, Case.id == TimelineEntry.case_id)
                .where(Case.area_id == area.id, Case.is_open)
                .group_by(TimelineEntry.case_id)
                .having(func.count() >= 15)
                .limit(1)
            ).scalar_one()
            cookies = [secrets.token_urlsafe(32) for _ in range(8)]
            for cookie in cookies:
                db.session.execute(
                    insert(SignInSession.__table__).values(
                        id_hash=hashed(cookie), user_id=user.id, membership_id=member.id, started_at=now(),
                        last_seen_at=now(), agent="bench", proof="passkey", data=json.dumps({"_user_id": user.fs_uniquifier}),
                    )
                )  # fmt: skip
            surname = "Sefton"
            found = {"area": area.id, "case": case, "cookies": cookies, "surname": surname}
            db.session.commit()
            db.session.remove()
        found["drafts"] = ready_drafts(self.app, COORDINATOR, "reading")
        floor = create_engine(self.floor_url)
        with floor.begin() as connection:
            tables.make(connection, db.metadata)
        if self.database == "postgresql":
            # What the server does behind a large load would be measured with the first page otherwise, twice its time:
            # in the records, and in the keys, which an installation wrote days before.
            for engine in (floor, create_engine(self.environment["KEYS_DATABASE_URL"])):
                with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text("vacuum (analyze)"))
                    connection.execute(text("checkpoint"))
                engine.dispose()
        floor.dispose()
        with self.app.app_context():
            db.engine.dispose()
        return found


@contextmanager
def fresh(database: str, cases: int) -> Iterator[tuple[Run, ExitStack]]:
    """A run on databases of its own, not loaded yet, and what ends with it: give its servers' ``stop`` to the stack."""
    with ExitStack() as at_end:
        folder = Path(at_end.enter_context(TemporaryDirectory(prefix=f"bench-{database}-", ignore_cleanup_errors=True)))
        postgres = Postgres(durable=True) if database == "postgresql" else None
        if postgres:
            at_end.callback(postgres.stop)
        yield Run(folder, database, cases, *addresses(folder, postgres)), at_end


def addresses(folder: Path, postgres: Postgres | None) -> tuple[dict[str, str], str]:
    """The databases of one run, and the floor's address.

    On PostgreSQL as an installation has them: the web's role owns nothing (SETTLED 22). The floor has no walls.
    """
    if postgres is None:
        data = f"sqlite:///{folder / 'data.sqlite3'}"
        return {"DATABASE_URL": data, "KEYS_DATABASE_URL": f"sqlite:///{folder / 'keys.sqlite3'}"}, data
    (name, as_superuser), (_, keys) = postgres.fresh("template1"), postgres.fresh("template1")
    return postgres.environment(name) | {"KEYS_DATABASE_URL": keys}, as_superuser
