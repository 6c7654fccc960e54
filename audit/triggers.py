"""What the database itself enforces: the trail is append-only, and its head is read under the chain's lock."""

from sqlalchemy import Connection, text

from audit.models import APPEND_ONLY

HEAD = """
create or replace function audit_head(wanted text) returns table (seq bigint, mac bytea)
language plpgsql volatile as $$
begin
  -- Two statements, so that the second one's snapshot is taken after the lock is held (SETTLED 17).
  perform pg_advisory_xact_lock(hashtextextended('audit:' || wanted, 0));
  return query select s.seq, s.mac from audit_seal s where s.chain = wanted order by s.seq desc limit 1;
end $$
"""
REFUSE = """
create or replace function audit_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit trail is append-only';
end $$
"""


class TriggersMissing(RuntimeError):
    """The append-only triggers are not all there; the installation must not serve."""


def ensure(connection: Connection) -> None:
    """Create every trigger and function anew, then refuse to finish unless all exist (SETTLED 24)."""
    if connection.dialect.name == "postgresql":
        _ensure_postgres(connection)
    else:
        _ensure_sqlite(connection)
    gone = missing(connection)
    if gone:
        raise TriggersMissing(f"Append-only triggers are missing: {', '.join(gone)}")


def _ensure_postgres(connection: Connection) -> None:
    connection.execute(text(HEAD))
    connection.execute(text(REFUSE))
    for table in APPEND_ONLY:
        for name, timing, scope in (
            ("rows", "update or delete", "each row"),
            ("truncate", "truncate", "each statement"),
        ):
            trigger = f"{table}_append_only_{name}"
            connection.execute(text(f"drop trigger if exists {trigger} on {table}"))
            connection.execute(
                text(
                    f"create trigger {trigger} before {timing} on {table} for {scope}"
                    " execute function audit_append_only()"
                )
            )


def _ensure_sqlite(connection: Connection) -> None:
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            name = f"{table}_append_only_{verb}"
            connection.execute(text(f"drop trigger if exists {name}"))
            connection.execute(
                text(
                    f"create trigger {name} before {verb} on {table}"
                    " begin select raise(abort, 'the audit trail is append-only'); end"
                )
            )


def wanted(dialect: str) -> set[str]:
    kinds = ("rows", "truncate") if dialect == "postgresql" else ("update", "delete")
    return {f"{table}_append_only_{kind}" for table in APPEND_ONLY for kind in kinds}


def missing(connection: Connection) -> list[str]:
    """The triggers that should be there and are not, or are switched off."""
    if connection.dialect.name == "postgresql":
        query = "select tgname from pg_trigger where not tgisinternal and tgenabled <> 'D'"
    else:
        query = "select name from sqlite_master where type = 'trigger'"
    return sorted(wanted(connection.dialect.name) - set(connection.execute(text(query)).scalars()))
