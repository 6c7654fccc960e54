"""The second wall: PostgreSQL itself shows a transaction only its own rows, whatever its statements forgot to ask."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Engine, event, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from core.db import db
from core.ids import Id
from core.row_rules import rule_of

POLICY, ADDED = "own_rows", "own_rows_added"


@dataclass(frozen=True, slots=True)
class Viewer:
    """For whom the database is asked. ``hidden``: young people whose existence is not theirs to know; ``restricted``:
    those whose records are closed to them, each with the name of whom to ask. A job sees everything."""

    user_id: Id = ""
    agency_id: Id = ""
    areas: tuple[Id, ...] = ()
    hidden: frozenset[Id] = frozenset()
    restricted: Mapping[Id, str] = field(default_factory=lambda: MappingProxyType({}))
    is_job: bool = False


NOBODY = Viewer()
EVERYTHING = Viewer(is_job=True)
_viewer: ContextVar[Viewer] = ContextVar("viewer", default=NOBODY)

_ENTER = (
    "select set_config('app.me', %(me)s, true), set_config('app.agency', %(agency)s, true),"
    " set_config('app.areas', %(areas)s, true), set_config('app.hidden', %(hidden)s, true),"
    " set_config('app.job', %(job)s, true)"
)


def viewer() -> Viewer:
    """Who is looking now; nobody where no request or job has said."""
    return _viewer.get()


def see_as(who: Viewer) -> None:
    """From the next transaction on, look as ``who``. The session's own statement has set this one up already."""
    _viewer.set(who)


def unclosed() -> Viewer:
    """The same areas without what is closed: for looking and carrying out where nothing found is shown."""
    return replace(viewer(), hidden=frozenset(), restricted=MappingProxyType({}))


@contextmanager
def seeing(who: Viewer) -> Iterator[None]:
    """Look as ``who`` for a while, also in a transaction that is already open."""
    before = _viewer.set(who)
    _renew()
    try:
        yield
    finally:
        _viewer.reset(before)
        # A transaction that a database error has ended can only be rolled back, which forgets its settings by itself.
        with suppress(SQLAlchemyError):
            _renew()


def everything() -> Any:
    """For what no person does: commands, health checks, and looking where the asker may not be told what was found."""
    return seeing(EVERYTHING)


def _renew() -> None:
    """Put the settings of an open transaction right; a new one gets them when it begins."""
    if not _has_session():
        return
    session = db.session()
    if session.in_transaction() and session.is_active:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            _enter(connection)


def _has_session() -> bool:
    from flask import has_app_context

    return has_app_context() and "sqlalchemy" in _extensions() and db.session.registry.has()


def _extensions() -> Mapping[str, Any]:
    from flask import current_app

    return current_app.extensions


def _enter(connection: Connection) -> None:
    who = _viewer.get()
    connection.exec_driver_sql(
        _ENTER,
        {
            "me": who.user_id, "agency": who.agency_id, "areas": ",".join(who.areas),
            "hidden": ",".join(sorted(who.hidden)), "job": "all" if who.is_job else "",
        },
    )  # fmt: skip


def guard_engine(engine: Engine) -> None:
    """Every transaction begins with its viewer's settings, which end with it: nothing stays on a pooled connection.

    While nobody is known nothing is set, and nothing is seen. The statement that loads the session is such a one; it
    sets the transaction up itself, so that a request's first transaction costs no trip more.
    """

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        if _viewer.get() is not NOBODY:
            _enter(connection)


# --- what the owner makes ----------------------------------------------------------------

ENTER_ROWS = """
create or replace function enter_rows(me text, agency text, areas text, opens text) returns text
language plpgsql volatile as $$
declare
  hidden text;
  restricted text;
begin
  perform set_config('app.me', me, true), set_config('app.agency', coalesce(agency, ''), true),
    set_config('app.areas', coalesce(areas, ''), true), set_config('app.hidden', '', true),
    set_config('app.job', '', true);
  if opens <> 'all' then
    select string_agg(p.id, ',') filter (where p.sensitivity = 'hidden'),
      json_object_agg(p.id, coalesce(p.ask_name, '')) filter (where p.sensitivity = 'restricted' and opens = 'named')
    into hidden, restricted
    from (
      select y.id, y.sensitivity,
        (select u.name from user_account u where u.id = y.ask_id) as ask_name
      from young_person y
      where y.sensitivity <> 'normal' and y.area_id = any (string_to_array(areas, ','))
        and not exists (select 1 from named_person n where n.young_person_id = y.id and n.user_id = me)
    ) p;
    perform set_config('app.hidden', coalesce(hidden, ''), true);
  end if;
  return json_build_object('agency', agency, 'areas', areas, 'hidden', hidden, 'restricted', restricted::json)::text;
end $$
"""


# References are the whole area's, also those of records that the sender may not know of; and of two who send at once
# neither sees the other's. The lock comes first, so that what is looked at next is what its last holder left.
UNUSED_REFERENCES = """
create or replace function unused_references(drawn text[], wanted int) returns text[]
language plpgsql volatile as $$
declare
  job text := coalesce(current_setting('app.job', true), '');
  one text;
  chosen text[];
begin
  perform set_config('app.job', 'all', true);
  if (select count(*) from referral where reference = any (drawn)) * 2 < cardinality(drawn) then
    foreach one in array drawn loop
      if pg_try_advisory_xact_lock(hashtextextended('reference ' || one, 0))
        and not exists (select 1 from referral where reference = one) then
        chosen := chosen || one;
        exit when cardinality(chosen) = wanted;
      end if;
    end loop;
  end if;
  perform set_config('app.job', job, true);
  return chosen;
end $$
"""


class PoliciesMissing(RuntimeError):
    """A table that should have its policy has none; the installation must not serve."""


def lower(connection: Connection) -> None:
    """Before migrations: the owner changes tables that policies name, and moves rows of every area."""
    if connection.dialect.name != "postgresql":
        return
    for table in _there(connection):
        for policy in (POLICY, ADDED):
            connection.execute(text(f'drop policy if exists {policy} on "{table}"'))
        connection.execute(text(f'alter table "{table}" no force row level security'))
        connection.execute(text(f'alter table "{table}" disable row level security'))
    connection.execute(text("drop function if exists enter_rows(text, text, text, text)"))
    connection.execute(text("drop function if exists unused_references(text[], int)"))


def raise_up(connection: Connection, web_role: str | None, append_only: Sequence[str]) -> None:
    """After migrations: every policy anew, and the web role's rights. Raise PoliciesMissing where one is not there."""
    if connection.dialect.name != "postgresql":
        return
    lower(connection)
    there = _there(connection)
    for table in there:
        _wall(connection, table, table in append_only)
    for needed, function in (({"young_person", "named_person"}, ENTER_ROWS), ({"referral"}, UNUSED_REFERENCES)):
        if needed <= set(there):
            connection.exec_driver_sql(function)
    if web_role:
        _grant(connection, web_role, there, append_only)
    gone = missing(connection)
    if gone:
        raise PoliciesMissing(f"Row-level security is missing on: {', '.join(gone)}")


def _wall(connection: Connection, table: str, only_added: bool) -> None:
    model = db.metadata.tables[table]
    rule = rule_of(model)
    if rule is None:
        return
    connection.execute(text(f'alter table "{table}" enable row level security'))
    connection.execute(text(f'alter table "{table}" force row level security'))
    for statement in _policies(table, rule.using(model), rule.check(model), only_added):
        connection.exec_driver_sql(statement)


def _policies(table: str, using: str, check: str, only_added: bool) -> list[str]:
    if not only_added:
        return [f'create policy {POLICY} on "{table}" for all using ({using}) with check ({check})']
    return [
        f'create policy {POLICY} on "{table}" for select using ({using})',
        f'create policy {ADDED} on "{table}" for insert with check ({check})',
    ]


def _there(connection: Connection) -> list[str]:
    """Our tables that exist at this revision."""
    return sorted(set(inspect(connection).get_table_names()) & set(db.metadata.tables))


def _grant(connection: Connection, role: str, tables: list[str], append_only: Sequence[str]) -> None:
    """Exactly what the web process does: no ownership, no TRUNCATE, no triggers, and only additions to the trail."""
    name = connection.dialect.identifier_preparer.quote(role)
    run = connection.exec_driver_sql
    run(f"grant usage on schema public to {name}")
    run(f"revoke all on all tables in schema public from {name}")
    run("revoke all on all functions in schema public from public")
    for table in tables:
        rights = "select, insert" if table in append_only else "select, insert, update, delete"
        run(f'grant {rights} on "{table}" to {name}')
    run(f"grant select on alembic_version to {name}")
    run(f"grant usage on all sequences in schema public to {name}")
    run(f"grant execute on all functions in schema public to {name}")


# --- what doctor asks ----------------------------------------------------------------------


def missing(connection: Connection) -> list[str]:
    """Tables that should stand behind a policy and do not."""
    if connection.dialect.name != "postgresql":
        return []
    forced = connection.execute(
        text(
            "select c.relname from pg_class c join pg_policy p on p.polrelid = c.oid"
            " where c.relnamespace = 'public'::regnamespace and c.relrowsecurity and c.relforcerowsecurity"
        )
    )
    stands = set(forced.scalars())
    there = [db.metadata.tables[name] for name in _there(connection)]
    return sorted(table.name for table in there if rule_of(table) and table.name not in stands)


def is_bypassed(connection: Connection) -> bool:
    """Whether the role that is connected walks past policies, or could take them down."""
    return bool(
        connection.execute(
            text(
                "select r.rolsuper or r.rolbypassrls or exists (select 1 from pg_class c where c.relkind = 'r'"
                " and c.relnamespace = 'public'::regnamespace and pg_has_role(r.oid, c.relowner, 'usage'))"
                " from pg_roles r where r.rolname = current_user"
            )
        ).scalar()
    )
